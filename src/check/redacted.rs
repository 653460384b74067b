//! What a recorder took out breaks nothing: which breaches are excused by a placeholder.

use serde_json::Value;

use crate::{contract::Violation, exchange::holds_redaction};

/// Keywords that are about everything below a value: one that was taken out there decides them.
const ABOUT_ALL_BELOW: &[&str] = &[
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependentSchemas",
    "discriminator",
    "enum",
    "if",
    "maxContains",
    "minContains",
    "not",
    "oneOf",
    "uniqueItems",
];

/// Keywords that are about the names of properties.
const ABOUT_NAMES: &[&str] = &[
    "additionalProperties",
    "propertyNames",
    "required",
    "unevaluatedProperties",
];

/// How many nodes of a value are looked through for a placeholder.
const MAX_NODES: usize = 10_000;

/// Whether a placeholder of a recorder is what breaks a keyword. `value` is what the schema was held
/// against.
pub(super) fn is_excused(value: &Value, violation: &Violation) -> bool {
    let Some(broken) = violation.instance.get(value) else {
        return false;
    };
    let keyword = violation.keyword.as_str();
    match broken {
        Value::String(text) => holds_redaction(text),
        Value::Object(members) if ABOUT_NAMES.contains(&keyword) => {
            members.keys().any(|name| holds_redaction(name))
        }
        Value::Object(_) | Value::Array(_) => {
            ABOUT_ALL_BELOW.contains(&keyword) && holds_below(broken, &mut 0)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn holds_below(value: &Value, nodes: &mut usize) -> bool {
    *nodes += 1;
    if *nodes > MAX_NODES {
        return false;
    }
    match value {
        Value::String(text) => holds_redaction(text),
        Value::Array(items) => items.iter().any(|item| holds_below(item, nodes)),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| holds_redaction(name) || holds_below(member, nodes)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
