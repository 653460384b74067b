//! Properties in a value that are for responses only.

use oasgate_document::Pointer;
use serde_json::Value;

use super::{Schema, structure::walk_all};

/// A value without the properties whose schema is `readOnly`, which are not sent in a request (OpenAPI 3.0.4
/// §4.7.24.1; 3.1.1 has it from JSON Schema 2020-12 §9.4 of validation).
pub(super) fn without_read_only(schema: &Schema, value: &Value) -> Value {
    let mut sent = value.clone();
    let mut read_only: Vec<Pointer> = Vec::new();
    walk_all(schema, value, &mut |node| {
        let is_marked = |members: &serde_json::Map<String, Value>| {
            members.get("readOnly") == Some(&Value::Bool(true))
        };
        if node.schemas.iter().any(|(_, members)| is_marked(members)) {
            read_only.push(node.place.pointer.clone());
        }
    });
    for pointer in read_only {
        if let (Some(holder), Some(name)) = (pointer.parent(), pointer.last())
            && let Some(Value::Object(members)) = sent.pointer_mut(holder.as_str())
        {
            members.shift_remove(&name);
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Address, Document, Pointer};
    use serde_json::json;

    use crate::contract::{Contract, Direction};

    #[test]
    fn what_is_read_only_is_not_sent_wherever_it_stands() {
        let document = json!({
            "openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {},
            "components": { "schemas": {
                "Id": { "type": "integer", "readOnly": true },
                "A": { "allOf": [{ "properties": { "id": { "$ref": "#/components/schemas/Id" } } }],
                    "properties": {
                        "name": {},
                        "list": { "type": "array", "items": { "$ref": "#/components/schemas/A" } },
                    } },
            } },
        });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let at = Pointer::parse("/components/schemas/A").expect("a pointer");
        let schema =
            Contract::from_document(document).schema_at(Address::in_root(at), Direction::Request);
        let value = json!({ "id": 1, "name": "a", "list": [{ "id": 2 }, { "x": 3 }] });
        let sent = json!({ "name": "a", "list": [{}, { "x": 3 }] });
        assert_eq!(schema.without_read_only(&value), sent);
    }
}
