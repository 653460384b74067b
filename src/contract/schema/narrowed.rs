//! What a value breaks where one alternative alone is of its type: of `anyOf: [{...}, {type: null}]` an object was meant
//! to be the first.

use serde_json::Value;

use super::{
    Schema,
    violation::{self, MAX_VIOLATIONS, Violation},
};

/// How many alternatives within each other are entered.
const MAX_STEPS: usize = 8;

/// How many alternatives are looked at.
const MAX_ALTERNATIVES: usize = 16;

/// What a value breaks, by the one alternative that is of its type where there is one.
pub(super) fn violations(schema: &Schema, value: &Value) -> Vec<Violation> {
    let mut narrowed = Vec::new();
    for violation in schema.violations(value) {
        narrow(schema, violation, value, 0, &mut narrowed);
    }
    narrowed
}

fn narrow(
    schema: &Schema,
    violation: Violation,
    value: &Value,
    step: usize,
    narrowed: &mut Vec<Violation>,
) {
    let is_full = narrowed.len() >= MAX_VIOLATIONS || step >= MAX_STEPS;
    let inner = (!is_full).then(|| of_one_alternative(schema, &violation, value));
    match inner.flatten() {
        Some(inner) => {
            for one in inner {
                narrow(schema, one, value, step + 1, narrowed);
            }
        }
        None => narrowed.push(violation),
    }
}

fn of_one_alternative(
    schema: &Schema,
    violation: &Violation,
    value: &Value,
) -> Option<Vec<Violation>> {
    if !["anyOf", "oneOf"].contains(&violation.keyword.as_str()) {
        return None;
    }
    let node = violation.instance.get(value)?;
    let alternatives = schema.store.document().get(&violation.schema)?.as_array()?;
    if alternatives.len() > MAX_ALTERNATIVES {
        return None;
    }
    let mut meant = None;
    for index in 0..alternatives.len() {
        let branch = violation.schema.index(index);
        let broken = violation::collect(
            &schema.store,
            &branch,
            schema.direction,
            node,
            MAX_VIOLATIONS,
        );
        let is_of_another_type = |one: &Violation| one.instance.is_root() && one.keyword == "type";
        if broken.is_empty() {
            return None;
        }
        if broken.iter().any(is_of_another_type) {
            continue;
        }
        if meant.replace(broken).is_some() {
            return None;
        }
    }
    let rebased = meant?.into_iter().map(|mut one| {
        one.instance = violation.instance.concat(&one.instance);
        one
    });
    Some(rebased.collect())
}
