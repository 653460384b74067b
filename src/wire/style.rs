//! Values into text by `style` and `explode` (OpenAPI 3.1.1 §4.8.12.3 to §4.8.12.5).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::contract::{Explode, Style};

/// How characters are escaped in what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escaping {
    /// All but the unreserved characters of RFC 3986 are percent-encoded.
    Percent,
    /// Reserved characters stay too (`allowReserved`), except those that would end the value.
    Reserved,
    /// Nothing is escaped: header fields.
    None,
    /// As forms are written: a space is `+`.
    Form,
}

/// What is encoded when only the unreserved characters stay (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is encoded when reserved characters stay. `#`, `&`, `+` and `%` would change the meaning of a
/// query, and brackets are not allowed in one.
const RESERVED: &AsciiSet = &ESCAPED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

impl Escaping {
    /// Escapes one name or value.
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::Percent => utf8_percent_encode(text, ESCAPED).to_string(),
            Self::Reserved => utf8_percent_encode(text, RESERVED).to_string(),
            Self::None => text.to_owned(),
            Self::Form => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        }
    }
}

/// A primitive as text; an array or object inside another as JSON, since no style says how.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// A value for a place without a name of its own: a path segment or a header field.
pub fn write_text(
    name: &str,
    value: &Value,
    style: Style,
    explode: Explode,
    escaping: Escaping,
) -> String {
    let text = |value: &Value| escaping.apply(&plain(value));
    let name = escaping.apply(name);
    let exploded = explode == Explode::Yes;
    match (style, value) {
        (Style::Matrix, Value::Array(items)) if exploded => items
            .iter()
            .map(|item| format!(";{name}={}", text(item)))
            .collect(),
        (Style::Matrix, Value::Array(items)) => {
            format!(";{name}={}", join(items.iter().map(text), ","))
        }
        (Style::Matrix, Value::Object(members)) if exploded => members
            .iter()
            .map(|(key, value)| format!(";{}={}", escaping.apply(key), text(value)))
            .collect(),
        (Style::Matrix, Value::Object(_)) => {
            format!(";{name}={}", join(flat(value, escaping), ","))
        }
        (Style::Matrix, Value::String(empty)) if empty.is_empty() => format!(";{name}"),
        (Style::Matrix, _) => format!(";{name}={}", text(value)),
        (Style::Label, Value::Array(items)) => {
            format!(
                ".{}",
                join(items.iter().map(text), if exploded { "." } else { "," })
            )
        }
        (Style::Label, Value::Object(_)) if exploded => {
            format!(".{}", join(assigned(value, escaping), "."))
        }
        (Style::Label, Value::Object(_)) => format!(".{}", join(flat(value, escaping), ",")),
        (Style::Label, _) => format!(".{}", text(value)),
        (_, Value::Array(items)) => join(items.iter().map(text), ","),
        (_, Value::Object(_)) if exploded => join(assigned(value, escaping), ","),
        (_, Value::Object(_)) => join(flat(value, escaping), ","),
        _ => text(value),
    }
}

/// A value as the pairs of a query, a form or a cookie, each `name=value`.
pub fn write_pairs(
    name: &str,
    value: &Value,
    style: Style,
    explode: Explode,
    escaping: Escaping,
) -> Vec<String> {
    let text = |value: &Value| escaping.apply(&plain(value));
    let pair = |value: String| vec![format!("{}={value}", escaping.apply(name))];
    let exploded = explode == Explode::Yes;
    let delimiter = match style {
        Style::SpaceDelimited => "%20",
        Style::PipeDelimited => "%7C",
        Style::TabDelimited => "%09",
        _ => ",",
    };
    match (style, value) {
        (Style::DeepObject, Value::Object(_) | Value::Array(_)) => {
            let mut pairs = Vec::new();
            deep(&escaping.apply(name), value, escaping, &mut pairs);
            pairs
        }
        (_, Value::Array(items)) if exploded => items
            .iter()
            .map(|item| format!("{}={}", escaping.apply(name), text(item)))
            .collect(),
        (_, Value::Array(items)) => pair(join(items.iter().map(text), delimiter)),
        (_, Value::Object(_)) if exploded => assigned(value, escaping).collect(),
        (_, Value::Object(_)) => pair(join(flat(value, escaping), delimiter)),
        _ => pair(text(value)),
    }
}

/// `name[key]=value`, as deep as the value goes. The style says nothing of arrays; services that read it
/// read `name[]=value`, and `name[0][key]=value` where it matters what belongs together.
fn deep(name: &str, value: &Value, escaping: Escaping, pairs: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                deep(
                    &format!("{name}%5B{}%5D", escaping.apply(key)),
                    member,
                    escaping,
                    pairs,
                );
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let key = if item.is_object() || item.is_array() {
                    index.to_string()
                } else {
                    String::new()
                };
                deep(&format!("{name}%5B{key}%5D"), item, escaping, pairs);
            }
        }
        other => pairs.push(format!("{name}={}", escaping.apply(&plain(other)))),
    }
}

fn join(parts: impl Iterator<Item = String>, delimiter: &str) -> String {
    parts.collect::<Vec<_>>().join(delimiter)
}

/// `key,value,key,value`
fn flat(value: &Value, escaping: Escaping) -> impl Iterator<Item = String> {
    let members = value.as_object().into_iter().flatten();
    members.flat_map(move |(key, value)| [escaping.apply(key), escaping.apply(&plain(value))])
}

/// `key=value`
fn assigned(value: &Value, escaping: Escaping) -> impl Iterator<Item = String> {
    let members = value.as_object().into_iter().flatten();
    members.map(move |(key, value)| {
        format!("{}={}", escaping.apply(key), escaping.apply(&plain(value)))
    })
}
