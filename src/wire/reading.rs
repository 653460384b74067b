//! Text into values: what a reader who knows the schema makes of it.
//!
//! `5` is a number for a schema of numbers and a text for a schema of texts. Where a schema takes
//! both, the reading that it accepts is the one.

use jsonschema::JsonType;
use serde_json::{Map, Value};

use super::json;
use crate::contract::Schema;

/// Every value that a text may be read as, the most particular first and the text itself last.
pub fn readings(text: &str) -> Vec<Value> {
    let mut readings = Vec::new();
    match text {
        "true" => readings.push(Value::Bool(true)),
        "false" => readings.push(Value::Bool(false)),
        "null" | "" => readings.push(Value::Null),
        _ => readings.extend(number(text)),
    }
    readings.push(Value::String(text.to_owned()));
    readings
}

/// The number that a text writes, in JSON's syntax.
fn number(text: &str) -> Option<Value> {
    let begins = text.as_bytes().first()?;
    if !(begins.is_ascii_digit() || *begins == b'-') {
        return None;
    }
    json::parse_loosely(text).filter(Value::is_number)
}

/// The value that `schema` makes of a primitive's text: the first reading that it accepts, else the
/// first of a type that it allows, else the text.
pub fn read_text(text: &str, schema: Option<&Schema>) -> Value {
    let Some(schema) = schema else {
        return Value::String(text.to_owned());
    };
    let types = schema.types();
    let mut readings = readings(text);
    if types.contains(JsonType::Object) || types.contains(JsonType::Array) {
        // Some services take JSON where no style says how to write an object.
        readings.extend(
            json::parse_loosely(text).filter(|value| value.is_object() || value.is_array()),
        );
    }
    if let Some(at) = readings.iter().position(|reading| schema.is_valid(reading)) {
        return readings.swap_remove(at);
    }
    let of_type = |value: &Value| match value {
        Value::Null => types.contains(JsonType::Null),
        Value::Bool(_) => types.contains(JsonType::Boolean),
        Value::Number(number) => {
            types.contains(JsonType::Number)
                || !number.is_f64() && types.contains(JsonType::Integer)
        }
        Value::String(_) => types.contains(JsonType::String),
        Value::Array(_) => types.contains(JsonType::Array),
        Value::Object(_) => types.contains(JsonType::Object),
    };
    readings
        .into_iter()
        .find(of_type)
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// An array of texts, each read by the schema of elements.
pub(super) fn read_array<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    schema: Option<&Schema>,
) -> Value {
    let items = schema.and_then(Schema::items);
    texts
        .into_iter()
        .map(|text| read_text(text, items.as_ref()))
        .collect()
}

/// An object of texts, each read by the schema of its property.
pub(super) fn read_object<'t>(
    pairs: impl IntoIterator<Item = (&'t str, &'t str)>,
    schema: Option<&Schema>,
) -> Value {
    let mut object = Map::new();
    for (name, text) in pairs {
        let property = schema.and_then(|schema| schema.property(name));
        object.insert(name.to_owned(), read_text(text, property.as_ref()));
    }
    Value::Object(object)
}
