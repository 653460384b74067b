//! Where a JSON object or array ends, found by quotes and brackets alone, 64 bytes at a time.

/// Bytes that are looked at together, one bit of a number for each.
const LANES: usize = 64;

/// How far a scan has come in a value.
#[derive(Debug, Default)]
pub(super) struct Extent {
    depth: usize,
    is_in_string: bool,
    /// Whether the next byte stands behind a backslash that counts.
    is_escaped: bool,
}

impl Extent {
    /// Goes through the bytes that follow; where the value ends among them, the place behind its end.
    pub(super) fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<LANES>) {
            if let Some(end) = self.end_in_chunk(chunk) {
                return Some(at + end);
            }
            at += LANES;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let end = rest.iter().position(|byte| self.ends_with(*byte));
        end.map(|end| at + end + 1)
    }

    /// Goes over one byte; answers whether the value ends with it.
    fn ends_with(&mut self, byte: u8) -> bool {
        if std::mem::take(&mut self.is_escaped) {
            return false;
        }
        match byte {
            b'"' => self.is_in_string = !self.is_in_string,
            b'\\' => self.is_escaped = self.is_in_string,
            b'{' | b'[' if !self.is_in_string => self.depth += 1,
            b'}' | b']' if !self.is_in_string => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }

    fn end_in_chunk(&mut self, chunk: &[u8; LANES]) -> Option<usize> {
        let seen = Seen::of(chunk);
        // A backslash outside of strings is no JSON; which entry it breaks is told by whoever reads the entry.
        if seen.backslashes != 0 && (!self.is_in_string && seen.quotes == 0) {
            return self.end_byte_by_byte(chunk);
        }
        let (escaped, is_escaped) = escaped(seen.backslashes, self.is_escaped);
        let quotes = seen.quotes & !escaped;
        let flipped = running_parity(quotes);
        let strings = if self.is_in_string { !flipped } else { flipped };
        if seen.backslashes & !strings != 0 {
            return self.end_byte_by_byte(chunk);
        }
        self.is_escaped = is_escaped;
        self.is_in_string = strings >> (LANES - 1) == 1;
        let closing = seen.closing & !strings;
        let mut brackets = (seen.opening | seen.closing) & !strings;
        while brackets != 0 {
            let place = brackets.trailing_zeros();
            if (closing >> place) & 1 == 1 {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(place as usize + 1);
                }
            } else {
                self.depth += 1;
            }
            brackets &= brackets - 1;
        }
        None
    }

    fn end_byte_by_byte(&mut self, chunk: &[u8; LANES]) -> Option<usize> {
        let end = chunk.iter().position(|byte| self.ends_with(*byte));
        end.map(|end| end + 1)
    }
}

/// Which of 64 bytes are of a kind, the first by the lowest bit.
#[derive(Default)]
struct Seen {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Seen {
    fn of(chunk: &[u8; LANES]) -> Self {
        let mut seen = Self::default();
        let (words, _) = chunk.as_chunks::<8>();
        for (place, word) in (0..).step_by(8).zip(words) {
            let word = u64::from_le_bytes(*word);
            // Round and curly brackets differ in one bit that no other byte has beside these.
            let folded = word | repeated(0x20);
            seen.quotes |= equal(word, b'"') << place;
            seen.backslashes |= equal(word, b'\\') << place;
            seen.opening |= equal(folded, b'{') << place;
            seen.closing |= equal(folded, b'}') << place;
        }
        seen
    }
}

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Which of eight bytes are a given one, as eight bits.
fn equal(word: u64, byte: u8) -> u64 {
    let different = word ^ repeated(byte);
    let low = repeated(0x7f);
    // The highest bit of each byte is set where the byte is zero.
    let zeros = !(((different & low) + low) | different | low);
    // Each of these bits is moved to its place in the highest byte.
    (zeros >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Which bytes stand behind a backslash that counts, and whether the first byte behind them does.
fn escaped(mut backslashes: u64, mut is_escaped: bool) -> (u64, bool) {
    let mut escaped = u64::from(is_escaped);
    backslashes &= !escaped;
    is_escaped = false;
    while backslashes != 0 {
        let lowest = backslashes & backslashes.wrapping_neg();
        let behind = lowest << 1;
        is_escaped = behind == 0;
        escaped |= behind;
        backslashes &= !(lowest | behind);
    }
    (escaped, is_escaped)
}

/// For each bit, whether the number of bits set up to it is odd.
fn running_parity(mut bits: u64) -> u64 {
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Extent, LANES};

    /// Where the value ends when no more than `step` bytes are looked at at a time.
    fn end(text: &[u8], step: usize) -> Option<usize> {
        let mut extent = Extent::default();
        let mut passed = 0;
        for part in text.chunks(step) {
            if let Some(end) = extent.end_in(part) {
                return Some(passed + end);
            }
            passed += part.len();
        }
        None
    }

    #[test]
    fn quotes_and_brackets_in_strings_do_not_count() {
        let text = br#"{"a": "]}\"", "b": [{"\\": "\\\\"}, "{"], "c": "\u0022}"} , {"#;
        let wanted = text.len() - 4;
        for step in [1, 3, 7, LANES, 1_000] {
            assert_eq!(end(text, step), Some(wanted), "{step}");
        }
        assert_eq!(end(&text[..wanted - 1], 5), None);
    }

    proptest! {
        #[test]
        fn many_bytes_at_once_are_as_one_after_another(
            text in prop::collection::vec(prop::sample::select(br#"{}[]"\a,"#.to_vec()), 0..300),
        ) {
            let whole: Vec<u8> = b"[".iter().chain(&text).copied().collect();
            prop_assert_eq!(end(&whole, whole.len()), end(&whole, 1));
        }
    }
}
