//! The JSON types that values of a schema may have.

use jsonschema::{JsonType, JsonTypeSet};
use oasgate_document::Address;
use serde_json::Value;

use super::{Schema, nullable, structure};

const ALL_TYPES: [JsonType; 7] = [
    JsonType::Array,
    JsonType::Boolean,
    JsonType::Integer,
    JsonType::Null,
    JsonType::Number,
    JsonType::Object,
    JsonType::String,
];

/// The JSON types that a value may have.
pub(super) fn types(schema: &Schema) -> JsonTypeSet {
    types_at(schema, &schema.address, 0)
}

/// The types at one schema object, worked out once: schemas that refer to each other twice lead to the
/// same objects on ever more ways.
fn types_at(schema: &Schema, address: &Address, depth: usize) -> JsonTypeSet {
    if depth > structure::MAX_STEPS {
        return all();
    }
    schema.store.types(address, || {
        let allowed = find(schema, address, depth);
        if allowed.contains(JsonType::Number) {
            return allowed.insert(JsonType::Integer);
        }
        allowed
    })
}

fn all() -> JsonTypeSet {
    ALL_TYPES
        .into_iter()
        .fold(JsonTypeSet::empty(), JsonTypeSet::insert)
}

fn both(a: JsonTypeSet, b: JsonTypeSet) -> JsonTypeSet {
    let wide = |set: JsonTypeSet, kind| {
        set.contains(kind) || kind == JsonType::Integer && set.contains(JsonType::Number)
    };
    ALL_TYPES
        .into_iter()
        .filter(|kind| wide(a, *kind) && wide(b, *kind))
        .fold(JsonTypeSet::empty(), JsonTypeSet::insert)
}

fn find(schema: &Schema, address: &Address, depth: usize) -> JsonTypeSet {
    let store = &schema.store;
    let Some(Value::Object(members)) = store.document().get(address) else {
        return all();
    };
    let mut allowed = all();
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        if let Ok(target) = store.document().resolve_at(address, reference) {
            allowed = both(allowed, types_at(schema, &target, depth + 1));
        }
        if store.dialect().ref_hides_siblings() {
            return allowed;
        }
    }
    let named = |name: &Value| name.as_str().and_then(|name| name.parse::<JsonType>().ok());
    match members.get("type") {
        Some(name @ Value::String(_)) => {
            let mut own: JsonTypeSet = named(name)
                .into_iter()
                .fold(JsonTypeSet::empty(), JsonTypeSet::insert);
            if nullable::is_nullable(members, store.dialect()) {
                own = own.insert(JsonType::Null);
            }
            if named(name).is_some() {
                allowed = both(allowed, own);
            }
        }
        Some(Value::Array(names)) => {
            let own = names
                .iter()
                .filter_map(named)
                .fold(JsonTypeSet::empty(), JsonTypeSet::insert);
            allowed = both(allowed, own);
        }
        _ => {}
    }
    let literals = members
        .get("enum")
        .and_then(Value::as_array)
        .map(Vec::as_slice);
    let literals = literals.or_else(|| members.get("const").map(std::slice::from_ref));
    if let Some(values) = literals {
        let own = values
            .iter()
            .map(type_of)
            .fold(JsonTypeSet::empty(), JsonTypeSet::insert);
        allowed = both(allowed, own);
    }
    let count = |keyword: &str| {
        members
            .get(keyword)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    for index in 0..count("allOf") {
        allowed = both(
            allowed,
            types_at(schema, &address.join("allOf").index(index), depth + 1),
        );
    }
    for keyword in ["anyOf", "oneOf"] {
        if count(keyword) > 0 {
            let either = (0..count(keyword))
                .flat_map(|index| {
                    types_at(schema, &address.join(keyword).index(index), depth + 1).iter()
                })
                .fold(JsonTypeSet::empty(), JsonTypeSet::insert);
            allowed = both(allowed, either);
        }
    }
    if nullable::is_beside_parts(members, store.dialect()) {
        allowed = allowed.insert(JsonType::Null);
    }
    allowed
}

fn type_of(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(number) if number.is_f64() => JsonType::Number,
        Value::Number(_) => JsonType::Integer,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}
