//! A JSON text that is read without copying it, for validators to walk where nobody asks for a value.
//!
//! The nodes of a text stand behind each other, each container before what is in it, and texts are borrowed: no name
//! and no text is an allocation, as in a tree of [`Value`]s. Whatever is out of the ordinary (a name that stands twice,
//! a number that may need its digits, half a surrogate pair, an object of very many members) is not read here, and is
//! left to the reader that makes values and says what is wrong.

use std::{
    borrow::Cow,
    hash::{BuildHasher as _, Hasher as _},
    sync::LazyLock,
};

use jsonschema::{
    JsonType,
    json::{self, Json, NodeIdentity},
};
use serde_json::{Map, Number, Value};

use super::exact::Digits;

/// The most arrays and objects that may stand in each other; more are refused where values are made.
const MAX_LEVELS: usize = 127;

/// The most members of one object: they are looked up one after another.
const MAX_MEMBERS: usize = 128;

/// One node, before the nodes that are in it.
#[derive(Debug)]
enum Entry<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    /// The name of the member that follows.
    Name(Cow<'t, str>),
    Array(Extent),
    /// Names and members take turns.
    Object(Extent),
}

/// How large a container is.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    /// How many elements or members it has.
    count: usize,
    /// How many entries it takes, its own too.
    length: usize,
}

impl Entry<'_> {
    fn length(&self) -> usize {
        match self {
            Self::Array(extent) | Self::Object(extent) => extent.length,
            _ => 1,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Name(text) => text,
            _ => "",
        }
    }
}

/// A value that holds no others and is told apart by what it is.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'s> {
    Number(&'s Number),
    Text(&'s str),
}

/// Its numbers do not leave the program, and nobody who writes a recording knows them.
static HASHER: LazyLock<ahash::RandomState> = LazyLock::new(ahash::RandomState::new);

/// A JSON text that was read.
#[derive(Debug)]
pub(crate) struct Tape<'t> {
    entries: Vec<Entry<'t>>,
    /// Whether a number may need its digits: then the text tells.
    pub(crate) may_need_digits: bool,
}

impl<'t> Tape<'t> {
    /// Reads a text strictly; `None` where it is no JSON, has more values than `most` or is out of the ordinary.
    pub(crate) fn read(text: &'t str, most: usize) -> Option<Self> {
        let mut reader = Reader {
            text,
            at: 0,
            // Few texts have more entries than this; others grow.
            entries: Vec::with_capacity((text.len() / 12).clamp(4, 1 << 12)),
            left: most,
            may_need_digits: false,
        };
        reader.value(MAX_LEVELS)?;
        reader.skip_space();
        (reader.at == text.len()).then_some(Self {
            entries: reader.entries,
            may_need_digits: reader.may_need_digits,
        })
    }

    /// A number that texts have in common which have the same names and containers at the same places, and of whose
    /// other values `tell` says the same. It costs a fraction of a walk through the value.
    pub(super) fn outline(&self, mut tell: impl FnMut(Scalar<'_>) -> u64) -> u64 {
        let mut hasher = HASHER.build_hasher();
        for entry in &self.entries {
            let told = match entry {
                Entry::Null => 1,
                Entry::Bool(value) => 2 + u64::from(*value),
                Entry::Number(number) => tell(Scalar::Number(number)),
                Entry::Text(text) => tell(Scalar::Text(text)),
                Entry::Name(name) => {
                    hasher.write(name.as_bytes());
                    continue;
                }
                Entry::Array(extent) => {
                    hasher.write_usize(extent.count);
                    4
                }
                Entry::Object(extent) => {
                    hasher.write_usize(extent.count);
                    5
                }
            };
            hasher.write_u64(told);
        }
        hasher.finish()
    }

    /// The value that the text is.
    pub(crate) fn root(&self) -> TapeNode<'_> {
        TapeNode(&self.entries)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    entries: Vec<Entry<'t>>,
    /// How many values may still come.
    left: usize,
    may_need_digits: bool,
}

impl<'t> Reader<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.byte()
    }

    /// Goes over the next byte that is no white space, which must be the given one.
    fn pass(&mut self, wanted: u8) -> Option<()> {
        let is_it = self.peek() == Some(wanted);
        self.at += usize::from(is_it);
        is_it.then_some(())
    }

    /// Reads a value that may hold so many levels of containers.
    fn value(&mut self, levels: usize) -> Option<()> {
        self.left = self.left.checked_sub(1).filter(|left| *left > 0)?;
        let entry = match self.peek()? {
            b'"' => Entry::Text(self.string()?),
            b'{' => return self.object(levels.checked_sub(1)?),
            b'[' => return self.array(levels.checked_sub(1)?),
            b't' => self.word("true", Entry::Bool(true))?,
            b'f' => self.word("false", Entry::Bool(false))?,
            b'n' => self.word("null", Entry::Null)?,
            _ => Entry::Number(self.number()?),
        };
        self.entries.push(entry);
        Some(())
    }

    fn word(&mut self, word: &str, meant: Entry<'t>) -> Option<Entry<'t>> {
        let is_it = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        is_it.then_some(meant)
    }

    fn array(&mut self, levels: usize) -> Option<()> {
        let at = self.entries.len();
        self.entries.push(Entry::Array(Extent::default()));
        self.at += 1;
        let mut count = 0;
        if self.peek()? != b']' {
            loop {
                self.value(levels)?;
                count += 1;
                if self.peek()? == b']' {
                    break;
                }
                self.pass(b',')?;
            }
        }
        self.at += 1;
        let length = self.entries.len() - at;
        self.entries[at] = Entry::Array(Extent { count, length });
        Some(())
    }

    fn object(&mut self, levels: usize) -> Option<()> {
        let at = self.entries.len();
        self.entries.push(Entry::Object(Extent::default()));
        self.at += 1;
        let mut count = 0;
        // Of which looks a name was there: most names need not be compared with others.
        let mut looks = 0_u64;
        if self.peek()? != b'}' {
            loop {
                if self.peek()? != b'"' {
                    return None;
                }
                let name = self.string()?;
                let look = look(&name);
                if looks & look != 0 && self.is_named(at, &name) {
                    return None;
                }
                looks |= look;
                self.entries.push(Entry::Name(name));
                self.pass(b':')?;
                self.value(levels)?;
                count += 1;
                if count > MAX_MEMBERS {
                    return None;
                }
                if self.peek()? == b'}' {
                    break;
                }
                self.pass(b',')?;
            }
        }
        self.at += 1;
        let length = self.entries.len() - at;
        self.entries[at] = Entry::Object(Extent { count, length });
        Some(())
    }

    /// Whether the object that begins at `at` has a name already.
    fn is_named(&self, at: usize, name: &str) -> bool {
        let mut rest = self.entries.get(at + 1..).unwrap_or_default();
        while let Some((known, behind)) = rest.split_first() {
            if known.text() == name {
                return true;
            }
            let length = behind.first().map_or(0, Entry::length);
            rest = behind.get(length..).unwrap_or_default();
        }
        false
    }

    /// The string whose quote is the next byte.
    fn string(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut end = start + plain_length(&bytes[start..]);
        if bytes.get(end) == Some(&b'"') {
            self.at = end + 1;
            return self.text.get(start..end).map(Cow::Borrowed);
        }
        while *bytes.get(end)? != b'"' {
            // A control character is told by whoever reads the whole of it.
            end += if bytes[end] == b'\\' { 2 } else { 1 };
            end += plain_length(bytes.get(end..)?);
        }
        let whole = self.text.get(self.at..=end)?;
        self.at = end + 1;
        serde_json::from_str(whole).ok().map(Cow::Owned)
    }

    fn number(&mut self) -> Option<Number> {
        let rest = &self.text[self.at..];
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(is_part).count();
        let written = &rest[..length];
        self.at += length;
        let digits = written.as_bytes();
        let is_short = (1..=18).contains(&length) && digits.iter().all(u8::is_ascii_digit);
        if is_short && (length == 1 || digits[0] != b'0') {
            let number = digits
                .iter()
                .fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
            return Some(number.into());
        }
        let number: Number = serde_json::from_str(written).ok()?;
        self.may_need_digits |=
            number.is_f64() && number.as_f64().is_none_or(Digits::may_be_needed);
        Some(number)
    }
}

/// What a name looks like: one bit.
fn look(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()].map(|byte| usize::from(byte.copied().unwrap_or(0)));
    1 << ((name.len() + ends[0] * 7 + ends[1] * 31) % 64)
}

/// How many bytes stand before the first quote, backslash or control character.
fn plain_length(bytes: &[u8]) -> usize {
    const fn repeated(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // The lowest bit that is set belongs to the first byte that is less than `bound`.
    let below = |word: u64, bound: u8| word.wrapping_sub(repeated(bound)) & !word & repeated(0x80);
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let found =
            below(word ^ repeated(b'"'), 1) | below(word ^ repeated(b'\\'), 1) | below(word, b' ');
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..b' ');
    at + rest.iter().take_while(is_plain).count()
}

/// A value on a tape, with all that is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapeNode<'a>(&'a [Entry<'a>]);

impl<'a> TapeNode<'a> {
    /// The value at the beginning of some entries, and the entries behind it.
    fn split(entries: &'a [Entry<'a>]) -> Option<(Self, &'a [Entry<'a>])> {
        let (node, rest) = entries.split_at_checked(entries.first()?.length())?;
        Some((Self(node), rest))
    }

    /// Whether it is an array or an object.
    pub(super) fn is_container(self) -> bool {
        matches!(self.0.first(), Some(Entry::Array(_) | Entry::Object(_)))
    }

    /// Where it is in memory, which no other node on a tape shares as long as it lives.
    pub(super) fn address(self) -> usize {
        self.0.as_ptr().addr()
    }
}

/// The representation of values as tapes, for validators.
pub(crate) struct OnTape;

impl Json for OnTape {
    type Node<'a> = TapeNode<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = Option<NameBuffer>;

    // To look a name up is to go through the members.
    const KEYS_PER_LOOKUP: usize = MAX_MEMBERS;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>(
        buffer: &mut Option<NameBuffer>,
        string: &str,
        f: impl FnOnce(TapeNode<'_>) -> T,
    ) -> T {
        let NameBuffer(entry) = buffer.insert(NameBuffer(Entry::Text(string.to_owned().into())));
        f(TapeNode(std::slice::from_ref(entry)))
    }
}

/// A name that is validated as a value.
pub(crate) struct NameBuffer(Entry<'static>);

impl<'a> json::Node<'a, OnTape> for TapeNode<'a> {
    type Object = Members<'a>;
    type Array = Elements<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<Members<'a>> {
        match self.0 {
            [Entry::Object(extent), rest @ ..] => Some(Members {
                count: extent.count,
                rest,
            }),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Elements<'a>> {
        match self.0 {
            [Entry::Array(extent), rest @ ..] => Some(Elements {
                count: extent.count,
                rest,
            }),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self.0.first() {
            Some(Entry::Text(text)) => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<&'a Number> {
        match self.0.first() {
            Some(Entry::Number(number)) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.0.first() {
            Some(Entry::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self.0.first(), Some(Entry::Null))
    }

    fn json_type(&self) -> JsonType {
        match self.0.first() {
            None | Some(Entry::Null | Entry::Name(_)) => JsonType::Null,
            Some(Entry::Bool(_)) => JsonType::Boolean,
            Some(Entry::Number(_)) => JsonType::Number,
            Some(Entry::Text(_)) => JsonType::String,
            Some(Entry::Array(_)) => JsonType::Array,
            Some(Entry::Object(_)) => JsonType::Object,
        }
    }

    fn string_length(&self) -> Option<u64> {
        let text = self.as_string()?;
        let length = if text.is_ascii() {
            text.len()
        } else {
            text.chars().count()
        };
        u64::try_from(length).ok()
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self.0.first(), expected) {
            (Some(Entry::Text(text)), expected) => expected.as_str() == Some(text),
            (Some(Entry::Number(number)), Value::Number(_)) => {
                json::cmp::equal(&Value::Number(number.clone()), expected)
            }
            (Some(Entry::Array(_)), Value::Array(_))
            | (Some(Entry::Object(_)), Value::Object(_)) => {
                json::cmp::equal(&self.to_value(), expected)
            }
            (Some(Entry::Bool(value)), expected) => expected.as_bool() == Some(*value),
            (Some(Entry::Null), expected) => expected.is_null(),
            _ => false,
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match self.0.first() {
            None | Some(Entry::Null | Entry::Name(_)) => Value::Null,
            Some(Entry::Bool(value)) => Value::Bool(*value),
            Some(Entry::Number(number)) => Value::Number(number.clone()),
            Some(Entry::Text(text)) => Value::String(text.clone().into_owned()),
            Some(Entry::Array(_)) => {
                let items = self.as_array().into_iter().flatten();
                items.map(|item| item.to_value().into_owned()).collect()
            }
            Some(Entry::Object(_)) => {
                let members = self.as_object().into_iter().flatten();
                let members =
                    members.map(|(name, member)| (name.to_owned(), member.to_value().into_owned()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(self.address()))
    }
}

/// The members of an object, or those that are left.
#[derive(Clone)]
pub(crate) struct Members<'a> {
    count: usize,
    rest: &'a [Entry<'a>],
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, TapeNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, behind) = self.rest.split_first()?;
        let (member, rest) = TapeNode::split(behind)?;
        self.rest = rest;
        Some((name.text(), member))
    }
}

impl<'a> json::Object<'a, OnTape> for Members<'a> {
    type Node = TapeNode<'a>;
    type MemberName = &'a str;
    type MembersIter = Self;

    fn len(&self) -> usize {
        self.count
    }

    fn get(&self, key: &Box<str>) -> Option<TapeNode<'a>> {
        let mut members = self.clone();
        members
            .find(|(name, _)| **name == **key)
            .map(|(_, member)| member)
    }

    fn members(&self) -> Self {
        self.clone()
    }
}

/// The elements of an array, or those that are left.
#[derive(Clone)]
pub(crate) struct Elements<'a> {
    count: usize,
    rest: &'a [Entry<'a>],
}

impl<'a> Iterator for Elements<'a> {
    type Item = TapeNode<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (item, rest) = TapeNode::split(self.rest)?;
        self.rest = rest;
        Some(item)
    }
}

impl<'a> json::Array<'a, OnTape> for Elements<'a> {
    type Node = TapeNode<'a>;
    type ElementsIter = Self;

    fn len(&self) -> usize {
        self.count
    }

    fn elements(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests;
