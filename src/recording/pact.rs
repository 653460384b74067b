//! Pact: the interactions of a consumer with a provider, specification 1 to 4.
//!
//! An interaction is what a consumer sends and the least that it wants to be answered: header fields and
//! properties that it does not read are not in it, and are not missing.

use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    loose,
};
use crate::exchange::{Body, Kept};

pub(super) struct Pact;

const INTERACTIONS: &[Path] = &[&[Step::Key("interactions"), Step::Each]];

impl Format for Pact {
    fn name(&self) -> &'static str {
        "Pact"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        let parts = [
            "interactions/[]/request/path",
            "metadata/pactSpecification",
            "metadata/pact-specification",
        ];
        beginning.has("consumer") && beginning.has("provider")
            || parts.iter().any(|part| beginning.has(part))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        let interactions = json_scan::elements(input, file, INTERACTIONS);
        Box::new(interactions.filter(|one| match one {
            Ok(one) => is_http(&one.raw),
            Err(_) => true,
        }))
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        let part = |key| {
            let part = entry.get(key).filter(|part| part.is_object());
            part.ok_or(EntryError::missing("interaction", key))
        };
        let (request, response) = (part("request")?, part("response")?);
        let method = loose::text_of(request, &["method"]).unwrap_or_else(|| "GET".to_owned());
        let path = loose::text_of(request, &["path"]).unwrap_or_else(|| "/".to_owned());
        let url = loose::url(&format!("{path}{}", query(request.get("query"))))?;
        let mut request_headers = loose::headers(request.get("headers"));
        let request_body = body(request, &mut request_headers)?;
        let mut response_headers = loose::headers(response.get("headers"));
        let response_body = body(response, &mut response_headers)?;
        let code = loose::first(response, &["status"]).map_or(Some(200), loose::code);
        Ok(Messages {
            request: loose::request(&method.to_uppercase(), url, request_headers, request_body)?,
            response: loose::response(
                code.ok_or(EntryError::missing("response", "status"))?,
                response_headers,
                response_body,
                None,
            )?,
            kept: Kept {
                has_no_cookies: true,
                request_headers_are_partial: true,
                response_headers_are_partial: true,
                response_body_is_partial: true,
                ..Kept::default()
            },
        })
    }
}

/// Whether an interaction is one of HTTP: since version 4 there are messages too.
fn is_http(interaction: &Raw) -> bool {
    let Ok(value) = interaction.value() else {
        return true;
    };
    let kind = value.get("type").and_then(Value::as_str);
    kind.is_none_or(|kind| kind == "Synchronous/HTTP")
}

/// A query with its question mark: a text, or values by name.
fn query(part: Option<&Value>) -> String {
    match part {
        Some(Value::String(text)) if !text.is_empty() => format!("?{text}"),
        Some(Value::Object(members)) => {
            let pairs = members.iter().flat_map(|(name, values)| {
                let values = values
                    .as_array()
                    .map_or_else(|| std::slice::from_ref(values), Vec::as_slice);
                let texts = values.iter().filter_map(loose::text);
                texts.map(|text| (name.as_str(), text))
            });
            loose::query(pairs)
        }
        _ => String::new(),
    }
}

/// A body: since version 4 an object with its content, before that the content itself.
fn body(part: &Value, headers: &mut HeaderMap) -> Result<Body, EntryError> {
    let Some(body) = part.get("body") else {
        return Ok(Body::NotRecorded);
    };
    let is_wrapped = body.get("content").is_some()
        && (body.get("contentType").is_some() || body.get("encoded").is_some());
    if is_wrapped {
        if let Some(content_type) = loose::text_of(body, &["contentType"]) {
            loose::default_content_type(headers, &content_type);
        }
        let content = &body["content"];
        let is_encoded = loose::text_of(body, &["encoded"])
            .is_some_and(|encoded| encoded.eq_ignore_ascii_case("base64") || encoded == "true");
        return match content {
            Value::String(text) if is_encoded => loose::base64_body(text, headers),
            content => Ok(value(content, headers)),
        };
    }
    if matches!(body, Value::Object(_) | Value::Array(_)) {
        loose::default_content_type(headers, "application/json");
    }
    Ok(value(body, headers))
}

/// A value as its content type wants it: where that is JSON, a text that is none is the JSON string.
fn value(value: &Value, headers: &HeaderMap) -> Body {
    match value {
        Value::String(text) if loose::is_json(headers) => {
            let is_written = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            Body::from(if is_written {
                text.clone()
            } else {
                value.to_string()
            })
        }
        value => loose::body(Some(value), headers),
    }
}
