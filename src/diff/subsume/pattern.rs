//! Containment of regular expressions: whether every text that one pattern matches is matched by another.
//!
//! Both patterns become automata over characters, which are walked together. A pattern of JSON Schema matches
//! anywhere in a text, unless it has anchors.

use std::collections::{BTreeSet, HashSet};

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use crate::contract::plain_pattern;

/// The most states of one pattern.
const MOST_STATES: usize = 2_000;

/// The most pairs of sets of states that are looked at.
const MOST_PAIRS: usize = 4_000;

/// How often a repetition is written out.
const MOST_REPEATS: u32 = 300;

/// Whether it is proved that `outer` matches every text that `inner` matches.
pub(super) fn is_included(inner: &str, outer: &str) -> bool {
    let read = |pattern: &str| {
        let plain = plain_pattern(pattern)?;
        // What an automaton cannot say, such as look-around, is not read.
        let tree = regex_syntax::ParserBuilder::new()
            .build()
            .parse(&plain)
            .ok()?;
        Automaton::of(&tree)
    };
    match (read(inner), read(outer)) {
        (Some(inner), Some(outer)) => covers(&outer, &inner) == Some(true),
        _ => false,
    }
}

/// A character range, both ends included.
type Range = (char, char);

#[derive(Debug)]
enum Step {
    /// One character.
    Take(Vec<Range>, usize),
    /// Nothing.
    Skip(usize),
    /// Nothing, at the start of the text.
    AtStart(usize),
    /// Nothing, at its end.
    AtEnd(usize),
}

/// A nondeterministic automaton; its first state is 0.
#[derive(Debug, Default)]
struct Automaton {
    steps: Vec<Vec<Step>>,
    end: usize,
}

const ANY: Range = ('\0', char::MAX);

impl Automaton {
    /// `None` where the pattern needs more than an automaton, or too many states.
    fn of(tree: &Hir) -> Option<Self> {
        let mut automaton = Self::default();
        let start = automaton.state();
        automaton.add(start, Step::Take(vec![ANY], start));
        let end = automaton.build(tree, start)?;
        automaton.add(end, Step::Take(vec![ANY], end));
        automaton.end = end;
        Some(automaton)
    }

    fn state(&mut self) -> usize {
        self.steps.push(Vec::new());
        self.steps.len() - 1
    }

    fn add(&mut self, from: usize, step: Step) {
        self.steps[from].push(step);
    }

    /// Adds what a part of the pattern matches from a state on; gives the state behind it.
    fn build(&mut self, tree: &Hir, from: usize) -> Option<usize> {
        if self.steps.len() > MOST_STATES {
            return None;
        }
        match tree.kind() {
            HirKind::Empty => Some(from),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                Some(
                    text.chars()
                        .fold(from, |at, one| self.take(at, vec![(one, one)])),
                )
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ranges = class.ranges().iter();
                Some(self.take(from, ranges.map(|one| (one.start(), one.end())).collect()))
            }
            HirKind::Class(Class::Bytes(class)) => {
                let ranges: Option<Vec<Range>> = class
                    .ranges()
                    .iter()
                    .map(|one| {
                        let is_ascii = one.end().is_ascii();
                        is_ascii.then(|| (char::from(one.start()), char::from(one.end())))
                    })
                    .collect();
                Some(self.take(from, ranges?))
            }
            HirKind::Look(look) => {
                let to = self.state();
                match look {
                    Look::Start => self.add(from, Step::AtStart(to)),
                    Look::End => self.add(from, Step::AtEnd(to)),
                    _ => return None,
                }
                Some(to)
            }
            HirKind::Repetition(repetition) => {
                self.repeated(&repetition.sub, repetition.min, repetition.max, from)
            }
            HirKind::Capture(capture) => self.build(&capture.sub, from),
            HirKind::Concat(parts) => parts.iter().try_fold(from, |at, part| self.build(part, at)),
            HirKind::Alternation(parts) => {
                let to = self.state();
                for part in parts {
                    // A state of its own, so that a loop in one part is none of another's.
                    let first = self.state();
                    self.add(from, Step::Skip(first));
                    let last = self.build(part, first)?;
                    self.add(last, Step::Skip(to));
                }
                Some(to)
            }
        }
    }

    fn take(&mut self, from: usize, ranges: Vec<Range>) -> usize {
        let to = self.state();
        self.add(from, Step::Take(ranges, to));
        to
    }

    fn repeated(
        &mut self,
        part: &Hir,
        least: u32,
        most: Option<u32>,
        from: usize,
    ) -> Option<usize> {
        if least.max(most.unwrap_or_default()) > MOST_REPEATS {
            return None;
        }
        let mut at = from;
        for _ in 0..least {
            at = self.build(part, at)?;
        }
        let to = self.state();
        match most {
            None => {
                let again = self.state();
                self.add(at, Step::Skip(again));
                let last = self.build(part, again)?;
                self.add(last, Step::Skip(again));
                self.add(again, Step::Skip(to));
            }
            Some(most) => {
                self.add(at, Step::Skip(to));
                for _ in least..most {
                    let first = self.state();
                    self.add(at, Step::Skip(first));
                    at = self.build(part, first)?;
                    self.add(at, Step::Skip(to));
                }
            }
        }
        Some(to)
    }

    /// The states that are reached without a character.
    fn closed(&self, states: BTreeSet<usize>, at: At) -> BTreeSet<usize> {
        let mut open: Vec<usize> = states.into_iter().collect();
        let mut all = BTreeSet::new();
        while let Some(state) = open.pop() {
            if !all.insert(state) {
                continue;
            }
            for step in &self.steps[state] {
                match step {
                    Step::Skip(to) => open.push(*to),
                    Step::AtStart(to) if at.is_start => open.push(*to),
                    Step::AtEnd(to) if at.is_end => open.push(*to),
                    _ => {}
                }
            }
        }
        all
    }

    fn accepts(&self, states: &BTreeSet<usize>, is_start: bool) -> bool {
        let at = At {
            is_start,
            is_end: true,
        };
        self.closed(states.clone(), at).contains(&self.end)
    }

    fn after(&self, states: &BTreeSet<usize>, one: char) -> BTreeSet<usize> {
        let mut next = BTreeSet::new();
        for step in states.iter().flat_map(|state| &self.steps[*state]) {
            if let Step::Take(ranges, to) = step
                && ranges
                    .iter()
                    .any(|(from, until)| (from..=until).contains(&&one))
            {
                next.insert(*to);
            }
        }
        self.closed(next, At::default())
    }

    /// The first character of each range that steps from some states tell apart.
    fn firsts(&self, states: &BTreeSet<usize>, all: &mut BTreeSet<char>) {
        for step in states.iter().flat_map(|state| &self.steps[*state]) {
            if let Step::Take(ranges, _) = step {
                for (from, until) in ranges {
                    all.insert(*from);
                    // Behind the last character before the surrogates stands the first behind them.
                    all.extend((*until..=char::MAX).nth(1));
                }
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct At {
    is_start: bool,
    is_end: bool,
}

/// Whether one automaton accepts all that another accepts; `None` where that takes too long.
fn covers(outer: &Automaton, inner: &Automaton) -> Option<bool> {
    let start = At {
        is_start: true,
        is_end: false,
    };
    let first = (
        inner.closed(BTreeSet::from([0]), start),
        outer.closed(BTreeSet::from([0]), start),
    );
    let mut seen = HashSet::new();
    let mut open = vec![(first, true)];
    while let Some((pair, is_start)) = open.pop() {
        // The start is a place of its own.
        if !seen.insert((pair.clone(), is_start)) {
            continue;
        }
        if seen.len() > MOST_PAIRS {
            return None;
        }
        let (one, other) = pair;
        if other.contains(&outer.end) {
            // Whatever follows matches too.
            continue;
        }
        if inner.accepts(&one, is_start) && !outer.accepts(&other, is_start) {
            return Some(false);
        }
        let mut firsts = BTreeSet::from(['\0']);
        inner.firsts(&one, &mut firsts);
        outer.firsts(&other, &mut firsts);
        for character in firsts {
            let next = inner.after(&one, character);
            if !next.is_empty() {
                open.push(((next, outer.after(&other, character)), false));
            }
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(is_included(inner, outer), "{inner} in {outer}");
        }
    }

    #[test]
    fn what_is_not_included() {
        for (inner, outer) in [
            ("^[a-z]+$", "^[a-f]+$"),
            ("b", "^abc$"),
            ("^a*$", "^a+$"),
            ("^a|b$", "^a"),
            ("", "a"),
            ("^x", "^x-"),
            (r"^\w+$", "^[a-z0-9_]+$"),
            ("(?=a)b", "a"),
            ("^.$", "^[^x]$"),
        ] {
            assert!(!is_included(inner, outer), "{inner} in {outer}");
        }
    }
}
