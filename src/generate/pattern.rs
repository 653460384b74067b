//! Strings that match a regular expression, drawn from its syntax tree.

use proptest::test_runner::{RngAlgorithm, TestRng};
use regex_syntax::{
    ParserBuilder,
    hir::{Class, ClassUnicodeRange, Hir, HirKind},
};

use super::random::{below, between};

/// The longest string that is drawn, in bytes.
const MAX_BYTES: usize = 100_000;

/// How many parts of a pattern are written for one string, each as often as it is repeated.
const MAX_PARTS: usize = 400_000;

/// How often an unbounded repetition repeats at most, unless more is asked for.
const USUAL_REPEATS: u32 = 6;

/// How much more often than it must a repetition repeats in the longest strings.
const LONG_REPEATS: u32 = 64;

/// A pattern that strings are drawn from. What is drawn may still miss what the syntax tree cannot
/// say (look-around); whoever draws asks the validator.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    hir: Hir,
    /// Whether text may stand before and behind what matches.
    open_start: bool,
    open_end: bool,
}

impl Pattern {
    /// Reads an ECMA-262 pattern; `None` where it cannot be read.
    pub(super) fn parse(pattern: &str) -> Option<Self> {
        let translated = translate(pattern);
        let hir = ParserBuilder::new()
            .unicode(true)
            .build()
            .parse(&translated)
            .ok()?;
        let starts = hir.properties().look_set_prefix().contains_anchor();
        let ends = hir.properties().look_set_suffix().contains_anchor();
        Some(Self {
            hir,
            open_start: !starts,
            open_end: !ends,
        })
    }

    /// Whether all that matches is longer than anything that is drawn.
    pub(super) fn is_beyond_drawing(&self) -> bool {
        (self.hir.properties().minimum_len()).is_some_and(|least| least > MAX_BYTES)
    }

    /// A string that matches, and has a length in characters from `least` to `most` where that can
    /// be had by repeating more or less.
    pub(super) fn draw(&self, rng: &mut TestRng, least: usize, most: usize) -> String {
        let mut text = String::new();
        // A least length needs more repeats than usual; one attempt in three keeps them few.
        let repeats = match below(rng, 3) {
            0 => 1,
            1 => USUAL_REPEATS,
            _ => u32::try_from(least.clamp(6, 4096)).unwrap_or(USUAL_REPEATS),
        };
        let mut left = MAX_PARTS;
        let hir = self.half_anchored(rng).unwrap_or(&self.hir);
        write(hir, rng, Repeats::About(repeats), &mut left, &mut text);
        if hir.properties().look_set().is_empty() && self.is_half_anchored() && below(rng, 2) == 0 {
            // Any text may stand around what is not anchored, which hardly anybody meant.
            text = format!("{}{text}{}", surroundings(rng), surroundings(rng));
        }
        let length = text.chars().count();
        if length < least && least <= MAX_BYTES && (self.open_end || self.open_start) {
            let missing = "a".repeat(least - length);
            return if self.open_end {
                text + &missing
            } else {
                missing + &text
            };
        }
        if length > most && most > 0 {
            // Shorter attempts come by themselves; the shortest comes here.
            return self.shortest();
        }
        text
    }

    /// Whether some alternatives are anchored and others are not, as of `^"[0-9]+"$|\*`.
    fn is_half_anchored(&self) -> bool {
        let HirKind::Alternation(branches) = self.hir.kind() else {
            return false;
        };
        let is_anchored = |branch: &Hir| !branch.properties().look_set().is_empty();
        branches.iter().any(is_anchored) && !branches.iter().all(is_anchored)
    }

    /// One of the alternatives, where only some are anchored.
    fn half_anchored(&self, rng: &mut TestRng) -> Option<&Hir> {
        let HirKind::Alternation(branches) = self.hir.kind() else {
            return None;
        };
        let is_half = self.is_half_anchored();
        is_half.then(|| branches.get(below(rng, branches.len())))?
    }

    /// The shortest strings of alternatives that no anchor holds, with other text behind and before: hardly anybody
    /// means to allow it.
    pub(super) fn surrounded(&self) -> Vec<String> {
        let whole = std::slice::from_ref(&self.hir);
        let branches = match self.hir.kind() {
            HirKind::Alternation(branches) => branches.as_slice(),
            _ => whole,
        };
        let free = branches
            .iter()
            .filter(|branch| branch.properties().look_set().is_empty());
        free.take(MAX_SURROUNDED)
            .map(|branch| fixed(branch, 0))
            .flat_map(|text| [format!("{text}a"), format!("a{text}")])
            .collect()
    }

    /// The string with the fewest repetitions, always the same one.
    pub(super) fn shortest(&self) -> String {
        self.fixed(0)
    }

    /// A string with many repetitions, always the same one.
    pub(super) fn longest(&self) -> String {
        self.fixed(LONG_REPEATS)
    }

    fn fixed(&self, repeats: u32) -> String {
        fixed(&self.hir, repeats)
    }
}

/// The string of a pattern with so many repetitions, always the same one.
fn fixed(hir: &Hir, repeats: u32) -> String {
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]);
    let mut text = String::new();
    let mut left = MAX_PARTS;
    write(
        hir,
        &mut rng,
        Repeats::Exactly(repeats),
        &mut left,
        &mut text,
    );
    text
}

/// How many alternatives get other text around them.
const MAX_SURROUNDED: usize = 3;

/// A few characters that services stumble over.
fn surroundings(rng: &mut TestRng) -> String {
    const ODD: &[char] = &['%', '{', '}', '"', '?', 'a', '7'];
    (0..below(rng, 4))
        .map(|_| ODD[below(rng, ODD.len())])
        .collect()
}

/// How often what may repeat does.
#[derive(Clone, Copy)]
enum Repeats {
    /// From the least to about this much more.
    About(u32),
    /// This much more than the least, as far as the pattern allows.
    Exactly(u32),
}

/// `left` counts the parts that may still be written: what matches the empty text can be repeated without
/// end.
fn write(hir: &Hir, rng: &mut TestRng, repeats: Repeats, left: &mut usize, text: &mut String) {
    if text.len() > MAX_BYTES || *left == 0 {
        return;
    }
    *left -= 1;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(character(class, rng)),
        HirKind::Repetition(repetition) => {
            let least = repetition.min;
            let greatest = repetition.max.unwrap_or(u32::MAX);
            let times = match repeats {
                Repeats::Exactly(more) => i128::from(least.saturating_add(more).min(greatest)),
                Repeats::About(usual) => {
                    let bounded = if repetition.max.is_some() { 4 } else { 1 };
                    let most = least.saturating_add(usual.saturating_mul(bounded));
                    between(rng, i128::from(least), i128::from(most.min(greatest)))
                }
            };
            for _ in 0..times.min(8192) {
                if text.len() > MAX_BYTES || *left == 0 {
                    return;
                }
                write(&repetition.sub, rng, repeats, left, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, rng, repeats, left, text),
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, rng, repeats, left, text);
            }
        }
        HirKind::Alternation(branches) => {
            if let Some(branch) = branches.get(below(rng, branches.len())) {
                write(branch, rng, repeats, left, text);
            }
        }
    }
}

/// A character of a class, a plain one where there is one.
fn character(class: &Class, rng: &mut TestRng) -> Option<char> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let ranges = class.ranges();
    let plain: Vec<(char, char)> = [('a', 'z'), ('0', '9'), ('A', 'Z'), ('!', '~')]
        .iter()
        .flat_map(|(low, high)| {
            ranges
                .iter()
                .map(move |range| (range.start().max(*low), range.end().min(*high)))
                .filter(|(start, end)| start <= end)
        })
        .collect();
    let has_space = |range: &ClassUnicodeRange| range.start() <= ' ' && ' ' <= range.end();
    // Readers differ about white space beyond ASCII; what is drawn, all of them take.
    if plain.is_empty() && ranges.iter().any(has_space) {
        return Some(' ');
    }
    let (start, end) = if plain.is_empty() || below(rng, 24) == 0 {
        let range = ranges.get(below(rng, ranges.len()))?;
        (range.start(), range.end())
    } else {
        plain[below(rng, plain.len())]
    };
    let code = between(
        rng,
        i128::from(u32::from(start)),
        i128::from(u32::from(end)),
    );
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .or(Some(start))
}

/// The differences between ECMA-262 and Rust's syntax that patterns in documents really have;
/// look-around is left out, and the validator sees to it.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = ["(?=", "(?!", "(?<=", "(?<!"]
            .iter()
            .find_map(|opening| rest.strip_prefix(opening))
        {
            rest = behind_group(behind);
            continue;
        }
        if let Some(behind) = rest.strip_prefix('\\') {
            let escaped = behind.chars().next().unwrap_or('\\');
            match escaped {
                'd' => out.push_str("[0-9]"),
                'w' => out.push_str("[A-Za-z0-9_]"),
                'D' => out.push_str("[^0-9]"),
                'W' => out.push_str("[^A-Za-z0-9_]"),
                // Readers differ about white space beyond ASCII; what is drawn, all of them take.
                's' => out.push(' '),
                '/' => out.push('/'),
                'c' => {
                    let letter = behind.chars().nth(1).unwrap_or('@');
                    let code = u32::from(letter) % 32;
                    out.push_str("\\x");
                    out.push(char::from_digit(code / 16, 16).unwrap_or('0'));
                    out.push(char::from_digit(code % 16, 16).unwrap_or('0'));
                    rest = &behind[(1 + letter.len_utf8()).min(behind.len())..];
                    continue;
                }
                // An identity escape of ECMA-262, which Rust refuses for letters and some signs.
                other if !other.is_ascii_alphanumeric() => {
                    out.push_str(&regex_syntax::escape(&other.to_string()));
                }
                other => {
                    out.push('\\');
                    out.push(other);
                }
            }
            rest = &behind[escaped.len_utf8().min(behind.len())..];
            continue;
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// What stands behind the group that begins before `text`.
fn behind_group(text: &str) -> &str {
    let mut depth = 1;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return &text[at + 1..];
                }
            }
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(pattern: &str) -> String {
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        Pattern::parse(pattern)
            .unwrap_or_else(|| panic!("{pattern}"))
            .draw(&mut rng, 0, 100)
    }

    #[test]
    fn patterns_of_real_documents_are_read() {
        assert!(drawn(r"^\d{4}-\d{2}$").len() == 7);
        assert!(drawn(r"^[\w\-]+\/x$").ends_with("/x"));
        assert!(drawn(r"^(?!no)(?=.*\d)[a-z0-9]{3}$").chars().count() == 3);
        assert_eq!(drawn(r"^\$\{a\}$"), "${a}");
        let is_beyond =
            |pattern: &str| Pattern::parse(pattern).is_some_and(|one| one.is_beyond_drawing());
        assert!(is_beyond("a{1000}{1000}") && !is_beyond("a{1000}"));
    }

    #[test]
    fn what_no_anchor_holds_has_text_behind_and_before() {
        let around = |pattern| Pattern::parse(pattern).expect("it is one").surrounded();
        assert_eq!(around("^\"[0-9]+\"$|\\*"), ["*a", "a*"]);
        assert_eq!(around("b"), ["ba", "ab"]);
        assert!(around("^b$").is_empty());
    }

    #[test]
    fn what_no_anchor_holds_stands_among_other_text_now_and_then() {
        let pattern = Pattern::parse(r#"^"[0-9]+"$|\*"#).expect("it can be read");
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let drawn: Vec<String> = (0..60).map(|_| pattern.draw(&mut rng, 0, 100)).collect();
        assert!(
            drawn
                .iter()
                .any(|text| text.starts_with('"') && !text.contains('*'))
        );
        assert!(drawn.iter().any(|text| text == "*"));
        assert!(
            drawn
                .iter()
                .any(|text| text.contains('*') && text.len() > 1)
        );
        let whole = Pattern::parse("^a$|^b$").expect("it can be read");
        assert_eq!(whole.draw(&mut rng, 0, 100).len(), 1);
    }

    #[test]
    fn white_space_is_what_all_readers_take() {
        assert_eq!(drawn(r"^[\u{9}-\u{d} \u{a0}\u{3000}\u{feff}]{3}$"), "   ");
    }
}
