//! The elements of one long list inside a YAML document, without the rest of it in memory.

use std::{
    collections::{HashMap, VecDeque},
    io::BufRead as _,
    sync::{Arc, Mutex, PoisonError},
};

use granit_parser::{BufferedInput, Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::{Entries, Input, Raw, RawEntry, RecordingError};

/// The key that holds the base64 text of a `!!binary` scalar.
pub(super) const BINARY: &str = "!!binary";

/// The most nodes of one entry: an entry that is larger is no entry but a bomb.
const MAX_NODES: usize = 1_000_000;

/// The most nodes of all that aliases may name.
const MAX_NAMED: usize = 500_000;

/// A text of so many bytes counts as another node.
const BYTES_OF_A_NODE: usize = 64;

/// Reads the elements of the list under one of `keys` at the top of the document.
pub(super) fn elements(input: Input, file: Arc<str>, keys: &'static [&'static str]) -> Entries {
    let trouble = Arc::new(Mutex::new(None));
    let characters = Characters {
        input,
        ready: VecDeque::new(),
        partial: Vec::new(),
        trouble: Arc::clone(&trouble),
    };
    Box::new(Elements {
        parser: Parser::new_from_iter(characters),
        file,
        keys,
        trouble,
        place: Position::Top,
        count: 0,
        done: false,
        anchors: HashMap::new(),
        named: 0,
    })
}

/// The characters of a stream; wrong bytes become U+FFFD.
struct Characters {
    input: Input,
    ready: VecDeque<char>,
    /// The beginning of a character whose end has not come yet.
    partial: Vec<u8>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Iterator for Characters {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        while self.ready.is_empty() {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) => {
                    *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(error.to_string());
                    return None;
                }
            };
            let length = chunk.len();
            self.partial.extend_from_slice(chunk);
            self.input.consume(length);
            let whole = match std::str::from_utf8(&self.partial) {
                Ok(_) => self.partial.len(),
                // An end that is missing may come with the next chunk.
                Err(error) if error.error_len().is_none() && length > 0 => error.valid_up_to(),
                Err(_) => self.partial.len(),
            };
            self.ready
                .extend(String::from_utf8_lossy(&self.partial[..whole]).chars());
            self.partial.drain(..whole);
            if length == 0 {
                break;
            }
        }
        self.ready.pop_front()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Before the list.
    Top,
    /// Inside it.
    List,
}

struct Elements {
    parser: Parser<'static, BufferedInput<Characters>>,
    file: Arc<str>,
    keys: &'static [&'static str],
    trouble: Arc<Mutex<Option<String>>>,
    place: Position,
    count: u64,
    done: bool,
    /// What aliases may name. Recorders give names only to what comes again, which is little.
    anchors: HashMap<usize, Value>,
    /// How many nodes these have.
    named: usize,
}

impl Iterator for Elements {
    type Item = Result<RawEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.advance() {
            Ok(Some(entry)) => Some(Ok(entry)),
            Ok(None) => {
                self.done = true;
                let trouble = self
                    .trouble
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                trouble.map(|reason| {
                    Err(self.error(
                        None,
                        format!("the recording is cut off {}: {reason}", self.read_so_far()),
                    ))
                })
            }
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

impl Elements {
    fn read_so_far(&self) -> String {
        match self.count {
            0 => "before the first entry".to_owned(),
            1 => "after 1 entry".to_owned(),
            many => format!("after {many} entries"),
        }
    }

    fn error(&self, line: Option<u64>, message: String) -> RecordingError {
        RecordingError {
            file: Arc::clone(&self.file),
            entry: None,
            line,
            message,
        }
    }

    fn event(&mut self) -> Result<Option<(Event<'static>, u64)>, RecordingError> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                Ok(Some((event, u64::try_from(span.start.line()).unwrap_or(0))))
            }
            Some(Err(error)) => {
                let line = u64::try_from(error.marker().line()).ok();
                let reason = error.info();
                let message = format!(
                    "the recording cannot be read on {}: {reason}",
                    self.read_so_far()
                );
                Err(self.error(line, message))
            }
        }
    }

    fn advance(&mut self) -> Result<Option<RawEntry>, RecordingError> {
        while self.place == Position::Top {
            let Some((event, line)) = self.event()? else {
                return Ok(None);
            };
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::MappingStart(..) => {}
                Event::Scalar(key, ..) if self.keys.contains(&key.as_ref()) => {
                    match self.event()? {
                        Some((Event::SequenceStart(..), _)) => self.place = Position::List,
                        _ => return Err(self.error(Some(line), format!("`{key}` is not a list"))),
                    }
                }
                Event::Scalar(..) => {
                    let Some((value, line)) = self.event()? else {
                        return Ok(None);
                    };
                    self.build(value, line)?;
                }
                Event::MappingEnd | Event::DocumentEnd | Event::StreamEnd => return Ok(None),
                _ => {
                    return Err(self.error(Some(line), "the recording is not a mapping".to_owned()));
                }
            }
        }
        let Some((event, line)) = self.event()? else {
            return Ok(None);
        };
        if matches!(event, Event::SequenceEnd) {
            self.place = Position::Top;
            return self.advance();
        }
        let value = self.build(event, line)?;
        self.count += 1;
        Ok(Some(RawEntry {
            number: self.count,
            line: Some(line),
            raw: Raw::Tree(value),
        }))
    }

    /// Keeps a value that has an anchor.
    fn named(&mut self, anchor: usize, value: Value, line: u64) -> Result<Value, RecordingError> {
        if anchor > 0 {
            self.named += size(&value);
            if self.named > MAX_NAMED {
                let message = "too much of the recording has a name for aliases";
                return Err(self.error(Some(line), message.to_owned()));
            }
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    /// Builds the node that begins with `first`.
    fn build(&mut self, first: Event<'static>, line: u64) -> Result<Value, RecordingError> {
        let mut open: Vec<Open> = Vec::new();
        let mut event = first;
        let mut nodes = 0_usize;
        loop {
            nodes += 1;
            if nodes > MAX_NODES {
                return Err(self.error(Some(line), "an entry has too many nodes".to_owned()));
            }
            let complete = match event {
                Event::Scalar(text, style, anchor, tag) => {
                    Some(self.named(anchor, scalar(&text, style, tag.as_deref()), line)?)
                }
                Event::SequenceStart(_, anchor, _) => {
                    open.push(Open::List(Vec::new(), anchor));
                    None
                }
                Event::MappingStart(_, anchor, _) => {
                    open.push(Open::Object(Map::new(), None, anchor));
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => match open.pop().map(Open::close) {
                    Some((value, anchor)) => Some(self.named(anchor, value, line)?),
                    None => None,
                },
                Event::Alias(anchor) => match self.anchors.get(&anchor) {
                    Some(value) => {
                        nodes += size(value);
                        if nodes > MAX_NODES {
                            let message = "an entry has too many nodes".to_owned();
                            return Err(self.error(Some(line), message));
                        }
                        Some(value.clone())
                    }
                    None => return Err(self.error(Some(line), "an alias names nothing".to_owned())),
                },
                Event::StreamEnd | Event::DocumentEnd => {
                    return Err(self.error(
                        Some(line),
                        format!("the recording is cut off {}", self.read_so_far()),
                    ));
                }
                _ => None,
            };
            if let Some(value) = complete {
                match open.last_mut() {
                    None => return Ok(value),
                    Some(parent) => parent.put(value),
                }
            }
            match self.event()? {
                Some((next, _)) => event = next,
                None => {
                    return Err(self.error(
                        Some(line),
                        format!("the recording is cut off {}", self.read_so_far()),
                    ));
                }
            }
        }
    }
}

enum Open {
    List(Vec<Value>, usize),
    Object(Map<String, Value>, Option<String>, usize),
}

impl Open {
    fn put(&mut self, value: Value) {
        match self {
            Self::List(items, _) => items.push(value),
            Self::Object(members, key, _) => match key.take() {
                Some(key) => {
                    members.insert(key, value);
                }
                None => {
                    *key = Some(match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    });
                }
            },
        }
    }

    /// The value, and its anchor.
    fn close(self) -> (Value, usize) {
        match self {
            Self::List(items, anchor) => (Value::Array(items), anchor),
            Self::Object(members, _, anchor) => (Value::Object(members), anchor),
        }
    }
}

/// How many nodes a value has; long texts count as several.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / BYTES_OF_A_NODE,
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// A scalar by the part of the core schema that recordings use.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if tag.is_some_and(|tag| tag.suffix().ends_with("binary")) {
        return Value::Object(Map::from_iter([(
            BINARY.to_owned(),
            Value::String(text.to_owned()),
        )]));
    }
    if style != ScalarStyle::Plain || tag.is_some() {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number => number
            .parse::<i64>()
            .map_or_else(|_| Value::String(number.to_owned()), Value::from),
    }
}
