//! Whether a response shows something that its operation has not shown before: a status, a content
//! type, a shape, a branch of a schema.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::{contract::Operation, exchange::Exchange};

/// How deep a shape is looked at.
const MOST_DEPTH: usize = 8;
/// An object with more members is one whose names are data.
const MOST_MEMBERS: usize = 64;

/// What each operation has shown so far: statuses, content types, shapes.
#[derive(Debug, Default)]
pub(super) struct Novelty {
    seen: HashMap<String, HashSet<String>>,
    fresh: HashMap<String, u64>,
}

impl Novelty {
    /// Takes in what came.
    pub(super) fn take(
        &mut self,
        operation: &Operation,
        exchange: &Exchange,
        body: Option<&Value>,
    ) {
        let id = operation.id.as_str();
        let mut signature = format!(
            "{} {} ",
            exchange.response.status.as_u16(),
            exchange
                .response
                .header("content-type")
                .and_then(|text| text.split(';').next())
                .unwrap_or_default()
                .trim()
        );
        if let Some(body) = body {
            shape(body, 0, &mut signature);
        }
        if self
            .seen
            .entry(id.to_owned())
            .or_default()
            .insert(signature)
        {
            self.note(operation);
        }
    }

    /// Takes in that something else was new, such as a branch of a schema.
    pub(super) fn note(&mut self, operation: &Operation) {
        *self
            .fresh
            .entry(operation.id.as_str().to_owned())
            .or_default() += 1;
    }

    /// How many different things an operation has shown.
    pub(super) fn count(&self, operation: &Operation) -> u64 {
        self.fresh
            .get(operation.id.as_str())
            .copied()
            .unwrap_or_default()
    }
}

/// The shape of a value: names and types, without values.
fn shape(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push('0'),
        Value::Bool(_) => out.push('b'),
        Value::Number(number) if number.is_f64() => out.push('f'),
        Value::Number(_) => out.push('i'),
        Value::String(text) => out.push(if text.is_empty() { 'e' } else { 's' }),
        Value::Array(_) | Value::Object(_) if depth > MOST_DEPTH => out.push('~'),
        Value::Array(items) => {
            let mut shapes = BTreeSet::new();
            for item in items.iter().take(20) {
                let mut one = String::new();
                shape(item, depth + 1, &mut one);
                shapes.insert(one);
            }
            out.push('[');
            out.extend(shapes.into_iter().map(|one| one + ","));
            out.push(']');
        }
        Value::Object(members) if members.len() > MOST_MEMBERS => out.push_str("{~}"),
        Value::Object(members) => {
            let mut names: Vec<_> = members.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, member) in names {
                out.push_str(name);
                out.push(':');
                shape(member, depth + 1, out);
                out.push(',');
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shape;

    fn of(value: &serde_json::Value) -> String {
        let mut out = String::new();
        shape(value, 0, &mut out);
        out
    }

    #[test]
    fn a_shape_knows_names_and_types_and_no_values() {
        assert_eq!(
            of(&json!({"b": 1, "a": "x"})),
            of(&json!({"a": "y", "b": 2}))
        );
        assert_eq!(of(&json!([1, 2, 3])), of(&json!([4])));
        assert_ne!(of(&json!({"a": null})), of(&json!({"a": 1})));
        assert_ne!(of(&json!([])), of(&json!([1])));
    }
}
