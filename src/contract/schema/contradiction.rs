//! Whether a schema contradicts itself, whatever the schemas that it needs a value of say.
//!
//! What stands at a place of its own (a property, an element) and is nothing but a reference contradicts nothing
//! else of the schema: it has values or has none by itself. So such a place allows all here, and most schemas of
//! a document are put together of no others.

use serde_json::{Map, Value};

use super::{Schema, canonical, finite, standalone};

/// Keywords beside which two schemas may speak of one place, or a value be told from others.
const TOGETHER: &[&str] = &[
    "$dynamicRef",
    "$ref",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependentSchemas",
    "else",
    "enum",
    "if",
    "not",
    "oneOf",
    "patternProperties",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

/// Whether it is proved that no value is accepted. What a schema behind a place of its own contradicts is left to
/// that schema, but where it is seen at once. A yes is never wrong.
pub(super) fn contradicts_itself(schema: &Schema) -> bool {
    if finite::is_endless(schema) {
        return true;
    }
    let bundle = standalone::bounded_by(schema, &without_what_stands_apart);
    bundle.is_some_and(|bundle| !says_one_thing(&bundle) && canonical::is_impossible(&bundle))
}

/// Whether a schema has a type and one keyword more, which speaks of its values by themselves: that one allows
/// something, but for a pattern that nothing matches, which is known already.
fn says_one_thing(schema: &Value) -> bool {
    let by_itself = [
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
    ];
    let members = schema.as_object();
    members.is_some_and(|members| {
        members.len() == 2
            && members.get("type").is_some_and(Value::is_string)
            && by_itself.iter().any(|one| members.contains_key(*one))
    })
}

/// Makes references at places of their own allow all.
fn without_what_stands_apart(schema: &mut Value) {
    if is_alone(schema) {
        *schema = Value::Bool(true);
        return;
    }
    let Value::Object(members) = schema else {
        return;
    };
    if members.len() == 1
        && let Some(Value::Array(parts)) = members.get_mut("allOf")
        && let [only] = parts.as_mut_slice()
    {
        without_what_stands_apart(only);
        return;
    }
    if speaks_together(members) {
        return;
    }
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(places)) => {
                places.values_mut().for_each(without_what_stands_apart);
            }
            ("prefixItems", Value::Array(places)) => {
                places.iter_mut().for_each(without_what_stands_apart);
            }
            ("items" | "additionalProperties", place) => without_what_stands_apart(place),
            _ => {}
        }
    }
}

/// Whether a schema object has a keyword beside which a property or an element may be spoken of twice.
pub(crate) fn speaks_together(members: &Map<String, Value>) -> bool {
    TOGETHER.iter().any(|one| members.contains_key(*one))
}

/// Whether a schema is nothing but a reference.
pub(crate) fn is_alone(schema: &Value) -> bool {
    let members: Option<&Map<String, Value>> = schema.as_object();
    members.is_some_and(|members| members.len() == 1 && members.contains_key("$ref"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::{Contract, Direction};

    #[test]
    fn only_what_a_schema_says_itself_counts() {
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "components": { "schemas": {
                "None": { "type": "object", "required": ["a", "b"], "maxProperties": 1 },
                "Text": { "type": "string" },
                "Few": { "type": "object", "maxProperties": 1 },
                "Needs": { "type": "object", "required": ["a"], "properties": { "a": { "$ref": "#/components/schemas/None" } } },
                "Alias": { "allOf": [{ "$ref": "#/components/schemas/None" }] },
                "Both": { "allOf": [{ "$ref": "#/components/schemas/Text" }, { "type": "integer" }] },
                "Below": { "type": "object", "required": ["a"], "properties": { "a": { "allOf": [{ "$ref": "#/components/schemas/Text" }, { "minimum": 1, "type": "integer" }] } } },
                "Beside": { "$ref": "#/components/schemas/Few", "required": ["a", "b"] },
                "Fine": { "allOf": [{ "$ref": "#/components/schemas/Text" }, { "minLength": 3 }] },
                "Pairs": { "type": "array", "items": { "$ref": "#/components/schemas/Text" }, "minItems": 2, "maxItems": 1 },
            } },
        });
        let document =
            oasgate_document::Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let contradicting: Vec<&str> = contract
            .schema_names()
            .into_iter()
            .filter(|name| {
                let schema = contract.schema(name, Direction::Response);
                contradicts_itself(&schema.expect("a schema"))
            })
            .collect();
        assert_eq!(contradicting, ["None", "Both", "Below", "Beside", "Pairs"]);
    }
}
