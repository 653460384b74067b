//! JSON that a reader of doubles and of Unicode text refuses, or reads as something else.
//!
//! RFC 8259 sets no limit to a number (§6) and lets a string have half a surrogate pair (§8.2). Numbers that
//! no double tells apart are read as doubles that stand for them, and their digits kept beside; half a pair
//! is read as a character for private use, one for each, so that two names of an object stay two.

use std::borrow::Cow;

use serde_json::Value;

use crate::contract::Digits;

/// The first of the characters that stand for halves of surrogate pairs (Unicode §23.5).
const PRIVATE: u32 = 0xF_0000;

/// The digits of the numbers that doubles stand for in values that were read from a text; none where no
/// value needs them.
pub(crate) fn digits_of(values: &[Value], bytes: &[u8]) -> Digits {
    let mut digits = Digits::default();
    if values.iter().any(Digits::are_needed_for)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        readable(text, &mut digits);
    }
    digits
}

/// A text whose numbers and escapes can be read; what is no JSON stays as it is.
pub(super) fn readable<'t>(text: &'t str, digits: &mut Digits) -> Cow<'t, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut replace = |from: usize, to: usize, with: &str| {
        out.push_str(&text[copied..from]);
        out.push_str(with);
        copied = to;
    };
    let mut is_in_string = false;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                is_in_string = !is_in_string;
                at += 1;
            }
            b'\\' if is_in_string => match unit_at(text, at) {
                Some(0xD800..=0xDBFF)
                    if unit_at(text, at + 6)
                        .is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) =>
                {
                    at += 12;
                }
                Some(half @ 0xD800..=0xDFFF) => {
                    let stand_in = char::from_u32(PRIVATE + u32::from(half - 0xD800));
                    replace(
                        at,
                        at + 6,
                        stand_in.unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]),
                    );
                    at += 6;
                }
                _ => at += 2,
            },
            b'-' | b'0'..=b'9' if !is_in_string => {
                let length = bytes[at..]
                    .iter()
                    .take_while(|byte| {
                        matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
                    })
                    .count();
                let number = &text[at..at + length];
                if is_number(number)
                    && let Some(stand_in) =
                        digits.stand_in(number, |text| serde_json::from_str(text).ok())
                {
                    replace(at, at + length, &stand_in);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The UTF-16 code unit that is escaped at a place.
fn unit_at(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// Whether a text is a number of JSON (RFC 8259 §6).
pub(super) fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::{Digits, is_number, readable};

    #[test]
    fn what_is_read_as_it_is_stays_as_it_is() {
        for text in [
            r#"{"a": [1, -2.5e3, "1e400", "\"1e400", 18446744073709551615]}"#,
            r#""\ud83d\ude00 \\ud800""#,
            "01e400",
            "1e400x1e",
            "\"\\u12",
        ] {
            let read = readable(text, &mut Digits::default());
            assert!(text == "1e400x1e" || read == text, "{text} {read}");
        }
    }

    #[test]
    fn numbers_and_halves_of_pairs_are_replaced() {
        let read = |text| readable(text, &mut Digits::default()).into_owned();
        assert_eq!(
            read("[1e400,-1e400]"),
            "[1.7976931348623157e308,-1.7976931348623157e308]"
        );
        assert_eq!(
            read(r#"["\ud800","\udc00x"]"#),
            "[\"\u{F0000}\",\"\u{F0400}x\"]"
        );
        assert_eq!(
            read(r#""\ud800\ud83d\ude00""#),
            "\"\u{F0000}\\ud83d\\ude00\""
        );
    }

    #[test]
    fn numbers_are_those_of_json() {
        for text in ["0", "-0", "10.5", "1e400", "1E+2", "0.0e-1"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "01", "1.", ".5", "1e", "+1", "1e1.5", "1-2"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
