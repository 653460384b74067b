//! What texts of a request hold, wherever they stand in it.

use super::Subject;

/// Whether a text of the request holds a NUL, which many stores cannot keep.
pub(super) fn holds_a_nul(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let body = request.body.bytes();
    let has = |text: &[u8]| body.windows(text.len()).any(|one| one == text);
    request.url.as_str().contains("%00") || has(b"\\u0000") || has(b"%00") || has(b"\0")
}
