//! YAML 1.2: the value by the core schema, and where each node stands.
//!
//! `on`, `no` and dates are strings, as YAML 1.2 has it. Keys that are no strings become their
//! source text, so that `200:` under `responses` is the key `"200"`. Anchors, aliases and merge
//! keys (`<<`) are followed.

use std::{collections::HashMap, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

use crate::{
    DocumentError, Limits, Pointer,
    index::{Index, Path},
    source::Source,
};

/// A property that stands twice in one mapping: where, and its name.
pub(crate) type Duplicate = Pointer;

/// Parses the first document of the text.
pub(crate) fn parse(
    source: &Source,
    limits: &Limits,
) -> Result<(Value, Vec<Duplicate>), DocumentError> {
    let mut builder = Builder {
        source,
        limits,
        stack: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        done: None,
        duplicates: Vec::new(),
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
                return DocumentError::TooDeep {
                    place,
                    limit: limits.depth,
                };
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
    Ok((builder.done.unwrap_or(Value::Null), builder.duplicates))
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

struct Builder<'s> {
    source: &'s Source,
    limits: &'s Limits,
    stack: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    nodes: usize,
    done: Option<Value>,
    duplicates: Vec<Duplicate>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), DocumentError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.expects_key() {
                    return self.key(&text, style, anchor, span);
                }
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
            Event::Alias(anchor) => {
                let Some((value, nodes)) = self.anchors.get(&anchor) else {
                    return Err(self.error(span, "an alias stands inside the node that it names"));
                };
                self.nodes = self.nodes.saturating_add(*nodes);
                if self.nodes > self.limits.nodes {
                    return Err(DocumentError::TooManyNodes {
                        place: self.source.place(start_of(span)).into(),
                        limit: self.limits.nodes,
                    });
                }
                let value = value.clone();
                if self.expects_key() {
                    let Value::String(text) = value else {
                        return Err(self.error(span, "a key must be a single value"));
                    };
                    return self.key(&text, ScalarStyle::DoubleQuoted, 0, span);
                }
                self.finish(value, 0, span)
            }
            _ => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open::Mapping { key: None, .. }))
    }

    fn open(&mut self, open: Open, span: Span) -> Result<(), DocumentError> {
        if self.expects_key() {
            return Err(self.error(span, "a key must be a single value, not a list or mapping"));
        }
        if self.stack.len() >= self.limits.depth {
            return Err(DocumentError::TooDeep {
                place: self.source.place(start_of(span)).into(),
                limit: self.limits.depth,
            });
        }
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
        if anchor != 0 {
            self.anchors
                .insert(anchor, (Value::String(text.to_string()), 1));
        }
        let is_merge = text == "<<" && style == ScalarStyle::Plain;
        let mut repeated = false;
        if let Some(Open::Mapping { key, members, .. }) = self.stack.last_mut() {
            repeated = !is_merge && members.contains_key(text);
            *key = Some(text.to_string());
        }
        if repeated {
            if self.duplicates.len() >= 1000 {
                return Err(self.error(span, "more than 1000 keys stand twice in their mappings"));
            }
            self.duplicates.push(self.pointer());
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
            let nodes = count(&value);
            self.anchors.insert(anchor, (value.clone(), nodes));
        }
        match self.stack.last_mut() {
            None => self.done = Some(value),
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

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
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
            .or_else(|| Number::from_f64(whole.parse().ok()?));
    }
    let is_float = unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
        && unsigned.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if is_float {
        Number::from_f64(text.strip_prefix('+').unwrap_or(text).parse().ok()?)
    } else {
        None
    }
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
