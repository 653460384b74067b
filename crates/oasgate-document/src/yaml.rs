//! YAML 1.2: the value by the core schema, and where each node stands.
//!
//! `on`, `no` and dates are strings, as YAML 1.2 has it. Keys that are no strings become their
//! source text, so that `200:` under `responses` is the key `"200"`. Anchors, aliases and merge
//! keys (`<<`) are followed.

use std::{collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

use crate::{
    Budget, DocumentError, Exceeded, Pointer,
    cost::Cost,
    index::{Index, Path},
    json,
    source::Source,
};

/// What was read, and what was left out of it or read twice.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) root: Value,
    /// Properties that stand twice in their mapping.
    pub(crate) duplicates: Vec<Pointer>,
    /// Aliases that are read as null, each with the limit that it met.
    pub(crate) cut: Vec<(Pointer, Exceeded)>,
}

/// How many aliases are read as null before the document as a whole is refused.
const MAX_CUT: usize = 1_000;

/// Parses the first document of the text; what the value needs is spent from the budget.
pub(crate) fn parse(source: &Source, budget: &Budget) -> Result<Read, DocumentError> {
    let limit = usize::try_from(budget.allowance().depth).unwrap_or(usize::MAX);
    let mut builder = Builder {
        source,
        budget,
        stack: Vec::new(),
        anchors: HashMap::new(),
        read: Read::default(),
    };
    let mut parser = Parser::new_from_str(source.text());
    let mut is_over = false;
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let place = source.in_file(
                error.marker().line().saturating_sub(1),
                error.marker().col(),
            );
            let message = error.info();
            // The parser has a limit of its own for what it reads ahead.
            if message == "recursion limit exceeded" {
                return DocumentError::TooDeep { place, limit };
            }
            DocumentError::Yaml { place, message }
        })?;
        match event {
            Event::DocumentEnd => {
                is_over = true;
                continue;
            }
            Event::DocumentStart(..) if is_over => {
                return Err(builder.error(span, "a second document begins here; one was expected"));
            }
            _ => {}
        }
        builder.event(event, span)?;
    }
    Ok(builder.read)
}

/// A collection that is being read.
enum Open {
    Sequence {
        items: Vec<Value>,
        anchor: usize,
    },
    Mapping {
        members: Map<String, Value>,
        key: Option<String>,
        merges: Vec<Value>,
        anchor: usize,
    },
}

/// A node that aliases name.
enum Anchored {
    /// Its value, and what one more of it costs.
    Value(Value, Cost),
    /// It is not kept, because of this limit.
    TooLarge(Exceeded),
}

struct Builder<'s> {
    source: &'s Source,
    budget: &'s Budget,
    stack: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    read: Read,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), DocumentError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.expects_key() {
                    return self.key(&text, style, anchor, span);
                }
                self.spend(json::NODE + text.len() as u64, span)?;
                let value = scalar(&text, style, tag.as_deref());
                self.finish(value, anchor, span)
            }
            Event::SequenceStart(_, anchor, _) => self.open(
                Open::Sequence {
                    items: Vec::new(),
                    anchor,
                },
                span,
            ),
            Event::MappingStart(_, anchor, _) => {
                let members = Map::new();
                self.open(
                    Open::Mapping {
                        members,
                        key: None,
                        merges: Vec::new(),
                        anchor,
                    },
                    span,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (value, anchor) = match self.stack.pop() {
                    Some(Open::Sequence { items, anchor }) => (Value::Array(items), anchor),
                    Some(Open::Mapping {
                        members,
                        merges,
                        anchor,
                        ..
                    }) => (Value::Object(merged(members, merges)), anchor),
                    None => return Ok(()),
                };
                self.finish(value, anchor, span)
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    /// Takes in another copy of an anchored node, or null where there is no room for it.
    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), DocumentError> {
        let copied = match self.anchors.get(&anchor) {
            None => {
                return Err(self.error(span, "an alias stands inside the node that it names"));
            }
            Some(Anchored::TooLarge(exceeded)) => Err(*exceeded),
            Some(Anchored::Value(value, cost)) => {
                let deepest = self.stack.len() + cost.depth.saturating_sub(1);
                self.budget
                    .check_depth(deepest)
                    .and_then(|()| self.budget.spend_nodes(cost.nodes))
                    .and_then(|()| self.budget.spend_bytes(cost.bytes))
                    .map(|()| value.clone())
            }
        };
        let value = match copied {
            Ok(value) => value,
            Err(exceeded) if self.expects_key() || self.read.cut.len() >= MAX_CUT => {
                return Err(self.over_budget(span, exceeded));
            }
            Err(exceeded) => {
                self.read.cut.push((self.pointer(), exceeded));
                Value::Null
            }
        };
        if self.expects_key() {
            let Value::String(text) = value else {
                return Err(self.error(span, "a key must be a single value"));
            };
            return self.key(&text, ScalarStyle::DoubleQuoted, 0, span);
        }
        self.finish(value, 0, span)
    }

    fn expects_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open::Mapping { key: None, .. }))
    }

    fn open(&mut self, open: Open, span: Span) -> Result<(), DocumentError> {
        if self.expects_key() {
            return Err(self.error(span, "a key must be a single value, not a list or mapping"));
        }
        if self.budget.check_depth(self.stack.len()).is_err() {
            return Err(DocumentError::TooDeep {
                place: self.source.place(start_of(span)).into(),
                limit: usize::try_from(self.budget.allowance().depth).unwrap_or(usize::MAX),
            });
        }
        self.spend(json::NODE, span)?;
        self.stack.push(open);
        Ok(())
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        span: Span,
    ) -> Result<(), DocumentError> {
        self.spend(json::PROPERTY + text.len() as u64, span)?;
        if anchor != 0 {
            self.anchor(anchor, &Value::from(text));
        }
        let is_merge = text == "<<" && style == ScalarStyle::Plain;
        let mut repeated = false;
        if let Some(Open::Mapping { key, members, .. }) = self.stack.last_mut() {
            repeated = !is_merge && members.contains_key(text);
            *key = Some(text.to_string());
        }
        if repeated {
            if self.read.duplicates.len() >= 1000 {
                return Err(self.error(span, "more than 1000 keys stand twice in their mappings"));
            }
            self.read.duplicates.push(self.pointer());
        }
        Ok(())
    }

    /// The pointer to the value that is read next.
    fn pointer(&self) -> Pointer {
        let mut pointer = Pointer::root();
        for open in &self.stack {
            match open {
                Open::Sequence { items, .. } => pointer = pointer.index(items.len()),
                Open::Mapping { key: Some(key), .. } => pointer.push(key),
                Open::Mapping { key: None, .. } => {}
            }
        }
        pointer
    }

    fn finish(&mut self, value: Value, anchor: usize, span: Span) -> Result<(), DocumentError> {
        if anchor != 0 {
            self.anchor(anchor, &value);
        }
        match self.stack.last_mut() {
            None => self.read.root = value,
            Some(Open::Sequence { items, .. }) => items.push(value),
            Some(Open::Mapping {
                members,
                key,
                merges,
                ..
            }) => {
                let key = key.take().unwrap_or_default();
                if key == "<<" && matches!(value, Value::Object(_) | Value::Array(_)) {
                    match value {
                        Value::Array(items) if items.iter().all(Value::is_object) => {
                            merges.extend(items)
                        }
                        Value::Object(_) => merges.push(value),
                        _ => {
                            return Err(
                                self.error(span, "`<<` takes a mapping or a list of mappings")
                            );
                        }
                    }
                } else {
                    members.insert(key, value);
                }
            }
        }
        Ok(())
    }

    /// Keeps an anchored node for its aliases, as far as there is room for one more of it.
    fn anchor(&mut self, anchor: usize, value: &Value) {
        let cost = Cost::of(value);
        let kept = match self.budget.spend_bytes(cost.bytes) {
            Ok(()) => Anchored::Value(value.clone(), cost),
            Err(exceeded) => Anchored::TooLarge(exceeded),
        };
        self.anchors.insert(anchor, kept);
    }

    fn spend(&self, bytes: u64, span: Span) -> Result<(), DocumentError> {
        self.budget
            .step()
            .and(self.budget.spend_bytes(bytes))
            .map_err(|exceeded| self.over_budget(span, exceeded))
    }

    fn over_budget(&self, span: Span, exceeded: Exceeded) -> DocumentError {
        DocumentError::OverBudget {
            place: self.source.place(start_of(span)).into(),
            exceeded,
        }
    }

    fn error(&self, span: Span, message: &str) -> DocumentError {
        DocumentError::Yaml {
            place: self.source.place(start_of(span)).into(),
            message: message.to_owned(),
        }
    }
}

/// Own members beat merged ones, and earlier merged mappings beat later ones.
fn merged(mut members: Map<String, Value>, merges: Vec<Value>) -> Map<String, Value> {
    for merge in merges {
        if let Value::Object(others) = merge {
            for (key, value) in others {
                members.entry(key).or_insert(value);
            }
        }
    }
    members
}

/// A scalar by the core schema (YAML 1.2.2 §10.3.2).
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let string = || Value::String(text.to_owned());
    match tag.and_then(Tag::core_suffix) {
        Some("str" | "binary" | "timestamp") => return string(),
        Some("null") => return Value::Null,
        Some("int" | "float" | "bool") => return plain(text),
        _ => {}
    }
    if style == ScalarStyle::Plain && tag.is_none() {
        plain(text)
    } else {
        string()
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let in_base = |digits: &str, base: u32| {
        (!digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base)))
            .then(|| u64::from_str_radix(digits, base).ok().map(Number::from))?
    };
    if let Some(digits) = text.strip_prefix("0o") {
        return in_base(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return in_base(digits, 16);
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = text.strip_prefix('+').unwrap_or(text);
        return whole
            .parse::<u64>()
            .map(Number::from)
            .or_else(|_| whole.parse::<i64>().map(Number::from))
            .ok()
            .or_else(|| nearest(whole));
    }
    let is_float = unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && unsigned.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if is_float {
        nearest(text.strip_prefix('+').unwrap_or(text))
    } else {
        None
    }
}

/// The double nearest to a number; no number is beyond all doubles, whose greatest stands for it.
fn nearest(text: &str) -> Option<Number> {
    let double: f64 = text.parse().ok()?;
    Number::from_f64(double.clamp(f64::MIN, f64::MAX))
}

/// Finds every node of the first document. The text is known to be YAML.
pub(crate) fn index(text: &str) -> Index {
    let mut walker = Walker {
        index: Index::default(),
        path: Path::new(),
        stack: Vec::new(),
        anchors: HashMap::new(),
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(Ok((event, span))) = parser.next_event() {
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        walker.event(event, span);
    }
    walker.index
}

/// A collection on the way to the node that is being read.
enum Level {
    Sequence { next: usize },
    Mapping { key: Option<(String, Range<usize>)> },
}

struct Walker {
    index: Index,
    path: Path,
    stack: Vec<(Level, Range<usize>, Option<Range<usize>>)>,
    anchors: HashMap<usize, Pointer>,
}

impl Walker {
    fn event(&mut self, event: Event<'_>, span: Span) {
        let range = span.byte_range().unwrap_or(0..0);
        match event {
            Event::Scalar(text, _, anchor, _) => {
                if let Some((Level::Mapping { key: key @ None }, ..)) = self.stack.last_mut() {
                    self.path.push(&text);
                    *key = Some((text.into_owned(), range));
                    return;
                }
                let key = self.enter();
                self.anchor(anchor);
                self.index
                    .insert(&self.path, key.unwrap_or_else(|| range.clone()), range);
                self.leave();
            }
            Event::Alias(anchor) => {
                if let Some((Level::Mapping { key: key @ None }, ..)) = self.stack.last_mut() {
                    self.path.push("");
                    *key = Some((String::new(), range));
                    return;
                }
                let key = self.enter();
                if let Some(there) = self.anchors.get(&anchor) {
                    let here = self.pointer();
                    let is_merge = here.last().as_deref() == Some("<<");
                    let from = if is_merge {
                        here.parent().unwrap_or_default()
                    } else {
                        here
                    };
                    self.index.detour(from, there.clone());
                }
                self.index
                    .insert(&self.path, key.unwrap_or_else(|| range.clone()), range);
                self.leave();
            }
            Event::SequenceStart(_, anchor, _) => {
                let key = self.enter();
                self.anchor(anchor);
                self.stack.push((Level::Sequence { next: 0 }, range, key));
            }
            Event::MappingStart(_, anchor, _) => {
                let key = self.enter();
                self.anchor(anchor);
                self.stack.push((Level::Mapping { key: None }, range, key));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((_, start, key)) = self.stack.pop() else {
                    return;
                };
                let value = start.start..range.end.max(start.end);
                self.index
                    .insert(&self.path, key.unwrap_or_else(|| value.clone()), value);
                self.leave();
            }
            _ => {}
        }
    }

    /// Steps into the next value; answers the range of its key, if it has one.
    fn enter(&mut self) -> Option<Range<usize>> {
        match self.stack.last() {
            Some((Level::Sequence { next }, ..)) => {
                self.path.push(&next.to_string());
                None
            }
            Some((Level::Mapping { key }, ..)) => key.as_ref().map(|(_, range)| range.clone()),
            None => None,
        }
    }

    fn leave(&mut self) {
        match self.stack.last_mut() {
            Some((Level::Sequence { next }, ..)) => *next += 1,
            Some((Level::Mapping { key }, ..)) => *key = None,
            None => return,
        }
        self.path.pop();
    }

    fn anchor(&mut self, anchor: usize) {
        if anchor != 0 {
            let pointer = self.pointer();
            self.anchors.insert(anchor, pointer);
        }
    }

    fn pointer(&self) -> Pointer {
        let mut pointer = Pointer::root();
        for (level, ..) in &self.stack {
            match level {
                Level::Sequence { next } => pointer = pointer.index(*next),
                Level::Mapping {
                    key: Some((key, _)),
                } => pointer.push(key),
                Level::Mapping { key: None } => {}
            }
        }
        pointer
    }
}

fn start_of(span: Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}
