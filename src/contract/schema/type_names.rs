//! The names that a `type` may have.

use serde_json::Value;

use crate::did_you_mean::hint;

/// The types of JSON Schema, and the one for files that Swagger 2.0 has besides (§4.3.7).
const TYPES: [&str; 8] = [
    "array", "boolean", "file", "integer", "null", "number", "object", "string",
];

/// Whether each name of a `type` is one.
pub(super) fn is_type(types: &Value) -> bool {
    let is_known = |name: &Value| name.as_str().is_none_or(|name| TYPES.contains(&name));
    match types {
        Value::Array(all) => all.iter().all(is_known),
        one => is_known(one),
    }
}

/// A `type` that JSON Schema does not know, as a sentence.
pub(super) fn no_type(name: &str) -> String {
    let near = match name {
        "int" | "int32" | "int64" | "long" => " (did you mean \"integer\"?)".to_owned(),
        "float" | "double" | "decimal" => " (did you mean \"number\"?)".to_owned(),
        "text" | "date" | "datetime" | "uuid" => " (did you mean \"string\"?)".to_owned(),
        _ => hint(name, TYPES.into_iter().filter(|one| *one != "file")),
    };
    format!("`type: {name}` is no type of JSON Schema{near}")
}
