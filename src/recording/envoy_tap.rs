//! What Envoy's tap filter writes (`envoy.data.tap.v3.TraceWrapper` as JSON): a file for each exchange, or
//! the stream of `/tap`, buffered or in segments.
//!
//! Traps: method, path and status are pseudo-headers; a body is base64 or text, and may be cut; segments of
//! several exchanges are mixed; field names in either of the two ways of protobuf's JSON.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw, RawEntry,
    beginning::Beginning,
    json_scan::{self, Path},
    loose, message,
};
use crate::exchange::{Body, CutReason, Kept};

pub(super) struct EnvoyTap;

const TEXTS: &[Path] = &[&[]];

const BUFFERED: &[&str] = &["http_buffered_trace", "httpBufferedTrace"];
const SEGMENT: &[&str] = &["http_streamed_trace_segment", "httpStreamedTraceSegment"];

/// How many exchanges may be open at once; the oldest is given out as it is when there are more.
const MAX_OPEN: usize = 1_000;

impl Format for EnvoyTap {
    fn name(&self) -> &'static str {
        "Envoy tap"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        BUFFERED.iter().chain(SEGMENT).any(|key| beginning.has(key))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        Box::new(Joined {
            texts: json_scan::elements(input, file, TEXTS),
            open: BTreeMap::new(),
            number: 0,
            begun: 0,
            at_end: false,
        })
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        let trace = loose::first(&entry, BUFFERED).ok_or(EntryError::NotHttp)?;
        let request = Message::of(trace.get("request"), "request")?;
        let response = Message::of(trace.get("response"), "response")?;
        let url = format!(
            "{}://{}{}",
            request.pseudo(":scheme").unwrap_or("http"),
            request
                .pseudo(":authority")
                .ok_or(EntryError::missing("request", ":authority"))?,
            request
                .pseudo(":path")
                .ok_or(EntryError::missing("request", ":path"))?
        );
        let code = response
            .pseudo(":status")
            .and_then(|text| text.parse().ok())
            .ok_or(EntryError::NoResponse("it has no :status".into()))?;
        Ok(Messages {
            request: loose::request(
                request
                    .pseudo(":method")
                    .ok_or(EntryError::missing("request", ":method"))?,
                message::url(&url)?,
                loose::headers(request.headers()),
                request.body()?,
            )?,
            response: loose::response(
                code,
                loose::headers(response.headers()),
                response.body()?,
                None,
            )?,
            kept: Kept::default(),
        })
    }
}

struct Message<'v>(&'v Value);

impl<'v> Message<'v> {
    fn of(part: Option<&'v Value>, name: &'static str) -> Result<Self, EntryError> {
        part.filter(|part| part.is_object())
            .map(Self)
            .ok_or(EntryError::missing("trace", name))
    }

    fn headers(&self) -> Option<&'v Value> {
        self.0.get("headers")
    }

    fn pseudo(&self, name: &str) -> Option<&'v str> {
        let field = self.headers()?.as_array()?.iter();
        let mut field =
            field.filter(|field| field.get("key").and_then(Value::as_str) == Some(name));
        field.next()?.get("value")?.as_str()
    }

    /// The body. A message without one in a buffered trace had none.
    fn body(&self) -> Result<Body, EntryError> {
        let Some(part) = self.0.get("body").filter(|part| !part.is_null()) else {
            return Ok(Body::empty());
        };
        let bytes = chunk(part)?;
        if part.get("truncated") == Some(&Value::Bool(true)) {
            return Ok(Body::Cut {
                bytes,
                reason: CutReason::Recorder,
            });
        }
        Ok(message::body(bytes, &loose::headers(self.headers())))
    }
}

/// The bytes of a `Body`.
fn chunk(part: &Value) -> Result<Bytes, EntryError> {
    if let Some(text) = loose::text_of(part, &["as_string", "asString"]) {
        return Ok(text.into());
    }
    let text = loose::text_of(part, &["as_bytes", "asBytes"]).unwrap_or_default();
    message::from_base64(&text)
}

/// Traces as they are, segments put together.
struct Joined {
    texts: Entries,
    /// What has come of each trace, by the order in which they began.
    open: BTreeMap<u64, Open>,
    number: u64,
    begun: u64,
    at_end: bool,
}

struct Open {
    id: String,
    request: Half,
    response: Half,
}

#[derive(Default)]
struct Half {
    headers: Option<Value>,
    body: BytesMut,
    is_cut: bool,
}

impl Half {
    fn finish(self) -> Value {
        let Some(headers) = self.headers else {
            return Value::Null;
        };
        let body = json!({"as_bytes": STANDARD.encode(&self.body), "truncated": self.is_cut});
        json!({"headers": headers, "body": body})
    }
}

impl Joined {
    fn numbered(&mut self, raw: Raw) -> RawEntry {
        self.number += 1;
        RawEntry {
            number: self.number,
            line: None,
            raw,
        }
    }

    fn oldest(&mut self) -> Option<RawEntry> {
        let (_, open) = self.open.pop_first()?;
        let trace = json!({"request": open.request.finish(), "response": open.response.finish()});
        let whole = Map::from_iter([(BUFFERED[0].to_owned(), trace)]);
        Some(self.numbered(Raw::Tree(Value::Object(whole))))
    }

    fn add(&mut self, segment: &Value) -> Result<(), EntryError> {
        let id = loose::text_of(segment, &["trace_id", "traceId"]).unwrap_or_default();
        let known = self.open.values_mut().find(|open| open.id == id);
        let open = if let Some(open) = known {
            open
        } else {
            self.begun += 1;
            self.open.entry(self.begun).or_insert(Open {
                id,
                request: Half::default(),
                response: Half::default(),
            })
        };
        let parts = [
            (
                &mut open.request,
                ["request_headers", "requestHeaders"],
                ["request_body_chunk", "requestBodyChunk"],
            ),
            (
                &mut open.response,
                ["response_headers", "responseHeaders"],
                ["response_body_chunk", "responseBodyChunk"],
            ),
        ];
        for (half, headers, body) in parts {
            if let Some(fields) = loose::first(segment, &headers) {
                half.headers = fields.get("headers").cloned();
            }
            if let Some(part) = loose::first(segment, &body) {
                half.is_cut |= part.get("truncated") == Some(&Value::Bool(true));
                half.body.extend_from_slice(&chunk(part)?);
            }
        }
        Ok(())
    }
}

impl Iterator for Joined {
    type Item = <Entries as Iterator>::Item;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.at_end || self.open.len() > MAX_OPEN {
                return self.oldest().map(Ok);
            }
            let entry = match self.texts.next() {
                None => {
                    self.at_end = true;
                    continue;
                }
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(entry)) => entry,
            };
            let is_segment = matches!(
                &entry.raw,
                Raw::Bytes(bytes) if memchr::memmem::find(bytes, b"egment\"").is_some()
            );
            let segment = match entry.raw.value() {
                Ok(value) if is_segment => loose::first(&value, SEGMENT).cloned(),
                _ => None,
            };
            match segment {
                // What cannot be joined stands alone, and is told when an exchange is made of it.
                Some(segment) if self.add(&segment).is_ok() => {}
                _ => return Some(Ok(self.numbered(entry.raw))),
            }
        }
    }
}
