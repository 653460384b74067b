//! The first round: of each operation one request of each kind that tells most, before any gets its depth.

use std::collections::HashSet;

use super::Plan;
use http::Method;

use crate::{
    gate::knowledge::broken_kinds::BrokenKind,
    run::{Case, CredentialChoice, Phase},
};

/// What a case tries, as far as one of a kind tells most of what all of them do. In the order of what is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    MissingBody,
    MissingParameter,
    SafeMethod,
    NoCredential,
    Framing(String),
    WrongCredential(CredentialChoice),
    Method(String),
    MalformedBody,
    InvalidValue,
}

impl Kind {
    fn of(case: &Case) -> Option<Self> {
        match case.phase {
            Phase::Invalid => Some(match BrokenKind::of(case)? {
                BrokenKind::NoBody => Self::MissingBody,
                BrokenKind::NoParameter => Self::MissingParameter,
                BrokenKind::Bytes(_) => Self::MalformedBody,
                BrokenKind::Keyword(..) => Self::InvalidValue,
            }),
            Phase::Auth if case.credential == CredentialChoice::Omitted => Some(Self::NoCredential),
            Phase::Auth => Some(Self::WrongCredential(case.credential)),
            Phase::Framing => Some(Self::Framing(case.request.method.to_string())),
            Phase::Methods if case.request.method.is_safe() => Some(Self::SafeMethod),
            Phase::Methods => {
                tells_early(case).then(|| Self::Method(case.request.method.to_string()))
            }
            _ => None,
        }
    }
}

/// Whether a method that the path does not declare is sent before what the run creates is there, though it may change
/// something: it names nothing that could be made for it. What removes a whole collection waits.
fn tells_early(case: &Case) -> bool {
    let method = &case.request.method;
    let names_nothing = case.operation.path.parameters().next().is_none();
    names_nothing && method != Method::DELETE
}

impl Plan {
    /// Takes out the first case of each kind, in the order of kinds.
    pub(in crate::gate) fn take_telling(&mut self) -> Vec<Case> {
        let mut seen = HashSet::new();
        let is_first = |case: &Case| Kind::of(case).is_some_and(|kind| seen.insert(kind));
        let (mut taken, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.cases)
            .into_iter()
            .partition(is_first);
        taken.sort_by_cached_key(Kind::of);
        self.cases = kept;
        taken
    }

    /// How many cases the first round would take.
    pub(in crate::gate) fn count_telling(&self) -> usize {
        let kinds: HashSet<Kind> = self.cases.iter().filter_map(Kind::of).collect();
        kinds.len()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        gate::{fixture, plan},
        generate::Strategies,
        run::Phase,
    };

    #[test]
    fn one_case_of_each_kind_is_taken_and_no_other() {
        let (contract, settings) = (fixture::contract(), fixture::settings());
        let strategies = Strategies::default();
        let mut plans = plan::begin(&contract, &settings, &strategies);
        for plan in &mut plans {
            plan.complete(&contract, &settings, &strategies);
        }
        let list = &mut plans[0];
        let before = list.cases.len();
        let wanted = list.count_telling();
        let taken = list.take_telling();
        assert_eq!(taken.len(), wanted);
        assert_eq!(list.cases.len() + taken.len(), before);
        let invalid = taken.iter().filter(|case| case.phase == Phase::Invalid);
        // Of all values that break `limit`, one.
        assert_eq!(invalid.count(), 1);
        assert!(list.cases.iter().any(|case| case.phase == Phase::Invalid));
        assert!(taken.iter().all(|case| case.phase != Phase::Edges));
    }
}
