//! Patterns of ECMA-262, written so that a Rust engine reads them as a browser would.
//!
//! Read with the `u` flag, and what that flag forbids as Annex B reads it without (ECMA-262 §22.2.1,
//! §B.1.2): identity escapes, octal escapes, braces and brackets that stand for themselves, and
//! surrogates, which stand for one character where they come in pairs. The result is a pattern of
//! ECMA-262 too, with nothing in it that engines differ about. A letter behind a backslash that means
//! something in Perl's or Python's language alone (`\A`, `\Z`, `\h`) is not read: whoever wrote it did
//! not mean the letter.

use std::fmt::Write as _;

use regex_syntax::hir::{Hir, HirKind, Look};

/// The pattern in the form that all engines agree on; `None` where it is none of ECMA-262.
pub(crate) fn plain(pattern: &str) -> Option<String> {
    Reader::new(pattern).read()
}

/// Whether a pattern, as [`plain`] writes it, is proved to match no text: it wants something before
/// the start or behind the end, as the delimiters of a JavaScript literal (`/^a$/`) do.
pub(crate) fn matches_nothing(plain: &str) -> bool {
    regex_syntax::ParserBuilder::new()
        .build()
        .parse(plain)
        .is_ok_and(|hir| is_impossible(&hir))
}

fn is_impossible(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(class) => match class {
            regex_syntax::hir::Class::Unicode(class) => class.ranges().is_empty(),
            regex_syntax::hir::Class::Bytes(class) => class.ranges().is_empty(),
        },
        HirKind::Repetition(repetition) => repetition.min > 0 && is_impossible(&repetition.sub),
        HirKind::Capture(capture) => is_impossible(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().all(is_impossible),
        HirKind::Concat(parts) => {
            let takes = |part: &Hir| part.properties().minimum_len().unwrap_or(0) > 0;
            let must = |part: &Hir, look| must_look(part, look);
            parts.iter().any(is_impossible)
                || (0..parts.len()).any(|index| {
                    must(&parts[index], Look::Start) && parts[..index].iter().any(takes)
                        || must(&parts[index], Look::End) && parts[index + 1..].iter().any(takes)
                })
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => false,
    }
}

/// Whether every way through a part begins (or ends) at the start (or the end) of the text.
fn must_look(hir: &Hir, look: Look) -> bool {
    match hir.kind() {
        HirKind::Look(this) => *this == look,
        HirKind::Capture(capture) => must_look(&capture.sub, look),
        HirKind::Alternation(parts) => parts.iter().all(|part| must_look(part, look)),
        HirKind::Concat(parts) => {
            let end = if look == Look::Start {
                parts.first()
            } else {
                parts.last()
            };
            end.is_some_and(|part| must_look(part, look))
        }
        _ => false,
    }
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
/// `WhiteSpace` and `LineTerminator` (ECMA-262 §12.2, §12.3).
const SPACE: &str =
    r"\u{9}-\u{d} \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
/// The same without them, for `\S` inside a class that holds more.
const NOT_SPACE: &str = r"\u{0}-\u{8}\u{e}-\u{1f}!-\u{9f}\u{a1}-\u{167f}\u{1681}-\u{1fff}\u{200b}-\u{2027}\u{202a}-\u{202e}\u{2030}-\u{205e}\u{2060}-\u{2fff}\u{3001}-\u{fefe}\u{ff00}-\u{10ffff}";
const NOT_DIGIT: &str = r"\u{0}-\/:-\u{10ffff}";
const NOT_WORD: &str = r"\u{0}-\/:-@\[-\^`\{-\u{10ffff}";
/// What matches no character.
const NOTHING: &str = r"[^\u{0}-\u{10ffff}]";
const EVERYTHING: &str = r"[\u{0}-\u{10ffff}]";

/// One character or set of them.
#[derive(Clone, Debug)]
enum Atom {
    /// Ranges of code points, surrogates among them, and sets that are written as they are.
    Set {
        is_negated: bool,
        ranges: Vec<(u32, u32)>,
        sets: Vec<String>,
    },
    /// Anything else.
    Written(String),
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    /// The names of the groups, in order; `None` for one without a name.
    groups: Vec<Option<String>>,
}

impl Reader {
    fn new(pattern: &str) -> Self {
        let characters: Vec<char> = pattern.chars().collect();
        let groups = groups(&characters);
        Self {
            characters,
            at: 0,
            groups,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        let rest = self.characters.iter().skip(self.at);
        text.chars().eq(rest.copied().take(text.chars().count()))
    }

    fn read(mut self) -> Option<String> {
        let mut atoms = Vec::new();
        while let Some(next) = self.next() {
            let atom = match next {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '.' => Atom::Written(r"[^\n\r\u{2028}\u{2029}]".to_owned()),
                '(' => Atom::Written(self.group_start()?),
                '{' if self.is_quantifier() => Atom::Written("{".to_owned()),
                '}' if self.closes_quantifier() => Atom::Written("}".to_owned()),
                ']' | '{' | '}' => single(u32::from(next)),
                ')' | '|' | '^' | '$' | '*' | '+' | '?' => Atom::Written(next.to_string()),
                _ => single(u32::from(next)),
            };
            atoms.push(atom);
        }
        Some(written(&atoms))
    }

    /// Behind `(`: a named group loses its name, so that references to it can be numbers.
    fn group_start(&mut self) -> Option<String> {
        for start in ["?:", "?=", "?!", "?<=", "?<!"] {
            if self.rest_starts_with(start) {
                self.at += start.len();
                return Some(format!("({start}"));
            }
        }
        if self.rest_starts_with("?<") {
            while self.next()? != '>' {}
            return Some("(".to_owned());
        }
        if self.rest_starts_with("?") {
            // Modifiers (ES2025): `(?i:`, `(?-i:`, `(?s-m:`.
            let mut start = String::from("(");
            loop {
                let next = self.next()?;
                start.push(next);
                match next {
                    ':' => return Some(start),
                    '?' | '-' | 'i' | 'm' | 's' => {}
                    _ => return None,
                }
            }
        }
        Some("(".to_owned())
    }

    /// Whether what stands behind `{` makes a quantifier of it.
    fn is_quantifier(&self) -> bool {
        let rest: String = self.characters[self.at..]
            .iter()
            .take_while(|c| **c != '}')
            .collect();
        let is_closed = self.at + rest.chars().count() < self.characters.len();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_closed
            && match rest.split_once(',') {
                None => digits(&rest),
                Some((least, most)) => digits(least) && (most.is_empty() || digits(most)),
            }
    }

    /// Whether the `}` that was just read belongs to a quantifier.
    fn closes_quantifier(&self) -> bool {
        let before = &self.characters[..self.at - 1];
        let Some(open) = before.iter().rposition(|c| *c == '{') else {
            return false;
        };
        let is_escaped = open > 0 && before[open - 1] == '\\';
        let there = Self {
            characters: self.characters[..self.at].to_vec(),
            at: open + 1,
            groups: Vec::new(),
        };
        !is_escaped && there.is_quantifier()
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text: String = self
            .characters
            .get(self.at..self.at + digits)?
            .iter()
            .collect();
        let value = text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(&text, 16).ok())??;
        self.at += digits;
        Some(value)
    }

    /// Behind `\u`: four digits, or digits in braces.
    fn unicode(&mut self) -> Option<u32> {
        if self.peek() == Some('{') {
            let length = self.characters[self.at..].iter().position(|c| *c == '}')?;
            let text: String = self.characters[self.at + 1..self.at + length]
                .iter()
                .collect();
            let value = u32::from_str_radix(&text, 16)
                .ok()
                .filter(|value| *value <= 0x10_ffff)?;
            self.at += length + 1;
            return Some(value);
        }
        let first = self.hex(4)?;
        if (0xd800..0xdc00).contains(&first) && self.rest_starts_with("\\u") {
            let start = self.at;
            self.at += 2;
            match self.hex(4) {
                Some(second) if (0xdc00..0xe000).contains(&second) => {
                    return Some(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
                }
                _ => self.at = start,
            }
        }
        Some(first)
    }

    /// A property of Unicode, as `\p{L}`, behind its letter.
    fn property(&mut self, letter: char) -> Option<String> {
        if self.peek() != Some('{') {
            return None;
        }
        let length = self.characters[self.at..].iter().position(|c| *c == '}')?;
        let name: String = self.characters[self.at..=self.at + length].iter().collect();
        self.at += length + 1;
        Some(format!("\\{letter}{name}"))
    }

    /// A character that an escape stands for, in a class or outside; the letter was read.
    fn character(&mut self, letter: char) -> Option<u32> {
        Some(match letter {
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            'c' => match self.peek() {
                Some(control) if control.is_ascii_alphabetic() => {
                    self.at += 1;
                    u32::from(control) % 32
                }
                _ => return None,
            },
            'x' => self.hex(2).unwrap_or(u32::from('x')),
            'u' => self.unicode().unwrap_or(u32::from('u')),
            '0'..='7' => {
                let mut value = letter.to_digit(8)?;
                // Octal, to 0o377 (§B.1.2).
                for _ in 0..2 {
                    match self.peek().and_then(|next| next.to_digit(8)) {
                        Some(digit) if value * 8 + digit <= 0o377 => {
                            value = value * 8 + digit;
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                value
            }
            // What these mean elsewhere is no letter, and in ECMA-262 nothing else.
            'A' | 'Z' | 'z' | 'G' | 'Q' | 'E' | 'a' | 'e' | 'h' | 'H' | 'R' | 'X' | 'K' | 'N'
            | 'C' | 'i' | 'k' | 'p' | 'P' | 'I' => return None,
            other => u32::from(other),
        })
    }

    fn escape(&mut self) -> Option<Atom> {
        let letter = self.next()?;
        let set = |is_negated, set: &str| Atom::Set {
            is_negated,
            ranges: Vec::new(),
            sets: vec![set.to_owned()],
        };
        Some(match letter {
            'd' => set(false, DIGIT),
            'D' => set(true, DIGIT),
            'w' => set(false, WORD),
            'W' => set(true, WORD),
            's' => set(false, SPACE),
            'S' => set(true, SPACE),
            'b' => Atom::Written(format!(
                "(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))"
            )),
            'B' => Atom::Written(format!(
                "(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))"
            )),
            'p' | 'P' => Atom::Written(self.property(letter)?),
            'k' => {
                if self.next()? != '<' {
                    return None;
                }
                let mut name = String::new();
                loop {
                    match self.next()? {
                        '>' => break,
                        other => name.push(other),
                    }
                }
                let group = self
                    .groups
                    .iter()
                    .position(|group| group.as_ref() == Some(&name))?;
                Atom::Written(format!("(?:\\{})", group + 1))
            }
            '1'..='9' => {
                let start = self.at;
                let mut number = letter.to_digit(10)? as usize;
                while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
                    number = number.saturating_mul(10).saturating_add(digit as usize);
                    self.at += 1;
                }
                if number <= self.groups.len() {
                    return Some(Atom::Written(format!("(?:\\{number})")));
                }
                self.at = start;
                single(self.character(letter)?)
            }
            _ => single(self.character(letter)?),
        })
    }

    /// A class, behind its `[`.
    fn class(&mut self) -> Option<Atom> {
        let is_negated = self.peek() == Some('^');
        self.at += usize::from(is_negated);
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut sets = Vec::new();
        loop {
            let next = self.next()?;
            if next == ']' {
                break;
            }
            let Some(first) = self.class_atom(next, &mut sets)? else {
                continue;
            };
            let has_range = self.peek() == Some('-')
                && self
                    .characters
                    .get(self.at + 1)
                    .is_some_and(|end| *end != ']');
            if !has_range {
                ranges.push((first, first));
                continue;
            }
            self.at += 1;
            let end = self.next()?;
            match self.class_atom(end, &mut sets)? {
                Some(last) if first <= last => ranges.push((first, last)),
                Some(_) => return None,
                // Beside a set a hyphen is itself (§B.1.2).
                None => ranges.extend([(first, first), (0x2d, 0x2d)]),
            }
        }
        Some(Atom::Set {
            is_negated,
            ranges,
            sets,
        })
    }

    /// One character of a class; `None` inside for a set, which is added to `sets`.
    fn class_atom(&mut self, next: char, sets: &mut Vec<String>) -> Option<Option<u32>> {
        if next != '\\' {
            return Some(Some(u32::from(next)));
        }
        let letter = self.next()?;
        let set = match letter {
            'd' => DIGIT.to_owned(),
            'D' => NOT_DIGIT.to_owned(),
            'w' => WORD.to_owned(),
            'W' => NOT_WORD.to_owned(),
            's' => SPACE.to_owned(),
            'S' => NOT_SPACE.to_owned(),
            'p' | 'P' => self.property(letter)?,
            'b' => return Some(Some(8)),
            'B' => return None,
            _ => return self.character(letter).map(Some),
        };
        sets.push(set);
        Some(None)
    }
}

/// The groups of a pattern with their names.
fn groups(characters: &[char]) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut is_class = false;
    let mut at = 0;
    while let Some(next) = characters.get(at) {
        match next {
            '\\' => at += 1,
            '[' => is_class = true,
            ']' => is_class = false,
            '(' if !is_class => {
                let behind = |offset: usize| characters.get(at + offset).copied();
                if behind(1) != Some('?') {
                    found.push(None);
                } else if behind(2) == Some('<') && !matches!(behind(3), Some('=' | '!')) {
                    let name = characters[at + 3..].iter().take_while(|c| **c != '>');
                    found.push(Some(name.collect()));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn single(character: u32) -> Atom {
    Atom::Set {
        is_negated: false,
        ranges: vec![(character, character)],
        sets: Vec::new(),
    }
}

fn is_within(atom: &Atom, least: u32, most: u32) -> Option<&[(u32, u32)]> {
    match atom {
        Atom::Set {
            is_negated: false,
            ranges,
            sets,
        } if sets.is_empty() && !ranges.is_empty() => ranges
            .iter()
            .all(|(first, last)| least <= *first && *last <= most)
            .then_some(ranges.as_slice()),
        _ => None,
    }
}

/// The atoms as text. A high surrogate before a low one is the character that they make together.
fn written(atoms: &[Atom]) -> String {
    let mut text = String::new();
    let mut at = 0;
    while let Some(atom) = atoms.get(at) {
        at += 1;
        if let Some(high) = is_within(atom, 0xd800, 0xdbff)
            && let Some(low) = atoms
                .get(at)
                .and_then(|next| is_within(next, 0xdc00, 0xdfff))
        {
            at += 1;
            write_set(&mut text, false, &pairs(high, low), &[]);
            continue;
        }
        match atom {
            Atom::Written(as_is) => text.push_str(as_is),
            Atom::Set {
                is_negated,
                ranges,
                sets,
            } => write_set(&mut text, *is_negated, ranges, sets),
        }
    }
    text
}

/// The characters that surrogates make.
fn pairs(high: &[(u32, u32)], low: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let character = |high: u32, low: u32| 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    let mut found = Vec::new();
    for (first, last) in high {
        for (least, most) in low {
            if (*least, *most) == (0xdc00, 0xdfff) {
                found.push((character(*first, *least), character(*last, *most)));
            } else {
                found.extend(
                    (*first..=*last).map(|high| (character(high, *least), character(high, *most))),
                );
            }
        }
    }
    found
}

fn write_set(text: &mut String, is_negated: bool, ranges: &[(u32, u32)], sets: &[String]) {
    // No text has a surrogate alone.
    let mut whole: Vec<(char, char)> = Vec::new();
    for (first, last) in ranges {
        for (first, last) in [(*first, (*last).min(0xd7ff)), ((*first).max(0xe000), *last)] {
            if first <= last
                && let (Some(first), Some(last)) = (char::from_u32(first), char::from_u32(last))
            {
                whole.push((first, last));
            }
        }
    }
    match (whole.as_slice(), sets, is_negated) {
        ([], [], false) => text.push_str(NOTHING),
        ([], [], true) => text.push_str(EVERYTHING),
        ([(first, last)], [], false) if first == last => write_character(text, *first),
        _ => {
            text.push_str(if is_negated { "[^" } else { "[" });
            for (first, last) in whole {
                write_character(text, first);
                if first != last {
                    text.push('-');
                    write_character(text, last);
                }
            }
            for set in sets {
                text.push_str(set);
            }
            text.push(']');
        }
    }
}

fn write_character(text: &mut String, character: char) {
    match character {
        _ if character.is_ascii_alphanumeric() => text.push(character),
        ' ' | '_' | '@' | '%' | '"' | '\'' | '`' | ',' | ';' | ':' | '!' | '<' | '>' | '=' => {
            text.push(character);
        }
        _ if character.is_ascii_graphic() => {
            text.push('\\');
            text.push(character);
        }
        _ => {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{matches_nothing, plain};

    fn matches(pattern: &str, text: &str) -> bool {
        let plain = plain(pattern).unwrap_or_else(|| panic!("{pattern} is read"));
        super::super::unit::patterns()
            .build(&json!({ "pattern": plain }))
            .unwrap_or_else(|error| panic!("{pattern} as {plain}: {error}"))
            .is_valid(&Value::from(text))
    }

    #[test]
    fn patterns_mean_what_a_browser_reads() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (r"^[^]$", &["x", "\n"], &["", "xx"]),
            (r"^a[]b$", &[], &["a", "ab"]),
            (r"^\0$", &["\0"], &["0"]),
            (r"^\07$", &["\u{7}"], &["07"]),
            (r"^\1(a)$", &[], &["x"]),
            (r"^(?<y>\d{4})-\k<y>$", &["2026-2026"], &["2026-2025"]),
            (r"^(a)(?<n>b)\k<n>\1$", &["abba"], &["abab"]),
            (r"^\d\d$", &["12"], &["١٢"]),
            (r"^(?=.*\d)[\s\S]+$", &["a1"], &["a١", "a"]),
            (r"\bcat\b", &["a cat b", "écat"], &["acat", "cat_"]),
            (r"^\s$", &["\u{feff}", "\u{a0}", "\t"], &["\u{85}"]),
            (r"^[\S]$", &["a", "é", "😀"], &[" ", "\u{2028}"]),
            (r"^[\W]$", &["é", "-", "{"], &["a", "_"]),
            (r"^[\D]$", &["a", "/", ":"], &["5"]),
            (r"^.$", &["a", "😀"], &["\n", "\u{2028}"]),
            (r"^[\uD83D\uDE00-\uD83D\uDE4F]$", &["😀"], &["x"]),
            (r"^\ud83d[\ude00-\ude4f]$", &["😀"], &["x"]),
            (
                r"^(?:[\ud800-\udbff][\udc00-\udfff]|[a-z])+$",
                &["a😀"],
                &["A"],
            ),
            (r"^[\w- ]*$", &["a-b c"], &["é"]),
            (r"^[a-\d]$", &["a", "-", "7"], &["b"]),
            (r"^a{,5}$", &["a{,5}"], &["a"]),
            (r"^a{2,3}$", &["aa"], &["a"]),
            (r"^x{a}$", &["x{a}"], &["xa"]),
            (r"^\{\}$", &["{}"], &[""]),
            (r"^a]b}$", &["a]b}"], &["ab"]),
            (r"^\_\-\@\#\ \:$", &["_-@# :"], &["\\_"]),
            (r"^[\b]$", &["\u{8}"], &["b"]),
            (r"^\cJ\x41\u0042\u{43}$", &["\nABC"], &["JABC"]),
            (r"^[&&~~\-\]\[^]+$", &["&~-][^"], &["a"]),
            (r"^\p{L}+$", &["été"], &["a1"]),
            (r"^[\p{Lu}_]+$", &["AÉ_"], &["a"]),
            (r"^(?i:abc)$", &["ABC"], &["x"]),
            (r"^\y\m$", &["ym"], &["\\y"]),
            (r"(?<!\.)$", &["a"], &["a."]),
        ];
        for (pattern, good, bad) in table {
            for text in *good {
                assert!(matches(pattern, text), "{pattern} matches {text:?}");
            }
            for text in *bad {
                assert!(!matches(pattern, text), "{pattern} does not match {text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern_of_ecma_is_not_read() {
        for pattern in [
            r"(?i)^a$",
            r"^a\Z",
            r"\Aa",
            r"[a",
            r"\h+",
            r"a\",
            r"(?P<x>a)",
            r"[z-a]",
        ] {
            let built = plain(pattern).map(|plain| {
                super::super::unit::patterns()
                    .build(&json!({ "pattern": plain }))
                    .is_ok()
            });
            assert_ne!(built, Some(true), "{pattern}");
        }
    }

    #[test]
    fn what_matches_nothing_is_proved() {
        for pattern in [r"/^[a-z]+$/", r"/^a/", r"a$b", r"x(?:^a|^b)", r"^a[]b$"] {
            assert!(
                plain(pattern).is_some_and(|plain| matches_nothing(&plain)),
                "{pattern}"
            );
        }
        for pattern in [
            r"^[a-z]+$",
            r"/a/",
            r"a*^b",
            r"(?:^|/)a(?:$|/)",
            r"^$",
            r"(^a)?b",
        ] {
            assert!(
                plain(pattern).is_some_and(|plain| !matches_nothing(&plain)),
                "{pattern}"
            );
        }
    }
}
