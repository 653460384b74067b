//! Text into values: what a reader who knows the schema makes of it.
//!
//! `5` is a number for a schema of numbers and a text for a schema of texts. Where a schema takes
//! both, the reading that it accepts is the one.

use indexmap::IndexMap;
use jsonschema::{JsonType, JsonTypeSet};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use oasgate_document::SpecVersion;

use super::{UnreadableParameter, json, numbers::is_number};
use crate::contract::{Digits, Explode, Schema, Style};

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

/// The number that a text writes, in JSON's syntax; white space behind it does not count.
fn number(text: &str) -> Option<Value> {
    let text = text.trim_end_matches([' ', '\t', '\n', '\r']);
    if !is_number(text) {
        return None;
    }
    let text = Digits::as_read(text, |text| serde_json::from_str(text).ok());
    json::parse_loosely(&text).filter(Value::is_number)
}

/// The value that `schema` makes of a primitive's text: the first reading that it accepts, else the
/// first of a type that it allows, else the text.
pub fn read_text(text: &str, schema: Option<&Schema>) -> Value {
    let Some(schema) = schema else {
        return Value::String(text.to_owned());
    };
    let types = schema.types();
    // No other reading can be accepted.
    if types == JsonTypeSet::empty().insert(JsonType::String) {
        return Value::String(text.to_owned());
    }
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
    read_elements(texts, schema, 0)
}

/// The deepest array inside arrays that 2.0's `items` write as text.
const MAX_NESTING: usize = 8;

fn read_elements<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    schema: Option<&Schema>,
    depth: usize,
) -> Value {
    let items = schema.and_then(Schema::items);
    let items = items.as_ref();
    let inside = items.and_then(nested_style).filter(|_| depth < MAX_NESTING);
    let texts = texts.into_iter();
    match inside {
        Some(style) => texts
            .map(|text| read_elements(split(text, style), items, depth + 1))
            .collect(),
        None => texts.map(|text| read_text(text, items)).collect(),
    }
}

/// How an array inside an array is written, which only 2.0 says (§4.7.8, `collectionFormat` of `items`).
pub(super) fn nested_style(items: &Schema) -> Option<Style> {
    if *items.document().version() != SpecVersion::Swagger2 || Shape::of(items) != Shape::Array {
        return None;
    }
    let format = items.raw().get("collectionFormat").and_then(Value::as_str);
    Some(match format {
        Some("ssv") => Style::SpaceDelimited,
        Some("tsv") => Style::TabDelimited,
        Some("pipes") => Style::PipeDelimited,
        _ => Style::Simple,
    })
}

/// The parts of a delimited text that may still be percent-encoded. One without delimiter is one part.
pub(super) fn split(text: &str, style: Style) -> Vec<&str> {
    let delimiters: &[&str] = match style {
        Style::SpaceDelimited => &["%20", "+", " "],
        Style::PipeDelimited => &["%7C", "%7c", "|"],
        Style::TabDelimited => &["%09", "\t"],
        _ => &[","],
    };
    split_any(text, delimiters)
}

/// The parts of a text between any of the delimiters.
pub(super) fn split_any<'t>(text: &'t str, delimiters: &[&str]) -> Vec<&'t str> {
    if let [only] = delimiters {
        return text.split(only).collect();
    }
    let mut parts = vec![text];
    for delimiter in delimiters {
        parts = parts
            .into_iter()
            .flat_map(|part| part.split(delimiter))
            .collect();
    }
    parts
}

/// An object of texts, each read by the schema of its property.
pub(super) fn read_object<'t>(
    pairs: impl IntoIterator<Item = (&'t str, &'t str)>,
    schema: Option<&Schema>,
) -> Value {
    let mut texts: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (name, text) in pairs {
        texts.entry(name).or_default().push(text);
    }
    let mut object = Map::new();
    let finder = schema.map(Schema::property_finder);
    for (name, texts) in texts {
        let property = finder.as_ref().and_then(|finder| finder.find(name));
        let property = property.as_ref();
        let is_list = property.is_some_and(|property| Shape::of(property) == Shape::Array);
        let value = match texts.as_slice() {
            [one] if !is_list => read_text(one, property),
            all if is_list => read_array(all.iter().copied(), property),
            // What stands more than once where one value is wanted: the last one counts for most readers.
            [.., last] => read_text(last, property),
            [] => continue,
        };
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

/// What a schema wants, as far as it decides how text is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Primitive,
    Array,
    Object,
    /// An array or something else.
    Either,
}

impl Shape {
    /// What a schema's types say.
    pub(super) fn of(schema: &Schema) -> Self {
        let types = schema.types();
        let primitive = [
            JsonType::String,
            JsonType::Number,
            JsonType::Integer,
            JsonType::Boolean,
        ]
        .into_iter()
        .any(|kind| types.contains(kind));
        match (
            types.contains(JsonType::Array),
            types.contains(JsonType::Object),
            primitive,
        ) {
            (true, _, true) => Self::Either,
            (true, _, false) => Self::Array,
            (false, true, false) => Self::Object,
            _ => Self::Primitive,
        }
    }
}

/// A delimited text: an array of its parts, an object of its parts in pairs, or the whole.
pub(super) fn read_list(
    whole: &str,
    parts: &[&str],
    schema: &Schema,
    explode: Explode,
) -> Result<Value, UnreadableParameter> {
    let primitive = || read_text(whole, Some(schema));
    let array = || {
        let parts = if whole.is_empty() { &[] } else { parts };
        read_array(parts.iter().copied(), Some(schema))
    };
    match Shape::of(schema) {
        Shape::Primitive => Ok(primitive()),
        Shape::Array => Ok(array()),
        Shape::Either => {
            let one = primitive();
            Ok(if schema.is_valid(&one) { one } else { array() })
        }
        Shape::Object => {
            let unreadable = || UnreadableParameter {
                reason: "the value is not written as an object".to_owned(),
                text: whole.to_owned(),
            };
            let pairs: Option<Vec<(&str, &str)>> = match explode {
                _ if whole.is_empty() => Some(Vec::new()),
                Explode::Yes => parts.iter().map(|part| part.split_once('=')).collect(),
                Explode::No if parts.len().is_multiple_of(2) => {
                    Some(parts.chunks(2).map(|pair| (pair[0], pair[1])).collect())
                }
                Explode::No => None,
            };
            Ok(read_object(pairs.ok_or_else(unreadable)?, Some(schema)))
        }
    }
}

/// Undoes percent-encoding.
pub(super) fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Like [`decode`], with `+` for a space, as forms and most services read a query.
pub(super) fn decode_form(text: &str) -> String {
    decode(&text.replace('+', " "))
}
