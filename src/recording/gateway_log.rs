//! The JSON lines of Kong's and APISIX's logging plugins (`file-log`, `http-log`, `file-logger`,
//! `http-logger`): request and response side by side, with the times that the gateway took.
//!
//! Several may stand in a list, as both send them in batches. Bodies are there only where the gateway was
//! told to log them (APISIX: `include_req_body`, `include_resp_body`; Kong: `set_serialize_value`).

use std::sync::Arc;

use serde_json::Value;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw, RawEntry,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    lines, loose,
};
use crate::exchange::{Kept, REDACTED_HOST};

pub(super) struct Kong;
pub(super) struct Apisix;

const BATCHES: &[Path] = &[&[Step::Each], &[]];

/// Members of what one gateway logs, and no other.
const OF_KONG: &[&str] = &["latencies", "tries", "upstream_uri"];
const OF_APISIX: &[&str] = &[
    "apisix_latency",
    "upstream_latency",
    "route_id",
    "service_id",
];

fn has_any(beginning: &Beginning<'_>, keys: &[&str]) -> bool {
    ["", "[]/"].iter().any(|prefix| {
        let has = |key: &str| beginning.has(&format!("{prefix}{key}"));
        has("request") && has("response") && keys.iter().any(|key| has(key))
    })
}

impl Format for Kong {
    fn name(&self) -> &'static str {
        "Kong log"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        has_any(beginning, OF_KONG)
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        entries(input, file)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        messages(&entry)
    }
}

impl Format for Apisix {
    fn name(&self) -> &'static str {
        "APISIX log"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        has_any(beginning, OF_APISIX)
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        entries(input, file)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        messages(&entry)
    }
}

/// Lines; a file that begins with a list is read as lists.
fn entries(mut input: Input, file: Arc<str>) -> Entries {
    let is_list = input
        .fill_buf()
        .is_ok_and(|bytes| bytes.trim_ascii_start().starts_with(b"["));
    if is_list {
        json_scan::elements(input, file, BATCHES)
    } else {
        let lines = lines::entries(input, file);
        Box::new(lines.flat_map(|line| match line {
            Ok(line) => unpacked(line),
            error => vec![error],
        }))
    }
}

/// The entries of a line that is a list.
fn unpacked(line: RawEntry) -> Vec<<Entries as Iterator>::Item> {
    let is_list =
        matches!(&line.raw, Raw::Bytes(bytes) if bytes.trim_ascii_start().starts_with(b"["));
    match line.raw.value() {
        Ok(value) if is_list => {
            let items = value.as_array().into_iter().flatten();
            let entry = |item: &Value| RawEntry {
                raw: Raw::Tree(item.clone()),
                ..line
            };
            items.map(|item| Ok(entry(item))).collect()
        }
        _ => vec![Ok(line)],
    }
}

fn messages(entry: &Value) -> Result<Messages, EntryError> {
    let part = |key| entry.get(key).ok_or(EntryError::missing("entry", key));
    let (request, response) = (part("request")?, part("response")?);
    let request_headers = loose::headers(request.get("headers"));
    let response_headers = loose::headers(response.get("headers"));
    let method =
        loose::text_of(request, &["method"]).ok_or(EntryError::missing("request", "method"))?;
    let code = response
        .get("status")
        .and_then(loose::code)
        .ok_or(EntryError::missing("response", "status"))?;
    // Before 0.10, Kong kept the path as `uri` and the whole URL as `request_uri`.
    let url = loose::text_of(request, &["url", "request_uri", "uri"])
        .filter(|url| !url.is_empty())
        .ok_or(EntryError::missing("request", "url"))?;
    let url = if url.starts_with('/') {
        let host = request_headers
            .get("host")
            .and_then(|host| host.to_str().ok());
        format!("http://{}{url}", host.unwrap_or(REDACTED_HOST))
    } else {
        url
    };
    let elapsed = loose::milliseconds(
        entry
            .get("latencies")
            .and_then(|latencies| latencies.get("request"))
            .or_else(|| entry.get("latency")),
    );
    let request_body = loose::body(request.get("body"), &request_headers);
    let response_body = loose::body(response.get("body"), &response_headers);
    Ok(Messages {
        kept: Kept {
            request_headers_are_partial: request_headers.is_empty(),
            response_headers_are_partial: response_headers.is_empty(),
            ..Kept::default()
        },
        request: loose::request(&method, loose::url(&url)?, request_headers, request_body)?,
        response: loose::response(code, response_headers, response_body, elapsed)?,
    })
}
