//! Exchanges as NDJSON: one JSON object on each line, as `docs/recordings.md` says.

use std::{
    io::{BufRead as _, Read as _},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Attachments, Entries, Format, Input, Messages, Raw, RawEntry, RecordingError, har::first_key,
    message,
};
use crate::exchange::{Body, CutReason, Kept, Request, Response};

pub(super) struct Ndjson;

/// The longest line that is read, in bytes.
const LINE_LIMIT: u64 = 256 << 20;

impl Format for Ndjson {
    fn name(&self) -> &'static str {
        "NDJSON"
    }

    fn sniff(&self, beginning: &str) -> bool {
        // The first line may be broken; any line that begins as an exchange does will do.
        beginning.lines().any(|line| {
            first_key(line).is_some_and(|key| ["request", "response", "elapsed_ms"].contains(&key))
        })
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        Box::new(Lines {
            input,
            file,
            line: 0,
            number: 0,
            done: false,
        })
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, String> {
        let Raw::Text(text) = entry else {
            return Err("the entry is not text".to_owned());
        };
        let exchange: RecordedExchange = serde_json::from_str(text)
            .map_err(|error| format!("the line is not an exchange: {error}"))?;
        let (request, response) = exchange.read()?;
        Ok(Messages {
            request,
            response,
            kept: Kept::default(),
        })
    }
}

struct Lines {
    input: Input,
    file: Arc<str>,
    line: u64,
    number: u64,
    done: bool,
}

impl Iterator for Lines {
    type Item = Result<RawEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let mut bytes = Vec::new();
            self.line += 1;
            let read = (&mut self.input)
                .take(LINE_LIMIT)
                .read_until(b'\n', &mut bytes);
            let error = |lines: &Self, message: String| {
                Some(Err(RecordingError {
                    file: Arc::clone(&lines.file),
                    entry: None,
                    line: Some(lines.line),
                    message,
                }))
            };
            match read {
                Err(reason) => {
                    self.done = true;
                    return error(
                        self,
                        format!(
                            "the recording is cut off after {} entries: {reason}",
                            self.number
                        ),
                    );
                }
                Ok(0) => self.done = true,
                Ok(length) if length as u64 == LINE_LIMIT => {
                    self.done = true;
                    return error(
                        self,
                        format!("the line is longer than {LINE_LIMIT} bytes; the rest is not read"),
                    );
                }
                Ok(_) => {
                    let is_last = bytes.last() != Some(&b'\n');
                    if bytes.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    self.number += 1;
                    let Ok(text) = String::from_utf8(bytes) else {
                        return error(self, "the line is not UTF-8".to_owned());
                    };
                    if is_last
                        && text.trim_end().ends_with('}')
                        && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err()
                        || is_last && !text.trim_end().ends_with('}')
                    {
                        self.done = true;
                        return error(self, "the recording is cut off in this line".to_owned());
                    }
                    let raw = Raw::Text(text.into_boxed_str());
                    return Some(Ok(RawEntry {
                        number: self.number,
                        line: Some(self.line),
                        raw,
                    }));
                }
            }
        }
        None
    }
}

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(expecting = "an object with `request` and `response`")]
pub(super) struct RecordedExchange {
    request: RecordedRequest,
    response: RecordedResponse,
    /// From the first byte sent to the last received, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(expecting = "an object with `method` and `url`")]
struct RecordedRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(flatten)]
    body: RecordedBody,
}

#[derive(Serialize, Deserialize)]
#[serde(expecting = "an object with `status`")]
struct RecordedResponse {
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(flatten)]
    body: RecordedBody,
}

/// `body` as text, or `body_base64`; both absent when it was not kept, `body: null` for none.
#[derive(Serialize, Deserialize)]
struct RecordedBody {
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    body: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// Whether the body is only the beginning of itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    body_cut: bool,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl RecordedBody {
    fn read(&self) -> Result<Body, String> {
        let bytes = match (&self.body, &self.body_base64) {
            (_, Some(encoded)) => message::from_base64(encoded)?,
            (Some(text), None) => text.clone().unwrap_or_default().into(),
            (None, None) => return Ok(Body::NotRecorded),
        };
        Ok(if self.body_cut {
            Body::Cut {
                bytes,
                reason: CutReason::Recorder,
            }
        } else {
            Body::Complete(bytes)
        })
    }

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
    fn read(&self) -> Result<(Request, Response), String> {
        let request = Request {
            method: message::method(&self.request.method)?,
            url: message::url(&self.request.url)?,
            headers: headers(&self.request.headers),
            // A request without a body says nothing about it.
            body: match self.request.body.read()? {
                Body::NotRecorded => Body::empty(),
                kept => kept,
            },
        };
        let elapsed = self
            .elapsed_ms
            .filter(|milliseconds| *milliseconds >= 0.0)
            .and_then(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1000.0).ok());
        let response = Response {
            status: message::status(self.response.status.into())?,
            headers: headers(&self.response.headers),
            body: self.response.body.read()?,
            elapsed,
            wire_length: None,
        };
        Ok((request, response))
    }

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
        }
    }
}

fn headers(fields: &Map<String, Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let values = value
            .as_array()
            .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            message::add_header(&mut headers, name, &text);
        }
    }
    headers
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
