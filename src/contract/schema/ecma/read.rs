//! The grammar of patterns (ECMA-262 §22.2.1), with the `u` flag and without (§B.1.2).

use super::atoms::{
    Atom, DIGIT, NOT_DIGIT, NOT_SPACE, NOT_WORD, SPACE, WORD, group_names, single, written,
};

/// How a pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// With the `u` flag. A sign behind a backslash is itself, though, also where the flag reserves it:
    /// whoever writes `\p{L}+\-` does not mean the letter p.
    Unicode,
    /// Without it, as browsers do (Annex B).
    Legacy,
}

/// A pattern that was read.
pub(super) struct Read {
    /// In the form that engines agree on.
    pub(super) plain: String,
    /// Whether a letter stands for itself that means something else in Perl's or Python's language.
    pub(super) has_foreign_escape: bool,
}

/// What stands before a quantifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Previous {
    /// The start of an alternative.
    Nothing,
    Atom,
    /// A look-ahead, which may be repeated without the `u` flag.
    LookAhead,
    /// What is never repeated.
    Assertion,
    Quantifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GroupKind {
    /// One that `\N` may refer to, or not.
    Plain,
    LookAhead {
        is_denied: bool,
    },
    LookBehind {
        is_denied: bool,
    },
}

struct Group {
    kind: GroupKind,
    /// Its first atom.
    start: usize,
    /// How many capturing groups were open or closed before it.
    captures_before: usize,
    /// Its number, where it captures.
    number: Option<usize>,
}

/// How far a capturing group has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capture {
    /// It is being read: a reference to it matches nothing yet.
    Open,
    /// It took part in the match.
    Certain,
    /// It may have taken part: it is optional, or one of several alternatives.
    Possible,
}

pub(super) struct Reader {
    characters: Vec<char>,
    at: usize,
    mode: Mode,
    /// The names of the capturing groups, in order; `None` for one without a name.
    names: Vec<Option<String>>,
    atoms: Vec<Atom>,
    groups: Vec<Group>,
    captures: Vec<Capture>,
    previous: Previous,
    has_foreign_escape: bool,
}

impl Reader {
    pub(super) fn new(pattern: &str, mode: Mode) -> Self {
        let characters: Vec<char> = pattern.chars().collect();
        let names = group_names(&characters);
        Self {
            characters,
            at: 0,
            mode,
            names,
            atoms: Vec::new(),
            groups: Vec::new(),
            captures: Vec::new(),
            previous: Previous::Nothing,
            has_foreign_escape: false,
        }
    }

    fn is_legacy(&self) -> bool {
        self.mode == Mode::Legacy
    }

    fn has_names(&self) -> bool {
        self.names.iter().any(Option::is_some)
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

    /// `None` where this is no pattern in this mode.
    pub(super) fn read(mut self) -> Option<Read> {
        while let Some(next) = self.next() {
            match next {
                '\\' => self.escape()?,
                '[' => {
                    let class = self.class()?;
                    self.push(class);
                }
                '.' => self.push(Atom::Written(r"[^\n\r\u{2028}\u{2029}]".to_owned())),
                '(' => self.open_group()?,
                ')' => self.close_group()?,
                '|' => {
                    // What stands in one alternative takes no part in another.
                    let before = self.groups.last().map_or(0, |group| {
                        group.captures_before + usize::from(group.number.is_some())
                    });
                    self.may_be_unset(before);
                    self.atoms.push(Atom::Written("|".to_owned()));
                    self.previous = Previous::Nothing;
                }
                '^' | '$' => self.assertion(next.to_string()),
                '*' | '+' | '?' => self.quantifier(next.to_string())?,
                '{' => match self.braces() {
                    Some(Braces { least, most, text }) => {
                        if most.is_some_and(|most| most < least) {
                            return None;
                        }
                        self.quantifier(text)?;
                    }
                    None => self.push_if_legacy(next)?,
                },
                ']' | '}' => self.push_if_legacy(next)?,
                _ => self.push(single(u32::from(next))),
            }
        }
        self.groups.is_empty().then(|| Read {
            plain: written(&self.atoms),
            has_foreign_escape: self.has_foreign_escape,
        })
    }

    fn push(&mut self, atom: Atom) {
        self.atoms.push(atom);
        self.previous = Previous::Atom;
    }

    fn push_if_legacy(&mut self, character: char) -> Option<()> {
        self.is_legacy()
            .then(|| self.push(single(u32::from(character))))
    }

    fn assertion(&mut self, text: String) {
        self.atoms.push(Atom::Written(text));
        self.previous = Previous::Assertion;
    }

    /// Behind `(`. A named group loses its name, so that references to it can be numbers.
    fn open_group(&mut self) -> Option<()> {
        let starts = [
            ("?:", GroupKind::Plain),
            ("?=", GroupKind::LookAhead { is_denied: false }),
            ("?!", GroupKind::LookAhead { is_denied: true }),
            ("?<=", GroupKind::LookBehind { is_denied: false }),
            ("?<!", GroupKind::LookBehind { is_denied: true }),
        ];
        let known = starts
            .into_iter()
            .find(|(start, _)| self.rest_starts_with(start));
        let captures_before = self.captures.len();
        let mut number = None;
        let (text, kind) = if let Some((start, kind)) = known {
            self.at += start.len();
            (format!("({start}"), kind)
        } else if self.peek() == Some('?') && !self.rest_starts_with("?<") {
            (self.modifiers()?, GroupKind::Plain)
        } else {
            if self.peek() == Some('?') {
                self.at += 2;
                self.name()?;
            }
            self.captures.push(Capture::Open);
            number = Some(self.captures.len());
            ("(".to_owned(), GroupKind::Plain)
        };
        self.groups.push(Group {
            kind,
            start: self.atoms.len(),
            captures_before,
            number,
        });
        self.atoms.push(Atom::Written(text));
        self.previous = Previous::Nothing;
        Some(())
    }

    /// Modifiers (ES2025), behind `(`: `?i:`, `?-i:`, `?s-m:`.
    fn modifiers(&mut self) -> Option<String> {
        let mut text = String::from("(");
        loop {
            let next = self.next()?;
            text.push(next);
            match next {
                ':' => return Some(text),
                '?' | '-' | 'i' | 'm' | 's' => {}
                _ => return None,
            }
        }
    }

    /// The name of a group, to its `>`.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            match self.next()? {
                '>' => return (!name.is_empty()).then_some(name),
                next if next.is_alphanumeric()
                    || matches!(next, '_' | '$' | '\u{200c}' | '\u{200d}') =>
                {
                    name.push(next);
                }
                _ => return None,
            }
        }
    }

    fn close_group(&mut self) -> Option<()> {
        let group = self.groups.pop()?;
        if let Some(number) = group.number
            && let Some(capture) = self.captures.get_mut(number - 1)
        {
            *capture = Capture::Certain;
        }
        self.atoms.push(Atom::Written(")".to_owned()));
        self.previous = match group.kind {
            GroupKind::Plain => Previous::Atom,
            GroupKind::LookAhead { is_denied } | GroupKind::LookBehind { is_denied } => {
                if is_denied {
                    self.may_be_unset(group.captures_before);
                }
                match group.kind {
                    GroupKind::LookAhead { .. } if self.is_legacy() => Previous::LookAhead,
                    _ => Previous::Assertion,
                }
            }
        };
        self.close_quantified(&group);
        Some(())
    }

    /// What a quantifier behind a group makes of it.
    fn close_quantified(&mut self, group: &Group) {
        let start = self.at;
        let least = match self.next() {
            Some('*' | '?') => Some(0),
            Some('+') => Some(1),
            Some('{') => self.braces().map(|braces| braces.least),
            _ => None,
        };
        if least == Some(0) {
            self.may_be_unset(group.captures_before);
        }
        if self.previous != Previous::LookAhead {
            self.at = start;
            return;
        }
        match least {
            None => self.at = start,
            Some(least) => {
                // A repetition that takes no character ends at once (§22.2.2.3.1): one look is as good as
                // many, and none where none is asked for.
                if self.peek() == Some('?') {
                    self.at += 1;
                }
                if least == 0 {
                    self.atoms
                        .insert(group.start, Atom::Written("(?:|".to_owned()));
                    self.atoms.push(Atom::Written(")".to_owned()));
                }
                self.previous = Previous::Quantifier;
            }
        }
    }

    /// The groups from a number on may be without a match for what follows.
    fn may_be_unset(&mut self, before: usize) {
        for capture in self.captures.iter_mut().skip(before) {
            if *capture == Capture::Certain {
                *capture = Capture::Possible;
            }
        }
    }

    fn quantifier(&mut self, mut text: String) -> Option<()> {
        if self.previous != Previous::Atom {
            return None;
        }
        if self.peek() == Some('?') {
            self.at += 1;
            text.push('?');
        }
        self.atoms.push(Atom::Written(text));
        self.previous = Previous::Quantifier;
        Some(())
    }

    /// A quantifier in braces, behind its `{`; where there is none nothing is read.
    fn braces(&mut self) -> Option<Braces> {
        let length = self.characters[self.at..].iter().position(|c| *c == '}')?;
        let text: String = self.characters[self.at..self.at + length].iter().collect();
        let digits = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().unwrap_or(u64::MAX))
        };
        let (least, most) = match text.split_once(',') {
            None => {
                let times = digits(&text)?;
                (times, Some(times))
            }
            Some((least, "")) => (digits(least)?, None),
            Some((least, most)) => (digits(least)?, Some(digits(most)?)),
        };
        self.at += length + 1;
        Some(Braces {
            least,
            most,
            text: format!("{{{text}}}"),
        })
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

    /// Behind `\u`: four digits, or with the flag digits in braces.
    fn unicode(&mut self) -> Option<u32> {
        if self.peek() == Some('{') && !self.is_legacy() {
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

    /// A property of Unicode, as `\p{L}`, behind its letter; nothing is read where there is none.
    fn property(&mut self, letter: char) -> Option<String> {
        if self.peek() != Some('{') {
            return None;
        }
        let length = self.characters[self.at..].iter().position(|c| *c == '}')?;
        let name: String = self.characters[self.at..=self.at + length].iter().collect();
        let property = format!("\\{letter}{name}");
        regex_syntax::parse(&property).ok()?;
        self.at += length + 1;
        Some(property)
    }

    /// A character that an escape stands for, outside a class; the letter was read.
    fn character(&mut self, letter: char) -> Option<u32> {
        let is_legacy = self.is_legacy();
        let own = u32::from(letter);
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
                _ if is_legacy => {
                    // The backslash is itself, and the letter comes next.
                    self.at -= 1;
                    u32::from('\\')
                }
                _ => return None,
            },
            'x' => self.hex(2).or(is_legacy.then_some(own))?,
            'u' => self.unicode().or(is_legacy.then_some(own))?,
            '0' if !is_legacy => {
                let is_longer = self.peek().is_some_and(|next| next.is_ascii_digit());
                (!is_longer).then_some(0)?
            }
            '0'..='7' if is_legacy => {
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
            'k' if is_legacy && self.has_names() => return None,
            _ if letter.is_ascii_alphanumeric() && !is_legacy => return None,
            'A' | 'Z' | 'z' | 'G' | 'Q' | 'E' | 'a' | 'e' | 'h' | 'H' | 'R' | 'X' | 'K' | 'N'
            | 'C' | 'i' | 'I' | 'p' | 'P' => {
                self.has_foreign_escape = true;
                own
            }
            _ => own,
        })
    }

    fn escape(&mut self) -> Option<()> {
        let letter = self.next()?;
        let set = |is_negated, set: &str| Atom::Set {
            is_negated,
            ranges: Vec::new(),
            sets: vec![set.to_owned()],
        };
        let atom = match letter {
            'd' => set(false, DIGIT),
            'D' => set(true, DIGIT),
            'w' => set(false, WORD),
            'W' => set(true, WORD),
            's' => set(false, SPACE),
            'S' => set(true, SPACE),
            'b' => {
                self.assertion(format!(
                    "(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))"
                ));
                return Some(());
            }
            'B' => {
                self.assertion(format!(
                    "(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))"
                ));
                return Some(());
            }
            'p' | 'P' if !self.is_legacy() => Atom::Written(self.property(letter)?),
            'k' if !self.is_legacy() || self.has_names() => {
                if self.next()? != '<' {
                    return None;
                }
                let name = self.name()?;
                self.named_reference(&name)?
            }
            '1'..='9' => match self.numbered_reference(letter) {
                Some(atom) => atom,
                None => single(self.character(letter)?),
            },
            _ => single(self.character(letter)?),
        };
        self.push(atom);
        Some(())
    }

    /// A reference to the groups of a name: several may have it in different alternatives.
    fn named_reference(&self, name: &str) -> Option<Atom> {
        let numbers: Vec<usize> = (1..)
            .zip(&self.names)
            .filter(|(_, known)| known.as_deref() == Some(name))
            .map(|(number, _)| number)
            .collect();
        match numbers.as_slice() {
            [] => None,
            [one] => Some(self.reference(*one)),
            several => {
                let set = several
                    .iter()
                    .filter(|number| self.captures.len() >= **number);
                let parts: Vec<String> = set.map(|number| format!("\\{number}")).collect();
                let alternatives = parts.join("|");
                Some(Atom::Written(if parts.is_empty() {
                    "(?:)".to_owned()
                } else {
                    format!("(?:{alternatives}|(?!{alternatives}))")
                }))
            }
        }
    }

    /// A reference by number, behind its first digit; nothing is read where there is no such group.
    fn numbered_reference(&mut self, first: char) -> Option<Atom> {
        let start = self.at;
        let mut number = first.to_digit(10)? as usize;
        while let Some(digit) = self.peek().and_then(|next| next.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        if number > self.names.len() {
            self.at = start;
            return None;
        }
        Some(self.reference(number))
    }

    /// A reference to a group that took no part matches the empty text (§22.2.2.9.1), which engines see
    /// differently.
    fn reference(&self, number: usize) -> Atom {
        Atom::Written(match self.captures.get(number - 1) {
            None | Some(Capture::Open) => "(?:)".to_owned(),
            Some(Capture::Certain) => format!("(?:\\{number})"),
            // Takes more than the standard does where the group has matched something else.
            Some(Capture::Possible) => format!("(?:\\{number}|(?!\\{number}))"),
        })
    }

    /// A class, behind its `[`.
    fn class(&mut self) -> Option<Atom> {
        let is_negated = self.peek() == Some('^');
        self.at += usize::from(is_negated);
        if self.rest_starts_with("[:") {
            self.has_foreign_escape = true;
        }
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut sets = Vec::new();
        loop {
            let next = self.next()?;
            if next == ']' {
                break;
            }
            let first = self.class_atom(next, &mut sets)?;
            let has_range = self.peek() == Some('-')
                && self
                    .characters
                    .get(self.at + 1)
                    .is_some_and(|end| *end != ']');
            if !has_range {
                ranges.extend(first.map(|one| (one, one)));
                continue;
            }
            self.at += 1;
            let end = self.next()?;
            let last = self.class_atom(end, &mut sets)?;
            match (first, last) {
                (Some(first), Some(last)) => {
                    ranges.push((first <= last).then_some((first, last))?);
                }
                // Beside a set a hyphen is itself (§B.1.2).
                _ => {
                    ranges.push((0x2d, 0x2d));
                    ranges.extend(first.or(last).map(|one| (one, one)));
                }
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
            'p' | 'P' if !self.is_legacy() => self.property(letter)?,
            'b' => return Some(Some(8)),
            'c' if self.is_legacy() => {
                // Digits and `_` are controls inside a class.
                return match self.peek() {
                    Some(control) if control.is_ascii_digit() || control == '_' => {
                        self.at += 1;
                        Some(Some(u32::from(control) % 32))
                    }
                    _ => self.character(letter).map(Some),
                };
            }
            _ => return self.character(letter).map(Some),
        };
        sets.push(set);
        Some(None)
    }
}

/// A quantifier in braces.
struct Braces {
    least: u64,
    most: Option<u64>,
    text: String,
}
