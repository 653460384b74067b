//! What it costs to look for a pattern in a text.

use regex_syntax::hir::{Hir, HirKind, Look};

/// What a pattern costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// A reader goes through the text once and is at so many places of the pattern at most.
    Places(u64),
    /// A reader goes back, as references to groups and look-around want it.
    GoingBack,
}

/// What a pattern, as [`plain`](super::plain) writes it, costs.
pub(crate) fn cost(plain: &str) -> Cost {
    let Ok(hir) = regex_syntax::ParserBuilder::new().build().parse(plain) else {
        return Cost::GoingBack;
    };
    let is_anchored = hir.properties().look_set_prefix().contains(Look::Start);
    // Without an anchor a match may begin at every letter.
    let begins = if is_anchored { 1 } else { u64::MAX };
    Cost::Places(Walk::of(&hir, begins).places)
}

/// What a part of a pattern does with a number of beginnings, which are the letters of the text behind which a reader
/// may come to it.
struct Walk {
    /// At how many places in it a reader may be at once.
    places: u64,
    /// Behind how many letters a reader may leave it.
    ends: u64,
}

impl Walk {
    fn of(hir: &Hir, begins: u64) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self {
                places: 0,
                ends: begins,
            },
            HirKind::Literal(literal) => Self {
                places: begins.min(literal.0.len() as u64),
                ends: begins,
            },
            HirKind::Class(_) => Self {
                places: begins.min(1),
                ends: begins,
            },
            HirKind::Capture(capture) => Self::of(&capture.sub, begins),
            HirKind::Concat(parts) => {
                let mut whole = Self {
                    places: 0,
                    ends: begins,
                };
                for part in parts {
                    let walk = Self::of(part, whole.ends);
                    whole.places = whole.places.saturating_add(walk.places);
                    whole.ends = walk.ends;
                }
                whole
            }
            HirKind::Alternation(parts) => parts.iter().map(|part| Self::of(part, begins)).fold(
                Self { places: 0, ends: 0 },
                |whole, walk| Self {
                    places: whole.places.saturating_add(walk.places),
                    ends: whole.ends.saturating_add(walk.ends),
                },
            ),
            HirKind::Repetition(repetition) => {
                Self::repeated(&repetition.sub, repetition.min, repetition.max, begins)
            }
        }
    }

    fn repeated(part: &Hir, least: u32, most: Option<u32>, begins: u64) -> Self {
        let copies = most.unwrap_or(least.saturating_add(1)).max(1);
        if is_one_letter(part) {
            // Of each beginning a reader is at one copy at a time.
            let spread = most.map(|most| u64::from(most.saturating_sub(least)));
            return Self {
                places: begins.min(u64::from(copies)),
                ends: spread.map_or(u64::MAX, |spread| begins.saturating_add(spread)),
            };
        }
        if most == Some(1) {
            let walk = Self::of(part, begins);
            let left_out = if least == 0 { begins } else { 0 };
            return Self {
                ends: walk.ends.saturating_add(left_out),
                ..walk
            };
        }
        let properties = part.properties();
        let is_even = properties.minimum_len() == properties.maximum_len() && most == Some(least);
        let walk = Self::of(part, if is_even { begins } else { u64::MAX });
        Self {
            places: walk.places.saturating_mul(u64::from(copies)),
            ends: if is_even { begins } else { u64::MAX },
        }
    }
}

fn is_one_letter(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Class(_) => true,
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).is_ok_and(|text| text.chars().count() == 1)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, cost};

    #[test]
    fn a_reader_is_at_as_many_places_as_beginnings_and_counts_allow() {
        let table = [
            ("", 0),
            ("^abc$", 1),
            ("abc", 3),
            ("[a-z]{3}", 3),
            ("^[a-z]{1,5000}$", 1),
            ("[a-z]{1,5000}$", 5_000),
            ("^[ab]{3000}[cd]", 2),
            ("[ab]{3000}[cd]", 3_001),
            ("^a{0,10}[ab]{0,3000}$", 1 + 11),
            ("^(?:a{10}b){7}c", 80),
            ("^(?:a{10}b){2,7}c", 100),
            ("^[a-z]*x{1,255}$", 256),
            ("(?:a{1000}){1000,}", 1_001_000),
        ];
        for (pattern, most) in table {
            match cost(pattern) {
                Cost::Places(places) => {
                    assert!(places <= most, "{pattern}: {places}, not {most}");
                }
                Cost::GoingBack => panic!("{pattern} does not go back"),
            }
        }
        assert_eq!(cost("[ab]{3000}[cd]"), Cost::Places(3_001));
        assert_eq!(cost("(?=.*a)b"), Cost::GoingBack);
        assert_eq!(cost("(a)\\1"), Cost::GoingBack);
        // Parts that repeat each other's repetitions take no longer to be looked at.
        let nested = "(?:a{9}b".repeat(6) + &"){60}".repeat(6);
        assert!(matches!(cost(&nested), Cost::Places(places) if places > 1_000_000));
    }
}
