//! Bytes that are written one by one: `[90, 107, 57]`, `0x5a 0x6b 0x39`, `"Z", "k", "9"`, `Z-k-9`.

/// The fewest bytes of a list that is worth to be read as text.
const MIN_LENGTH: usize = 4;

/// The most characters between two bytes of a list, such as the indentation of the next line.
const MAX_BETWEEN: usize = 64;

/// A byte of the list, or what stands between two of them; and how many bytes it is written with.
pub(super) type Part = (Option<u8>, usize);

/// Reads the list that begins at a place; empty where none does.
type ReadList = fn(&[u8], usize) -> Vec<Part>;

/// The ways to write a list. One may look like the other, so that each is read by itself.
pub(super) const WAYS: [ReadList; 2] = [elements, spread];

fn begins(text: &[u8], at: usize) -> bool {
    at == 0 || !text[at - 1].is_ascii_alphanumeric()
}

fn long_enough(parts: Vec<Part>) -> Vec<Part> {
    if parts.len() / 2 + 1 >= MIN_LENGTH {
        parts
    } else {
        Vec::new()
    }
}

/// Numbers or quoted characters that begin at `at`, with anything but words between them; empty where there are
/// none.
fn elements(text: &[u8], at: usize) -> Vec<Part> {
    let rest = &text[at..];
    let Some((first, length)) = element(rest).filter(|_| begins(text, at)) else {
        return Vec::new();
    };
    let mut parts = vec![(Some(first), length)];
    let mut at = length;
    while let Some((between, byte, length)) = next_element(&rest[at..]) {
        parts.push((None, between));
        parts.push((Some(byte), length));
        at += between + length;
    }
    long_enough(parts)
}

fn next_element(text: &[u8]) -> Option<(usize, u8, usize)> {
    let between = text
        .iter()
        .take(MAX_BETWEEN)
        .position(|byte| {
            !matches!(byte, b',' | b';' | b':' | b'.' | b'-' | b'|' | b'/' | b'_')
                && !byte.is_ascii_whitespace()
        })
        .filter(|between| *between > 0)?;
    let (byte, length) = element(&text[between..])?;
    Some((between, byte, length))
}

/// A number of up to 255, decimal or hexadecimal, or a character between quotes.
fn element(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [quote @ (b'"' | b'\''), byte, end, ..] if quote == end => Some((*byte, 3)),
        [b'0', b'x' | b'X', digits @ ..] => {
            let (number, length) = number(digits, 2, 16)?;
            Some((number, length + 2))
        }
        _ => number(text, 3, 10),
    }
}

fn number(text: &[u8], most: usize, radix: u32) -> Option<(u8, usize)> {
    let length = text
        .iter()
        .take(most + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let digits = std::str::from_utf8(&text[..length.min(most)]).ok()?;
    let number = u8::from_str_radix(digits, radix).ok()?;
    (length <= most).then_some((number, length))
}

/// Characters that begin at `at`, with the same between each two of them: one character, or one and a space.
fn spread(text: &[u8], at: usize) -> Vec<Part> {
    let rest = &text[at..];
    let width = match rest {
        [_, b' ', ..] => 1,
        [_, separator, b' ', ..] if separator.is_ascii_punctuation() => 2,
        [_, separator, ..] if separator.is_ascii_punctuation() => 1,
        _ => return Vec::new(),
    };
    let Some(between) = rest.get(1..=width).filter(|_| begins(text, at)) else {
        return Vec::new();
    };
    let mut parts = vec![(Some(rest[0]), 1)];
    let mut at = 1;
    while rest[at..].starts_with(between)
        && let Some(byte) = rest.get(at + width).filter(|byte| byte.is_ascii_graphic())
    {
        parts.push((None, width));
        parts.push((Some(*byte), 1));
        at += width + 1;
    }
    long_enough(parts)
}

#[cfg(test)]
mod tests {
    use super::WAYS;

    /// What a text spells out, in whatever way.
    fn joined(text: &str) -> Vec<String> {
        let lists = WAYS.map(|read| read(text.as_bytes(), 0));
        let lists = lists.into_iter().filter(|parts| !parts.is_empty());
        let bytes = lists.map(|parts| parts.into_iter().filter_map(|(byte, _)| byte));
        bytes.map(|bytes| bytes.map(char::from).collect()).collect()
    }

    #[test]
    fn bytes_of_a_list_are_put_together() {
        for text in [
            "90, 107,57,\n   47",
            "0x5a 0x6b 0x39 0x2F",
            "\"Z\", \"k\", \"9\", \"/\"",
            "'Z' 'k' '9' '/'",
            "90.107.57.47",
            "Z k 9 /",
            "Z-k-9-/",
            "Z, k, 9, /",
        ] {
            assert!(joined(text).contains(&"Zk9/".to_owned()), "{text}");
        }
        for text in [
            "90, 107, 57",
            "a word",
            "2026-11-26",
            "1000 1000 1000 1000",
            "",
            "a",
        ] {
            assert_eq!(joined(text), [] as [String; 0], "{text}");
        }
    }
}
