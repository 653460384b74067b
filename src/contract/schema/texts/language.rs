//! The texts that several schemas allow together, and whether a rule follows for all of them.
//!
//! Patterns, bounds of the length, listed values and the forms of known formats are automata that are walked
//! side by side. A text that breaks the rule is given where one is found: it is a value worth trying.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    rc::Rc,
};

use super::automaton::{Automaton, Pattern, States};

/// The most places of a walk.
const MAX_PLACES: usize = 6_000;

/// A set of texts: those that all of some automata accept and none of others, within bounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Language {
    pub(crate) all: Vec<Rc<Automaton>>,
    pub(crate) none: Vec<Rc<Automaton>>,
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
}

/// What a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// No text is in the set.
    Never,
    /// A shortest one.
    Found(String),
    /// The walk took too long.
    Unknown,
}

/// One place of a walk: what each automaton is at, and how many characters came, as far as bounds care.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    all: Vec<States>,
    none: Vec<States>,
    length: u64,
    is_start: bool,
}

impl Language {
    /// Leaves texts that match a pattern.
    pub(crate) fn keep(&mut self, pattern: &Pattern) {
        self.all.extend(pattern.all.iter().cloned());
        self.none.extend(pattern.none.iter().cloned());
    }

    /// Leaves texts that are at most so long.
    pub(crate) fn shorten(&mut self, most: u64) {
        self.most = Some(self.most.map_or(most, |own| own.min(most)));
    }

    /// How many rules there are.
    pub(crate) fn rules(&self) -> usize {
        let bounds = usize::from(self.least > 0) + usize::from(self.most.is_some());
        self.all.len() + self.none.len() + bounds
    }

    /// A text that is in the set and breaks a pattern.
    pub(crate) fn breaking(&self, pattern: &Pattern) -> Member {
        let mut last = Member::Never;
        let each = pattern.all.iter().map(|one| (one, true));
        for (automaton, is_denied) in each.chain(pattern.none.iter().map(|one| (one, false))) {
            let mut broken = self.clone();
            if is_denied {
                broken.none.push(Rc::clone(automaton));
            } else {
                broken.all.push(Rc::clone(automaton));
            }
            match broken.member() {
                Member::Never => {}
                found @ Member::Found(_) => return found,
                Member::Unknown => last = Member::Unknown,
            }
        }
        last
    }

    /// Whether it is proved within so many places of a walk that no text is in the set.
    pub(crate) fn is_empty_within(&self, places: usize) -> bool {
        self.walk(places) == Member::Never
    }

    /// A shortest text of the set.
    pub(crate) fn member(&self) -> Member {
        self.walk(MAX_PLACES)
    }

    fn walk(&self, most_places: usize) -> Member {
        let all: Vec<&Automaton> = self.all.iter().map(Rc::as_ref).collect();
        let none: Vec<&Automaton> = self.none.iter().map(Rc::as_ref).collect();
        let (all, none) = (all.as_slice(), none.as_slice());
        if self.most.is_some_and(|most| self.least > most) {
            return Member::Never;
        }
        if all.is_empty() && none.is_empty() {
            let length = usize::try_from(self.least).unwrap_or(usize::MAX);
            return if length <= most_places {
                Member::Found("a".repeat(length))
            } else {
                Member::Unknown
            };
        }
        // Lengths count up to the greatest one that a bound tells from others.
        let counted = self.most.map_or(self.least, |most| most.max(self.least));
        let starts = |automata: &[&Automaton]| automata.iter().map(|one| one.start()).collect();
        let first = Place {
            all: starts(all),
            none: starts(none),
            length: 0,
            is_start: true,
        };
        let mut seen = HashSet::from([first.clone()]);
        let mut open = VecDeque::from([(first, String::new())]);
        while let Some((place, text)) = open.pop_front() {
            let accepts = |automata: &[&Automaton], states: &[States]| -> Vec<bool> {
                let pairs = automata.iter().zip(states);
                pairs
                    .map(|(one, states)| one.accepts(states, place.is_start))
                    .collect()
            };
            let is_member = place.length >= self.least
                && accepts(all, &place.all).into_iter().all(|one| one)
                && !accepts(none, &place.none).into_iter().any(|one| one);
            if is_member {
                return Member::Found(text);
            }
            if self.most.is_some_and(|most| place.length >= most) {
                continue;
            }
            for character in characters(all, none, &place) {
                let next = |automata: &[&Automaton], states: &[States]| -> Vec<States> {
                    let pairs = automata.iter().zip(states);
                    pairs
                        .map(|(one, states)| one.settled(one.after(states, character)))
                        .collect()
                };
                let after = Place {
                    all: next(all, &place.all),
                    none: next(none, &place.none),
                    length: (place.length + 1).min(counted),
                    is_start: false,
                };
                let is_dead = after.all.iter().any(States::is_empty)
                    || none
                        .iter()
                        .zip(&after.none)
                        .any(|(one, states)| one.is_settled(states));
                if is_dead || !seen.insert(after.clone()) {
                    continue;
                }
                if seen.len() > most_places {
                    return Member::Unknown;
                }
                open.push_back((after, format!("{text}{character}")));
            }
        }
        Member::Never
    }
}

/// One character of each kind that the automata tell apart, a plain one where there is any.
fn characters(all: &[&Automaton], none: &[&Automaton], place: &Place) -> Vec<char> {
    let mut firsts = BTreeSet::from(['\0']);
    let automata = all
        .iter()
        .zip(&place.all)
        .chain(none.iter().zip(&place.none));
    for (automaton, states) in automata {
        automaton.firsts(states, &mut firsts);
    }
    let firsts: Vec<char> = firsts.into_iter().collect();
    let next = firsts.iter().skip(1).copied().map(Some).chain([None]);
    firsts
        .iter()
        .copied()
        .zip(next)
        .map(|(first, next)| {
            let is_same = |one: &char| *one >= first && next.is_none_or(|next| *one < next);
            ['a', '0', 'A', '-', ' ', '!']
                .into_iter()
                .find(is_same)
                .unwrap_or(first)
        })
        .collect()
}

/// The form that every text of a format has.
pub(crate) fn form(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "date-time" => {
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
        }
        "email" => "^[^]+@[^]+$",
        "ipv4" => r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
        "ipv6" => "^[0-9A-Fa-f:.]{2,45}$",
        "time" => r"^[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
        "uri" => "^[A-Za-z][A-Za-z0-9+.-]*:",
        "uuid" => UUID,
        _ => return None,
    })
}

const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

/// The form that makes every text one of a format.
pub(crate) fn exact_form(format: &str) -> Option<&'static str> {
    (format == "uuid").then_some(UUID)
}

/// Whether every text of one format is one of another.
pub(crate) fn is_format_within(inner: &str, outer: &str) -> bool {
    inner == outer
        || matches!(
            (inner, outer),
            ("uri", "uri-reference" | "iri" | "iri-reference")
                | ("uri-reference" | "iri", "iri-reference")
                | ("email", "idn-email")
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::read(text).expect("a test writes plain patterns")
    }

    fn matching(text: &str) -> Language {
        let mut language = Language::default();
        language.keep(&pattern(text));
        language
    }

    /// A text that one pattern matches and another does not.
    fn between(inner: &str, outer: &str) -> Member {
        matching(inner).breaking(&pattern(outer))
    }

    #[test]
    fn what_is_included() {
        for (inner, outer) in [
            ("^[a-f]+$", "^[a-z]+$"),
            ("^[0-9]{2}$", r"^\d\d$"),
            (r"^\d\d$", "^[0-9]{2}$"),
            ("^abc$", "b"),
            ("^a(b|c)$", "^(ab|ac)$"),
            ("^x-", "^x"),
            ("a$", "a"),
            ("^$", "^a*$"),
            ("^(a|bc)*$", "^[abc]*$"),
            ("b", ""),
            ("^(?=.*[0-9])(?=.*[a-z]).{8,}$", "[0-9]"),
            ("^(?!.*--)[a-z-]+$", "^[a-z-]+$"),
        ] {
            assert_eq!(between(inner, outer), Member::Never, "{inner} in {outer}");
        }
    }

    #[test]
    fn what_is_not_included() {
        for (inner, outer, witness) in [
            ("^[a-z]+$", "^[a-f]+$", "g"),
            ("b", "^abc$", "b"),
            ("^a*$", "^a+$", ""),
            ("^a|b$", "^a", "b"),
            ("", "a", ""),
            ("^x", "^x-", "x"),
            ("^.$", "^[^x]$", "x"),
            ("^[a-z-]+$", "^[a-z]", "-"),
            ("^(?=.*[0-9])(?=.*[a-z])", "^.{3}", "0a"),
        ] {
            assert_eq!(
                between(inner, outer),
                Member::Found(witness.to_owned()),
                "{inner} in {outer}"
            );
        }
    }

    #[test]
    fn lengths_bound_what_patterns_match() {
        let bounded = |least, most| Language {
            least,
            most,
            ..matching("^[a-z]{3,5}$")
        };
        assert_eq!(bounded(0, Some(2)).member(), Member::Never);
        assert_eq!(bounded(6, None).member(), Member::Never);
        assert_eq!(bounded(4, None).member(), Member::Found("aaaa".to_owned()));
    }

    #[test]
    fn look_ahead_of_an_alternative_is_not_read() {
        assert!(Pattern::read("^(?=a)b|c").is_none());
        assert!(Pattern::read("b(?=a)").is_none());
        assert!(Pattern::read("(?=a)b").is_none());
    }
}
