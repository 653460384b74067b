//! Texts as words of a POSIX shell: whatever is in them, the shell neither runs nor changes it.
//!
//! Written for every `sh` (`dash` and `busybox` among them), and for shells that people type into, which
//! expand `!` within double quotes.

use std::fmt::Write as _;

/// A part of a word.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'t> {
    /// As it is.
    Text(&'t [u8]),
    /// The value of a variable, whose name has letters, digits and `_` alone.
    Variable(&'t str),
}

/// A text as one word.
pub(super) fn quote(text: &[u8]) -> String {
    word(&[Part::Text(text)])
}

/// One word of several parts.
pub(super) fn word(parts: &[Part<'_>]) -> String {
    let is_tame = parts.iter().all(|part| match part {
        Part::Text(text) => text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b" :/.,_=?&%;@+~-".contains(byte)),
        Part::Variable(_) => true,
    });
    let has_variable = parts.iter().any(|part| matches!(part, Part::Variable(_)));
    if is_tame && has_variable {
        return in_double_quotes(parts);
    }
    let mut word = String::new();
    for part in parts {
        match part {
            Part::Text(text) => word.push_str(&literal(text)),
            Part::Variable(name) => {
                let _ = write!(word, "\"${name}\"");
            }
        }
    }
    if word.is_empty() {
        "''".to_owned()
    } else {
        word
    }
}

/// Parts in which nothing but the variables means anything to a shell.
fn in_double_quotes(parts: &[Part<'_>]) -> String {
    let mut word = String::from("\"");
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => word.push_str(&String::from_utf8_lossy(text)),
            Part::Variable(name) => {
                let goes_on = |next: &Part<'_>| match next {
                    Part::Text(text) => text
                        .first()
                        .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'),
                    Part::Variable(_) => false,
                };
                let _ = if parts.get(at + 1).is_some_and(goes_on) {
                    write!(word, "${{{name}}}")
                } else {
                    write!(word, "${name}")
                };
            }
        }
    }
    word.push('"');
    word
}

/// A text as it is. One with line breaks, other controls or bytes that are no UTF-8 is printed by `printf`, so
/// that it stands on one line and can be pasted.
fn literal(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) if !text.chars().any(is_unseen) => {
            if text.is_empty() {
                String::new()
            } else {
                // `##[error]` would be a command to whoever reads the log of a job.
                format!("'{}'", text.replace('\'', r"'\''").replace("##", "#''#"))
            }
        }
        _ => {
            // A command substitution drops the line breaks at its end; the last of the three characters that
            // separate words in every shell is one.
            let end = text
                .iter()
                .rposition(|byte| *byte != b'\n')
                .map_or(0, |at| at + 1);
            let printed = format(&text[..end]);
            let breaks = "${IFS#??}".repeat(text.len() - end);
            if printed.is_empty() {
                format!("\"{breaks}\"")
            } else {
                format!("\"$(printf '{printed}'){breaks}\"")
            }
        }
    }
}

/// The format with which `printf` prints these bytes; what stands in single quotes.
pub(super) fn format(bytes: &[u8]) -> String {
    let mut format = String::new();
    for chunk in bytes.utf8_chunks() {
        for one in chunk.valid().chars() {
            match one {
                '\\' => format.push_str("\\\\"),
                '%' => format.push_str("%%"),
                '#' if format.ends_with('#') => format.push_str("\\043"),
                '\'' => format.push_str(r"'\''"),
                // As an option, where it came first.
                '-' if format.is_empty() => format.push_str("\\055"),
                one if is_unseen(one) => {
                    let mut buffer = [0; 4];
                    octal(one.encode_utf8(&mut buffer).as_bytes(), &mut format);
                }
                one => format.push(one),
            }
        }
        octal(chunk.invalid(), &mut format);
    }
    format
}

fn octal(bytes: &[u8], format: &mut String) {
    for byte in bytes {
        let _ = write!(format, "\\{byte:03o}");
    }
}

/// Whether a character is not seen as it is, or changes how others are seen.
fn is_unseen(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_as_far_as_they_need_it() {
        assert_eq!(quote(b""), "''");
        assert_eq!(quote(b"it's"), r"'it'\''s'");
        assert_eq!(quote(b"$(touch x) `y` !z \\"), r"'$(touch x) `y` !z \'");
        assert_eq!(quote(b"a\r\nb%c\\"), r#""$(printf 'a\015\012b%%c\\')""#);
        assert_eq!(quote(b"-\xff"), r#""$(printf '\055\377')""#);
        assert_eq!(quote(b"a\n\n"), r#""$(printf 'a')${IFS#??}${IFS#??}""#);
        assert_eq!(quote(b"\n"), r#""${IFS#??}""#);
        let text = Part::Text(b"Authorization: Bearer ");
        assert_eq!(
            word(&[text, Part::Variable("T")]),
            r#""Authorization: Bearer $T""#
        );
        let parts = [Part::Text(b"a!b="), Part::Variable("T"), Part::Text(b"c")];
        assert_eq!(word(&parts), r#"'a!b='"$T"'c'"#);
        let parts = [Part::Variable("T"), Part::Text(b"c")];
        assert_eq!(word(&parts), r#""${T}c""#);
    }
}
