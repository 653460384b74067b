//! `nullable` of `OpenAPI` 3.0: where it allows null, and how that is written in JSON Schema 2020-12.
//!
//! 3.0.0 to 3.0.2 say that it "allows sending a null value for the defined schema"; 3.0.3 lets it count beside a `type` of
//! its own alone. Whoever writes it beside `oneOf`, `anyOf` or `allOf` means null by either, and by the former says so. Beside an
//! `enum` null stands in the `enum` too (the proposal of 2019-10-31), and beside a `$ref` nothing counts at all.

use serde_json::{Map, Value, json};

use super::dialect::Dialect;

/// The keyword of a unit below which stands what every value but null obeys.
///
/// No schema of `OpenAPI` 3.0 has it, so that whoever follows a place of a unit to the document leaves it out.
const UNLESS_NULL: &str = "else";

/// The keywords that put a schema together of others.
const PARTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Whether a schema object says that null is allowed, by its own name or by that of Swagger 2.0.
pub(super) fn is_nullable(members: &Map<String, Value>, dialect: Dialect) -> bool {
    let is_true = |keyword: &str| members.get(keyword) == Some(&Value::Bool(true));
    dialect.has_nullable() && (is_true("nullable") || is_true("x-nullable"))
}

/// Whether null is allowed whatever the parts of a schema object say.
pub(super) fn is_beside_parts(members: &Map<String, Value>, dialect: Dialect) -> bool {
    is_nullable(members, dialect)
        && PARTS.iter().any(|keyword| members.contains_key(*keyword))
        && !["$ref", "enum"]
            .iter()
            .any(|keyword| members.contains_key(*keyword))
}

/// A translated schema that allows null as well.
pub(super) fn or_null(translated: Map<String, Value>) -> Value {
    json!({ "anyOf": [Value::Object(translated), { "type": "null" }] })
}

/// The same in a unit, where the keywords are to be told by their own places, not as those of one alternative.
pub(super) fn unless_null(translated: Map<String, Value>) -> Value {
    json!({ "if": { "type": "null" }, UNLESS_NULL: Value::Object(translated) })
}

/// Whether a step of a place in a unit is none in the document, where it leads on from a schema object.
pub(super) fn is_no_step(token: &str, schema: &Map<String, Value>) -> bool {
    token == UNLESS_NULL
        && !schema.contains_key(UNLESS_NULL)
        && ["nullable", "x-nullable"]
            .iter()
            .any(|keyword| schema.contains_key(*keyword))
}

/// `type` with null where `nullable` stands beside it (OpenAPI 3.0.4 §4.7.24.1).
pub(super) fn types(value: &Value, members: &Map<String, Value>, dialect: Dialect) -> Value {
    let nullable = is_nullable(members, dialect);
    match value {
        // Swagger 2.0's `file` is a body of bytes, about which a schema says nothing.
        file if dialect.is_file(file) => {
            json!(["string", "number", "boolean", "object", "array", "null"])
        }
        Value::String(name) if nullable && name != "null" => json!([name, "null"]),
        Value::Array(names) if nullable && !names.contains(&json!("null")) => {
            Value::Array(names.iter().cloned().chain([json!("null")]).collect())
        }
        _ => value.clone(),
    }
}
