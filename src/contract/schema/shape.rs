//! The shape of a value: the names and types in it, without the values, as one number.
//!
//! Which optional properties are there and which branch of a schema was taken shows in the shape, so
//! that what is new can be told from what came often, for the cost of one walk.

use std::sync::LazyLock;

use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber as _, Node as _, Object, SerdeJson},
};
use serde_json::Value;

/// Its numbers do not leave the program, and nobody who writes a recording knows them.
static HASHER: LazyLock<ahash::RandomState> = LazyLock::new(ahash::RandomState::new);

/// The shape of a value.
pub(crate) fn shape(value: &Value) -> u64 {
    shape_of::<SerdeJson>(&value)
}

/// The shape of a value, however it is kept in memory.
pub(super) fn shape_of<F: Json>(value: &F::Node<'_>) -> u64 {
    match value.json_type() {
        JsonType::Null => 1,
        JsonType::Boolean => 2,
        JsonType::Number | JsonType::Integer => {
            3 + u64::from(
                !value
                    .as_number()
                    .is_some_and(|number| number.as_u64().is_some() || number.as_i64().is_some()),
            )
        }
        JsonType::String => {
            let is_empty = value.as_string().is_some_and(|text| text.is_empty());
            5 + u64::from(is_empty)
        }
        JsonType::Array => {
            let mut shapes: Vec<u64> = Vec::new();
            for item in value.as_array().iter().flat_map(Array::elements) {
                let one = shape_of::<F>(&item);
                if let Err(at) = shapes.binary_search(&one) {
                    shapes.insert(at, one);
                }
            }
            HASHER.hash_one((7_u8, shapes))
        }
        // A sum knows no order, and names are there once.
        JsonType::Object => {
            let members = value.as_object();
            let members = members.iter().flat_map(Object::members);
            members.fold(8_u64, |sum, (name, member)| {
                sum.wrapping_add(HASHER.hash_one((name.as_ref(), shape_of::<F>(&member))))
            })
        }
    }
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
