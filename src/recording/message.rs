//! What all formats share: headers, bodies and their traps.

use base64::{Engine as _, engine::general_purpose};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use crate::exchange::{Body, CutReason, decode};

/// The most bytes of one body after its coding is undone.
const BODY_LIMIT: u64 = 256 << 20;

pub(super) fn method(text: &str) -> Result<Method, String> {
    Method::from_bytes(text.as_bytes()).map_err(|_| format!("{text:?} is not a method"))
}

pub(super) fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| format!("the URL {text:?} cannot be read: {error}"))
}

pub(super) fn status(code: u64) -> Result<StatusCode, String> {
    if code == 0 {
        return Err("no response was recorded: the request failed or was blocked".to_owned());
    }
    u16::try_from(code)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| format!("{code} is not a status"))
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
            headers.append(&name, value);
        }
    }
}

/// Bytes from base64, with or without padding, line breaks passed over.
pub(super) fn from_base64(text: &str) -> Result<Bytes, String> {
    let compact: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .collect();
    general_purpose::STANDARD
        .decode(&compact)
        .or_else(|_| general_purpose::STANDARD_NO_PAD.decode(&compact))
        .or_else(|_| general_purpose::URL_SAFE.decode(&compact))
        .map(Bytes::from)
        .map_err(|error| format!("the base64 text of the body is broken: {error}"))
}

/// A body whose coding may still be on it. Most recorders undo the coding and leave the header, so
/// bytes that are not of the coding are taken as they are.
pub(super) fn body(bytes: Bytes, headers: &HeaderMap) -> Body {
    let coding = headers
        .get(http::header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    if let Some(coding) = coding
        && is_coded(&bytes)
        && let decoded @ Body::Complete(_) = decode(coding, bytes.clone(), BODY_LIMIT)
    {
        return decoded;
    }
    if coding.is_some() && is_mangled(&bytes) {
        return Body::Cut {
            bytes,
            reason: CutReason::Recorder,
        };
    }
    Body::Complete(bytes)
}

/// Whether coded bytes were kept as text: what was no UTF-8 was replaced, and cannot be had back.
fn is_mangled(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !b"\t\n\r".contains(byte);
    bytes.iter().any(is_control) && bytes.windows(3).any(|three| three == "\u{fffd}".as_bytes())
}

/// Whether bytes begin as gzip or zlib does.
fn is_coded(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x1f, 0x8b, ..] | [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]
    )
}
