//! VCR cassettes, as vcrpy (YAML and JSON) and Ruby's VCR write them.
//!
//! Traps: bodies as text, as `!!binary`, as `base64_string` or missing; header values alone or in
//! lists; a `Content-Encoding` that the recorder has undone; HTTP libraries that keep the status
//! under names of their own.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::{Entries, Format, Input, Raw, har::first_key, json_stream, message, yaml_stream};
use crate::exchange::{Body, Request, Response};

/// The keys under which cassettes keep their entries.
const ENTRIES: &[&str] = &["interactions", "http_interactions"];

pub(super) struct VcrJson;
pub(super) struct VcrYaml;

impl Format for VcrJson {
    fn name(&self) -> &'static str {
        "VCR (JSON)"
    }

    fn sniff(&self, beginning: &str) -> bool {
        let known = [
            "interactions",
            "http_interactions",
            "version",
            "recorded_with",
        ];
        first_key(beginning).is_some_and(|key| known.contains(&key))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_stream::elements(input, file, &[ENTRIES])
    }

    fn messages(&self, entry: &Raw) -> Result<(Request, Response), String> {
        interaction(entry)
    }
}

impl Format for VcrYaml {
    fn name(&self) -> &'static str {
        "VCR (YAML)"
    }

    fn sniff(&self, beginning: &str) -> bool {
        !beginning.starts_with(['{', '['])
            && beginning.lines().any(|line| {
                ENTRIES.iter().any(|key| {
                    line.strip_prefix(key)
                        .is_some_and(|rest| rest.trim_start().starts_with(':'))
                })
            })
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        yaml_stream::elements(input, file, ENTRIES)
    }

    fn messages(&self, entry: &Raw) -> Result<(Request, Response), String> {
        interaction(entry)
    }
}

fn interaction(entry: &Raw) -> Result<(Request, Response), String> {
    let parsed;
    let entry = match entry {
        Raw::Tree(value) => value,
        Raw::Text(text) => {
            parsed = serde_json::from_str::<Value>(text).map_err(|error| error.to_string())?;
            &parsed
        }
    };
    let part = |key: &str| {
        entry
            .get(key)
            .filter(|part| part.is_object())
            .ok_or(format!("the entry has no {key}"))
    };
    Ok((request(part("request")?)?, response(part("response")?)?))
}

fn request(part: &Value) -> Result<Request, String> {
    let text = |key: &str| part.get(key).and_then(Value::as_str);
    let headers = headers(part.get("headers"));
    let body = body(part.get("body"), &headers)?;
    Ok(Request {
        method: message::method(
            &text("method")
                .ok_or("the request has no method")?
                .to_uppercase(),
        )?,
        url: message::url(
            text("uri")
                .or_else(|| text("url"))
                .ok_or("the request has no uri")?,
        )?,
        headers,
        body: body.unwrap_or_else(Body::empty),
    })
}

fn response(part: &Value) -> Result<Response, String> {
    let status = part.get("status");
    let code = status
        .and_then(|status| status.get("code").or(Some(status)))
        .or_else(|| part.get("status_code"))
        .and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()))
        .ok_or("the response has no status code")?;
    let headers = headers(part.get("headers"));
    let kept = part.get("body").or_else(|| part.get("content"));
    let body = body(kept, &headers)?.unwrap_or_else(Body::empty);
    Ok(Response {
        status: message::status(code)?,
        headers,
        body,
        elapsed: None,
        wire_length: None,
    })
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
fn body(part: Option<&Value>, headers: &HeaderMap) -> Result<Option<Body>, String> {
    let Some(part) = part else { return Ok(None) };
    let read = match part {
        Value::Null => return Ok(None),
        Value::String(text) => message::body(Bytes::from(text.clone()), headers),
        Value::Object(members) => {
            if let Some(Value::String(encoded)) = members
                .get("base64_string")
                .or_else(|| members.get(yaml_stream::BINARY))
            {
                message::body(message::from_base64(encoded)?, headers)
            } else if let Some(inner) = members.get("string") {
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
