//! The forms of a value in which no character is escaped.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use super::PIECE;

/// A value, and its forms without escapes.
pub(super) fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let base64 = |bytes: &[u8]| [STANDARD_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes)];
    forms.extend(base64(value.as_bytes()));
    // Behind one or two other bytes, such as `Bearer `, base 64 is another one. The characters at both ends
    // are those of the neighbours, too.
    for before in 1..3 {
        let bytes = [&[0; 2][..before], value.as_bytes()].concat();
        let whole = bytes.len() / 3 * 4;
        let inner =
            base64(&bytes).map(|text| text.get(before + 1..whole).unwrap_or_default().to_owned());
        forms.extend(inner);
    }
    let hex: Vec<String> = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    forms.extend(["", " ", ":", "-", ",", ", "].map(|between| hex.join(between)));
    // As dumps have it.
    forms.push(
        hex.chunks(2)
            .map(<[_]>::concat)
            .collect::<Vec<_>>()
            .join(" "),
    );
    if value.len() >= PIECE.0 {
        forms.extend(base64(STANDARD.encode(value).as_bytes()));
        forms.push(base32(value.as_bytes()));
        // Where only letters and digits can stand, such as the name of a header field.
        let slug = |one: char| if one.is_alphanumeric() { one } else { '-' };
        forms.push(value.chars().map(slug).collect());
        forms.push(value.replace(' ', "+"));
        forms.push(value.chars().rev().collect());
        if value.bytes().all(|byte| byte.is_ascii_digit()) {
            forms.extend([",", ".", "_", " ", "'"].map(|between| grouped(value, between)));
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Base 32 without padding (RFC 4648 §6).
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut bits = [0; 8];
        bits[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(bits);
        for place in 0..(group.len() * 8).div_ceil(5) {
            let digit = bits >> (35 - 5 * place) & 31;
            text.push(char::from(
                ALPHABET[usize::try_from(digit).unwrap_or_default()],
            ));
        }
    }
    text
}

/// A number with its digits in threes.
fn grouped(digits: &str, between: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(between);
        }
        text.push(digit);
    }
    text
}
