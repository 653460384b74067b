//! Finds a secret in what is about to be shown, in whatever form it came back.
//!
//! A service may send a secret back encoded, cut, in another case or between other characters. Two things
//! are searched for: pieces of the secret and of its encodings that have no escapes (base 64, hexadecimal),
//! without regard to case, and the same pieces in the text with its escapes undone (percent-encoding,
//! JSON's and HTML's), layer by layer. A piece is long enough that no other word is hidden with it, and
//! short enough that what was cut off before it is hidden is found.

use std::{borrow::Cow, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// What stands where something was hidden.
pub(super) const HIDDEN: &str = "REDACTED";

/// What is shorter than this is not hidden in what comes back: whoever wants it has guessed it before
/// reading a report, and a report without the word `a` nobody can read.
const MIN_HIDDEN: usize = 3;

/// What is shorter than this is hidden only where it stands by itself: within other words it is a
/// syllable of theirs.
const MIN_WITHIN_WORDS: usize = 6;

/// The shortest and the longest piece that is searched for, in bytes; half of a form between them.
const PIECE: (usize, usize) = (8, 16);

/// How many layers of escapes are undone, such as JSON in JSON in a query.
const MAX_LAYERS: usize = 4;

/// How much text is looked at in one go, in bytes, and how much of it again with the next: what undoing
/// escapes costs in memory is bounded by it.
const CHUNK: usize = 256 << 10;
const OVERLAP: usize = 4 << 10;

/// The forms of the values that a secret ever had.
#[derive(Default)]
pub(super) struct Disguises {
    pieces: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
    /// Forms too short to be searched for within words, longest first.
    short: Vec<String>,
}

/// Whether values that are shorter than most words are hidden too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortValues {
    /// Where they stand by themselves.
    Hidden,
    /// For names, of which the contract's own may well be the same word.
    Kept,
}

impl Disguises {
    /// Remembers a value in every form.
    pub(super) fn learn(&mut self, value: &str) {
        for form in forms(value) {
            match form.len() {
                0..MIN_HIDDEN => {}
                MIN_HIDDEN..MIN_WITHIN_WORDS => self.short.push(form),
                length => {
                    let piece = (length / 2).clamp(PIECE.0, PIECE.1).min(length);
                    self.pieces
                        .extend(form.as_bytes().windows(piece).map(<[u8]>::to_vec));
                }
            }
        }
        self.short
            .sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.short.dedup();
        self.pieces.sort_unstable();
        self.pieces.dedup();
        // Fails only for more pieces than 2^31, which no header carries.
        self.finder = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(&self.pieces)
            .ok()
            .filter(|_| !self.pieces.is_empty());
    }

    /// The text with every form taken out.
    pub(super) fn hide<'t>(&self, text: &'t str, short_values: ShortValues) -> Cow<'t, str> {
        let mut shown = self.hide_pieces(text);
        if short_values == ShortValues::Hidden {
            for form in &self.short {
                if let Some(hidden) = without_word(&shown, form) {
                    shown = Cow::Owned(hidden);
                }
            }
        }
        shown
    }

    fn hide_pieces<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(finder) = &self.finder else {
            return Cow::Borrowed(text);
        };
        let mut found = Vec::new();
        let mut from = 0_usize;
        loop {
            let end = ceil_boundary(text, from.saturating_add(CHUNK));
            found_in(finder, &text[from..end], from, &mut found);
            if end == text.len() {
                break;
            }
            from = ceil_boundary(text, end - OVERLAP);
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(without(text, found))
    }
}

/// The ranges of a text in which a piece stands, escaped or not; `offset` is where the text begins.
fn found_in(finder: &AhoCorasick, text: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    let plain = finder.find_overlapping_iter(text.as_bytes());
    found.extend(plain.map(|at| at.start() + offset..at.end() + offset));
    let mut layer = None;
    for _ in 0..MAX_LAYERS {
        let Some(next) = Layer::below(text, layer.as_ref()) else {
            break;
        };
        let matches = finder.find_overlapping_iter(&next.bytes);
        found.extend(matches.map(|at| {
            let source = next.source(at.start()..at.end());
            source.start + offset..source.end + offset
        }));
        layer = Some(next);
    }
}

/// The text without these ranges, which are widened to whole characters.
fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut shown = String::with_capacity(text.len());
    let mut kept = 0;
    let mut ranges = found.into_iter().peekable();
    while let Some(range) = ranges.next() {
        let mut end = range.end;
        while let Some(next) = ranges.next_if(|next| next.start <= end) {
            end = end.max(next.end);
        }
        let start = floor_boundary(text, range.start).max(kept);
        shown.push_str(&text[kept..start]);
        shown.push_str(HIDDEN);
        kept = ceil_boundary(text, end).max(start);
    }
    shown.push_str(&text[kept..]);
    shown
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The next place between two characters, at most the text's end.
fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}

/// A text with one more layer of escapes undone.
struct Layer {
    bytes: Vec<u8>,
    /// Where in the text each byte comes from.
    sources: Vec<(u32, u32)>,
}

impl Layer {
    /// The layer below another one, or below the text itself; `None` when nothing is escaped there.
    fn below(text: &str, above: Option<&Self>) -> Option<Self> {
        let bytes = above.map_or(text.as_bytes(), |above| &above.bytes);
        let source = |at: usize| match above {
            Some(above) => above.sources[at],
            // A chunk is far shorter than 2^32 bytes.
            None => (
                u32::try_from(at).unwrap_or(u32::MAX),
                u32::try_from(at + 1).unwrap_or(u32::MAX),
            ),
        };
        let mut below = Self {
            bytes: Vec::with_capacity(bytes.len()),
            sources: Vec::with_capacity(bytes.len()),
        };
        let mut is_changed = false;
        let mut at = 0;
        while at < bytes.len() {
            let Some((meant, length)) = unescaped(&bytes[at..]) else {
                below.bytes.push(bytes[at]);
                below.sources.push(source(at));
                at += 1;
                continue;
            };
            let place = (source(at).0, source(at + length - 1).1);
            match meant {
                Meant::Byte(byte) => {
                    below.bytes.push(byte);
                    below.sources.push(place);
                }
                Meant::Character(character) => {
                    let mut buffer = [0; 4];
                    for byte in character.encode_utf8(&mut buffer).bytes() {
                        below.bytes.push(byte);
                        below.sources.push(place);
                    }
                }
                Meant::Nothing => {}
            }
            is_changed = true;
            at += length;
        }
        is_changed.then_some(below)
    }

    fn source(&self, range: Range<usize>) -> Range<usize> {
        let as_index = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        as_index(self.sources[range.start].0)..as_index(self.sources[range.end - 1].1)
    }
}

/// What an escape means.
enum Meant {
    Byte(u8),
    Character(char),
    Nothing,
}

/// The escape with which a text begins: what it means, and its length.
fn unescaped(text: &[u8]) -> Option<(Meant, usize)> {
    match text[0] {
        b'%' => Some((
            Meant::Byte(hexadecimal(text.get(1..3)?)?.try_into().ok()?),
            3,
        )),
        b'\\' => backslash(text),
        b'&' => entity(text),
        // Quoted-printable (RFC 2045 §6.7).
        b'=' => Some((
            Meant::Byte(hexadecimal(text.get(1..3)?)?.try_into().ok()?),
            3,
        )),
        // A space of no width (U+200B) and its like only hide what stands around them.
        0xe2 if [[0x80, 0x8b], [0x80, 0x8c], [0x80, 0x8d], [0x81, 0xa0]]
            .iter()
            .any(|rest| text[1..].starts_with(rest)) =>
        {
            Some((Meant::Nothing, 3))
        }
        _ => None,
    }
}

/// An escape as JSON, JavaScript and Rust write it.
fn backslash(text: &[u8]) -> Option<(Meant, usize)> {
    let code = |digits: &[u8], length| {
        let character = char::from_u32(hexadecimal(digits)?)?;
        Some((Meant::Character(character), length))
    };
    match text.get(1)? {
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(10).position(|byte| *byte == b'}')?;
            code(&text[3..end], end + 1)
        }
        b'u' => code(text.get(2..6)?, 6),
        b'x' => code(text.get(2..4)?, 4),
        b'0'..=b'3' => {
            let digits = std::str::from_utf8(text.get(1..4)?).ok()?;
            Some((Meant::Byte(u8::from_str_radix(digits, 8).ok()?), 4))
        }
        b'n' => Some((Meant::Byte(b'\n'), 2)),
        b'r' => Some((Meant::Byte(b'\r'), 2)),
        b't' => Some((Meant::Byte(b'\t'), 2)),
        escaped @ (b'"' | b'\'' | b'\\' | b'/') => Some((Meant::Byte(*escaped), 2)),
        _ => None,
    }
}

/// A character reference as HTML and XML write it.
fn entity(text: &[u8]) -> Option<(Meant, usize)> {
    let end = text.iter().take(12).position(|byte| *byte == b';')?;
    let character = match &text[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hexadecimal(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    };
    Some((Meant::Character(character), end + 1))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A value, and its forms without escapes.
fn forms(value: &str) -> Vec<String> {
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
    if value.len() >= PIECE.0 {
        let hex: Vec<String> = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.extend(["", " ", ":", "-"].map(|between| hex.join(between)));
        forms.extend(base64(STANDARD.encode(value).as_bytes()));
        forms.push(base32(value.as_bytes()));
        // Where only letters and digits can stand, such as the name of a header field.
        let slug = |one: char| if one.is_alphanumeric() { one } else { '-' };
        forms.push(value.chars().map(slug).collect());
        let spaced: Vec<String> = value.chars().map(String::from).collect();
        forms.push(spaced.join(" "));
        forms.push(value.replace(' ', "+"));
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

/// The text with a word taken out wherever it stands by itself; `None` where it nowhere does.
fn without_word(text: &str, word: &str) -> Option<String> {
    let mut shown = String::new();
    let mut kept = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        if ends_a_word(&text[..at]) && !text[end..].starts_with(is_of_word) {
            shown.push_str(&text[kept..at]);
            shown.push_str(HIDDEN);
            kept = end;
        }
    }
    shown.push_str(&text[kept..]);
    (kept > 0).then_some(shown)
}

fn is_of_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_' || one == '-'
}

/// Whether what comes next begins a word of its own. The last letter of `%22`, of `\n` and of `\u{1b}`
/// is not one of a word.
fn ends_a_word(before: &str) -> bool {
    if !before.ends_with(is_of_word) {
        return true;
    }
    let is_hexadecimal = |text: &str| text.bytes().all(|one| one.is_ascii_hexdigit());
    let mut ends = before.char_indices().rev();
    let second = ends.nth(1).map_or("", |(at, _)| &before[at..]);
    let third = ends.next().map_or("", |(at, _)| &before[at..]);
    ["\\n", "\\r", "\\t", "\\b", "\\f"].contains(&second)
        || third.strip_prefix('%').is_some_and(is_hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Zk9/x+Q=pL7&mN3<wR5";

    fn hidden(text: &str) -> String {
        let mut disguises = Disguises::default();
        disguises.learn(SECRET);
        disguises.hide(text, ShortValues::Hidden).into_owned()
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_in_which_it_may_come_back() {
        let escaped: String = SECRET
            .chars()
            .map(|one| format!("\\u{:04x}", u32::from(one)))
            .collect();
        let entities: String = SECRET
            .chars()
            .map(|one| format!("&#{};", u32::from(one)))
            .collect();
        let json = serde_json::to_string(&serde_json::json!({ "b": SECRET })).expect("JSON");
        for form in [
            SECRET.to_uppercase(),
            SECRET.to_lowercase(),
            percent(SECRET),
            percent(&percent(SECRET)),
            escaped.clone(),
            escaped.replace('\\', "\\\\"),
            entities,
            "Zk9/x+Q=pL7&amp;mN3&lt;wR5".to_owned(),
            SECRET.replace('/', "\\/"),
            STANDARD.encode(SECRET),
            STANDARD.encode(format!("Bearer {SECRET}")),
            STANDARD.encode(format!("x{SECRET}yy")),
            STANDARD.encode(STANDARD.encode(SECRET)),
            SECRET.bytes().map(|byte| format!("{byte:02X}")).collect(),
            SECRET.bytes().map(|byte| format!("{byte:02x} ")).collect(),
            SECRET.bytes().map(|byte| format!("={byte:02X}")).collect(),
            SECRET.bytes().map(|byte| format!("\\{byte:03o}")).collect(),
            "LJVTSL3YFNIT24CMG4TG2TRTHR3VENI=".to_owned(),
            "Zk9-x-Q-pL7-mN3-wR5".to_owned(),
            format!("{:?}", format!("{json:?}")),
            SECRET[3..].to_owned(),
            SECRET[..SECRET.len() - 3].to_owned(),
        ] {
            let text = format!("before {form} behind");
            let shown = hidden(&text);
            assert!(
                shown.starts_with("before ") && shown.ends_with(" behind"),
                "{form}: {shown}"
            );
            // At most the ends of an encoding are left, of which nothing can be made.
            assert!(
                shown.len() < "before  behind".len() + HIDDEN.len() + 32,
                "{form}: {shown}"
            );
            assert!(shown.contains(HIDDEN), "{form}: {shown}");
        }
    }

    #[test]
    fn what_is_cut_off_is_hidden_up_to_the_cut() {
        let long: String = (0..400_u32)
            .map(|at| char::from(b'a' + u8::try_from(at * at % 23).unwrap_or(0)))
            .collect();
        let mut disguises = Disguises::default();
        disguises.learn(&long);
        let shown = disguises.hide(&long[..99], ShortValues::Kept);
        assert_eq!(shown, HIDDEN);
    }

    #[test]
    fn other_text_is_left_as_it_is() {
        for text in [
            "",
            "Zk9/x+Q",
            "100%",
            "a & b \\ c",
            "%zz &unknown; \\q \\u12 &#xffffffff; %",
            "ünï\u{200b}cödé",
        ] {
            assert_eq!(hidden(text), text);
        }
    }

    #[test]
    fn a_long_text_is_searched_piece_by_piece() {
        for at in [CHUNK - 5, CHUNK - OVERLAP - 5, CHUNK, 2 * CHUNK] {
            let text = format!(
                "{}é{}é{}",
                "ä".repeat(at / 2),
                percent(SECRET),
                "x".repeat(100)
            );
            let shown = hidden(&text);
            assert!(
                shown.ends_with(&format!("é{HIDDEN}é{}", "x".repeat(100))),
                "{at}"
            );
        }
    }
}
