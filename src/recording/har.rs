//! HAR 1.2, as browsers, proxies and test tools write it.
//!
//! Traps: sizes of `-1`, text that is missing although there was a body, base64, `status` 0 for a
//! request that never got an answer, HTTP/2 pseudo-headers, `Content-Encoding` that is undone
//! already, `null` where a list belongs, numbers as header values, header lists that a sanitizer
//! shortened, a 304 with the body that the browser had kept, bodies in files of their own.

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{CONTENT_TYPE, COOKIE},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw,
    beginning::Beginning,
    entry_error::JsonPart,
    har_value::{Fields, Pairs, Text},
    json_scan::{self, Path, Step},
    message,
    unescape::unescaped,
};
use crate::exchange::{Body, Kept, Request, RequestPurpose, Response};

pub(super) struct Har;

/// Where the entries are.
const ENTRIES: &[Path] = &[&[Step::Key("log"), Step::Key("entries"), Step::Each]];

impl Format for Har {
    fn name(&self) -> &'static str {
        "HAR"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        // Pages may stand before the entries, and be long.
        let parts = ["log/entries", "log/version", "log/creator", "log/pages"];
        beginning.first_key() == Some("log") || parts.iter().any(|part| beginning.has(part))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, ENTRIES)
    }

    fn messages(&self, entry: &Raw, attachments: &Attachments) -> Result<Messages, EntryError> {
        let text = entry.text()?;
        let entry: Entry<'_> =
            serde_json::from_str(text).map_err(EntryError::json(JsonPart::HarEntry))?;
        let request = entry
            .request
            .ok_or(EntryError::missing("entry", "request"))?;
        let response = entry
            .response
            .ok_or(EntryError::missing("entry", "response"))?;
        let (mut answer, response_headers_are_partial) =
            response.read(&request.method, attachments)?;
        answer.elapsed = entry
            .time
            .as_ref()
            .and_then(Value::as_f64)
            .filter(|milliseconds| *milliseconds >= 0.0)
            .and_then(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1000.0).ok());
        let (mut request, request_headers_are_partial) = request.read(attachments)?;
        request.purpose = entry.purpose;
        Ok(Messages {
            kept: Kept {
                is_preflight: entry.resource_type.as_deref() == Some("preflight"),
                // Browsers leave cookies out of what they export unless they are told not to.
                has_no_cookies: !request.headers.contains_key(COOKIE),
                request_headers_are_partial,
                response_headers_are_partial,
                response_body_is_partial: false,
            },
            request,
            response: answer,
        })
    }
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    request: Option<HarRequest<'a>>,
    #[serde(borrow)]
    response: Option<HarResponse<'a>>,
    time: Option<Value>,
    #[serde(borrow, default, rename = "_resourceType")]
    resource_type: Text<'a>,
    #[serde(default, rename = "_oasgatePurpose")]
    purpose: Option<RequestPurpose>,
}

#[derive(Deserialize)]
struct HarRequest<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow, rename = "postData")]
    post_data: Option<PostData<'a>>,
}

#[derive(Deserialize)]
struct PostData<'a> {
    #[serde(borrow, default, rename = "mimeType")]
    mime_type: Text<'a>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encoding: Text<'a>,
    #[serde(borrow, default)]
    params: Option<Pairs<'a>>,
    #[serde(borrow, default, rename = "_file")]
    file: Text<'a>,
}

#[derive(Deserialize)]
struct HarResponse<'a> {
    status: Value,
    #[serde(borrow, default)]
    headers: Fields<'a>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(rename = "bodySize")]
    body_size: Option<Value>,
}

#[derive(Deserialize)]
struct Content<'a> {
    size: Option<Value>,
    #[serde(borrow, default, rename = "mimeType")]
    mime_type: Text<'a>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encoding: Text<'a>,
    /// Polly.JS: the text is a list of chunks.
    #[serde(default, rename = "_isBinary")]
    is_binary: Option<Value>,
    #[serde(borrow, default, rename = "_file")]
    file: Text<'a>,
}

/// What browsers guess where no type came.
const GUESSED: &[&str] = &["", "x-unknown", "text/plain", "application/octet-stream"];

/// Header fields, and whether some were left out. A recording that kept none, or none for the content,
/// kept the type that stands with the content.
fn headers(fields: &Fields<'_>, mime_type: Option<&str>) -> (HeaderMap, bool) {
    let mut headers = HeaderMap::with_capacity(fields.0.len().min(message::USUAL_FIELDS));
    for (name, value) in &fields.0 {
        message::add_header(&mut headers, name, value.as_deref().unwrap_or_default());
    }
    let is_empty = headers.is_empty();
    let stands_in = mime_type
        .filter(|_| !headers.contains_key(CONTENT_TYPE))
        .filter(|text| !text.is_empty() && (is_empty || !GUESSED.contains(text)))
        .and_then(|text| HeaderValue::from_str(text).ok());
    let is_partial = is_empty || stands_in.is_some();
    if let Some(value) = stands_in {
        // A map that is full takes no more.
        let _ = headers.try_insert(CONTENT_TYPE, value);
    }
    (headers, is_partial)
}

impl HarRequest<'_> {
    fn read(&self, attachments: &Attachments) -> Result<(Request, bool), EntryError> {
        let mime_type = self
            .post_data
            .as_ref()
            .and_then(|data| data.mime_type.as_deref());
        let (headers, is_partial) = headers(&self.headers, mime_type);
        let body = match &self.post_data {
            None => Body::empty(),
            Some(data) => data.read(&headers, attachments)?,
        };
        let request = Request {
            method: message::method(&self.method)?,
            url: message::url(&self.url)?,
            headers,
            body,
            credentials: Vec::new(),
            purpose: None,
        };
        Ok((request, is_partial))
    }
}

impl PostData<'_> {
    fn read(&self, headers: &HeaderMap, attachments: &Attachments) -> Result<Body, EntryError> {
        if let Some(file) = self.file.as_deref() {
            return Ok(attachments
                .read(file)?
                .map_or(Body::NotRecorded, |bytes| message::body(bytes, headers)));
        }
        let text = text_of(self.text)?;
        let is_base64 = self.encoding.as_deref().is_some_and(is_named_base64);
        let params = self.params.as_ref().map(|params| params.0.as_slice());
        match (text, params) {
            (Some(text), _) if is_base64 => {
                Ok(message::body(message::from_base64(&text)?, headers))
            }
            (Some(text), params) if !text.is_empty() || params.is_none_or(<[_]>::is_empty) => {
                Ok(text.into_owned().into_bytes().into())
            }
            (_, Some(params))
                if self
                    .mime_type
                    .as_deref()
                    .is_some_and(|kind| kind.contains("urlencoded")) =>
            {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in params {
                    form.append_pair(name, value.as_deref().unwrap_or_default());
                }
                Ok(form.finish().into_bytes().into())
            }
            _ => Ok(Body::NotRecorded),
        }
    }
}

impl HarResponse<'_> {
    /// The response, and whether header fields were left out.
    fn read(
        &self,
        method: &str,
        attachments: &Attachments,
    ) -> Result<(Response, bool), EntryError> {
        let code = self
            .status
            .as_u64()
            .or_else(|| self.status.as_str()?.parse().ok())
            .ok_or_else(|| EntryError::Status(self.status.to_string()))?;
        let status = message::status(code)?;
        let mime_type = self
            .content
            .as_ref()
            .and_then(|content| content.mime_type.as_deref());
        // What is shown beside a 304 is what the browser had kept: none of it came.
        let mime_type = mime_type.filter(|_| code != 304);
        let (headers, is_partial) = headers(&self.headers, mime_type);
        let body = if code == 304 {
            Body::empty()
        } else {
            self.body(method, code, &headers, attachments)?
        };
        let response = Response {
            status,
            headers,
            body,
            elapsed: None,
            wire_length: None,
        };
        Ok((response, is_partial))
    }

    fn body(
        &self,
        method: &str,
        code: u64,
        headers: &HeaderMap,
        attachments: &Attachments,
    ) -> Result<Body, EntryError> {
        let content = self.content.as_ref();
        if let Some(file) = content.and_then(|content| content.file.as_deref()) {
            let kept = attachments.read(file)?;
            return Ok(kept.map_or(Body::NotRecorded, |bytes| message::body(bytes, headers)));
        }
        if let Some(content) = content
            && let Some(text) = text_of(content.text)?
        {
            let is_binary = content.is_binary.as_ref().and_then(Value::as_bool) == Some(true);
            let bytes = if is_binary && text.starts_with('[') {
                from_chunks(&text)?
            } else if content.encoding.as_deref().is_some_and(is_named_base64) {
                message::from_base64(&text)?
            } else {
                Bytes::from(text.into_owned())
            };
            return Ok(message::body(bytes, headers));
        }
        let size = content.and_then(|content| content.size.as_ref()?.as_i64());
        let body_size = self.body_size.as_ref().and_then(Value::as_i64);
        let has_none = method == Method::HEAD.as_str() || matches!(code, 100..=199 | 204 | 205);
        let is_known = has_none || size == Some(0) && body_size.is_some_and(|size| size <= 0);
        Ok(if is_known {
            Body::empty()
        } else {
            Body::NotRecorded
        })
    }
}

/// Whether an `encoding` is base64, in whatever case a writer has it.
fn is_named_base64(encoding: &str) -> bool {
    encoding.eq_ignore_ascii_case("base64")
}

/// A text; a value that stands in its place, as some writers keep JSON, as JSON.
fn text_of(raw: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, EntryError> {
    let Some(raw) = raw.map(RawValue::get) else {
        return Ok(None);
    };
    if raw == "null" {
        Ok(None)
    } else if raw.starts_with('"') {
        let text = unescaped(raw).map_err(EntryError::Text)?;
        Ok(Some(Cow::Owned(text)))
    } else {
        Ok(Some(Cow::Borrowed(raw)))
    }
}

/// Chunks as Polly.JS keeps them: a JSON list of base64 texts, of hexadecimal ones in its older versions.
fn from_chunks(text: &str) -> Result<Bytes, EntryError> {
    let chunks: Vec<String> =
        serde_json::from_str(text).map_err(EntryError::json(JsonPart::Chunks))?;
    let mut bytes = Vec::new();
    for chunk in &chunks {
        match message::from_hex(chunk) {
            Some(chunk) => bytes.extend(chunk),
            None => bytes.extend_from_slice(&message::from_base64(chunk)?),
        }
    }
    Ok(bytes.into())
}
