//! Placeholders that recorders put in the place of what must not be kept.
//!
//! What a recorder took out, whole or in part, says nothing of the service: it breaks no rule, and where it
//! broke the syntax of a body it is mended first.

use std::{borrow::Cow, ops::Range};

/// What stands for the host of a URL whose host was taken out (RFC 2606 §2).
pub const REDACTED_HOST: &str = "redacted.invalid";

/// Words that recorders write in capitals, or between brackets.
const WORDS: &[&str] = &[
    "REDACTED",
    "FILTERED",
    "MASKED",
    "SCRUBBED",
    "HIDDEN",
    "SANITIZED",
    "OBFUSCATED",
    "REMOVED",
    "PLACEHOLDER",
    "CENSORED",
    "ANONYMIZED",
    // As the recorder of the Azure SDKs writes it.
    "Sanitized",
];

/// The longest placeholder between brackets, in bytes.
const MAX_LENGTH: usize = 80;

/// Whether a text is a placeholder or has one in it: `REDACTED`, `[FILTERED]`, `/users/<USER_ID>/x`,
/// `Bearer ****`, `{{token}}`. Only what no service would send counts.
pub fn holds_redaction(text: &str) -> bool {
    let whole = text.trim();
    let is_masked = whole.len() >= 4
        && (whole.bytes().all(|byte| byte == b'x') || whole.bytes().all(|byte| byte == b'X'));
    is_masked || next(text, 0).is_some()
}

/// A JSON text with quotes around the placeholders that stand where a value belongs:
/// `{"id": <USER_ID>}`. `None` where none does.
pub fn quote_redactions(text: &str) -> Option<String> {
    let mut mended = String::with_capacity(text.len() + 16);
    let mut is_changed = false;
    let (mut at, mut is_string, mut is_escaped) = (0, false, false);
    while let Some(character) = text[at..].chars().next() {
        if !is_string && let Some(found) = at_start(text, at) {
            mended.push('"');
            mended.push_str(&escaped(&text[found.clone()]));
            mended.push('"');
            is_changed = true;
            at = found.end;
            continue;
        }
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_string => is_escaped = true,
            '"' => is_string = !is_string,
            _ => {}
        }
        mended.push(character);
        at += character.len_utf8();
    }
    is_changed.then_some(mended)
}

/// The first placeholder from `from` on.
fn next(text: &str, from: usize) -> Option<Range<usize>> {
    let starts = text[from..].char_indices().map(|(at, _)| from + at);
    starts.into_iter().find_map(|at| at_start(text, at))
}

/// The placeholder that begins at `at`.
fn at_start(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let enclosed = |open: &str, close: &str, is_meant: fn(&str) -> bool| {
        let inside = rest.strip_prefix(open)?;
        // No further than a placeholder may be long: a text may open a million of them.
        let looked_at = inside.floor_char_boundary(MAX_LENGTH + close.len());
        let end = inside[..looked_at].find(close)?;
        is_meant(inside[..end].trim()).then_some(at..at + open.len() + end + close.len())
    };
    match rest.as_bytes().first()? {
        b'<' => enclosed("<%=", "%>", |_| true)
            .or_else(|| enclosed("<<", ">>", is_name))
            .or_else(|| enclosed("<", ">", is_name)),
        b'{' => enclosed("{{", "}}", is_identifier).or_else(|| enclosed("{", "}", is_word)),
        b'$' => enclosed("${", "}", is_variable),
        b'%' => enclosed("%{", "}", is_variable).or_else(|| enclosed("%%", "%%", is_name)),
        b'[' => enclosed("[", "]", |inside| is_word(inside) || is_long_name(inside)),
        b'(' => enclosed("(", ")", is_word),
        b'_' => enclosed("__", "__", is_name),
        b'*' => {
            let stars = rest.bytes().take_while(|byte| *byte == b'*').count();
            (stars >= 3).then_some(at..at + stars)
        }
        first if first.is_ascii_uppercase() || matches!(first, b'x') => bare(text, at),
        _ => None,
    }
}

/// A word in capitals that stands alone (`REDACTED`, `REDACTED_TOKEN`), or a long row of `x`.
fn bare(text: &str, at: usize) -> Option<Range<usize>> {
    let is_inside = text[..at].ends_with(|one: char| one.is_ascii_alphanumeric());
    if is_inside {
        return None;
    }
    let length = text[at..]
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    let word = &text[at..at + length];
    let is_row = length >= 6 && word.bytes().all(|byte| byte.eq_ignore_ascii_case(&b'x'));
    let is_known = word.split('_').any(|part| WORDS.contains(&part));
    (is_row || is_known).then_some(at..at + length)
}

/// A word of recorders, in whatever case; brackets around it say that it is one.
fn is_word(text: &str) -> bool {
    let bare = text.trim_matches(['[', ']', '<', '>', '{', '}', '*', '_']);
    WORDS.iter().any(|word| bare.eq_ignore_ascii_case(word))
}

/// A name in capitals, as environment variables have it, or one with underscores; or a word.
fn is_name(text: &str) -> bool {
    let is_of = |allowed: fn(u8) -> bool| {
        text.len() >= 3
            && text.bytes().any(|byte| byte.is_ascii_alphabetic())
            && text.bytes().all(allowed)
    };
    is_of(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_-.: ".contains(&byte))
        || text.contains('_') && is_of(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || is_word(text)
}

/// As [`is_name`], a short one too: the sign before the brackets says that it is one.
fn is_variable(text: &str) -> bool {
    is_name(text) || text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_long_name(text: &str) -> bool {
    text.contains('_')
        && text.len() >= 5
        && !text.bytes().any(|byte| byte.is_ascii_lowercase())
        && is_name(text)
}

fn is_identifier(text: &str) -> bool {
    text.len() >= 2
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['"', '\\']) {
        Cow::Owned(text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "{{ api.token }}",
            "**REDACTED**",
            "https://h/users/<GITHUB_LOGIN>/x",
            "<<ACCESS_TOKEN>>",
            "Bearer <auth_token>",
            "<%= ENV['KEY'] %>",
            "${API_KEY}",
            "${ID}",
            "%{TOKEN}",
            "__TOKEN__",
            "sk_test_****",
            "https://h/v1/REDACTED/x?y",
            "REDACTED_ID",
            "acct_XXXXXXXXXXXX",
            "[ACCOUNT_ID]",
            "(redacted)",
            "Sanitized",
            "https://Sanitized.example.com/a",
        ] {
            assert!(holds_redaction(placeholder), "{placeholder}");
        }
        for value in [
            "redacted",
            "hidden",
            "removed",
            "xx",
            "<b>",
            "<html>",
            "",
            "*",
            "XL",
            "a **bold** word",
            "[x]",
            "{a}",
            "${a}",
            "<TD>",
            "UNREDACTED",
            "maxxxxxx",
            "__init",
            "[1, 2]",
            "{\"A\": 1}",
            "a < B > c",
        ] {
            assert!(!holds_redaction(value), "{value}");
        }
    }

    #[test]
    fn what_opens_placeholders_again_and_again_is_looked_at_once() {
        for open in [
            "[", "<", "{", "(", "{{", "<<", "<%=", "${", "%{", "%%", "é[",
        ] {
            let text = open.repeat(100_000);
            assert!(!holds_redaction(&text), "{open}");
            assert_eq!(quote_redactions(&text), None, "{open}");
        }
    }

    #[test]
    fn placeholders_where_values_belong_are_quoted() {
        let mended = |text| quote_redactions(text);
        assert_eq!(
            mended(r#"{"id":<USER_ID>,"url":"<URL>/x","n":[1,***]}"#).as_deref(),
            Some(r#"{"id":"<USER_ID>","url":"<URL>/x","n":[1,"***"]}"#)
        );
        assert_eq!(mended(r#"{"a": "<A_B>", "c": [{"\"<D_E>": 1}]}"#), None);
        assert_eq!(mended("{\"id\": nope}"), None);
    }
}
