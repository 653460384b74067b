//! Values into text by `style` and `explode` (OpenAPI 3.1.1 §4.8.12.3 to §4.8.12.5).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Number, Value};

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
        Value::Number(number) => digits(number),
        other => other.to_string(),
    }
}

/// A number in decimal digits, without exponent and without a negative zero: how else it may be written as
/// text is for each implementation to say (OpenAPI 3.1.1 Appendix B).
pub(super) fn digits(number: &Number) -> String {
    match number.as_f64() {
        Some(0.0) => "0".to_owned(),
        // `Display` of a float writes the shortest digits that read back, never an exponent.
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// Whether a value leaves a trace in a place that holds text: `null` has no form there, nor have an array
/// and an object of nothing but nulls (RFC 6570 §2.3).
pub(super) fn is_undefined(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(Value::is_null),
        Value::Object(members) => members.values().all(Value::is_null),
        _ => false,
    }
}

/// The elements of an array that have a form.
fn defined(items: &[Value]) -> impl Iterator<Item = &Value> {
    items.iter().filter(|item| !item.is_null())
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
        (Style::Matrix, Value::Array(items)) if exploded => defined(items)
            .map(|item| format!(";{name}={}", text(item)))
            .collect(),
        (Style::Matrix, Value::Array(items)) => {
            format!(";{name}={}", join(defined(items).map(text), ","))
        }
        (Style::Matrix, Value::Object(members)) if exploded => members
            .iter()
            .filter(|(_, value)| !value.is_null())
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
                join(defined(items).map(text), if exploded { "." } else { "," })
            )
        }
        (Style::Label, Value::Object(_)) if exploded => {
            format!(".{}", join(assigned(value, escaping), "."))
        }
        (Style::Label, Value::Object(_)) => format!(".{}", join(flat(value, escaping), ",")),
        (Style::Label, _) => format!(".{}", text(value)),
        (_, Value::Array(items)) => {
            let delimiter = match (style, escaping) {
                // Nothing is escaped where a field is written.
                (Style::SpaceDelimited, Escaping::None) => " ",
                (Style::PipeDelimited, Escaping::None) => "|",
                (Style::TabDelimited, Escaping::None) => "\t",
                _ => delimiter(style),
            };
            join(defined(items).map(text), delimiter)
        }
        (_, Value::Object(_)) if exploded => join(assigned(value, escaping), ","),
        (_, Value::Object(_)) => join(flat(value, escaping), ","),
        _ => text(value),
    }
}

/// What stands between the elements of an array that is not spread out, as it travels.
fn delimiter(style: Style) -> &'static str {
    match style {
        Style::SpaceDelimited => "%20",
        Style::PipeDelimited => "%7C",
        Style::TabDelimited => "%09",
        _ => ",",
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
    let delimiter = delimiter(style);
    match (style, value) {
        (_, value) if is_undefined(value) => Vec::new(),
        (Style::DeepObject, Value::Object(_) | Value::Array(_)) => {
            let mut pairs = Vec::new();
            deep(&escaping.apply(name), value, escaping, &mut pairs);
            pairs
        }
        (_, Value::Array(items)) if exploded => defined(items)
            .map(|item| format!("{}={}", escaping.apply(name), text(item)))
            .collect(),
        (_, Value::Array(items)) => pair(join(defined(items).map(text), delimiter)),
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
        Value::Null => {}
        other => pairs.push(format!("{name}={}", escaping.apply(&plain(other)))),
    }
}

fn join(parts: impl Iterator<Item = String>, delimiter: &str) -> String {
    parts.collect::<Vec<_>>().join(delimiter)
}

/// `key,value,key,value`
fn flat(value: &Value, escaping: Escaping) -> impl Iterator<Item = String> {
    let members = value.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    members.flat_map(move |(key, value)| [escaping.apply(key), escaping.apply(&plain(value))])
}

/// `key=value`
fn assigned(value: &Value, escaping: Escaping) -> impl Iterator<Item = String> {
    let members = value.as_object().into_iter().flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    members.map(move |(key, value)| {
        format!("{}={}", escaping.apply(key), escaping.apply(&plain(value)))
    })
}
