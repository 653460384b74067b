//! `name=value` pairs, as queries, forms and cookies have them, read back by style.

use serde_json::{Map, Value};

use super::{
    UnreadableParameter,
    reading::{self, Shape, decode_form, read_list, split_any},
};
use crate::contract::{Explode, Schema, Style};

/// How many brackets of a name are levels of an object; those behind them are part of the last key. As deep as JSON is
/// read.
const MAX_LEVELS: usize = 100;

/// Pairs in the order in which they came: names decoded, values still encoded.
pub(super) type Pairs<'t> = [(String, &'t str)];

/// Takes a query or a form apart.
pub(super) fn split(text: &str) -> Vec<(String, &str)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode_form(name), value))
        .collect()
}

/// The values that came under a name.
pub(super) fn values<'t>(pairs: &Pairs<'t>, name: &str) -> Vec<&'t str> {
    pairs
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| *value)
        .collect()
}

/// The value that travels under a name; `None` when there is none.
///
/// # Errors
///
/// When its text is not written as its style says.
pub(super) fn read(
    pairs: &Pairs<'_>,
    name: &str,
    schema: &Schema,
    style: Style,
    explode: Explode,
) -> Result<Option<Value>, UnreadableParameter> {
    let values = values(pairs, name);
    let shape = Shape::of(schema);
    if style == Style::DeepObject {
        let found = deep(pairs, name, schema);
        // What is no object has no brackets.
        let plain = || {
            let texts: Vec<String> = values.iter().map(|value| decode_form(value)).collect();
            match (texts.as_slice(), shape) {
                ([], _) => None,
                ([one], Shape::Primitive | Shape::Object | Shape::Either) => {
                    Some(reading::read_text(one, Some(schema)))
                }
                (all, _) => Some(reading::read_array(
                    all.iter().map(String::as_str),
                    Some(schema),
                )),
            }
        };
        return Ok(found.or_else(plain));
    }
    // An exploded object has no pair of its own name: its properties are pairs (OpenAPI 3.0.4 §4.7.12.3).
    if shape == Shape::Object && explode == Explode::Yes {
        let as_json = values.first().map(|value| json_object(value));
        return Ok(as_json.flatten().or_else(|| spread(pairs, schema)));
    }
    let Some(first) = values.first() else {
        return Ok(None);
    };
    let decoded = |values: &[&str]| -> Vec<String> {
        values.iter().map(|value| decode_form(value)).collect()
    };
    if explode == Explode::Yes {
        let texts = decoded(&values);
        let array = || reading::read_array(texts.iter().map(String::as_str), Some(schema));
        let primitive = || reading::read_text(&texts[0], Some(schema));
        return Ok(Some(match shape {
            Shape::Array => array(),
            Shape::Primitive | Shape::Object => primitive(),
            Shape::Either => {
                let one = primitive();
                if values.len() == 1 && schema.is_valid(&one) {
                    one
                } else {
                    array()
                }
            }
        }));
    }
    let parts = reading::split(first, style);
    // A comma that was escaped although it delimits is a comma all the same.
    let parts = if parts.len() == 1 && style == Style::Form && shape != Shape::Primitive {
        split_any(first, &["%2C", "%2c"])
    } else {
        parts
    };
    let texts = decoded(&parts);
    let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
    read_list(&decode_form(first), &parts, schema, explode).map(Some)
}

/// The object that a value writes as JSON, which some clients and services do whatever the style.
fn json_object(text: &str) -> Option<Value> {
    super::json::parse_loosely(&decode_form(text)).filter(Value::is_object)
}

/// An object whose properties are pairs of their own; `None` when there is none of them. `pairs` holds no
/// pair that another parameter claims: one that takes further properties takes them all.
fn spread(pairs: &Pairs<'_>, schema: &Schema) -> Option<Value> {
    let names = schema.property_names();
    let takes_all = names.is_empty() || !is_closed(schema);
    let mine: Vec<(&str, String)> = pairs
        .iter()
        .filter(|(name, _)| takes_all || names.contains(name))
        .map(|(name, value)| (name.as_str(), decode_form(value)))
        .collect();
    let texts = mine.iter().map(|(name, value)| (*name, value.as_str()));
    (!mine.is_empty()).then(|| reading::read_object(texts, Some(schema)))
}

/// Whether a schema takes the properties that it lists and no others.
fn is_closed(schema: &Schema) -> bool {
    let in_force = schema.constraints(&Value::Object(Map::new()));
    let says = |keyword: &str| in_force.iter().any(|one| one.keyword == keyword);
    !says("patternProperties")
        && in_force.iter().any(|one| {
            matches!(
                one.keyword.as_str(),
                "additionalProperties" | "unevaluatedProperties"
            ) && one.argument == Value::Bool(false)
        })
}

/// `name[key]=value` pairs as an object, `name[]=value` pairs as an array; `None` when there is none.
pub(super) fn deep(pairs: &Pairs<'_>, name: &str, schema: &Schema) -> Option<Value> {
    let mut tree = Map::new();
    for (pair, value) in pairs {
        let Some(rest) = pair.strip_prefix(name).filter(|rest| rest.starts_with('[')) else {
            continue;
        };
        let mut keys = vec![name];
        let inner = rest[1..].splitn(MAX_LEVELS, '[');
        keys.extend(inner.map(|key| key.trim_end_matches(']')));
        insert(&mut tree, &keys, decode_form(value));
    }
    tree.remove(name).map(|value| typed(value, Some(schema)))
}

fn insert(tree: &mut Map<String, Value>, keys: &[&str], text: String) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    let is_list = matches!(rest, [""]);
    if rest.is_empty() || is_list {
        match tree.get_mut(*key) {
            None if is_list => {
                tree.insert((*key).to_owned(), Value::Array(vec![Value::String(text)]));
            }
            None => {
                tree.insert((*key).to_owned(), Value::String(text));
            }
            Some(Value::Array(values)) => values.push(Value::String(text)),
            Some(first) => *first = Value::Array(vec![first.take(), Value::String(text)]),
        }
        return;
    }
    let below = tree
        .entry(*key)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(below) = below {
        insert(below, rest, text);
    }
}

/// Gives the texts in a tree the types that the schema wants.
fn typed(value: Value, schema: Option<&Schema>) -> Value {
    match value {
        Value::String(text) => match schema.map(Shape::of) {
            Some(Shape::Array) => reading::read_array([text.as_str()], schema),
            _ => reading::read_text(&text, schema),
        },
        Value::Array(items) => {
            let below = schema.and_then(Schema::items);
            items
                .into_iter()
                .map(|item| typed(item, below.as_ref()))
                .collect()
        }
        Value::Object(members) => {
            // Numbered keys are how arrays of objects are written.
            let numbered = members.keys().all(|key| key.parse::<usize>().is_ok());
            let is_list =
                |schema: &Schema| matches!(Shape::of(schema), Shape::Array | Shape::Either);
            if numbered && schema.is_some_and(is_list) {
                return typed(
                    Value::Array(members.into_iter().map(|(_, value)| value).collect()),
                    schema,
                );
            }
            let finder = schema.map(Schema::property_finder);
            let typed_members = members.into_iter().map(|(name, value)| {
                let below = finder.as_ref().and_then(|finder| finder.find(&name));
                let value = typed(value, below.as_ref());
                (name, value)
            });
            Value::Object(typed_members.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Address, Document, Pointer};
    use serde_json::{Value, json};

    use super::{MAX_LEVELS, deep, split};
    use crate::contract::{Contract, Direction};

    #[test]
    fn brackets_are_levels_up_to_a_bound() {
        let document = json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": {}, "components": { "schemas": { "A": {} } } });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let at = Pointer::parse("/components/schemas/A").expect("a pointer");
        let schema =
            Contract::from_document(document).schema_at(Address::in_root(at), Direction::Request);
        let read = |text: &str| deep(&split(text), "q", &schema);
        assert_eq!(
            read("q[a][b]=x&q[c][]=y"),
            Some(json!({ "a": { "b": "x" }, "c": ["y"] }))
        );
        let name = "[a]".repeat(100_000);
        let mut value = read(&format!("q{name}=x")).expect("an object");
        let mut levels = 0;
        while let Value::Object(members) = value {
            value = members.into_iter().next().expect("a member").1;
            levels += 1;
        }
        assert_eq!((levels, value), (MAX_LEVELS, json!("x")));
    }
}
