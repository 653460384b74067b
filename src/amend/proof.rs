//! Whether a widened schema object admits all that it admitted before.
//!
//! A schema object is the conjunction of its keywords, so that it is enough to compare those that were changed, and
//! those that only mean something together. What they refer to is the same before and after, and is taken as one
//! opaque value.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::{
    contract::{Decimal, canonical},
    infer::Dialect,
};

/// How deep a schema is looked into; what lies deeper is not compared.
const DEEPEST: usize = 64;

/// Keywords that mean something together.
const TOGETHER: &[&[&str]] = &[
    &["type", "nullable", "enum", "const"],
    &["additionalProperties", "properties", "patternProperties"],
    &["minimum", "exclusiveMinimum"],
    &["maximum", "exclusiveMaximum"],
    &["anyOf", "type", "nullable", "enum", "const"],
    &["oneOf", "anyOf", "discriminator"],
];

/// Keywords that each refuse values for themselves, whatever stands beside them: without one, a schema admits all that it
/// admitted before.
const ALONE: &[&str] = &[
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "minItems",
    "minLength",
    "minProperties",
    "multipleOf",
    "pattern",
    "required",
    "uniqueItems",
];

/// Whether a keyword, which refuses values for itself, refuses no more than before, by its form alone.
fn is_looser(keyword: &str, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let has_flag = |flag: &str| {
        old.get(flag)
            .or(new.get(flag))
            .is_some_and(Value::is_boolean)
    };
    let moved = |before: &Value, after: &Value, order: Ordering| {
        let (before, after) = (before.as_number(), after.as_number());
        let digits = |number: Option<&serde_json::Number>| number.and_then(Decimal::of);
        digits(after)
            .zip(digits(before))
            .is_some_and(|(after, before)| after == before || after.cmp(&before) == order)
    };
    match (keyword, old.get(keyword), new.get(keyword)) {
        (_, Some(_), None) => ALONE.contains(&keyword),
        ("maximum", Some(before), Some(after)) if !has_flag("exclusiveMaximum") => {
            moved(before, after, Ordering::Greater)
        }
        ("minimum", Some(before), Some(after)) if !has_flag("exclusiveMinimum") => {
            moved(before, after, Ordering::Less)
        }
        ("enum" | "anyOf", Some(Value::Array(before)), Some(Value::Array(after))) => {
            before.iter().all(|one| after.contains(one))
        }
        // What is new accepts nothing that one of those before accepts.
        ("oneOf", Some(Value::Array(before)), Some(Value::Array(after))) => {
            let old_ones = json!({ "anyOf": before });
            after.starts_with(before)
                && after.len() == before.len() + 1
                && after.last().and_then(|new| new.get("not")) == Some(&old_ones)
        }
        ("required", Some(Value::Array(before)), Some(Value::Array(after))) => {
            after.iter().all(|name| before.contains(name))
        }
        _ => false,
    }
}

/// Whether it is proved that `new` admits every value that `old` admits.
pub(super) fn is_wider(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    dialect: Dialect,
) -> bool {
    let names = old.keys().chain(new.keys());
    let changed: Vec<&str> = names
        .filter(|name| old.get(*name) != new.get(*name))
        .map(String::as_str)
        .filter(|name| !is_looser(name, old, new))
        .collect();
    if changed.is_empty() {
        return true;
    }
    let mut compared = changed.clone();
    for group in TOGETHER {
        if group.iter().any(|name| changed.contains(name)) {
            compared.extend(*group);
        }
    }
    let part = |schema: &Map<String, Value>| {
        let members = schema.iter();
        let members: Map<String, Value> = members
            .filter(|(name, _)| compared.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        opaque(&Value::Object(members), dialect, 0)
    };
    let (Some(old), Some(new)) = (part(old), part(new)) else {
        return false;
    };
    match (canonical::canonical(&old), canonical::canonical(&new)) {
        (Some(old), Some(new)) => canonical::covers(&new, &old),
        _ => false,
    }
}

/// A schema as JSON Schema 2020-12 that refers to nothing; `None` where it is too deep.
fn opaque(schema: &Value, dialect: Dialect, depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    let Value::Object(members) = schema else {
        return Some(schema.clone());
    };
    if let Some(reference) = members.get("$ref") {
        return Some(json!({ "const": { "the schema at": reference } }));
    }
    let below = |value: &Value| opaque(value, dialect, depth + 1);
    let mut out = Map::new();
    for (name, value) in members {
        let value = match (name.as_str(), value) {
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                list.iter().map(below).collect::<Option<Value>>()?
            }
            ("properties" | "patternProperties", Value::Object(map)) => map
                .iter()
                .map(|(name, value)| Some((name.clone(), below(value)?)))
                .collect::<Option<Map<String, Value>>>()?
                .into(),
            ("items" | "additionalProperties" | "not", value) => below(value)?,
            // A discriminator only tells alternatives apart that are there.
            ("discriminator" | "nullable" | "format", _) => continue,
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => continue,
            (_, value) => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    if dialect != Dialect::JsonSchema {
        for (flag, bound) in [
            ("exclusiveMinimum", "minimum"),
            ("exclusiveMaximum", "maximum"),
        ] {
            if members.get(flag) == Some(&Value::Bool(true))
                && let Some(bound) = out.remove(bound)
            {
                out.insert(flag.to_owned(), bound);
            }
        }
    }
    // OpenAPI 3.0.4 §4.7.24.1: null joins the type; an `enum` beside it says for itself whether it has null.
    if dialect == Dialect::OpenApi30
        && members.get("nullable") == Some(&Value::Bool(true))
        && let Some(kind) = members.get("type")
    {
        out.insert("type".to_owned(), json!([kind, "null"]));
    }
    Some(Value::Object(out))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::is_wider;
    use crate::infer::Dialect;

    fn wider(old: &Value, new: &Value) -> bool {
        let object = |value: &Value| value.as_object().cloned().expect("an object");
        is_wider(&object(old), &object(new), Dialect::OpenApi30)
    }

    #[test]
    fn what_admits_more_is_proved_and_what_admits_less_is_not() {
        let reference = json!({"$ref": "#/components/schemas/Pet"});
        for (old, new, is_wide) in [
            (
                json!({"type": "string"}),
                json!({"type": "string", "nullable": true}),
                true,
            ),
            (
                json!({"type": "string", "nullable": true}),
                json!({"type": "string"}),
                false,
            ),
            (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]}), true),
            (json!({"enum": ["a"]}), json!({"enum": ["b"]}), false),
            (json!({"type": "integer"}), json!({"type": "number"}), true),
            (json!({"type": "number"}), json!({"type": "integer"}), false),
            (
                json!({"type": "integer"}),
                json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
                true,
            ),
            (
                json!({"required": ["a", "b"]}),
                json!({"required": ["a"]}),
                true,
            ),
            (
                json!({"required": ["a"]}),
                json!({"required": ["b"]}),
                false,
            ),
            (
                json!({"type": "string", "maxLength": 3}),
                json!({"type": "string", "maxLength": 5}),
                true,
            ),
            (
                json!({"type": "string", "maxLength": 5}),
                json!({"type": "string", "maxLength": 3}),
                false,
            ),
            (
                json!({"minimum": 1, "exclusiveMinimum": true}),
                json!({"minimum": 1}),
                true,
            ),
            (
                json!({"minimum": 1}),
                json!({"minimum": 1, "exclusiveMinimum": true}),
                false,
            ),
            (json!({"pattern": "^a"}), json!({}), true),
            (json!({"pattern": "\\p{L}(?<n>a)"}), json!({}), true),
            (json!({"maximum": 1e300}), json!({"maximum": 1e301}), true),
            (json!({"maximum": 1e300}), json!({"maximum": 1e299}), false),
            (json!({"minimum": 1}), json!({"minimum": 0.5}), true),
            (
                json!({"oneOf": [reference, {"pattern": "\\p{L}"}]}),
                json!({"oneOf": [reference, {"pattern": "\\p{L}"}, {
                    "type": "object",
                    "not": {"anyOf": [reference, {"pattern": "\\p{L}"}]},
                }]}),
                true,
            ),
            // What two alternatives accept is no longer accepted.
            (
                json!({"oneOf": [reference, {"pattern": "\\p{L}"}]}),
                json!({"oneOf": [reference, {"pattern": "\\p{L}"}, {"type": "object"}]}),
                false,
            ),
            (
                json!({"properties": {"a": reference}, "additionalProperties": false}),
                json!({"properties": {"a": reference, "b": {"type": "string"}}, "additionalProperties": false}),
                true,
            ),
            // An open object accepted anything under the name.
            (
                json!({"properties": {"a": reference}}),
                json!({"properties": {"a": reference, "b": {"type": "string"}}}),
                false,
            ),
            (
                json!({"oneOf": [reference, {"type": "string"}]}),
                json!({"anyOf": [reference, {"type": "string"}]}),
                true,
            ),
        ] {
            assert_eq!(wider(&old, &new), is_wide, "{old} {new}");
        }
    }
}
