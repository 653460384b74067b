//! Values that travel as text: parameters, headers, properties of forms.
//!
//! `5` in a query is a fine string, and the text `5` a fine integer: a value is refused only where every
//! reading of its text is.

use serde_json::{Map, Value, json};

use crate::{contract::Schema, wire};

/// How the values of a schema travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Travel {
    /// With their types.
    Json,
    /// As text.
    Text,
    /// As an object whose properties are texts.
    Form,
}

impl Travel {
    /// Whether a value is accepted as it arrives.
    pub(super) fn is_accepted(self, value: &Value, schema: &Schema) -> bool {
        match self {
            Self::Json => schema.is_valid(value),
            Self::Text => {
                wire::obeys_as_text(value, schema) || schema.is_valid(&as_read(value, Some(schema)))
            }
            Self::Form => schema.is_valid(value) || schema.is_valid(&as_read(value, Some(schema))),
        }
    }
}

/// A value of texts as its reader takes it: each scalar as its schema wants it.
fn as_read(value: &Value, schema: Option<&Schema>) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => wire::read_text(&value.to_string(), schema),
        Value::String(text) => wire::read_text(text, schema),
        Value::Null => value.clone(),
        Value::Array(items) => {
            let item = schema.and_then(Schema::items);
            items
                .iter()
                .map(|one| as_read(one, item.as_ref()))
                .collect()
        }
        Value::Object(members) => {
            let read = members.iter().map(|(name, member)| {
                let property = schema.and_then(|schema| schema.property(name));
                (name.clone(), as_read(member, property.as_ref()))
            });
            Value::Object(read.collect())
        }
    }
}

/// Both schemas as sets of texts: of the producer no less than it sends, of the consumer no more than it
/// accepts. `None` where they are no plain scalars, nor arrays of those.
pub(super) fn texts(sent: &Value, accepted: &Value) -> Option<(Value, Value)> {
    let (producer, consumer) = (behind(sent, sent)?, behind(accepted, accepted)?);
    if let (Some(one), Some(other)) = (producer.get("items"), consumer.get("items")) {
        let one = written(behind(sent, one)?, Bound::AtLeast)?;
        let other = written(behind(accepted, other)?, Bound::AtMost)?;
        let mut producer = producer.clone();
        producer.insert("items".to_owned(), one);
        let mut consumer = consumer.clone();
        consumer.insert("items".to_owned(), other);
        return Some((Value::Object(producer), Value::Object(consumer)));
    }
    Some((
        written(producer, Bound::AtLeast)?,
        written(consumer, Bound::AtMost)?,
    ))
}

/// On which side a set of texts may miss the truth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtLeast,
    AtMost,
}

/// The schema object behind references.
fn behind<'v>(root: &'v Value, schema: &'v Value) -> Option<&'v Map<String, Value>> {
    let mut at = schema;
    for _ in 0..32 {
        let members = at.as_object()?;
        match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => at = root.pointer(reference.strip_prefix('#')?)?,
            None => return Some(members),
        }
    }
    None
}

/// Keywords that say more of a scalar than its type.
const NUMERIC: &[&str] = &[
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maximum",
    "minimum",
    "multipleOf",
];

/// How integers are written.
const INTEGER: &str = "^(0|-?[1-9][0-9]*)$";

const TEXTUAL: &[&str] = &["format", "maxLength", "minLength", "pattern"];

/// The texts of a scalar schema.
fn written(members: &Map<String, Value>, bound: Bound) -> Option<Value> {
    let known = |keyword: &String| {
        ["type", "enum", "const"].contains(&keyword.as_str())
            || NUMERIC.contains(&keyword.as_str())
            || TEXTUAL.contains(&keyword.as_str())
    };
    if !members.keys().all(known) {
        return None;
    }
    let listed = members
        .get("enum")
        .and_then(Value::as_array)
        .cloned()
        .or_else(|| members.get("const").map(|value| vec![value.clone()]));
    if let Some(values) = listed {
        let texts: Option<Vec<Value>> = values
            .iter()
            .map(|value| match value {
                Value::String(_) => Some(value.clone()),
                Value::Number(_) | Value::Bool(_) => Some(json!(value.to_string())),
                _ => None,
            })
            .collect();
        let has_more = members.keys().any(|keyword| {
            NUMERIC.contains(&keyword.as_str()) || TEXTUAL.contains(&keyword.as_str())
        });
        return (!has_more || bound == Bound::AtLeast)
            .then_some(json!({ "type": "string", "enum": texts? }));
    }
    let types: Vec<&str> = match members.get("type")? {
        Value::String(one) => vec![one],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let is_bounded = members
        .keys()
        .any(|keyword| NUMERIC.contains(&keyword.as_str()));
    let mut all = Vec::new();
    for one in types {
        match one {
            "string" => {
                let kept = members
                    .iter()
                    .filter(|(keyword, _)| TEXTUAL.contains(&keyword.as_str()))
                    .map(|(keyword, value)| (keyword.clone(), value.clone()));
                let mut text: Map<String, Value> = kept.collect();
                text.insert("type".to_owned(), json!("string"));
                all.push(Value::Object(text));
            }
            "boolean" => all.push(json!({ "type": "string", "enum": ["true", "false"] })),
            "integer" if bound == Bound::AtLeast || !is_bounded => {
                all.push(json!({ "type": "string", "pattern": INTEGER }));
            }
            "number" if bound == Bound::AtLeast => {
                all.push(json!({ "type": "string", "pattern": "^[-+.eE0-9]+$" }));
            }
            "number" if !is_bounded => {
                all.push(json!({ "type": "string", "pattern": INTEGER }));
            }
            "integer" | "number" => {}
            _ if bound == Bound::AtLeast => return None,
            _ => {}
        }
    }
    Some(json!({ "anyOf": all }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_a_text() {
        let (sent, accepted) = texts(
            &json!({ "type": "integer", "minimum": 3 }),
            &json!({ "type": "string" }),
        )
        .expect("both are scalars");
        assert_eq!(
            sent,
            json!({ "anyOf": [{ "type": "string", "pattern": INTEGER }] })
        );
        assert_eq!(accepted, json!({ "anyOf": [{ "type": "string" }] }));
    }
}
