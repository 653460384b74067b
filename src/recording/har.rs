//! HAR 1.2, as browsers, proxies and test tools write it.
//!
//! Traps: sizes of `-1`, text that is missing although there was a body, base64, `status` 0 for a
//! request that never got an answer, HTTP/2 pseudo-headers, `Content-Encoding` that is undone
//! already.

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;

use super::{Entries, Format, Input, Raw, json_stream, message};
use crate::exchange::{Body, Request, Response};

pub(super) struct Har;

impl Format for Har {
    fn name(&self) -> &'static str {
        "HAR"
    }

    fn sniff(&self, beginning: &str) -> bool {
        first_key(beginning) == Some("log")
            || beginning.starts_with('{') && beginning.contains("\"log\"")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_stream::elements(input, file, &[&["log"], &["entries"]])
    }

    fn messages(&self, entry: &Raw) -> Result<(Request, Response), String> {
        let Raw::Text(text) = entry else {
            return Err("the entry is not text".to_owned());
        };
        let entry: Entry<'_> = serde_json::from_str(text)
            .map_err(|error| format!("the entry is not as HAR 1.2 has it: {error}"))?;
        let request = entry.request.ok_or("the entry has no request")?;
        let response = entry.response.ok_or("the entry has no response")?;
        let mut response = response.read(&request.method)?;
        response.elapsed = entry
            .time
            .as_ref()
            .and_then(Value::as_f64)
            .filter(|milliseconds| *milliseconds >= 0.0)
            .and_then(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1000.0).ok());
        Ok((request.read()?, response))
    }
}

/// The first key of a JSON object.
pub(super) fn first_key(beginning: &str) -> Option<&str> {
    let rest = beginning
        .strip_prefix('{')?
        .trim_start()
        .strip_prefix('"')?;
    rest.split_once('"').map(|(key, _)| key)
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    request: Option<HarRequest<'a>>,
    #[serde(borrow)]
    response: Option<HarResponse<'a>>,
    time: Option<Value>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct HarRequest<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    headers: Vec<Pair<'a>>,
    #[serde(borrow, rename = "postData")]
    post_data: Option<PostData<'a>>,
}

#[derive(Deserialize)]
struct PostData<'a> {
    #[serde(borrow, rename = "mimeType")]
    mime_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    encoding: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<Vec<Pair<'a>>>,
}

#[derive(Deserialize)]
struct HarResponse<'a> {
    status: Value,
    #[serde(borrow, default)]
    headers: Vec<Pair<'a>>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(rename = "bodySize")]
    body_size: Option<Value>,
}

#[derive(Deserialize)]
struct Content<'a> {
    size: Option<Value>,
    #[serde(borrow, rename = "mimeType")]
    mime_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    encoding: Option<Cow<'a, str>>,
}

fn headers(pairs: &[Pair<'_>], mime_type: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for pair in pairs {
        message::add_header(
            &mut headers,
            &pair.name,
            pair.value.as_deref().unwrap_or_default(),
        );
    }
    // A recording without any header kept none; the type that stands with the content is then the
    // one that came.
    if headers.is_empty()
        && let Some(value) = mime_type
            .filter(|text| !text.is_empty())
            .and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert(CONTENT_TYPE, value);
    }
    headers
}

impl HarRequest<'_> {
    fn read(&self) -> Result<Request, String> {
        let mime_type = self
            .post_data
            .as_ref()
            .and_then(|data| data.mime_type.as_deref());
        let headers = headers(&self.headers, mime_type);
        let body = match &self.post_data {
            None => Body::empty(),
            Some(data) => data.read(&headers)?,
        };
        Ok(Request {
            method: message::method(&self.method)?,
            url: message::url(&self.url)?,
            headers,
            body,
        })
    }
}

impl PostData<'_> {
    fn read(&self, headers: &HeaderMap) -> Result<Body, String> {
        let is_base64 = self.encoding.as_deref() == Some("base64");
        match (&self.text, &self.params) {
            (Some(text), _) if is_base64 => Ok(message::body(message::from_base64(text)?, headers)),
            (Some(text), params)
                if !text.is_empty() || params.as_ref().is_none_or(Vec::is_empty) =>
            {
                Ok(text.as_bytes().to_vec().into())
            }
            (_, Some(params))
                if self
                    .mime_type
                    .as_deref()
                    .is_some_and(|kind| kind.contains("urlencoded")) =>
            {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for pair in params {
                    form.append_pair(&pair.name, pair.value.as_deref().unwrap_or_default());
                }
                Ok(form.finish().into_bytes().into())
            }
            _ => Ok(Body::NotRecorded),
        }
    }
}

impl HarResponse<'_> {
    fn read(&self, method: &str) -> Result<Response, String> {
        let code = self
            .status
            .as_u64()
            .or_else(|| self.status.as_str()?.parse().ok())
            .ok_or_else(|| format!("{} is not a status", self.status))?;
        let status = message::status(code)?;
        let mime_type = self
            .content
            .as_ref()
            .and_then(|content| content.mime_type.as_deref());
        let headers = headers(&self.headers, mime_type);
        let content = self.content.as_ref();
        let body = match content.and_then(|content| content.text.as_deref()) {
            Some(text)
                if content.and_then(|content| content.encoding.as_deref()) == Some("base64") =>
            {
                message::body(message::from_base64(text)?, &headers)
            }
            Some(text) => message::body(Bytes::from(text.to_owned()), &headers),
            None => {
                let size = content.and_then(|content| content.size.as_ref()?.as_i64());
                let body_size = self.body_size.as_ref().and_then(Value::as_i64);
                let has_none =
                    method == Method::HEAD.as_str() || matches!(code, 100..=199 | 204 | 304);
                if has_none
                    || size == Some(0)
                    || size.is_none_or(|size| size < 0) && body_size == Some(0)
                {
                    Body::empty()
                } else {
                    Body::NotRecorded
                }
            }
        };
        Ok(Response {
            status,
            headers,
            body,
            elapsed: None,
            wire_length: None,
        })
    }
}
