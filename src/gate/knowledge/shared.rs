//! Optional headers and cookies that many operations refuse for one reason, such as a version header
//! that wants a format of its own.
//!
//! What three operations have said need not be heard from each of the others: later requests carry a
//! value that was accepted, or leave the header out.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::{constraints::Constraint, refusal::Hint};
use crate::{
    check::{Intent, Part},
    contract::{Location, Operation},
    exchange::Request,
    gate::identity::{Identity, identity},
    run::Case,
    wire::RequestParts,
};

/// How many operations must refuse a header before it is known for all.
const MIN_OPERATIONS: usize = 3;

/// What operations said of the headers and cookies that they share, by name.
#[derive(Debug, Default)]
pub(crate) struct SharedRefusals {
    known: BTreeMap<(Location, String), Heard>,
    sent: HashSet<Identity>,
}

#[derive(Debug, Default)]
struct Heard {
    /// The operations that refused a value.
    refused_by: BTreeSet<String>,
    /// A value that one of them accepted.
    accepted: Option<Value>,
}

impl SharedRefusals {
    /// Takes in that an operation accepted a request that obeys.
    pub(crate) fn accept(&mut self, case: &Case) {
        for (location, name, value) in shared_parameters(&case.operation, &case.parts) {
            let heard = self.known.entry((location, name.to_owned())).or_default();
            heard.accepted = Some(value.clone());
        }
    }

    /// Takes in what an operation said when it refused a request that obeys.
    pub(crate) fn refuse(&mut self, case: &Case, said: &[Hint]) {
        for hint in said {
            // A rule that can be kept is learned for the operation.
            let named = hint.speaks_of(&case.parts);
            let named = named.filter(|_| Constraint::read(&hint.text).is_none());
            if let Some(Part::Parameter(location, name)) = named.map(|named| named.part)
                && shared_parameters(&case.operation, &case.parts)
                    .any(|(of, one, _)| (of, one) == (location, name.as_str()))
            {
                let heard = self.known.entry((location, name)).or_default();
                heard.refused_by.insert(case.operation.id.to_string());
            }
        }
    }

    /// Whether a request that came of leaving a value out has not been sent yet.
    pub(crate) fn is_first(&mut self, request: &Request) -> bool {
        self.sent.insert(identity(request))
    }

    /// The values of a case without those that are known to be refused; `None` where it has none.
    pub(crate) fn without_refused(&self, case: &Case) -> Option<RequestParts> {
        if case.phase.repeats() || case.intent == Intent::OtherMethod {
            return None;
        }
        let about = case.breaks.as_ref().map(|breach| &breach.part);
        let refused =
            shared_parameters(&case.operation, &case.parts).filter(|(location, name, value)| {
                let heard = self.known.get(&(*location, (*name).to_owned()));
                let is_about = about == Some(&Part::Parameter(*location, (*name).to_owned()));
                heard.is_some_and(|heard| {
                    heard.refused_by.len() >= MIN_OPERATIONS
                        && heard.accepted.as_ref() != Some(value)
                }) && !is_about
            });
        let refused: Vec<(Location, String)> = refused
            .map(|(location, name, _)| (location, name.to_owned()))
            .collect();
        if refused.is_empty() {
            return None;
        }
        let mut parts = case.parts.clone();
        for key in refused {
            let accepted = self
                .known
                .get(&key)
                .and_then(|heard| heard.accepted.clone());
            let (location, name) = key;
            match accepted {
                Some(value) => parts.set(location, &name, value),
                None => parts
                    .parameters
                    .retain(|(of, one, _)| (*of, one.as_str()) != (location, name.as_str())),
            }
        }
        Some(parts)
    }
}

/// The optional headers and cookies that a request carries.
fn shared_parameters<'p>(
    operation: &'p Operation,
    parts: &'p RequestParts,
) -> impl Iterator<Item = (Location, &'p str, &'p Value)> {
    parts
        .parameters
        .iter()
        .filter(|(location, ..)| matches!(location, Location::Header | Location::Cookie))
        .filter_map(|(location, name, value)| {
            let mut declared = operation.parameters_in(*location);
            let is_optional = declared.any(|one| one.name == *name && !one.required);
            is_optional.then_some((*location, name.as_str(), value))
        })
}
