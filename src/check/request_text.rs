//! What texts of a request hold, wherever they stand in it.

use super::Subject;

/// Whether a text of the request holds a NUL, which many stores cannot keep.
pub(super) fn holds_a_nul(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let body = request.body.bytes();
    let has = |text: &[u8]| body.windows(text.len()).any(|one| one == text);
    request.url.as_str().contains("%00") || has(b"\\u0000") || has(b"%00") || has(b"\0")
}

/// Whether a value in the path or the query is an integer that no signed 64 bits hold.
pub(super) fn holds_a_wide_integer(subject: &Subject<'_>) -> bool {
    let url = &subject.exchange.request.url;
    let is_wide = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<i64>().is_err()
    };
    url.query_pairs().any(|(_, value)| is_wide(&value))
        || url.path_segments().into_iter().flatten().any(is_wide)
}
