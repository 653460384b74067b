//! Exchanges as NDJSON: one JSON object on each line, as `docs/recordings.md` says.

use std::{borrow::Cow, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw, beginning::Beginning,
    entry_error::JsonPart, har_value::Fields, lines, message, unescape::unescaped,
};
use crate::exchange::{Body, CutReason, Kept, Request, RequestPurpose, Response};

pub(super) struct Ndjson;

impl Format for Ndjson {
    fn name(&self) -> &'static str {
        "NDJSON"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        // The first line may be broken; any line that begins as an exchange does will do. A log may have a
        // request line under the name of a request.
        let is_object = |key: &&str| beginning.scalar(key).is_some_and(str::is_empty);
        ["request", "response"].iter().any(is_object) || beginning.has("elapsed_ms")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        lines::entries(input, file)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let text = entry.text()?;
        let exchange: ReadExchange<'_> =
            serde_json::from_str(text).map_err(EntryError::json(JsonPart::Line))?;
        let (request, response) = exchange.read()?;
        Ok(Messages {
            request,
            response,
            kept: Kept::default(),
        })
    }
}

/// A line as it is read; texts borrow from it where they have no escapes.
#[derive(Deserialize)]
#[serde(expecting = "an object with `request` and `response`")]
struct ReadExchange<'a> {
    #[serde(borrow)]
    request: ReadRequest<'a>,
    #[serde(borrow)]
    response: ReadResponse<'a>,
    #[serde(default)]
    elapsed_ms: Option<f64>,
    #[serde(default)]
    purpose: Option<RequestPurpose>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `method` and `url`")]
struct ReadRequest<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    body: Option<&'a RawValue>,
    #[serde(default)]
    body_base64: Option<String>,
    #[serde(default)]
    body_cut: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `status`")]
struct ReadResponse<'a> {
    status: u16,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow, default, deserialize_with = "present")]
    body: Option<&'a RawValue>,
    #[serde(default)]
    body_base64: Option<String>,
    #[serde(default)]
    body_cut: bool,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The text of a body, `null` for none.
fn text_of(raw: &RawValue) -> Result<String, EntryError> {
    if raw.get() == "null" {
        return Ok(String::new());
    }
    unescaped(raw.get()).map_err(EntryError::json(JsonPart::LineBody))
}

fn read_body(
    text: Option<&RawValue>,
    encoded: Option<&str>,
    is_cut: bool,
) -> Result<Body, EntryError> {
    let bytes = match (text, encoded) {
        (_, Some(encoded)) => message::from_base64(encoded)?,
        (Some(text), None) => text_of(text)?.into(),
        (None, None) => return Ok(Body::NotRecorded),
    };
    Ok(if is_cut {
        Body::Cut {
            bytes,
            reason: CutReason::Recorder,
        }
    } else {
        Body::Complete(bytes)
    })
}

impl ReadExchange<'_> {
    fn read(self) -> Result<(Request, Response), EntryError> {
        let Self {
            request,
            response,
            elapsed_ms,
            purpose,
        } = self;
        let body = read_body(
            request.body,
            request.body_base64.as_deref(),
            request.body_cut,
        )?;
        let request = Request {
            method: message::method(&request.method)?,
            url: message::url(&request.url)?,
            headers: headers(&request.headers),
            // A request without a body says nothing about it.
            body: match body {
                Body::NotRecorded => Body::empty(),
                kept => kept,
            },
            credentials: Vec::new(),
            purpose,
        };
        let elapsed = elapsed_ms
            .filter(|milliseconds| *milliseconds >= 0.0)
            .and_then(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1000.0).ok());
        let response = Response {
            status: message::status(response.status.into())?,
            headers: headers(&response.headers),
            body: read_body(
                response.body,
                response.body_base64.as_deref(),
                response.body_cut,
            )?,
            elapsed,
            wire_length: None,
        };
        Ok((request, response))
    }
}

fn headers(fields: &Fields<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(fields.0.len().min(message::USUAL_FIELDS));
    for (name, value) in &fields.0 {
        message::add_header(&mut headers, name, value.as_deref().unwrap_or_default());
    }
    headers
}

/// A line as it is written.
#[derive(Serialize)]
pub(super) struct RecordedExchange {
    request: RecordedRequest,
    response: RecordedResponse,
    /// From the first byte sent to the last received, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<f64>,
    /// What a run made the request for, where that is not to obey.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<RequestPurpose>,
}

#[derive(Serialize)]
struct RecordedRequest {
    method: String,
    url: String,
    headers: Map<String, Value>,
    #[serde(flatten)]
    body: RecordedBody,
}

#[derive(Serialize)]
struct RecordedResponse {
    status: u16,
    headers: Map<String, Value>,
    #[serde(flatten)]
    body: RecordedBody,
}

/// `body` as text, or `body_base64`; both absent when it was not kept, `body: null` for none.
#[derive(Serialize)]
struct RecordedBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// Whether the body is only the beginning of itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    body_cut: bool,
}

impl RecordedBody {
    fn of(body: &Body) -> Self {
        let absent = Self {
            body: None,
            body_base64: None,
            body_cut: false,
        };
        let bytes = match body {
            Body::NotRecorded => return absent,
            Body::Complete(bytes) if bytes.is_empty() => {
                return Self {
                    body: Some(None),
                    ..absent
                };
            }
            Body::Complete(bytes) | Body::Cut { bytes, .. } => bytes,
        };
        let body_cut = matches!(body, Body::Cut { .. });
        match std::str::from_utf8(bytes) {
            Ok(text) => Self {
                body: Some(Some(text.to_owned())),
                body_cut,
                ..absent
            },
            Err(_) => Self {
                body_base64: Some(STANDARD.encode(bytes)),
                body_cut,
                ..absent
            },
        }
    }
}

impl RecordedExchange {
    pub(super) fn of(
        request: &Request,
        response: &Response,
        mask: &dyn Fn(&str, &str) -> String,
    ) -> Self {
        Self {
            request: RecordedRequest {
                method: request.method.to_string(),
                url: crate::exchange::masked_url(&request.url),
                headers: written_headers(&request.headers, mask),
                body: RecordedBody::of(&request.body),
            },
            response: RecordedResponse {
                status: response.status.as_u16(),
                headers: written_headers(&response.headers, mask),
                body: RecordedBody::of(&response.body),
            },
            elapsed_ms: response
                .elapsed
                .map(|elapsed| elapsed.as_secs_f64() * 1000.0),
            purpose: request.purpose,
        }
    }
}

fn written_headers(headers: &HeaderMap, mask: &dyn Fn(&str, &str) -> String) -> Map<String, Value> {
    let mut fields = Map::new();
    for name in headers.keys() {
        let mut values: Vec<Value> = headers
            .get_all(name)
            .iter()
            .map(|value| {
                Value::String(mask(
                    name.as_str(),
                    &String::from_utf8_lossy(value.as_bytes()),
                ))
            })
            .collect();
        let value = if values.len() == 1 {
            values.remove(0)
        } else {
            Value::Array(values)
        };
        fields.insert(name.as_str().to_owned(), value);
    }
    fields
}
