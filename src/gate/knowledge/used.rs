//! Values that the service has accepted once, so that it may well refuse them a second time: a name
//! that is taken is no breach of the contract.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use serde_json::Value;

use crate::{
    check::{Intent, has_trait},
    contract::{Operation, Schema},
    exchange::{Exchange, Request},
    finding::{Finding, Trait},
    generate::{Generator, Strategies},
    run::{Case, LiveSettings},
    wire::{RequestParts, write_request},
};

/// The most values that are remembered.
const MAX_VALUES: usize = 50_000;

/// How many values are drawn for one that is fresh.
const MAX_DRAWS: usize = 20;

/// Values of bodies that were accepted, by the name of their property.
#[derive(Debug, Default)]
pub(crate) struct UsedValues {
    known: HashSet<(String, String)>,
    /// The values of the first request of each operation that obeyed and was accepted.
    accepted: HashMap<String, RequestParts>,
    /// How many requests were made with fresh values.
    renewed: usize,
}

impl UsedValues {
    /// Notes what an exchange used up.
    pub(crate) fn observe(&mut self, case: &Case, exchange: &Exchange) {
        if exchange.response.status.is_success()
            && case.intent == Intent::Obey
            && exchange.request.method == case.operation.method
        {
            let id = case.operation.id.to_string();
            let accepted = self.accepted.entry(id);
            accepted.or_insert_with(|| case.parts.clone());
        }
        let is_used = exchange.response.status.is_success() && !case.operation.is_safe();
        if !is_used || self.known.len() > MAX_VALUES {
            return;
        }
        let members = case
            .parts
            .body
            .as_ref()
            .and_then(|(_, body)| body.as_object());
        for (name, value) in members.into_iter().flatten() {
            if may_be_unique(value) {
                self.known.insert(key(name, value));
            }
        }
    }

    /// The values of a request of an operation that was accepted.
    pub(crate) fn accepted(&self, operation: &Operation) -> Option<&RequestParts> {
        self.accepted.get(operation.id.as_str())
    }

    /// Whether a finding is about a refusal that may say that a value is taken.
    pub(crate) fn may_be_taken(case: &Case, finding: &Finding, status: StatusCode) -> bool {
        has_trait(&finding.rule, Trait::ConfirmedWithFreshValues)
            && [400, 422].contains(&status.as_u16())
            && !case.operation.is_safe()
            && case.parts.body.is_some()
    }

    /// The request with fresh values in place of those that were used before; `None` where none was, and
    /// where the refusal is not one that speaks of values.
    pub(crate) fn renewed(
        &mut self,
        case: &Case,
        status: StatusCode,
        settings: &LiveSettings,
        strategies: &Strategies,
    ) -> Option<Request> {
        if ![400, 422].contains(&status.as_u16()) || case.operation.is_safe() {
            return None;
        }
        let (range, body) = case.parts.body.as_ref()?;
        let declared = case.operation.request_body.as_ref()?;
        let media_types = &declared.content.media_types;
        let media_type = media_types.iter().find(|one| one.range.as_str() == range)?;
        let schema = media_type.schema.as_ref()?;
        let mut fresh = body.clone();
        let used = body
            .as_object()?
            .iter()
            .filter(|(name, value)| may_be_unique(value) && self.known.contains(&key(name, value)));
        let used: Vec<_> = used.collect();
        // Free texts are what is unique most often, and other values of other kinds may be refused for
        // reasons of their own.
        let is_text =
            |(name, value): &(&String, &Value)| value.is_string() && is_free(schema, name);
        let texts: Vec<_> = used.iter().copied().filter(is_text).collect();
        let used = if texts.is_empty() { used } else { texts };
        self.renewed += 1;
        let mut is_any = false;
        for (name, _) in used {
            let purpose = format!("fresh {name} {}", self.renewed);
            let mut generator = Generator::new(
                settings.seed,
                &[case.operation.id.as_str(), purpose.as_str()],
            );
            let is_known = |drawn: &Value| self.known.contains(&key(name, drawn));
            fresh = another(schema, &fresh, name, &is_known, &mut generator, strategies)?;
            is_any = true;
        }
        if !is_any {
            return None;
        }
        for (name, value) in fresh.as_object().into_iter().flatten() {
            if may_be_unique(value) {
                self.known.insert(key(name, value));
            }
        }
        let mut parts = case.parts.clone();
        parts.body = Some((range.clone(), fresh));
        let mut request = write_request(&case.operation, &settings.base, &parts).ok()?;
        settings
            .credentials
            .apply(&case.operation, &mut request, case.credential);
        Some(request)
    }
}

/// The whole with another value for one property.
fn another(
    schema: &Schema,
    whole: &Value,
    name: &str,
    is_known: &dyn Fn(&Value) -> bool,
    generator: &mut Generator,
    strategies: &Strategies,
) -> Option<Value> {
    let strategy = strategies.valid(&schema.property(name)?);
    (0..MAX_DRAWS).find_map(|_| {
        let drawn = generator.draw(&strategy)?;
        let mut other = whole.clone();
        other[name] = drawn;
        (!is_known(&other[name]) && schema.is_valid(&other)).then_some(other)
    })
}

/// Whether a property takes any text.
fn is_free(schema: &Schema, name: &str) -> bool {
    schema.property(name).is_some_and(|property| {
        let target = property.target();
        let raw = target.raw();
        ["format", "enum", "const"]
            .iter()
            .all(|keyword| raw.get(keyword).is_none())
    })
}

fn may_be_unique(value: &Value) -> bool {
    value.is_string() || value.is_number()
}

/// What one operation has set, another may find taken, so that the operation is no part of it.
fn key(name: &str, value: &Value) -> (String, String) {
    (name.to_owned(), value.to_string())
}
