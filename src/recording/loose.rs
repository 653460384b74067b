//! Parts of messages as tools write them, each in more than one way.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use serde_json::Value;
use url::Url;

use super::{EntryError, message};
use crate::exchange::{Body, REDACTED_HOST, Request, Response};

/// The first of several members that is there and not null.
pub(super) fn first<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter()
        .find_map(|key| value.get(key))
        .filter(|found| !found.is_null())
}

/// A text; a number or a boolean as one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text of the first of several members that has one.
pub(super) fn text_of(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| value.get(key).and_then(text))
}

/// A status code: a number, its digits, or the beginning of a status line such as `200 OK`.
pub(super) fn code(value: &Value) -> Option<u64> {
    if let Some(code) = value.as_u64() {
        return Some(code);
    }
    value.as_str()?.split_whitespace().next()?.parse().ok()
}

/// Header fields: an object whose values stand alone or in lists, or a list of names and values
/// (`{name, value}`, `{key, value}`, `[name, value]`). A value of a matcher (`{equalTo}`) is its text; one
/// that is switched off (`disabled`) is none.
pub(super) fn headers(part: Option<&Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    match part {
        Some(Value::Object(members)) => {
            for (name, value) in members {
                let values = value
                    .as_array()
                    .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
                for value in values {
                    add(&mut headers, name, value);
                }
            }
        }
        Some(Value::Array(fields)) => {
            for field in fields {
                if field.get("disabled") == Some(&Value::Bool(true)) {
                    continue;
                }
                let pair = match field {
                    Value::Array(pair) => pair.first().zip(pair.get(1)),
                    _ => first(field, &["name", "key"]).zip(field.get("value")),
                };
                if let Some((Value::String(name), value)) = pair {
                    add(&mut headers, name, value);
                }
            }
        }
        _ => {}
    }
    headers
}

fn add(headers: &mut HeaderMap, name: &str, value: &Value) {
    let value = value.get("equalTo").unwrap_or(value);
    if let Some(text) = text(value) {
        message::add_header(headers, name, &text);
    }
}

/// Adds a content type that a tool keeps beside the fields, where these have none.
pub(super) fn default_content_type(headers: &mut HeaderMap, content_type: &str) {
    if !headers.contains_key(CONTENT_TYPE)
        && let Ok(value) = HeaderValue::from_str(content_type)
    {
        headers.insert(CONTENT_TYPE, value);
    }
}

/// Whether fields say that the content is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|text| text.split(';').next())
        .unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// A body that stands as the value that it is: a text as it is, anything else as JSON. `None` was not kept.
pub(super) fn body(part: Option<&Value>, headers: &HeaderMap) -> Body {
    match part {
        None => Body::NotRecorded,
        Some(Value::Null) => Body::empty(),
        Some(Value::String(text)) => message::body(Bytes::from(text.clone()), headers),
        Some(value) => Body::from(value.to_string()),
    }
}

/// A body in base64.
pub(super) fn base64_body(text: &str, headers: &HeaderMap) -> Result<Body, EntryError> {
    Ok(message::body(message::from_base64(text)?, headers))
}

/// A URL; [`REDACTED_HOST`] stands for a host that is not kept.
pub(super) fn url(text: &str) -> Result<Url, EntryError> {
    if text.starts_with('/') {
        message::url(&format!("http://{REDACTED_HOST}{text}"))
    } else {
        message::url(text)
    }
}

/// Milliseconds, a number or its digits.
pub(super) fn milliseconds(value: Option<&Value>) -> Option<Duration> {
    seconds(value?, 1e-3)
}

/// A number, or its digits, of a unit that has so many seconds.
pub(super) fn seconds(value: &Value, unit: f64) -> Option<Duration> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    let seconds = number * unit;
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).ok())?
}

/// A request of these parts.
pub(super) fn request(
    method: &str,
    url: Url,
    headers: HeaderMap,
    body: Body,
) -> Result<Request, EntryError> {
    Ok(Request {
        method: message::method(method)?,
        url,
        headers,
        body,
        credentials: Vec::new(),
        purpose: None,
    })
}

/// A response of these parts.
pub(super) fn response(
    code: u64,
    headers: HeaderMap,
    body: Body,
    elapsed: Option<Duration>,
) -> Result<Response, EntryError> {
    Ok(Response {
        status: message::status(code)?,
        headers,
        body,
        elapsed,
        wire_length: None,
    })
}

/// Query parameters as the end of a URL, percent-encoded; empty where there are none.
pub(super) fn query<'q>(pairs: impl IntoIterator<Item = (&'q str, String)>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        encoded.append_pair(name, &value);
    }
    let encoded = encoded.finish();
    if encoded.is_empty() {
        encoded
    } else {
        format!("?{}", encoded.replace('+', "%20"))
    }
}
