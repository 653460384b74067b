//! Placeholders for values whose schema says that they differ from run to run.

use oasgate_document::{Address, Document};
use serde_json::{Map, Value, json};

use crate::{contract::Schema, snapshot::Redactor};

/// A copy with placeholders: first for what the schema says of each value, then for what a value's own
/// look says.
pub(super) fn redacted(value: &Value, schema: Option<&Schema>, name: &str) -> Value {
    let value = by_schema(value, schema, name);
    // A name of its own, so that the look of a single value is judged by it too.
    let mut held = Redactor::default().redact(&json!({ name: value }));
    held[name].take()
}

fn by_schema(value: &Value, schema: Option<&Schema>, name: &str) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| {
                    let schema = schema.and_then(|schema| schema.property(name));
                    (name.clone(), by_schema(member, schema.as_ref(), name))
                })
                .collect(),
        ),
        Value::Array(items) => {
            let schema = schema.and_then(Schema::items);
            items
                .iter()
                .map(|item| by_schema(item, schema.as_ref(), name))
                .collect()
        }
        Value::String(_) | Value::Number(_) => schema
            .and_then(|schema| placeholder(schema, name, value))
            .map_or_else(|| value.clone(), Value::from),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// What stands for a value of this schema; `None` where it may stay.
fn placeholder(schema: &Schema, name: &str, value: &Value) -> Option<&'static str> {
    let said = Said::of(schema);
    // What is one of a few values is worth being seen.
    if said.any(&["enum", "const"]) {
        return None;
    }
    let by_format = said.texts("format").find_map(|format| match format {
        "uuid" | "guid" => Some("[uuid]"),
        "date-time" => Some("[date-time]"),
        "date" => Some("[date]"),
        "time" | "unix-time" | "unixtime" | "timestamp" | "epoch" => Some("[time]"),
        "ulid" | "ksuid" | "objectid" | "object-id" => Some("[id]"),
        "password" | "jwt" | "token" => Some("[token]"),
        _ => None,
    });
    by_format
        .or_else(|| is_id(name).then_some("[id]"))
        .or_else(|| (value.is_number() && is_time(name)).then_some("[time]"))
        .or_else(|| said.shown(name))
}

/// The schema objects that speak of one value: behind references, and the parts of `allOf`.
struct Said<'d>(Vec<&'d Map<String, Value>>);

impl<'d> Said<'d> {
    fn of(schema: &'d Schema) -> Self {
        let mut said = Self(Vec::new());
        said.add(schema.document(), schema.address(), 8);
        said
    }

    fn add(&mut self, document: &'d Document, at: &Address, depth: usize) {
        let Ok((at, Value::Object(members))) = document.follow(at) else {
            return;
        };
        self.0.push(members);
        if depth > 0
            && let Some(Value::Array(parts)) = members.get("allOf")
        {
            for index in 0..parts.len() {
                self.add(document, &at.join("allOf").index(index), depth - 1);
            }
        }
    }

    fn any(&self, keywords: &[&str]) -> bool {
        self.0.iter().any(|members| {
            keywords
                .iter()
                .any(|keyword| members.contains_key(*keyword))
        })
    }

    fn texts(&self, keyword: &str) -> impl Iterator<Item = &'d str> {
        self.0
            .iter()
            .filter_map(move |members| members.get(keyword)?.as_str())
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// What stands for the value that the document shows in its place, if that is one that differs.
    fn shown(&self, name: &str) -> Option<&'static str> {
        let examples = self.0.iter().flat_map(|members| {
            let many = members.get("examples").and_then(Value::as_array);
            members
                .get("example")
                .into_iter()
                .chain(many.into_iter().flatten())
        });
        let redactor = Redactor::default();
        examples
            .filter(|example| example.is_string())
            .find_map(|example| {
                let redacted = redactor.redact(&json!({ name: example }));
                ["[uuid]", "[date-time]", "[date]", "[token]"]
                    .into_iter()
                    .find(|placeholder| {
                        redacted[name] == **placeholder && redacted[name] != *example
                    })
            })
    }
}

/// `id`, `user_id`, `userId`, `userID`, `uuid`.
fn is_id(name: &str) -> bool {
    let plain = name.to_ascii_lowercase();
    matches!(plain.as_str(), "id" | "_id" | "uuid" | "guid" | "ulid")
        || ["_id", "-id", "_uuid"]
            .iter()
            .any(|ending| plain.ends_with(ending))
        || ["Id", "ID"].iter().any(|word| ends_with_word(name, word))
}

/// `created_at`, `createdAt`, `timestamp`, `start_time`.
fn is_time(name: &str) -> bool {
    let plain = name.to_ascii_lowercase();
    plain == "timestamp"
        || ["_at", "_time", "_timestamp"]
            .iter()
            .any(|ending| plain.ends_with(ending))
        || ["At", "Timestamp"]
            .iter()
            .any(|word| ends_with_word(name, word))
}

/// Whether the last word of a name in camel case is this one.
fn ends_with_word(name: &str, word: &str) -> bool {
    name.strip_suffix(word)
        .and_then(|rest| rest.chars().next_back())
        .is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{is_id, is_time};

    #[test]
    fn names_say_what_a_value_is() {
        for name in ["id", "user_id", "userId", "userID", "uuid", "x-request-id"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["paid", "Idea", "valid", "video", "GRID"] {
            assert!(!is_id(name), "{name}");
        }
        for name in ["created_at", "createdAt", "timestamp"] {
            assert!(is_time(name), "{name}");
        }
        for name in ["what", "format", "time_zone", "At"] {
            assert!(!is_time(name), "{name}");
        }
    }
}
