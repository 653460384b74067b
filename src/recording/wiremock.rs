//! WireMock: stub mappings (one in a file, or a list of them) and its journal of requests.
//!
//! A mapping is an exchange only where its request is one: a URL that is a pattern stands for many, and is
//! told as an entry that cannot be read. Mappings name no host, and their header fields are those that
//! matter to the stub.

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

pub(super) struct WireMock;
pub(super) struct WireMockStub;

const LISTS: &[Path] = &[
    &[Step::Key("mappings"), Step::Each],
    &[Step::Key("requests"), Step::Each],
];
const WHOLE: &[Path] = &[&[Step::Each], &[]];

/// Members that only a mapping has.
const MARKS: &[&str] = &[
    "request/urlPath",
    "request/urlPattern",
    "request/urlPathPattern",
    "request/urlPathTemplate",
    "request/bodyPatterns",
    "request/queryParameters",
    "response/jsonBody",
    "response/base64Body",
    "response/bodyFileName",
    "response/transformers",
    "response/proxyBaseUrl",
    "scenarioName",
];

impl Format for WireMock {
    fn name(&self) -> &'static str {
        "WireMock"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        beginning.has("mappings/[]/request")
            || beginning.has("requests/[]/request")
            || beginning.has("requests/[]/responseDefinition")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, LISTS)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        messages(&entry)
    }
}

impl Format for WireMockStub {
    fn name(&self) -> &'static str {
        "WireMock"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        ["", "[]/"].iter().any(|prefix| {
            let at = |key: &str| format!("{prefix}{key}");
            let url = beginning.scalar(&at("request/url"));
            beginning.has(&at("request"))
                && beginning.has(&at("response"))
                && (MARKS.iter().any(|mark| beginning.has(&at(mark)))
                    || url.is_some_and(|url| url.starts_with('/'))
                        && beginning.has(&at("request/method")))
        })
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, WHOLE)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        messages(&entry)
    }
}

fn messages(entry: &Value) -> Result<Messages, EntryError> {
    let request = entry
        .get("request")
        .ok_or(EntryError::missing("mapping", "request"))?;
    let is_journal =
        request.get("absoluteUrl").is_some() || entry.get("responseDefinition").is_some();
    let response = loose::first(entry, &["response", "responseDefinition"])
        .ok_or(EntryError::missing("mapping", "response"))?;
    for (key, what) in [
        ("fault", "the mapping breaks the connection"),
        ("proxyBaseUrl", "the mapping passes the request on"),
    ] {
        if response.get(key).is_some_and(|value| !value.is_null()) {
            return Err(EntryError::NoResponse(what.into()));
        }
    }
    let method =
        loose::text_of(request, &["method"]).ok_or(EntryError::missing("request", "method"))?;
    if method == "ANY" {
        return Err(EntryError::AnyMethod);
    }
    let code = loose::first(response, &["status"]).map_or(Some(200), loose::code);
    let response_headers = loose::headers(response.get("headers"));
    let response_body = body(response, &response_headers)?;
    let mut request_headers = loose::headers(request.get("headers"));
    let request_body = if is_journal {
        body(request, &request_headers)?
    } else {
        expected_body(request, &mut request_headers)?
    };
    let url = loose::url(&url(request)?)?;
    Ok(Messages {
        request: loose::request(&method, url, request_headers, request_body)?,
        response: loose::response(
            code.ok_or(EntryError::missing("response", "status"))?,
            response_headers,
            response_body,
            None,
        )?,
        kept: Kept {
            has_no_cookies: !is_journal,
            request_headers_are_partial: !is_journal,
            response_headers_are_partial: !is_journal,
            ..Kept::default()
        },
    })
}

fn url(request: &Value) -> Result<String, EntryError> {
    if let Some(url) = loose::text_of(request, &["absoluteUrl", "url"]) {
        return Ok(url);
    }
    if let Some(path) = loose::text_of(request, &["urlPath"]) {
        return Ok(format!("{path}{}", query(request)?));
    }
    if let Some(template) = loose::text_of(request, &["urlPathTemplate"]) {
        let mut path = template;
        for (name, matcher) in members(request, "pathParameters") {
            path = path.replace(&format!("{{{name}}}"), &exact(name, matcher)?);
        }
        if !path.contains('{') {
            return Ok(format!("{path}{}", query(request)?));
        }
    }
    Err(EntryError::Pattern {
        part: "its URL".into(),
        wanted: "one request",
    })
}

fn members<'v>(part: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    part.get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn query(request: &Value) -> Result<String, EntryError> {
    let pairs = members(request, "queryParameters");
    let pairs = pairs.map(|(name, matcher)| Ok((name.as_str(), exact(name, matcher)?)));
    Ok(loose::query(pairs.collect::<Result<Vec<_>, EntryError>>()?))
}

/// The one text that a matcher matches.
fn exact(name: &str, matcher: &Value) -> Result<String, EntryError> {
    loose::text_of(matcher, &["equalTo"]).ok_or_else(|| EntryError::Pattern {
        part: name.to_owned().into(),
        wanted: "the value of one request",
    })
}

/// A body that a request is to have; `NotRecorded` where any will do.
fn expected_body(request: &Value, headers: &mut HeaderMap) -> Result<Body, EntryError> {
    for pattern in request
        .get("bodyPatterns")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        if let Some(value) = loose::first(pattern, &["equalToJson"]) {
            let is_partial = pattern.get("ignoreExtraElements") == Some(&Value::Bool(true));
            if is_partial {
                return Ok(Body::NotRecorded);
            }
            loose::default_content_type(headers, "application/json");
            return Ok(loose::body(Some(value), headers));
        }
        if let Some(text) = loose::text_of(pattern, &["equalTo", "equalToXml"]) {
            return Ok(Body::from(text));
        }
        if let Some(text) = loose::text_of(pattern, &["binaryEqualTo"]) {
            return loose::base64_body(&text, headers);
        }
    }
    Ok(Body::NotRecorded)
}

/// A body in any of the ways in which WireMock keeps it.
fn body(part: &Value, headers: &HeaderMap) -> Result<Body, EntryError> {
    if let Some(text) = loose::text_of(part, &["base64Body", "bodyAsBase64"]) {
        return loose::base64_body(&text, headers);
    }
    if let Some(value) = part.get("jsonBody") {
        return Ok(Body::from(value.to_string()));
    }
    match part.get("body") {
        None if part.get("bodyFileName").is_some() => Ok(Body::NotRecorded),
        None => Ok(Body::empty()),
        body => Ok(loose::body(body, headers)),
    }
}
