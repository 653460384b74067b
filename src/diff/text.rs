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
    /// As a segment of a path, which is not empty.
    Segment,
    /// As an object whose properties are texts.
    Form,
}

impl Travel {
    /// Whether a value is accepted as it arrives.
    pub(super) fn is_accepted(self, value: &Value, schema: &Schema) -> bool {
        match self {
            Self::Json => schema.is_valid(value),
            Self::Text | Self::Segment => {
                wire::obeys_as_text(value, schema) || schema.is_valid(&as_read(value, Some(schema)))
            }
            Self::Form => schema.is_valid(value) || schema.is_valid(&as_read(value, Some(schema))),
        }
    }

    /// How what is inside a value travels: a field of a form is a text.
    pub(super) const fn below(self) -> Self {
        match self {
            Self::Form => Self::Text,
            other => other,
        }
    }

    /// Whether a value can be sent: without a segment, a path is another one.
    pub(super) fn is_sendable(self, value: &Value) -> bool {
        self != Self::Segment
            || match value {
                Value::Null => false,
                Value::Bool(_) | Value::Number(_) => true,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => items.iter().any(|item| self.is_sendable(item)),
                Value::Object(members) => !members.is_empty(),
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
/// accepts. `None` where they are no plain scalars, arrays of those, nor forms of them.
pub(super) fn texts(sent: &Value, accepted: &Value, travel: Travel) -> Option<(Value, Value)> {
    let (producer, consumer) = (behind(sent, sent)?, behind(accepted, accepted)?);
    let sides = Sides {
        sent,
        accepted,
        travel,
    };
    match travel {
        Travel::Json => None,
        Travel::Text | Travel::Segment => sides.plain(producer, consumer),
        Travel::Form => sides.form(producer, consumer),
    }
}

/// Two schemas with their definitions.
struct Sides<'v> {
    sent: &'v Value,
    accepted: &'v Value,
    travel: Travel,
}

impl Sides<'_> {
    fn plain(
        &self,
        producer: &Map<String, Value>,
        consumer: &Map<String, Value>,
    ) -> Option<(Value, Value)> {
        let is_array = |members: &Map<String, Value>| {
            members.get("type").and_then(Value::as_str) == Some("array")
        };
        let any = Value::Bool(true);
        match (is_array(producer), is_array(consumer)) {
            (true, true) => {
                let one = behind(self.sent, producer.get("items")?)?;
                let other = behind(self.accepted, consumer.get("items")?)?;
                let mut producer = producer.clone();
                producer.insert("items".to_owned(), written(one, Bound::AtLeast)?);
                let mut consumer = consumer.clone();
                consumer.insert("items".to_owned(), written(other, Bound::AtMost)?);
                Some((Value::Object(producer), Value::Object(consumer)))
            }
            // One text is a list of one, or of several where it holds what separates them.
            (false, true) => {
                let element = match consumer.get("items").unwrap_or(&any) {
                    Value::Bool(true) => json!({ "type": "string" }),
                    schema => written(behind(self.accepted, schema)?, Bound::AtMost)?,
                };
                let says_more = consumer
                    .keys()
                    .any(|keyword| keyword != "type" && keyword != "items");
                let takes_all = element == json!({ "type": "string" })
                    || element == json!({ "anyOf": [{ "type": "string" }] });
                (!says_more && (takes_all || is_unseparated(producer)))
                    .then_some((self.segment(written(producer, Bound::AtLeast)?), element))
            }
            _ => Some((
                self.segment(written(producer, Bound::AtLeast)?),
                written(consumer, Bound::AtMost)?,
            )),
        }
    }

    /// The texts of a producer that are no empty segment.
    fn segment(&self, texts: Value) -> Value {
        match self.travel {
            Travel::Segment => json!({ "allOf": [texts, { "minLength": 1 }] }),
            _ => texts,
        }
    }

    /// Objects whose properties are texts; what is no text stays as it is.
    fn form(
        &self,
        producer: &Map<String, Value>,
        consumer: &Map<String, Value>,
    ) -> Option<(Value, Value)> {
        let is_plain = |members: &Map<String, Value>| {
            members
                .iter()
                .all(|(keyword, value)| match keyword.as_str() {
                    "type" | "properties" | "required" => true,
                    "additionalProperties" => value.is_boolean(),
                    _ => false,
                })
        };
        if !is_plain(producer) || !is_plain(consumer) {
            return None;
        }
        let properties = |members: &Map<String, Value>| {
            let all = members.get("properties").and_then(Value::as_object);
            all.cloned().unwrap_or_default()
        };
        let (mut sends, mut accepts) = (properties(producer), properties(consumer));
        for (name, one) in &mut sends {
            let Some(other) = accepts.get_mut(name) else {
                continue;
            };
            let both = behind(self.sent, one)
                .zip(behind(self.accepted, other))
                // What is of one type is compared best as it is: texts have no bounds.
                .filter(|(one, other)| !are_of_one_type(one, other))
                .and_then(|(one, other)| self.plain(one, other));
            if let Some((text, accepted)) = both {
                *one = text;
                *other = accepted;
            }
        }
        let with = |members: &Map<String, Value>, properties: Map<String, Value>, root: &Value| {
            let mut members = members.clone();
            members.insert("properties".to_owned(), Value::Object(properties));
            if let Some(definitions) = root.get("$defs") {
                members.insert("$defs".to_owned(), definitions.clone());
            }
            Value::Object(members)
        };
        Some((
            with(producer, sends, self.sent),
            with(consumer, accepts, self.accepted),
        ))
    }
}

/// Whether both schemas name the same type, which is no array.
fn are_of_one_type(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let named = |members: &Map<String, Value>| {
        let name = members.get("type").and_then(Value::as_str);
        name.map(str::to_owned)
    };
    named(one).is_some_and(|name| name != "array" && Some(name) == named(other))
}

/// Whether all values are numbers or booleans, which hold nothing that separates.
fn is_unseparated(members: &Map<String, Value>) -> bool {
    matches!(
        members.get("type").and_then(Value::as_str),
        Some("integer" | "number" | "boolean")
    )
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
            "null" if bound == Bound::AtLeast => {
                all.push(json!({ "type": "string", "enum": ["", "null"] }));
            }
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
            Travel::Text,
        )
        .expect("both are scalars");
        assert_eq!(
            sent,
            json!({ "anyOf": [{ "type": "string", "pattern": INTEGER }] })
        );
        assert_eq!(accepted, json!({ "anyOf": [{ "type": "string" }] }));
    }

    #[test]
    fn a_segment_is_not_empty() {
        assert!(!Travel::Segment.is_sendable(&json!("")));
        assert!(!Travel::Segment.is_sendable(&json!([""])));
        assert!(Travel::Text.is_sendable(&json!("")));
    }

    #[test]
    fn properties_of_a_form_are_texts() {
        let form =
            |kind: &str| json!({ "type": "object", "properties": { "a": { "type": kind } } });
        let (sent, accepted) =
            texts(&form("boolean"), &form("string"), Travel::Form).expect("both are forms");
        assert_eq!(
            sent["properties"]["a"],
            json!({ "anyOf": [{ "type": "string", "enum": ["true", "false"] }] })
        );
        assert_eq!(
            accepted["properties"]["a"],
            json!({ "anyOf": [{ "type": "string" }] })
        );
    }
}
