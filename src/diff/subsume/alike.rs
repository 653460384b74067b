//! Schemas that are written alike, wherever they lie.

use std::collections::HashSet;

use serde_json::Value;

use super::Node;

/// Whether two schemas are written alike, what they refer to included.
pub(super) fn identical(one: Node<'_>, other: Node<'_>) -> bool {
    let mut known = HashSet::new();
    let mut left = 2_000;
    alike(one, other, &mut known, &mut left)
}

fn alike(
    one: Node<'_>,
    other: Node<'_>,
    known: &mut HashSet<(usize, usize)>,
    left: &mut usize,
) -> bool {
    if one.identity() == other.identity() || !known.insert((one.identity(), other.identity())) {
        return true;
    }
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match (one.schema, other.schema) {
        (Value::Object(members), Value::Object(others)) => {
            members.len() == others.len()
                && members.iter().all(|(key, value)| {
                    let Some(opposite) = others.get(key) else {
                        return false;
                    };
                    if key == "$ref"
                        && let (Some(target), Some(counterpart)) =
                            (one.target(members), other.target(others))
                    {
                        return alike(target, counterpart, known, left);
                    }
                    // A listed value refers to nothing, whatever it holds.
                    if key == "const" || key == "enum" {
                        return value == opposite && !holds_reference(value);
                    }
                    alike(one.at(value), other.at(opposite), known, left)
                })
        }
        (Value::Array(items), Value::Array(others)) => {
            items.len() == others.len()
                && items
                    .iter()
                    .zip(others)
                    .all(|(item, opposite)| alike(one.at(item), other.at(opposite), known, left))
        }
        (value, opposite) => value == opposite,
    }
}

/// Whether a property of this name is anywhere in a value: as a schema it could mean something else.
fn holds_reference(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key("$ref") || members.values().any(holds_reference)
        }
        Value::Array(items) => items.iter().any(holds_reference),
        _ => false,
    }
}
