//! Spans of OpenTelemetry as OTLP writes them in JSON (the `file` exporter, `/v1/traces`), one request on a
//! line or one in a file.
//!
//! Spans that are not of HTTP are passed over. The names of attributes are those of the stable semantic
//! conventions (1.23 and later) and those that they replaced. A span has the header fields that its
//! instrumentation was told to capture, and bodies only where somebody added them
//! (`http.request.body.content`, `http.response.body.content`).

use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;
use url::Url;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    loose, message,
};
use crate::exchange::{Body, Kept, REDACTED_HOST};

pub(super) struct Otlp;

const fn spans(resources: &'static str, scopes: &'static str) -> [Step; 6] {
    [
        Step::Key(resources),
        Step::Each,
        Step::Key(scopes),
        Step::Each,
        Step::Key("spans"),
        Step::Each,
    ]
}

const SPANS: &[Path] = &[
    &spans("resourceSpans", "scopeSpans"),
    &spans("resource_spans", "scope_spans"),
    // Before 0.15 of OTLP.
    &spans("resourceSpans", "instrumentationLibrarySpans"),
];

impl Format for Otlp {
    fn name(&self) -> &'static str {
        "OTLP spans"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        beginning.has("resourceSpans") || beginning.has("resource_spans")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        let spans = json_scan::elements(input, file, SPANS);
        Box::new(spans.filter(|span| match span {
            Ok(span) => is_http(&span.raw),
            Err(_) => true,
        }))
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let span = entry.value()?;
        let attributes = Attributes(span.get("attributes").and_then(Value::as_array));
        let method = attributes
            .text(&[
                "http.request.method_original",
                "http.request.method",
                "http.method",
            ])
            .ok_or(EntryError::missing("span", "http.request.method"))?;
        let code = attributes
            .text(&["http.response.status_code", "http.status_code"])
            .and_then(|text| text.parse().ok())
            .ok_or(EntryError::NoResponse(
                "the span has no http.response.status_code".into(),
            ))?;
        let time = |keys: &[&str]| loose::text_of(&span, keys)?.parse::<u64>().ok();
        let begun = time(&["startTimeUnixNano", "start_time_unix_nano"]);
        let ended = time(&["endTimeUnixNano", "end_time_unix_nano"]);
        let nanoseconds = begun
            .zip(ended)
            .and_then(|(begun, ended)| ended.checked_sub(begun));
        Ok(Messages {
            request: loose::request(
                &method,
                attributes.url()?,
                attributes.headers("http.request.header."),
                attributes.body(&["http.request.body.content", "http.request.body"]),
            )?,
            response: loose::response(
                code,
                attributes.headers("http.response.header."),
                attributes.body(&["http.response.body.content", "http.response.body"]),
                nanoseconds.map(std::time::Duration::from_nanos),
            )?,
            kept: Kept {
                has_no_cookies: true,
                request_headers_are_partial: true,
                response_headers_are_partial: true,
                ..Kept::default()
            },
        })
    }
}

/// Whether a span has the method of a request; what has an escape in a key is looked at closely.
fn is_http(span: &Raw) -> bool {
    let Raw::Bytes(bytes) = span else { return true };
    [&b"\"http.request.method\""[..], b"\"http.method\""]
        .iter()
        .any(|key| memchr::memmem::find(bytes, key).is_some())
}

/// A list of `{key, value}`, the value by its type.
struct Attributes<'v>(Option<&'v Vec<Value>>);

impl<'v> Attributes<'v> {
    fn all(&self) -> impl Iterator<Item = (&'v str, &'v Value)> {
        let pairs = self.0.into_iter().flatten();
        pairs.filter_map(|pair| Some((pair.get("key")?.as_str()?, pair.get("value")?)))
    }

    /// The text of the first of several attributes that has one.
    fn text(&self, keys: &[&str]) -> Option<String> {
        let text = |wanted: &&str| {
            let (_, value) = self.all().find(|(key, _)| key == wanted)?;
            texts(value)
                .into_iter()
                .next()
                .filter(|text| !text.is_empty())
        };
        keys.iter().find_map(text)
    }

    fn url(&self) -> Result<Url, EntryError> {
        if let Some(whole) = self.text(&["url.full", "http.url"]) {
            return loose::url(&whole);
        }
        let path = self
            .text(&["url.path", "http.target"])
            .ok_or(EntryError::missing("span", "url.full and no url.path"))?;
        let query = self.text(&["url.query"]).map_or_else(String::new, |query| {
            format!("?{}", query.trim_start_matches('?'))
        });
        let scheme = self.text(&["url.scheme", "http.scheme"]);
        let scheme = scheme.unwrap_or_else(|| "http".to_owned());
        let host = self.text(&[
            "server.address",
            "http.host",
            "net.host.name",
            "http.server_name",
        ]);
        let port = self.text(&["server.port", "net.host.port"]);
        let host = match host {
            None => REDACTED_HOST.to_owned(),
            Some(host)
                if host.contains(':')
                    && !host.starts_with('[')
                    && host.matches(':').count() > 1 =>
            {
                format!("[{host}]")
            }
            Some(host) => host,
        };
        let has_port = host
            .rsplit_once(':')
            .is_some_and(|(_, end)| !end.contains(']'));
        let port = port.filter(|_| !has_port && host != REDACTED_HOST);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        message::url(&format!("{scheme}://{host}{port}{path}{query}"))
    }

    fn headers(&self, prefix: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (key, value) in self.all() {
            if let Some(name) = key.strip_prefix(prefix) {
                for text in texts(value) {
                    // Older instrumentations write `content_type`.
                    message::add_header(&mut headers, &name.replace('_', "-"), &text);
                }
            }
        }
        headers
    }

    fn body(&self, keys: &[&str]) -> Body {
        self.text(keys).map_or(Body::NotRecorded, Body::from)
    }
}

/// The texts of an `AnyValue`: its own, or those of its list.
fn texts(value: &Value) -> Vec<String> {
    let key = |keys: &[&str]| loose::first(value, keys);
    if let Some(list) = key(&["arrayValue", "array_value"]) {
        let items = list.get("values").and_then(Value::as_array);
        return items.into_iter().flatten().flat_map(texts).collect();
    }
    let one = key(&[
        "stringValue",
        "string_value",
        "intValue",
        "int_value",
        "boolValue",
        "bool_value",
        "doubleValue",
        "double_value",
    ]);
    one.and_then(loose::text).into_iter().collect()
}
