//! Finds a secret in what is about to be shown, in whatever form it came back.
//!
//! A service may send a secret back encoded, cut, in another case or between other characters. Two things
//! are searched for: pieces of the secret and of its encodings that have no escapes (base 64, hexadecimal),
//! without regard to case, and the same pieces in the text with its escapes undone (percent-encoding,
//! JSON's and HTML's) and its lists of bytes put together, layer by layer. A piece is long enough that no other word is hidden with it, and
//! short enough that what was cut off before it is hidden is found.

mod escapes;
mod forms;
mod layer;
mod lists;

use std::{borrow::Cow, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use forms::forms;
use layer::Layer;

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
    let mut layer = Layer::of(text);
    for left in (0..=MAX_LAYERS).rev() {
        search(finder, &layer, offset, found);
        for list in layer.with_lists_joined() {
            search(finder, &list, offset, found);
        }
        match layer.unescaped().filter(|_| left > 0) {
            Some(below) => layer = below,
            None => break,
        }
    }
}

fn search(finder: &AhoCorasick, layer: &Layer<'_>, offset: usize, found: &mut Vec<Range<usize>>) {
    let matches = finder.find_overlapping_iter(layer.bytes());
    found.extend(matches.map(|at| {
        let source = layer.source(at.start()..at.end());
        source.start + offset..source.end + offset
    }));
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
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    const SECRET: &str = "Zk9/x+Q=pL7&mN3<wR5";

    fn hidden(text: &str) -> String {
        let mut disguises = Disguises::default();
        disguises.learn(SECRET);
        disguises.hide(text, ShortValues::Hidden).into_owned()
    }

    fn spread(between: &str, each: fn(u8) -> String) -> String {
        let parts: Vec<_> = SECRET.bytes().map(each).collect();
        parts.join(between)
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
            "Zk9&sol;x&plus;Q&equals;pL7&amp;mN3&lt;wR5".to_owned(),
            spread(", ", |byte| byte.to_string()),
            spread(",\n        ", |byte| byte.to_string()),
            spread("\\n  ", |byte| byte.to_string()),
            spread(" ", |byte| format!("0x{byte:02X}")),
            spread(", ", |byte| format!("\"{}\"", char::from(byte))),
            spread(",", |byte| format!("\"{}\"", char::from(byte))),
            spread(" ", |byte| char::from(byte).to_string()),
            spread("-", |byte| char::from(byte).to_string()),
            spread("", |byte| format!("%u{byte:04x}")),
            spread("", |byte| format!("{}\0", char::from(byte))),
            spread("\\u0000", |byte| char::from(byte).to_string()),
            SECRET
                .chars()
                .filter_map(|one| char::from_u32(u32::from(one) + 0xfee0))
                .collect(),
            SECRET.chars().rev().collect(),
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
