//! What all formats share: headers, bodies and their traps.

use std::cell::RefCell;

use base64::{Engine as _, engine::general_purpose};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::EntryError;
use crate::exchange::{Body, CutReason, REDACTED_HOST, decode, holds_redaction};

/// The most bytes of one body after its coding is undone.
const BODY_LIMIT: u64 = 64 << 20;

/// Room for this many header fields is made at once.
pub(super) const USUAL_FIELDS: usize = 64;

/// A method. Tools write those that clients send in capitals however they are typed as they were typed (Fetch
/// §2.2.1, "normalize").
pub(super) fn method(text: &str) -> Result<Method, EntryError> {
    const NORMALIZED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
    let normal = NORMALIZED.iter().find(|one| one.eq_ignore_ascii_case(text));
    let text = normal.copied().unwrap_or(text);
    Method::from_bytes(text.as_bytes()).map_err(|_| EntryError::Method(text.to_owned()))
}

/// An origin as URLs of a recording have it, with the URL of its root.
struct Origin {
    written: String,
    root: Url,
}

thread_local! {
    /// The origin of the last URL: most URLs of a recording have the same.
    static LAST: RefCell<Option<Origin>> = const { RefCell::new(None) };
}

/// A URL. Where a recorder took its host out, [`REDACTED_HOST`] stands for it.
pub(super) fn url(text: &str) -> Result<Url, EntryError> {
    let Some((origin, path)) = split_origin(text) else {
        return whole_url(text);
    };
    LAST.with_borrow_mut(|last| {
        if let Some(last) = last.as_ref().filter(|last| last.written == origin) {
            return Url::options()
                .base_url(Some(&last.root))
                .parse(path)
                .map_err(|error| unreadable(text, error));
        }
        let url = whole_url(text)?;
        let root = Url::parse(origin).ok();
        *last = root
            .filter(|root| root.host_str() == url.host_str())
            .map(|root| Origin {
                written: origin.to_owned(),
                root,
            });
        Ok(url)
    })
}

/// The origin that a URL of the web begins with, and the absolute path behind it.
fn split_origin(text: &str) -> Option<(&str, &str)> {
    let begin = ["https://", "http://"]
        .iter()
        .find(|scheme| text.starts_with(**scheme))?
        .len();
    let end = begin + text[begin..].find(['/', '?', '#', '\\'])?;
    let (origin, path) = text.split_at(end);
    // Two slashes would begin another host, and breaks of lines do not count.
    let is_path = path.starts_with('/')
        && !path[1..].starts_with(['/', '\\'])
        && !path.contains(['\t', '\n', '\r']);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
    (is_path && origin[begin..].bytes().all(is_plain)).then_some((origin, path))
}

fn unreadable(text: &str, error: url::ParseError) -> EntryError {
    EntryError::Url {
        text: text.to_owned(),
        error,
    }
}

fn whole_url(text: &str) -> Result<Url, EntryError> {
    let host = text.split_once("://").and_then(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next()?;
        let start = text.len() - rest.len();
        holds_redaction(authority).then_some(start..start + authority.len())
    });
    let read = match host {
        None => Url::parse(text),
        Some(host) => Url::parse(&format!(
            "{}{REDACTED_HOST}{}",
            &text[..host.start],
            &text[host.end..]
        )),
    };
    read.map_err(|error| unreadable(text, error))
}

/// The status of a final response. A recorder that keeps interim responses (RFC 9110 §15.2) as
/// exchanges of their own keeps the final one as another; 101 ends the exchange over HTTP.
pub(super) fn status(code: u64) -> Result<StatusCode, EntryError> {
    match code {
        0 => {
            let reason = "the request failed or was blocked";
            return Err(EntryError::NoResponse(reason.into()));
        }
        100 | 102..=199 => return Err(EntryError::Interim(code)),
        _ => {}
    }
    u16::try_from(code)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| EntryError::Status(code.to_string()))
}

/// Adds a field. Pseudo-headers of HTTP/2 are left out; values that a recorder joined with line
/// breaks are taken apart again.
pub(super) fn add_header(headers: &mut HeaderMap, name: &str, value: &str) {
    if name.starts_with(':') {
        return;
    }
    let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes()) else {
        return;
    };
    for line in value.split('\n') {
        let line = line.trim_matches(['\r', ' ', '\t']);
        if let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) {
            // A map takes some 24,000 fields; what a hostile recording has beyond that is left out.
            let _ = headers.try_append(&name, value);
        }
    }
}

/// Bytes from base64, with or without padding, line breaks passed over.
pub(super) fn from_base64(text: &str) -> Result<Bytes, EntryError> {
    let compact: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    general_purpose::STANDARD
        .decode(&compact)
        .or_else(|_| general_purpose::STANDARD_NO_PAD.decode(&compact))
        .or_else(|_| general_purpose::URL_SAFE.decode(&compact))
        .map(Bytes::from)
        .map_err(EntryError::Base64)
}

/// Bytes from hexadecimal digits; `None` where there are others.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok())
        .collect()
}

/// A body whose codings may still be on it. Most recorders undo the codings and leave the header, or undo
/// some of several, so bytes that are not of a coding are taken as they are.
pub(super) fn body(bytes: Bytes, headers: &HeaderMap) -> Body {
    let fields: Vec<_> = headers
        .get_all(http::header::CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if fields.is_empty() || is_text(&bytes) {
        return Body::Complete(bytes);
    }
    let fields = fields.join(",");
    let codings: Vec<&str> = fields.split(',').map(str::trim).collect();
    let mut unknown = None;
    // The coding that was put on last is the first to be undone.
    for count in (1..=codings.len()).rev() {
        match decode(&codings[..count].join(","), bytes.clone(), BODY_LIMIT) {
            Body::Cut {
                reason: CutReason::Coding(_),
                ..
            } => {}
            body @ Body::Cut {
                reason: CutReason::UnknownCoding(_),
                ..
            } => unknown = Some(body),
            decoded => return decoded,
        }
    }
    if is_mangled(&bytes) {
        return Body::Cut {
            bytes,
            reason: CutReason::Recorder,
        };
    }
    unknown.unwrap_or(Body::Complete(bytes))
}

/// Whether bytes are a text without control characters, which no coding makes of anything.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && !bytes.iter().any(|byte| is_control(*byte))
}

/// Whether coded bytes were kept as text: what was no UTF-8 was replaced, and cannot be had back.
fn is_mangled(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| is_control(*byte))
        && bytes.windows(3).any(|three| three == "\u{fffd}".as_bytes())
}

fn is_control(byte: u8) -> bool {
    byte < b' ' && !b"\t\n\r\x0c\x1b".contains(&byte)
}
