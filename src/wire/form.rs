//! Bodies of `application/x-www-form-urlencoded`, each property by its `encoding`
//! (OpenAPI 3.1.1 §4.8.15).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    json, pairs,
    reading::{self, Shape, decode_form},
    style::{Escaping, write_pairs},
};
use crate::contract::{Explode, MediaType, Reserved, Schema, Style};

/// The pairs of a form as an object of texts; a name that stands more than once has an array.
pub(super) fn parse(text: &str) -> Value {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let value = Value::String(value.into_owned());
        match object.get_mut(name.as_ref()) {
            None => {
                object.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(object)
}

/// A form as the object that a reader of the document makes of it: each property by its `encoding`
/// and its schema. Names that no property has stay texts.
pub(super) fn read(media_type: &MediaType, schema: &Schema, text: &str) -> Value {
    let sent = pairs::split(text);
    let mut object = Map::new();
    let mut taken = HashSet::new();
    let finder = schema.property_finder();
    for name in schema.property_names() {
        let Some(property) = finder.find(&name) else {
            continue;
        };
        let brackets = format!("{name}[");
        taken.insert(name.clone());
        let encoding = media_type.encoding.get(&name);
        let style = encoding.and_then(|encoding| encoding.style);
        let explode = encoding.and_then(|encoding| encoding.explode);
        // Where nothing is said, brackets are what services read most.
        let has_brackets = sent.iter().any(|(known, _)| known.starts_with(&brackets));
        let value = if style.is_none() && has_brackets {
            pairs::deep(&sent, &name, &property)
        } else if style.is_none() && Shape::of(&property) == Shape::Object {
            as_json(&sent, &name)
        } else {
            let style = style.unwrap_or(Style::Form);
            let explode = explode.unwrap_or_else(|| default_explode(style));
            pairs::read(&sent, &name, &property, style, explode)
                .unwrap_or_else(|unreadable| Some(Value::String(unreadable.text)))
        };
        let Some(value) = value else { continue };
        // An empty field is how a form says that there is no value.
        let is_empty = |value: &Value| value.as_str() == Some("");
        let is_blank = is_empty(&value)
            || value
                .as_array()
                .is_some_and(|items| items.iter().all(is_empty));
        if !is_blank || property.is_valid(&value) {
            object.insert(name, value);
        }
    }
    let longest = taken.iter().map(String::len).max().unwrap_or(0);
    let is_taken = |name: &str| {
        let brackets = name.match_indices('[').map(|(at, _)| at);
        let mut brackets = brackets.take_while(|at| *at <= longest);
        taken.contains(name) || brackets.any(|at| taken.contains(&name[..at]))
    };
    // The properties of an exploded object are pairs of their own.
    let exploded = media_type.encoding.iter().filter(|(_, encoding)| {
        encoding.style == Some(Style::Form) && encoding.explode != Some(Explode::No)
    });
    let inside: HashSet<String> = exploded
        .filter_map(|(outer, _)| finder.find(outer))
        .flat_map(|outer| outer.property_names())
        .collect();
    for (name, value) in &sent {
        if !is_taken(name) && !inside.contains(name) {
            let property = finder.find(name);
            let value = reading::read_text(&decode_form(value), property.as_ref());
            object.insert(name.clone(), value);
        }
    }
    Value::Object(object)
}

/// An object travels as JSON where its encoding has no style.
fn as_json(sent: &pairs::Pairs<'_>, name: &str) -> Option<Value> {
    let text = decode_form(pairs::values(sent, name).first()?);
    Some(json::parse_loosely(&text).unwrap_or(Value::String(text)))
}

fn default_explode(style: Style) -> Explode {
    if matches!(style, Style::Form | Style::DeepObject) {
        Explode::Yes
    } else {
        Explode::No
    }
}

/// An object as a form, each property by its `encoding`; `None` when it is no object.
pub(super) fn write(media_type: &MediaType, value: &Value) -> Option<String> {
    let mut form = Vec::new();
    for (name, value) in value.as_object()? {
        // A form has no way to say null but to leave the property out.
        if value.is_null() {
            continue;
        }
        let encoding = media_type.encoding.get(name);
        let style = encoding.and_then(|encoding| encoding.style);
        let is_json = style.is_none()
            && (value.is_object()
                || encoding
                    .and_then(|one| one.content_type.as_deref())
                    .is_some_and(|one| one.contains("json")));
        if is_json {
            form.push(format!(
                "{}={}",
                Escaping::Form.apply(name),
                Escaping::Form.apply(&value.to_string())
            ));
            continue;
        }
        let style = style.unwrap_or(Style::Form);
        let explode = encoding
            .and_then(|encoding| encoding.explode)
            .unwrap_or_else(|| default_explode(style));
        let escaping = match encoding.map(|encoding| encoding.reserved) {
            Some(Reserved::Allowed) => Escaping::Reserved,
            _ => Escaping::Form,
        };
        form.extend(write_pairs(name, value, style, explode, escaping));
    }
    Some(form.join("&"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn a_name_that_stands_twice_has_an_array() {
        assert_eq!(
            parse("a=1&b=x+y&a=2&c"),
            json!({ "a": ["1", "2"], "b": "x y", "c": "" })
        );
    }
}
