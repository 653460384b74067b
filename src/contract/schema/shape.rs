//! The shape of a value: the names and types in it, without the values, as one number.
//!
//! Which optional properties are there and which branch of a schema was taken shows in the shape, so
//! that what is new can be told from what came often, for the cost of one walk.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use serde_json::Value;

/// The same numbers in every run and on every machine.
const HASHER: BuildHasherDefault<DefaultHasher> = BuildHasherDefault::new();

/// The shape of a value.
pub(crate) fn shape(value: &Value) -> u64 {
    match value {
        Value::Null => 1,
        Value::Bool(_) => 2,
        Value::Number(number) => 3 + u64::from(number.is_f64()),
        Value::String(text) => 5 + u64::from(text.is_empty()),
        Value::Array(items) => HASHER.hash_one((7_u8, shapes(items))),
        // A sum knows no order, and names are there once.
        Value::Object(members) => members.iter().fold(8_u64, |sum, (name, member)| {
            sum.wrapping_add(HASHER.hash_one((name, shape(member))))
        }),
    }
}

/// The shapes of several values, as a set.
pub(crate) fn shapes(values: &[Value]) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    for value in values {
        let one = shape(value);
        if let Err(at) = found.binary_search(&one) {
            found.insert(at, one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shape;

    #[test]
    fn a_shape_knows_names_and_types_and_no_values() {
        let same = [
            (json!({"a": 1, "b": "x"}), json!({"b": "y", "a": 2})),
            (json!([1, 2, 3]), json!([4])),
            (json!([1, "a"]), json!(["b", 2, 3])),
        ];
        for (one, other) in same {
            assert_eq!(shape(&one), shape(&other), "{one} {other}");
        }
        let different = [
            (json!([{"a": 1}]), json!([{"a": 1}, {"b": 1}])),
            (json!({"a": {}}), json!({"a": null})),
            (json!({"a": null}), json!({"a": 1})),
            (json!([]), json!([1])),
            (json!({"a": {"b": 1}}), json!({"b": {"a": 1}})),
            (json!({"a": 1, "b": "x"}), json!({"a": "x", "b": 1})),
            (json!(""), json!("x")),
        ];
        for (one, other) in different {
            assert_ne!(shape(&one), shape(&other), "{one} {other}");
        }
    }
}
