//! Several schemas that all hold, as one: what `allOf` means, as far as keywords can say it.

use serde_json::{Map, Value};

/// The keywords of both. Where they cannot be put together the second wins, and the validator
/// refuses what is then wrong.
pub(super) fn merge(first: &Map<String, Value>, second: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = first.clone();
    add(&mut merged, second);
    merged
}

/// Puts the keywords of a schema to those of others, as [`merge`] does.
pub(super) fn add(merged: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (keyword, value) in more {
        let both = match merged.get(keyword) {
            None => value.clone(),
            Some(known) => together(keyword, known, value),
        };
        merged.insert(keyword.clone(), both);
    }
}

fn together(keyword: &str, known: &Value, value: &Value) -> Value {
    match (keyword, known, value) {
        ("minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties", a, b) => {
            if a.as_f64() >= b.as_f64() {
                a.clone()
            } else {
                b.clone()
            }
        }
        ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties", a, b) => {
            if a.as_f64() <= b.as_f64() {
                a.clone()
            } else {
                b.clone()
            }
        }
        ("required", Value::Array(a), Value::Array(b)) => {
            let fresh = b.iter().filter(|name| !a.contains(name));
            Value::Array(a.iter().chain(fresh).cloned().collect())
        }
        ("enum", Value::Array(a), Value::Array(b)) => Value::Array(
            a.iter()
                .filter(|value| b.contains(value))
                .cloned()
                .collect(),
        ),
        ("type", a, b) => types(a, b),
        ("properties" | "patternProperties" | "$defs", Value::Object(a), Value::Object(b)) => {
            let mut all = a.clone();
            for (name, schema) in b {
                let both = match all.get(name) {
                    Some(known) if keyword != "$defs" => all_of(known, schema),
                    _ => schema.clone(),
                };
                all.insert(name.clone(), both);
            }
            Value::Object(all)
        }
        ("items" | "additionalProperties" | "propertyNames" | "contains", a, b) => all_of(a, b),
        ("allOf", Value::Array(a), Value::Array(b)) => {
            Value::Array(a.iter().chain(b).cloned().collect())
        }
        _ => value.clone(),
    }
}

/// How many parts are put together: each is compared with each other one.
const MAX_PARTS: usize = 256;

/// Both, each part once: what is put together again of the same parts is the same. What is beyond a bound is left to
/// the validator.
fn all_of(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Bool(true), other) | (other, Value::Bool(true)) => return other.clone(),
        (Value::Bool(false), _) | (_, Value::Bool(false)) => return Value::Bool(false),
        _ => {}
    }
    let mut parts: Vec<&Value> = Vec::new();
    for part in parts_of(a).into_iter().chain(parts_of(b)) {
        if parts.len() < MAX_PARTS && !parts.contains(&part) {
            parts.push(part);
        }
    }
    match parts.as_slice() {
        [part] => (*part).clone(),
        parts => serde_json::json!({ "allOf": parts }),
    }
}

/// The parts of what is `allOf` and nothing else; the schema itself where it is not.
fn parts_of(schema: &Value) -> Vec<&Value> {
    let parts = schema
        .as_object()
        .filter(|members| members.len() == 1)
        .and_then(|members| members.get("allOf")?.as_array());
    match parts {
        Some(parts) => parts.iter().collect(),
        None => vec![schema],
    }
}

fn types(a: &Value, b: &Value) -> Value {
    let list = |value: &Value| {
        value
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![value.clone()])
    };
    let (a, b) = (list(a), list(b));
    let integer = Value::from("integer");
    let number = Value::from("number");
    let both: Vec<Value> = a
        .iter()
        .filter_map(|kind| {
            if b.contains(kind) {
                Some(kind.clone())
            } else if *kind == number && b.contains(&integer)
                || *kind == integer && b.contains(&number)
            {
                Some(integer.clone())
            } else {
                None
            }
        })
        .collect();
    Value::Array(both)
}
