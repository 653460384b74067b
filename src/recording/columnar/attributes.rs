//! Rows that are spans of OpenTelemetry: attributes in columns of their own (`http.request.method`), in structs
//! (`http` with a field `request`), or in one map (`attributes`, `SpanAttributes`).
//!
//! A row becomes the span that OTLP has for it in JSON, and is read as such: the names of attributes, old and
//! new, are known in one place.

use arrow_array::{Array, RecordBatch, cast::AsArray as _};
use arrow_schema::{DataType, Schema};
use serde_json::{Value, json};

use super::cell::{Cell, cell, elements, fields, value};
use crate::recording::loose;

/// Maps and structs of attributes, as exporters name them.
const CONTAINERS: &[&str] = &["attributes", "SpanAttributes", "span_attributes"];

/// The attribute that tells a span of HTTP.
const METHOD: &[&str] = &["http.request.method", "http.method"];

/// What the attributes of captured header fields have in their names.
const HEADER: &str = ".header.";

/// Columns that say how long a span took, in nanoseconds.
const DURATION: &[&str] = &["Duration", "duration_nano", "durationNano", "duration_ns"];

/// Columns with its beginning and its end, as OTLP has them.
const TIMES: &[&str] = &[
    "startTimeUnixNano",
    "endTimeUnixNano",
    "start_time_unix_nano",
    "end_time_unix_nano",
];

/// How deep structs are looked into.
const MAX_DEPTH: usize = 8;

/// Whether a table has attributes of HTTP, or may have them in a map.
pub(super) fn is_spans(schema: &Schema) -> bool {
    schema.fields().iter().any(|field| {
        let is_container = CONTAINERS.contains(&field.name().as_str());
        if is_container && matches!(field.data_type(), DataType::Map(..)) {
            return true;
        }
        let prefix = if is_container { "" } else { field.name() };
        has_method(prefix, field.data_type(), MAX_DEPTH)
    })
}

fn has_method(name: &str, kind: &DataType, depth: usize) -> bool {
    match kind {
        DataType::Struct(members) if depth > 0 => members
            .iter()
            .any(|member| has_method(&dotted(name, member.name()), member.data_type(), depth - 1)),
        _ => METHOD.contains(&name),
    }
}

fn dotted(outer: &str, name: &str) -> String {
    if outer.is_empty() {
        name.to_owned()
    } else {
        format!("{outer}.{name}")
    }
}

/// Whether a row is a span of HTTP.
pub(super) fn is_http(batch: &RecordBatch, row: usize) -> bool {
    let mut found = false;
    each(batch, row, &mut |name, array, at| {
        found |= METHOD.contains(&name) && !array.is_null(at);
    });
    found
}

/// The span that a row is.
pub(super) fn span(batch: &RecordBatch, row: usize) -> Value {
    let mut attributes = Vec::new();
    each(batch, row, &mut |name, array, at| {
        let found = value(array, at);
        if !found.is_null() {
            let found = if name.contains(HEADER) {
                several(found)
            } else {
                found
            };
            attributes.push(json!({"key": name, "value": typed(&found)}));
        }
    });
    let mut span = json!({ "attributes": attributes });
    let number = |name: &&str| match cell(batch.column_by_name(name)?, row) {
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Text(text) => Some(text.to_owned()),
        _ => None,
    };
    for name in TIMES {
        if let Some(text) = number(name) {
            span[*name] = Value::from(text);
        }
    }
    if let Some(text) = DURATION.iter().find_map(number) {
        span["startTimeUnixNano"] = Value::from("0");
        span["endTimeUnixNano"] = Value::from(text);
    }
    span
}

/// The values of a header field, which a map of texts has as JSON.
fn several(found: Value) -> Value {
    let list = found.as_str().filter(|text| text.starts_with('['));
    match list.map(serde_json::from_str::<Vec<String>>) {
        Some(Ok(items)) => Value::from(items),
        _ => found,
    }
}

/// An `AnyValue` of OTLP.
fn typed(found: &Value) -> Value {
    match found {
        Value::Array(items) => {
            let values: Vec<Value> = items.iter().map(typed).collect();
            json!({"arrayValue": {"values": values}})
        }
        other => json!({"stringValue": loose::text(other).unwrap_or_default()}),
    }
}

/// Calls with the name of each attribute of a row, the array with its value, and where it stands there.
fn each(batch: &RecordBatch, row: usize, told: &mut dyn FnMut(&str, &dyn Array, usize)) {
    for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let is_container = CONTAINERS.contains(&field.name().as_str());
        let name = if is_container { "" } else { field.name() };
        inside(name, array, row, MAX_DEPTH, told);
    }
}

fn inside(
    name: &str,
    array: &dyn Array,
    row: usize,
    depth: usize,
    told: &mut dyn FnMut(&str, &dyn Array, usize),
) {
    if depth == 0 || array.is_null(row) {
        return;
    }
    match array.data_type() {
        DataType::Struct(_) => {
            for (member, values) in fields(array) {
                inside(&dotted(name, member), values, row, depth - 1, told);
            }
        }
        DataType::Map(..) if name.is_empty() => {
            let Some((entries, range)) = elements(array, row) else {
                return;
            };
            let pair = entries.as_struct_opt();
            if let Some([keys, values]) = pair.and_then(|pair| pair.columns().first_chunk()) {
                for at in range {
                    if let Cell::Text(key) = cell(keys, at) {
                        told(key, values, at);
                    }
                }
            }
        }
        _ => told(name, array, row),
    }
}
