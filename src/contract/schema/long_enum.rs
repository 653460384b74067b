//! An `enum` of many values that are no scalars: held against the document itself, which a unit does not copy.

use std::hash::{BuildHasher, Hasher as _, RandomState};

use oasgate_document::Address;
use serde_json::{Value, json};

use super::exact::{Digits, LISTED, is_same};

/// The keyword that stands for it in a unit: the address of the schema object.
pub(super) const LONG_ENUM: &str = "x-oasgate-long-enum";

/// How many values are copied and gone through one by one.
const SHORT: usize = 1_000;

/// What stands in a unit for an `enum` of the schema object at an address; `None` for one that is short, of scalars
/// alone, or of numbers that doubles do not tell apart.
pub(super) fn long_enum(at: &Address, values: &Value) -> Option<Value> {
    let is_long = values.as_array().is_some_and(|values| {
        let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
        values.len() > SHORT && !values.iter().all(is_scalar)
    });
    (is_long && !Digits::are_needed_for(values))
        .then(|| json!([at.file.index(), at.pointer.as_str()]))
}

/// The keyword of the document that a keyword of a unit which lists values stands for.
pub(super) fn listed_as(own: &str) -> Option<&'static str> {
    let mut known = LISTED.iter().chain(&[(LONG_ENUM, "enum")]);
    known.find(|(known, _)| *known == own).map(|(_, of)| *of)
}

/// Where values are, by their hashes, in order.
pub(super) struct Places {
    hasher: RandomState,
    by_hash: Vec<(u64, usize)>,
}

impl Places {
    pub(super) fn of(values: &[Value]) -> Self {
        let hasher = RandomState::new();
        let hashes = values.iter().map(|value| hash(&hasher, value));
        let mut by_hash: Vec<_> = hashes.zip(0..).collect();
        by_hash.sort_unstable();
        Self { hasher, by_hash }
    }

    /// Whether a value is one of those that this was made of.
    pub(super) fn hold(&self, values: &[Value], value: &Value) -> bool {
        let mut alike = self.alike(value);
        alike.any(|at| values.get(at).is_some_and(|one| is_same(one, value)))
    }

    /// The places of the values with the hash of this one.
    fn alike(&self, value: &Value) -> impl Iterator<Item = usize> {
        let wanted = hash(&self.hasher, value);
        let from = self.by_hash.partition_point(|(hash, _)| *hash < wanted);
        let behind = self.by_hash[from..].iter();
        behind
            .take_while(move |(hash, _)| *hash == wanted)
            .map(|(_, at)| *at)
    }
}

/// A number for a value: the same for values that JSON Schema takes for equal.
fn hash(hasher: &RandomState, value: &Value) -> u64 {
    let mut state = hasher.build_hasher();
    match value {
        Value::Null => state.write_u8(0),
        Value::Bool(value) => state.write_u8(1 + u8::from(*value)),
        Value::Number(number) => {
            // 0 and -0 are one number, and 1 and 1.0.
            let double = number.as_f64().unwrap_or_default() + 0.0;
            state.write_u8(3);
            state.write_u64(double.to_bits());
        }
        Value::String(text) => {
            state.write_u8(4);
            state.write(text.as_bytes());
        }
        Value::Array(items) => {
            state.write_u8(5);
            for item in items {
                state.write_u64(hash(hasher, item));
            }
        }
        // The order of members plays no part.
        Value::Object(members) => {
            state.write_u8(6);
            let members = members.iter().map(|(name, member)| {
                let mut state = hasher.build_hasher();
                state.write(name.as_bytes());
                state.write_u64(hash(hasher, member));
                state.finish()
            });
            state.write_u64(members.fold(0, u64::wrapping_add));
        }
    }
    state.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Places, SHORT, long_enum};
    use crate::contract::{Contract, Direction};
    use oasgate_document::{Address, Document};

    fn document(values: &Value) -> Contract {
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": {},
            "components": { "schemas": { "E": { "enum": values } } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        Contract::from_document(document)
    }

    #[test]
    fn a_long_enum_accepts_its_values_and_is_not_copied() {
        let mut values: Vec<Value> = (0..=SHORT).map(|n| json!({ "a": n, "b": [n] })).collect();
        values.extend([json!({ "c": 0 }), json!(7), json!("x")]);
        let values = Value::Array(values);
        let contract = document(&values);
        let at = Address::default()
            .join("components")
            .join("schemas")
            .join("E");
        let written = long_enum(&at, &values).expect("it is long");
        assert!(written.to_string().len() < 100);
        let schema = contract.schema_at(at, Direction::Request);
        for (value, expected) in [
            (json!({ "b": [3], "a": 3 }), true),
            (json!({ "b": [3.0], "a": 3.0 }), true),
            (json!({ "a": 3, "b": [4] }), false),
            (json!({ "a": 3 }), false),
            (json!({ "c": -0.0 }), true),
            (json!({ "c": 0 }), true),
            (json!(7.0), true),
            (json!("x"), true),
            (json!("y"), false),
        ] {
            assert_eq!(schema.is_valid(&value), expected, "{value}");
            let told = schema.violations(&value);
            assert_eq!(told.is_empty(), expected, "{value}");
            for violation in told {
                assert_eq!(violation.keyword, "enum");
                assert!(violation.schema.pointer.as_str().ends_with("/E/enum"));
                assert!(violation.expected.len() < 1_000, "{}", violation.expected);
            }
        }
    }

    #[test]
    fn a_value_is_compared_with_few() {
        let values: Vec<Value> = (0..10_000).map(|n| json!({ "a": n })).collect();
        let places = Places::of(&values);
        let looked_at: usize = values.iter().map(|one| places.alike(one).count()).sum();
        assert_eq!(looked_at, values.len());
    }

    #[test]
    fn short_lists_and_lists_of_texts_stay_as_they_are() {
        let at = Address::default();
        let texts: Vec<Value> = (0..5_000).map(|n| json!(n.to_string())).collect();
        assert_eq!(long_enum(&at, &Value::Array(texts)), None);
        assert_eq!(long_enum(&at, &json!([{ "a": 1 }])), None);
    }
}
