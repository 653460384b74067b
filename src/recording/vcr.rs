//! VCR cassettes, as vcrpy (YAML and JSON), Ruby's VCR, betamax and go-vcr (all versions) write them.
//!
//! Traps: bodies as text, as `!!binary`, as `base64_string`, as a pickled `BytesIO`, or missing; header
//! values alone or in lists; a `Content-Encoding` that the recorder has undone; HTTP libraries that keep
//! the status under names of their own; a URL without its host.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    message, yaml_stream,
};
use crate::exchange::{Body, Kept, Request, Response};

/// The keys under which cassettes keep their entries.
const ENTRIES: &[&str] = &["interactions", "http_interactions"];

/// The same, as the way to them.
const PATHS: &[Path] = &[
    &[Step::Key("interactions"), Step::Each],
    &[Step::Key("http_interactions"), Step::Each],
];

pub(super) struct VcrJson;
pub(super) struct VcrYaml;

impl Format for VcrJson {
    fn name(&self) -> &'static str {
        "VCR (JSON)"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        let known = ["version", "recorded_with"];
        ENTRIES.iter().any(|key| beginning.has(key))
            || beginning
                .first_key()
                .is_some_and(|key| known.contains(&key))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, PATHS)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        interaction(entry)
    }
}

impl Format for VcrYaml {
    fn name(&self) -> &'static str {
        "VCR (YAML)"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        !beginning.text.starts_with(['{', '['])
            && beginning.text.lines().any(|line| {
                ENTRIES.iter().any(|key| {
                    line.strip_prefix(key)
                        .is_some_and(|rest| rest.trim_start().starts_with(':'))
                })
            })
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        yaml_stream::elements(input, file, ENTRIES)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        interaction(entry)
    }
}

fn interaction(entry: &Raw) -> Result<Messages, EntryError> {
    let entry = entry.value()?;
    let part = |key| {
        let part = entry.get(key).filter(|part| part.is_object());
        part.ok_or(EntryError::missing("entry", key))
    };
    let (request, response) = (request(part("request")?)?, response(part("response")?)?);
    Ok(Messages {
        // Cassettes are often made without header fields, to keep secrets out.
        kept: Kept {
            request_headers_are_partial: request.headers.is_empty(),
            response_headers_are_partial: response.headers.is_empty(),
            ..Kept::default()
        },
        request,
        response,
    })
}

fn request(part: &Value) -> Result<Request, EntryError> {
    let text = |key: &str| part.get(key).and_then(Value::as_str);
    let headers = headers(part.get("headers"));
    let body = body(part.get("body"), &headers)?;
    Ok(Request {
        method: message::method(
            &text("method")
                .ok_or(EntryError::missing("request", "method"))?
                .to_uppercase(),
        )?,
        url: url(
            text("uri")
                .or_else(|| text("url"))
                .ok_or(EntryError::missing("request", "uri"))?,
            text("host"),
        )?,
        headers,
        body: body.unwrap_or_else(Body::empty),
        credentials: Vec::new(),
        purpose: None,
    })
}

/// The URL; go-vcr keeps the one of a request to a server under test as a path beside its host.
fn url(text: &str, host: Option<&str>) -> Result<Url, EntryError> {
    match host.filter(|host| !host.is_empty()) {
        Some(host) if text.starts_with('/') => message::url(&format!("http://{host}{text}")),
        _ => message::url(text),
    }
}

fn response(part: &Value) -> Result<Response, EntryError> {
    let status = part.get("status");
    let code = [
        status.and_then(|status| status.get("code")),
        part.get("code"),
        part.get("status_code"),
        status,
    ]
    .into_iter()
    .flatten()
    .find_map(code)
    .ok_or(EntryError::missing("response", "status code"))?;
    let headers = headers(part.get("headers"));
    let kept = part.get("body").or_else(|| part.get("content"));
    let body = body(kept, &headers)?.unwrap_or(Body::NotRecorded);
    Ok(Response {
        status: message::status(code)?,
        headers,
        body,
        elapsed: part
            .get("duration")
            .and_then(Value::as_str)
            .and_then(go_duration),
        wire_length: None,
    })
}

/// A status code: a number, its digits, or the beginning of a status line such as `200 OK`.
fn code(value: &Value) -> Option<u64> {
    if let Some(code) = value.as_u64() {
        return Some(code);
    }
    value.as_str()?.split_whitespace().next()?.parse().ok()
}

/// A duration as Go writes it (`1m2.5s`, `123.456ms`); `None` for anything else, and for none.
fn go_duration(text: &str) -> Option<Duration> {
    const UNITS: &[(&str, f64)] = &[
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
    ];
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit() && one != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        seconds += number * factor;
        rest = &rest[unit.len()..];
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
}

/// Header fields; each value alone or in a list.
fn headers(part: Option<&Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in part.and_then(Value::as_object).into_iter().flatten() {
        let values = value
            .as_array()
            .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let number;
            let text = match value {
                Value::String(text) => text.as_str(),
                Value::Null => "",
                other => {
                    number = other.to_string();
                    &number
                }
            };
            message::add_header(&mut headers, name, text);
        }
    }
    headers
}

/// A body in any of the ways in which cassettes have it; `None` when there is none.
fn body(part: Option<&Value>, headers: &HeaderMap) -> Result<Option<Body>, EntryError> {
    let Some(part) = part else { return Ok(None) };
    let read = match part {
        Value::Null => return Ok(None),
        Value::String(text) => message::body(Bytes::from(text.clone()), headers),
        Value::Object(members) => {
            if let Some(pickled) = pickled(members) {
                return body(Some(pickled), headers);
            }
            if let Some(Value::String(encoded)) = members
                .get("base64_string")
                .or_else(|| members.get(yaml_stream::BINARY))
            {
                message::body(message::from_base64(encoded)?, headers)
            } else if let Some(inner) = members.get("string").or_else(|| members.get("text")) {
                return body(Some(inner), headers);
            } else if members.is_empty() {
                return Ok(None);
            } else {
                // Some recorders keep a JSON body as the value that it is.
                Body::from(part.to_string())
            }
        }
        other => Body::from(other.to_string()),
    };
    Ok(Some(read))
}

/// The content of a `BytesIO` or a bytes object that vcrpy pickled: the first part of its state, or of its
/// arguments.
fn pickled(members: &Map<String, Value>) -> Option<&Value> {
    let is_pickled = members
        .keys()
        .all(|key| ["state", "args", "kwds", "listitems"].contains(&key.as_str()));
    let parts = members.get("state").or_else(|| members.get("args"))?;
    match parts.as_array() {
        Some(parts) if is_pickled => parts.first(),
        None if is_pickled => Some(parts),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::go_duration;

    #[test]
    fn durations_of_go_are_read() {
        assert_eq!(
            go_duration("123.456ms"),
            Some(Duration::from_micros(123_456))
        );
        assert_eq!(go_duration("1m2.5s"), Some(Duration::from_millis(62_500)));
        for none in ["", "0s", "soon", "5", "µs"] {
            assert_eq!(go_duration(none), None, "{none}");
        }
    }
}
