//! Access logs of nginx, OpenResty and ingress-nginx as JSON lines (`log_format … escape=json`).
//!
//! Who runs nginx chooses the names; those that are read are the names of nginx's variables and the words
//! that people put in their place. Header fields are `http_accept` (of the request) and `sent_http_etag` or
//! `upstream_http_etag` (of the response), or objects `request_headers` and `response_headers`. nginx logs a
//! response's body only where it was put into a variable (`resp_body`).

use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw, beginning::Beginning, lines,
    loose, message,
};
use crate::exchange::{Body, Kept, REDACTED_HOST};

pub(super) struct NginxLog;

const METHOD: &[&str] = &["request_method", "method", "http_method", "verb"];
const TARGET: &[&str] = &["request_uri", "uri", "url", "path"];
const QUERY: &[&str] = &["args", "query_string", "request_query", "query"];
const STATUS: &[&str] = &["status", "status_code", "response_code", "response_status"];
const HOST: &[&str] = &["http_host", "host", "vhost", "server_name"];
const ELAPSED: &[&str] = &["request_time", "upstream_response_time"];
const REQUEST_BODY: &[&str] = &["request_body", "req_body"];
const RESPONSE_BODY: &[&str] = &["resp_body", "response_body", "upstream_response_body"];
const REQUEST_HEADERS: &[&str] = &["request_headers", "req_headers"];
const RESPONSE_HEADERS: &[&str] = &["response_headers", "resp_headers"];

/// Names that begin as request header fields do, and are none.
const NO_FIELDS: &[&str] = &["http_method", "http_version", "http_host", "http_status"];

impl Format for NginxLog {
    fn name(&self) -> &'static str {
        "nginx log"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        let has = |keys: &[&str]| {
            let is_scalar = |key: &&str| beginning.scalar(key).is_some_and(|text| !text.is_empty());
            keys.iter().any(is_scalar)
        };
        let is_line = beginning
            .scalar("request")
            .is_some_and(|line| request_line(line).is_some());
        has(STATUS) && (is_line || has(METHOD) && has(TARGET))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        lines::entries(input, file)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        let line = entry.get("request").and_then(Value::as_str);
        let (line_method, line_target) = line.and_then(request_line).unzip();
        let method = loose::text_of(&entry, METHOD)
            .or_else(|| line_method.map(str::to_owned))
            .ok_or(EntryError::missing("line", "request_method"))?;
        // `$request` and `$request_uri` are what the client sent, `$uri` what nginx made of it.
        let mut target = loose::text_of(&entry, &TARGET[..1])
            .or_else(|| line_target.map(str::to_owned))
            .or_else(|| loose::text_of(&entry, TARGET))
            .ok_or(EntryError::missing("line", "request_uri"))?;
        if !target.contains('?')
            && let Some(query) = given(&entry, QUERY)
        {
            target = format!("{target}?{query}");
        }
        if target.starts_with('/') {
            let scheme = given(&entry, &["scheme"]).unwrap_or_else(|| "http".to_owned());
            let host = given(&entry, HOST).filter(|host| host != "_");
            let host = host.unwrap_or_else(|| REDACTED_HOST.to_owned());
            target = format!("{scheme}://{host}{target}");
        }
        let code = loose::first(&entry, STATUS)
            .and_then(loose::code)
            .ok_or(EntryError::missing("line", "status"))?;
        let elapsed = loose::first(&entry, ELAPSED).and_then(|value| loose::seconds(value, 1.0));
        let (request_headers, response_headers) = headers(&entry);
        let request_body = body(&entry, REQUEST_BODY, &request_headers);
        let response_body = body(&entry, RESPONSE_BODY, &response_headers);
        Ok(Messages {
            request: loose::request(&method, loose::url(&target)?, request_headers, request_body)?,
            response: loose::response(code, response_headers, response_body, elapsed)?,
            kept: Kept {
                has_no_cookies: true,
                request_headers_are_partial: true,
                response_headers_are_partial: true,
                ..Kept::default()
            },
        })
    }
}

/// The method and the target of `GET /x HTTP/1.1`.
fn request_line(line: &str) -> Option<(&str, &str)> {
    let (method, rest) = line.split_once(' ')?;
    let (target, version) = rest.rsplit_once(' ')?;
    version.starts_with("HTTP/").then_some((method, target))
}

/// The text of a variable that has a value: `-` and nothing stand for none.
fn given(entry: &Value, keys: &[&str]) -> Option<String> {
    let texts = keys
        .iter()
        .filter_map(|key| entry.get(key).and_then(loose::text));
    texts
        .into_iter()
        .find(|text| !text.is_empty() && text != "-")
}

/// A body that a variable holds; one that holds none says nothing.
fn body(entry: &Value, keys: &[&str], headers: &HeaderMap) -> Body {
    match loose::first(entry, keys) {
        Some(Value::String(text)) if text.is_empty() || text == "-" => Body::NotRecorded,
        found => loose::body(found, headers),
    }
}

/// The header fields of the request and of the response.
fn headers(entry: &Value) -> (HeaderMap, HeaderMap) {
    let mut request = loose::headers(loose::first(entry, REQUEST_HEADERS));
    let mut response = loose::headers(loose::first(entry, RESPONSE_HEADERS));
    for (key, value) in entry.as_object().into_iter().flatten() {
        let Some(text) = loose::text(value).filter(|text| !text.is_empty() && text != "-") else {
            continue;
        };
        let sent = ["sent_http_", "upstream_http_"];
        if let Some(name) = sent.iter().find_map(|prefix| key.strip_prefix(prefix)) {
            let name = name.replace('_', "-");
            if !response.contains_key(name.as_str()) {
                message::add_header(&mut response, &name, &text);
            }
        } else if let Some(name) = key.strip_prefix("http_")
            && !NO_FIELDS.contains(&key.as_str())
        {
            message::add_header(&mut request, &name.replace('_', "-"), &text);
        }
    }
    // `$content_type` is that of the request.
    if let Some(text) = given(entry, &["content_type"]) {
        loose::default_content_type(&mut request, &text);
    }
    if let Some(text) = given(entry, &["response_content_type", "resp_content_type"]) {
        loose::default_content_type(&mut response, &text);
    }
    (request, response)
}
