//! JSON: the value, and where each node stands.

use std::{cell::Cell, collections::HashSet, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::{
    Budget, DocumentError, Exceeded, Pointer,
    index::{Index, Path},
    source::Source,
};

/// How deep `serde_json` reads.
pub(crate) const DEPTH: usize = 128;

/// Parses the text; what the value needs is spent from the budget.
pub(crate) fn parse(source: &Source, budget: &Budget) -> Result<Value, DocumentError> {
    let exceeded = Cell::new(None);
    let seed = Seed {
        budget,
        exceeded: &exceeded,
    };
    let mut reader = serde_json::Deserializer::from_str(source.text());
    let read = seed.deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let place = source.in_file(
            error.line().saturating_sub(1),
            error.column().saturating_sub(1),
        );
        if let Some(exceeded) = exceeded.get() {
            return DocumentError::OverBudget { place, exceeded };
        }
        // The only way to tell this error from others is its text.
        if message == "recursion limit exceeded" {
            return DocumentError::TooDeep {
                place,
                limit: DEPTH,
            };
        }
        DocumentError::Json { place, message }
    })
}

/// The memory that a node takes beside its text, in bytes.
pub(crate) const NODE: u64 = size_of::<Value>() as u64;

/// The memory that a property takes beside its name and value: its place in the map, twice, because
/// maps grow by doubling.
pub(crate) const PROPERTY: u64 = 2 * (size_of::<String>() + 2 * size_of::<usize>()) as u64;

/// Reads one value, as `Value` does by itself, and spends what it needs.
#[derive(Clone, Copy)]
struct Seed<'b> {
    budget: &'b Budget,
    exceeded: &'b Cell<Option<Exceeded>>,
}

impl Seed<'_> {
    fn spend<E: de::Error>(self, bytes: u64) -> Result<(), E> {
        let spent = self.budget.step().and(self.budget.spend_bytes(bytes));
        spent.map_err(|exceeded| {
            self.exceeded.set(Some(exceeded));
            E::custom(exceeded)
        })
    }

    fn text<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.spend(NODE + text.len() as u64)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.spend(NODE).map(|()| Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.spend(NODE).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.spend(NODE).map(|()| Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.spend(NODE).map(|()| Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.spend(NODE).map(|()| Value::from(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.text(value).map(|()| Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        self.text(&value).map(|()| Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        self.spend(NODE)?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.spend(NODE)?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.spend(PROPERTY + name.len() as u64)?;
            map.insert(name, members.next_value_seed(self)?);
        }
        Ok(Value::Object(map))
    }
}

/// Finds every node. The text is known to be JSON, so that nothing is checked twice.
pub(crate) fn index(text: &str) -> Index {
    let mut scanner = Scanner::new(text);
    scanner.value(None);
    scanner.index
}

/// The keys that stand in their object a second time.
pub(crate) fn duplicates(text: &str) -> Vec<Pointer> {
    let mut scanner = Scanner {
        pointer: Some(Pointer::root()),
        ..Scanner::new(text)
    };
    scanner.value(None);
    scanner.duplicates
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    index: Index,
    path: Path,
    /// The node that is being read, where keys that stand twice are looked for.
    pointer: Option<Pointer>,
    duplicates: Vec<Pointer>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            index: Index::default(),
            path: Path::new(),
            pointer: None,
            duplicates: Vec::new(),
        }
    }

    /// Goes to a node below.
    fn enter(&mut self, token: &str) {
        match &mut self.pointer {
            Some(pointer) => pointer.push(token),
            None => self.path.push(token),
        }
    }

    /// Goes back to the node above.
    fn leave(&mut self) {
        match &mut self.pointer {
            Some(pointer) => pointer.pop(),
            None => self.path.pop(),
        }
    }

    /// Reads one value. Recursion is bounded by the depth that the parser allowed.
    fn value(&mut self, key: Option<std::ops::Range<usize>>) {
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => {
                self.string();
            }
            _ => self.word(),
        }
        if self.pointer.is_none() {
            let value = start..self.at;
            self.index
                .insert(&self.path, key.unwrap_or_else(|| value.clone()), value);
        }
    }

    fn object(&mut self) {
        self.at += 1;
        let mut names = HashSet::new();
        loop {
            self.space();
            match self.peek() {
                Some(b'"') => {
                    let start = self.at;
                    let key = self.string();
                    let name: String =
                        serde_json::from_str(&self.text[start..key]).unwrap_or_default();
                    self.space();
                    self.at += 1;
                    self.enter(&name);
                    if let Some(pointer) = &self.pointer
                        && !names.insert(name)
                    {
                        self.duplicates.push(pointer.clone());
                    }
                    self.value(Some(start..key));
                    self.leave();
                }
                Some(b',') => self.at += 1,
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
    }

    fn array(&mut self) {
        self.at += 1;
        let mut count = 0_usize;
        loop {
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') | None => {
                    self.at += 1;
                    return;
                }
                Some(_) => {
                    self.enter(&count.to_string());
                    self.value(None);
                    self.leave();
                    count += 1;
                }
            }
        }
    }

    /// Passes over a string; answers where it ends.
    fn string(&mut self) -> usize {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += match byte {
                b'\\' => 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => 1,
            };
        }
        self.at
    }

    fn word(&mut self) {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
        // Progress even on text that is no JSON after all.
        self.at = self.at.max(start + usize::from(self.peek().is_none()));
    }

    fn space(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
