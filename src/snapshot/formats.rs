//! Which format a string is of, by its look alone.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The word for a string of no known format.
pub(super) const TEXT: &str = "text";

/// The formats that are told apart, the most particular first. An address of mail or of a host is what somebody typed, where
/// another text may stand next time.
const FORMATS: &[&str] = &["date-time", "date", "uuid", "uri"];

/// Whether a format is one that is told apart. A snapshot of before may hold others.
pub(super) fn is_told_apart(format: &str) -> bool {
    FORMATS.contains(&format)
}

/// The format of a string: one of a few that are never met by accident, else [`TEXT`].
pub(super) fn format_of(text: &str) -> &'static str {
    static VALIDATORS: LazyLock<Vec<(&'static str, Validator)>> = LazyLock::new(|| {
        FORMATS
            .iter()
            .filter_map(|format| {
                let options = jsonschema::options().should_validate_formats(true);
                Some((*format, options.build(&json!({ "format": format })).ok()?))
            })
            .collect()
    });
    if !may_have_format(text) {
        return TEXT;
    }
    let value = Value::String(text.to_owned());
    VALIDATORS
        .iter()
        .find(|(format, validator)| {
            validator.is_valid(&value) && (*format != "uri" || text.contains("://"))
        })
        .map_or(TEXT, |(format, _)| format)
}

/// Whether looking closer is worth it: every known format has a digit and a separator, or a sign of
/// its own.
fn may_have_format(text: &str) -> bool {
    text.len() >= 5
        && text.len() <= 2048
        && (text.contains("://")
            || text.starts_with(|first: char| first.is_ascii_hexdigit())
                && text.contains(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_seen_and_words_are_text() {
        for (text, format) in [
            ("2025-03-27T20:46:31Z", "date-time"),
            ("2025-03-27", "date"),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "uuid"),
            ("https://example.com/file1.csv", "uri"),
            ("a@example.com", TEXT),
            ("10.0.0.1", TEXT),
            ("completed", TEXT),
            ("cost-report", TEXT),
            ("1.5", TEXT),
            ("", TEXT),
        ] {
            assert_eq!(format_of(text), format, "{text}");
        }
    }
}
