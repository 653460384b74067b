//! Media types as header fields carry them.

use mediatype::MediaTypeBuf;

/// Reads a `Content-Type`; `None` when it is no media type. Parameters may be empty: `text/html;` and
/// `text/html;;charset=utf-8` are well formed (RFC 9110 §5.6.6).
pub fn parse_media_type(text: &str) -> Option<MediaTypeBuf> {
    if let Ok(media_type) = text.parse() {
        return Some(media_type);
    }
    let mut parts = split_parameters(text).into_iter();
    let mut normal = parts.next()?.trim().to_owned();
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        normal.push(';');
        normal.push_str(part);
    }
    normal.parse().ok()
}

/// What stands between semicolons that are not inside a quoted string.
fn split_parameters(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::parse_media_type;

    #[test]
    fn parameters_may_be_empty_and_quoted_semicolons_are_text() {
        for (text, wanted) in [
            ("application/json;", "application/json"),
            (
                "application/json; ; charset=utf-8",
                "application/json;charset=utf-8",
            ),
            ("a/b;;p=\"x;;y\";", "a/b;p=\"x;;y\""),
        ] {
            let wanted = wanted.parse().expect("a test writes good media types");
            assert_eq!(parse_media_type(text), Some(wanted), "{text}");
        }
        for text in [
            "application",
            "application/json; charset",
            "",
            ";",
            "a/b, a/b",
        ] {
            assert_eq!(parse_media_type(text), None, "{text}");
        }
    }
}
