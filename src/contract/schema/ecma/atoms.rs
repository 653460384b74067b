//! The parts of a pattern that was read, and how they are written.

use std::fmt::Write as _;

pub(super) const DIGIT: &str = "0-9";
pub(super) const WORD: &str = "0-9A-Za-z_";
/// `WhiteSpace` and `LineTerminator` (ECMA-262 §12.2, §12.3).
pub(super) const SPACE: &str =
    r"\u{9}-\u{d} \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
/// The same without them, for `\S` inside a class that holds more.
pub(super) const NOT_SPACE: &str = r"\u{0}-\u{8}\u{e}-\u{1f}!-\u{9f}\u{a1}-\u{167f}\u{1681}-\u{1fff}\u{200b}-\u{2027}\u{202a}-\u{202e}\u{2030}-\u{205e}\u{2060}-\u{2fff}\u{3001}-\u{fefe}\u{ff00}-\u{10ffff}";
pub(super) const NOT_DIGIT: &str = r"\u{0}-\/:-\u{10ffff}";
pub(super) const NOT_WORD: &str = r"\u{0}-\/:-@\[-\^`\{-\u{10ffff}";
/// What matches no character.
pub(super) const NOTHING: &str = r"[^\u{0}-\u{10ffff}]";
pub(super) const EVERYTHING: &str = r"[\u{0}-\u{10ffff}]";

/// One character or set of them.
#[derive(Clone, Debug)]
pub(super) enum Atom {
    /// Ranges of code points, surrogates among them, and sets that are written as they are.
    Set {
        is_negated: bool,
        ranges: Vec<(u32, u32)>,
        sets: Vec<String>,
    },
    /// Anything else.
    Written(String),
}

pub(super) fn single(character: u32) -> Atom {
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
pub(super) fn written(atoms: &[Atom]) -> String {
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

/// The groups of a pattern with their names.
pub(super) fn group_names(characters: &[char]) -> Vec<Option<String>> {
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
