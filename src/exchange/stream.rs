//! Responses that may go on without an end, such as events: what comes of one while it is waited for is read as
//! far as its last whole item.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};

use super::{Body, CutReason};

/// How long the next part of such a response is waited for.
pub(crate) const MAX_GAP: Duration = Duration::from_secs(5);

/// Media types whose bodies are items one after another, which nobody says the number of.
const STREAMS: [&str; 10] = [
    "application/json-seq",
    "application/jsonl",
    "application/jsonlines",
    "application/ndjson",
    "application/stream+json",
    "application/x-jsonlines",
    "application/x-ndjson",
    "multipart/mixed",
    "multipart/x-mixed-replace",
    "text/event-stream",
];

/// Whether a response with these headers may go on without an end.
pub(crate) fn may_be_endless(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    !headers.contains_key(header::CONTENT_LENGTH) && content_type.is_some_and(is_stream)
}

/// Whether a media type is one of items without an end.
pub(crate) fn is_stream(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    STREAMS.contains(&essence.as_str())
}

/// What has come of a response that may go on without an end: its whole items, each of which ends with its line or,
/// as an event does, with an empty one.
pub(crate) fn so_far(headers: &HeaderMap, bytes: &Bytes) -> Body {
    let is_of_events = headers.get(header::CONTENT_TYPE).is_some_and(|value| {
        let text = value.as_bytes();
        text.len() >= 17 && text[..17].eq_ignore_ascii_case(b"text/event-stream")
    });
    let mut line_ends = line_ends_of(bytes).rev();
    let end = if is_of_events {
        line_ends.find(|at| {
            let before = bytes[..*at].strip_suffix(b"\r").unwrap_or(&bytes[..*at]);
            before.ends_with(b"\n")
        })
    } else {
        line_ends.next()
    };
    match end {
        Some(end) => Body::Complete(bytes.slice(..=end)),
        None => Body::Cut {
            bytes: bytes.clone(),
            reason: CutReason::TimedOut,
        },
    }
}

/// Where lines end.
fn line_ends_of(bytes: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    let all = bytes.iter().enumerate();
    all.filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(content_type: &'static str) -> HeaderMap {
        let value = HeaderValue::from_static(content_type);
        HeaderMap::from_iter([(header::CONTENT_TYPE, value)])
    }

    #[test]
    fn a_stream_is_read_as_far_as_its_last_whole_item() {
        let events = headers("text/event-stream; charset=utf-8");
        let lines = headers("application/x-ndjson");
        for (headers, came, wanted) in [
            (&events, "data: 1\n\ndata: 2\n", Some("data: 1\n\n")),
            (&events, "data: 1\r\n\r\nda", Some("data: 1\r\n\r\n")),
            (&events, "data: 1\n", None),
            (&lines, "1\n2\n3", Some("1\n2\n")),
            (&lines, "1", None),
        ] {
            let body = so_far(headers, &Bytes::from_static(came.as_bytes()));
            let whole = body.complete().map(|bytes| &bytes[..]);
            assert_eq!(whole, wanted.map(str::as_bytes), "{came:?}");
        }
    }

    #[test]
    fn what_has_a_length_ends() {
        let mut events = headers("text/event-stream");
        assert!(may_be_endless(&events));
        events.insert(header::CONTENT_LENGTH, HeaderValue::from_static("9"));
        assert!(!may_be_endless(&events));
        assert!(!may_be_endless(&headers("application/json")));
    }
}
