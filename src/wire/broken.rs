//! Whether a broken request is broken on the wire: in every way in which a server could read it.
//!
//! A value that travels as text may be read as a number or as a text, as one element or as an array
//! of one, as empty or as absent. A request is broken only where each of these readings breaks its
//! schema.

use mediatype::MediaTypeBuf;
use serde_json::{Map, Value};

use super::{Parameters, Parsed, RequestParts, read_body, read_text, readings, write_body};
use crate::{
    contract::{Location, MediaType, Operation, Parameter, RequestBody, Schema},
    exchange::{Body, Request},
};

/// Whether a request breaks its contract in every way in which a server could read it.
pub fn breaks_on_the_wire(operation: &Operation, request: &Request, parts: &RequestParts) -> bool {
    let path = path_values(operation, request);
    let sent = Parameters::of(request, &path);
    operation
        .parameters
        .iter()
        .any(|parameter| parameter_breaks(parameter, &sent))
        || operation.request_body.as_ref().is_some_and(|declared| {
            // What is deep inside a form is a text too: only the bytes tell what arrives.
            body_breaks(declared, parts.body.as_ref())
                && sent_body_breaks(declared, request) != Some(false)
        })
}

/// Whether a body breaks its contract in every way in which a server could read it, by its bytes;
/// `None` where they cannot be read back.
pub fn sent_body_breaks(declared: &RequestBody, request: &Request) -> Option<bool> {
    let Body::Complete(bytes) = &request.body else {
        return None;
    };
    if bytes.is_empty() {
        return Some(declared.required);
    }
    let (media_type, came) = sent_media_type(declared, request)?;
    match read_body(media_type, &came, bytes) {
        Ok(Parsed::Value(value)) => Some(value_breaks(media_type, &value)),
        Ok(Parsed::Items(_) | Parsed::Opaque) => None,
        Err(_) => Some(true),
    }
}

/// A form as a server reads it, with its media type; `None` for a body that says itself what it means, and
/// for one that cannot be read back.
pub fn sent_form<'d>(
    declared: &'d RequestBody,
    request: &Request,
) -> Option<(&'d MediaType, Value)> {
    let (media_type, came) = sent_media_type(declared, request)?;
    form(media_type, &came, request.body.bytes()).map(|value| (media_type, value))
}

fn form(media_type: &MediaType, came: &MediaTypeBuf, bytes: &[u8]) -> Option<Value> {
    if media_type.range.as_str().contains("json") {
        return None;
    }
    match read_body(media_type, came, bytes) {
        Ok(Parsed::Value(value)) => Some(value),
        _ => None,
    }
}

/// Whether a request that was meant to obey arrives as one that does not: an object without properties
/// and an array without elements leave no trace in a form, nor in a query.
pub fn arrives_broken(operation: &Operation, request: &Request) -> bool {
    let path = path_values(operation, request);
    let sent = Parameters::of(request, &path);
    let mut parameters = operation.parameters.iter();
    parameters.any(|parameter| parameter_breaks(parameter, &sent))
        || (operation.request_body.as_ref())
            .and_then(|declared| sent_form(declared, request))
            .is_some_and(|(media_type, value)| value_breaks(media_type, &value))
}

/// Whether a value of a media type is still one once it has travelled.
pub fn travels(media_type: &MediaType, value: &Value) -> bool {
    write_body(media_type, value)
        .and_then(|(name, bytes)| form(media_type, &name.parse().ok()?, &bytes))
        .is_none_or(|value| !value_breaks(media_type, &value))
}

fn sent_media_type<'d>(
    declared: &'d RequestBody,
    request: &Request,
) -> Option<(&'d MediaType, MediaTypeBuf)> {
    let field = request.headers.get(http::header::CONTENT_TYPE)?;
    let came: MediaTypeBuf = field.to_str().ok()?.parse().ok()?;
    Some((declared.content.best(&came)?, came))
}

/// The raw texts of the path parameters in a request that was written for the operation.
pub fn path_values(operation: &Operation, request: &Request) -> Vec<(String, String)> {
    operation
        .parameters_in(Location::Path)
        .filter_map(|parameter| {
            let raw = raw_path_value(operation, request, &parameter.name)?;
            Some((parameter.name.clone(), raw))
        })
        .collect()
}

/// Whether every reading of a parameter, as it was sent, breaks the contract.
pub fn parameter_breaks(parameter: &Parameter, sent: &Parameters<'_>) -> bool {
    let value = match sent.read(parameter) {
        Ok(None) => return parameter.required,
        Err(_) => return true,
        Ok(Some(value)) => value,
    };
    let Some(schema) = parameter.value.schema() else {
        return false;
    };
    let is_empty = matches!(&value, Value::String(text) if text.is_empty())
        || value.as_array().is_some_and(Vec::is_empty);
    // An empty value may be taken for an absent one.
    if is_empty && !parameter.required {
        return false;
    }
    !obeys_as_text(&value, schema)
}

/// Whether one of the readings of a value that travelled as text obeys a schema.
pub fn obeys_as_text(value: &Value, schema: &Schema) -> bool {
    let is_obeyed = |value: &Value| {
        schema.is_valid(value) || schema.is_valid(&Value::Array(vec![value.clone()]))
    };
    let element = match value.as_array().map(Vec::as_slice) {
        // A list of one is its element.
        Some([only]) => Some(only),
        _ => None,
    };
    [Some(value), element].into_iter().flatten().any(|value| {
        is_obeyed(value)
            || plain_text(value).is_some_and(|text| readings(&text).iter().any(is_obeyed))
    })
}

fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn body_breaks(declared: &RequestBody, body: Option<&(String, Value)>) -> bool {
    let Some((range, value)) = body else {
        return declared.required;
    };
    declared
        .content
        .media_types
        .iter()
        .find(|media_type| media_type.range.as_str() == range)
        .is_some_and(|media_type| value_breaks(media_type, value))
}

fn value_breaks(media_type: &MediaType, value: &Value) -> bool {
    let Some(schema) = &media_type.schema else {
        return false;
    };
    if schema.is_valid(value) {
        return false;
    }
    if media_type.range.as_str().contains("json") {
        return true;
    }
    // A form carries texts, and an absent property where a value is empty.
    let Value::Object(members) = value else {
        return false;
    };
    let mut as_texts = Map::new();
    let mut without_empty = Map::new();
    for (name, member) in members {
        let property = schema.property(name);
        let read = match plain_text(member) {
            Some(text) => read_text(&text, property.as_ref()),
            None => member.clone(),
        };
        if plain_text(member).is_none_or(|text| !text.is_empty()) {
            without_empty.insert(name.clone(), read.clone());
        }
        as_texts.insert(name.clone(), read);
    }
    !schema.is_valid(&Value::Object(as_texts)) && !schema.is_valid(&Value::Object(without_empty))
}

/// The raw text of one path parameter in a request that was written for the operation.
fn raw_path_value(operation: &Operation, request: &Request, name: &str) -> Option<String> {
    let written = operation.path.as_str();
    let template: Vec<&str> = written.split('/').collect();
    let whole: Vec<&str> = request.url.path().split('/').collect();
    // The server's base path stands before the template.
    let start = whole.len().checked_sub(template.len() - 1)?;
    let at = template
        .iter()
        .position(|segment| *segment == format!("{{{name}}}"))?;
    whole.get(start + at - 1).map(|raw| (*raw).to_owned())
}
