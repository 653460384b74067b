//! Regular expressions as automata over characters.
//!
//! A pattern of JSON Schema matches anywhere in a text, unless it has anchors. Look-ahead right behind an
//! anchor, as in the rules of passwords, is a pattern of its own that matches too, or does not.

use std::{collections::BTreeSet, rc::Rc};

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::super::ecma;

/// The most states of one pattern.
const MAX_STATES: usize = 2_000;

/// How often a repetition is written out.
const MAX_REPEATS: u32 = 300;

/// A pattern as automata: a text matches where every one of `all` accepts it and no one of `none` does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pattern {
    pub(crate) all: Vec<Rc<Automaton>>,
    pub(crate) none: Vec<Rc<Automaton>>,
}

impl Pattern {
    /// `None` where it needs more than automata, or too many states.
    pub(crate) fn read(pattern: &str) -> Option<Self> {
        let mut read = Self::default();
        let Some(mut rest) = pattern.strip_prefix('^') else {
            read.all.push(Rc::new(Automaton::read(pattern)?));
            return Some(read);
        };
        while let Some((ahead, behind)) = look_ahead(rest) {
            let automaton = Rc::new(Automaton::read(&format!("^(?:{})", ahead.pattern))?);
            if ahead.is_denied {
                read.none.push(automaton);
            } else {
                read.all.push(automaton);
            }
            rest = behind;
        }
        if read.all.is_empty() && read.none.is_empty() {
            read.all.push(Rc::new(Automaton::read(pattern)?));
        } else if !rest.is_empty() {
            let rest = Automaton::read(&format!("^(?:{rest})"))?;
            read.all.push(Rc::new(rest));
        }
        Some(read)
    }

    /// The texts that do not match; `None` where that takes more than automata.
    pub(crate) fn denied(&self) -> Option<Self> {
        (self.all.len() + self.none.len() == 1).then(|| Self {
            all: self.none.clone(),
            none: self.all.clone(),
        })
    }

    /// Whether a text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.all.iter().all(|one| one.matches(text))
            && !self.none.iter().any(|one| one.matches(text))
    }
}

/// A condition on what follows.
struct Ahead<'p> {
    pattern: &'p str,
    is_denied: bool,
}

/// The look-ahead with which the rest of an anchored pattern begins, and what follows it. `None` where there is
/// none, or where it is one of several alternatives.
fn look_ahead(pattern: &str) -> Option<(Ahead<'_>, &str)> {
    let is_denied = pattern.starts_with("(?!");
    if !is_denied && !pattern.starts_with("(?=") {
        return None;
    }
    let (mut depth, mut is_class, mut is_escaped) = (0_usize, false, false);
    let mut end = None;
    for (index, character) in pattern.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ']' => is_class = false,
            _ if is_class => {}
            '[' => is_class = true,
            '(' => depth += 1,
            ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 && end.is_none() {
                    end = Some(index);
                }
            }
            '|' if depth == 0 => return None,
            _ => {}
        }
    }
    let end = end?;
    let ahead = Ahead {
        pattern: pattern.get(3..end)?,
        is_denied,
    };
    let behind = pattern.get(end + 1..)?;
    let is_repeated = behind.starts_with(['*', '+', '?', '{']);
    (!is_repeated).then_some((ahead, behind))
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
pub(crate) struct Automaton {
    steps: Vec<Vec<Step>>,
    end: usize,
}

/// The states that an automaton may be in.
pub(crate) type States = BTreeSet<usize>;

impl Step {
    /// Whether it takes any character and stays where it is.
    fn is_loop(&self, at: usize) -> bool {
        matches!(self, Self::Take(ranges, to) if *to == at && ranges.as_slice() == [ANY])
    }
}

const ANY: Range = ('\0', char::MAX);

impl Automaton {
    /// The automaton of a pattern of ECMA-262 without look-around.
    pub(crate) fn read(pattern: &str) -> Option<Self> {
        let plain = ecma::plain(pattern)?;
        let tree = regex_syntax::ParserBuilder::new()
            .build()
            .parse(&plain)
            .ok()?;
        Self::of(&tree)
    }

    /// The automaton that accepts a few texts alone.
    pub(crate) fn listed<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Self> {
        let mut automaton = Self::default();
        let start = automaton.state();
        let (first, last) = (automaton.state(), automaton.state());
        automaton.add(start, Step::AtStart(first));
        for text in texts {
            let end = text
                .chars()
                .fold(first, |at, one| automaton.take(at, vec![(one, one)]));
            automaton.add(end, Step::Skip(last));
            if automaton.steps.len() > MAX_STATES {
                return None;
            }
        }
        automaton.end = automaton.state();
        let end = automaton.end;
        automaton.add(last, Step::AtEnd(end));
        Some(automaton)
    }

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
        if self.steps.len() > MAX_STATES {
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
        if least.max(most.unwrap_or_default()) > MAX_REPEATS {
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
    fn closed(&self, states: States, at: At) -> States {
        let mut open: Vec<usize> = states.into_iter().collect();
        let mut all = States::new();
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

    /// The states before the first character.
    pub(crate) fn start(&self) -> States {
        let at = At {
            is_start: true,
            is_end: false,
        };
        self.closed(States::from([0]), at)
    }

    /// Whether a text that ends here is accepted; `is_start` says that it is empty.
    pub(crate) fn accepts(&self, states: &States, is_start: bool) -> bool {
        let at = At {
            is_start,
            is_end: true,
        };
        self.closed(states.clone(), at).contains(&self.end)
    }

    /// Whether a text is accepted, whatever follows.
    pub(crate) fn is_settled(&self, states: &States) -> bool {
        states.contains(&self.end) && self.steps[self.end].iter().any(|one| one.is_loop(self.end))
    }

    /// The same states, in one form where the text is accepted whatever follows.
    pub(crate) fn settled(&self, states: States) -> States {
        if self.is_settled(&states) {
            States::from([self.end])
        } else {
            states
        }
    }

    fn matches(&self, text: &str) -> bool {
        let end = text
            .chars()
            .fold(self.start(), |states, one| self.after(&states, one));
        self.accepts(&end, text.is_empty())
    }

    /// The states behind one more character.
    pub(crate) fn after(&self, states: &States, one: char) -> States {
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
    pub(crate) fn firsts(&self, states: &States, all: &mut BTreeSet<char>) {
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
