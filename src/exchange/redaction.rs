//! Placeholders that recorders put in the place of what must not be kept.

/// Whether a text is a placeholder for a value that a recorder took out.
///
/// Only what no service would send: `REDACTED`, `[FILTERED]`, `<API_KEY>`, `****`, `xxxxxxxx`. A text
/// that merely contains such a word is none.
pub fn is_redacted(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "REDACTED",
        "FILTERED",
        "MASKED",
        "SCRUBBED",
        "HIDDEN",
        "SANITIZED",
        "OBFUSCATED",
        "REMOVED",
    ];
    let text = text.trim();
    let enclosed = [('[', ']'), ('<', '>'), ('{', '}'), ('*', '*'), ('_', '_')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    let bare = enclosed
        .unwrap_or(text)
        .trim_matches(['[', ']', '<', '>', '{', '}', '*', '_']);
    if WORDS
        .iter()
        .any(|word| bare.eq_ignore_ascii_case(word) && (enclosed.is_some() || bare == *word))
    {
        return true;
    }
    if text.len() >= 3 && text.bytes().all(|byte| byte == b'*') {
        return true;
    }
    if text.len() >= 4
        && (text.bytes().all(|byte| byte == b'x') || text.bytes().all(|byte| byte == b'X'))
    {
        return true;
    }
    // `<API_KEY>` and `{{TOKEN}}`: a name in capitals inside brackets.
    let name = text
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .or_else(|| {
            text.strip_prefix("{{")
                .and_then(|rest| rest.strip_suffix("}}"))
                .map(str::trim)
        });
    name.is_some_and(|name| {
        name.len() >= 3
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::is_redacted;

    #[test]
    fn placeholders_are_known_and_words_are_left_alone() {
        for placeholder in [
            "REDACTED",
            "[REDACTED]",
            "<redacted>",
            "[filtered]",
            "***",
            "xxxx",
            "<API_KEY>",
            "{{TOKEN}}",
            "**REDACTED**",
        ] {
            assert!(is_redacted(placeholder), "{placeholder}");
        }
        for value in [
            "redacted",
            "hidden",
            "removed",
            "xx",
            "the REDACTED file",
            "<b>",
            "<html>",
            "",
            "*",
            "XL",
        ] {
            assert!(!is_redacted(value), "{value}");
        }
    }
}
