//! JSON strings without their escapes: the bodies of recordings are mostly JSON within JSON.

/// What the JSON string `raw` says, which was found to be one.
///
/// # Errors
///
/// When it is none, or has half a surrogate pair.
pub(super) fn unescaped(raw: &str) -> Result<String, serde_json::Error> {
    let inside = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let plain = inside.and_then(|inside| without_simple_escapes(inside.as_bytes()));
    match plain.map(String::from_utf8) {
        Some(Ok(text)) => Ok(text),
        // What is left is read by the book.
        _ => serde_json::from_str(raw),
    }
}

/// How many bytes are copied at a time: quotes stand so close in escaped JSON that a search for each costs more.
const STEP: usize = 8;

/// Bytes without their escapes; `None` where there are others than those of one letter.
fn without_simple_escapes(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(rest.len() + STEP);
    while let Some(step) = rest.first_chunk::<STEP>() {
        let different = u64::from_le_bytes(*step) ^ u64::from_le_bytes([b'\\'; STEP]);
        // The lowest bit that is set belongs to the first byte that is zero.
        let zeros = different.wrapping_sub(u64::from_le_bytes([1; STEP]))
            & !different
            & u64::from_le_bytes([0x80; STEP]);
        out.extend_from_slice(step);
        if zeros == 0 {
            rest = &rest[STEP..];
            continue;
        }
        let plain = (zeros.trailing_zeros() / 8) as usize;
        out.truncate(out.len() - STEP + plain);
        out.push(meant(*rest.get(plain + 1)?)?);
        rest = &rest[plain + 2..];
    }
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte == b'\\' {
            let (letter, behind) = rest.split_first()?;
            out.push(meant(*letter)?);
            rest = behind;
        } else {
            out.push(*byte);
        }
    }
    Some(out)
}

/// What an escape of one letter stands for (RFC 8259 §7).
fn meant(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::unescaped;

    #[test]
    fn every_escape_is_undone() {
        for (raw, wanted) in [
            (r#""""#, ""),
            (r#""{\"a\":\"b\\\\c\"}""#, r#"{"a":"b\\c"}"#),
            (r#""\b\f\n\r\t\/\"\\""#, "\u{8}\u{c}\n\r\t/\"\\"),
            (r#""1234567\n1234567\\""#, "1234567\n1234567\\"),
            (r#""ä\u00e4\ud83d\ude00""#, "ää😀"),
        ] {
            assert_eq!(unescaped(raw).ok().as_deref(), Some(wanted), "{raw}");
        }
        for wrong in [r#""\ud800""#, r#""a\"#, "5", r#""\x""#] {
            assert!(unescaped(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in any::<String>()) {
            let raw = serde_json::Value::from(text.as_str()).to_string();
            prop_assert_eq!(unescaped(&raw).ok(), Some(text));
        }
    }
}
