//! Schemas of which no value is ever finished.
//!
//! A property that is required, and whose schema requires it again, leads in a circle; a pattern that
//! no text matches leaves nothing to choose. What is found here is proved: where a schema may have
//! another type, or what it refers to goes too deep, it counts as one that has values.

use std::collections::HashSet;

use jsonschema::JsonType;
use oasgate_document::Address;
use serde_json::Value;

use super::{Schema, ecma, types};

/// How many schema objects one search looks at.
const MOST_VISITS: usize = 2_000;

/// Whether it is proved that no finite value is accepted.
pub(super) fn is_endless(schema: &Schema) -> bool {
    let mut search = Search {
        schema,
        open: HashSet::new(),
        visits: 0,
    };
    !search.has_value(&schema.address)
}

struct Search<'s> {
    schema: &'s Schema,
    /// The schema objects whose values are being looked for: one that needs itself is without end.
    open: HashSet<Address>,
    visits: usize,
}

impl Search<'_> {
    /// Whether a schema object may have a value.
    fn has_value(&mut self, at: &Address) -> bool {
        self.visits += 1;
        if self.visits > MOST_VISITS {
            return true;
        }
        let store = &self.schema.store;
        let Some(Value::Object(members)) = store.document().get(at) else {
            return store.document().get(at) != Some(&Value::Bool(false));
        };
        // What has a value has it whatever is being looked for.
        let key = (at.clone(), self.schema.direction);
        if store.is_finite(&key) {
            return true;
        }
        if !self.open.insert(at.clone()) {
            return false;
        }
        let found = self.allows(at, members);
        self.open.remove(at);
        if found {
            store.remember_finite(key);
        }
        found
    }

    fn allows(&mut self, at: &Address, members: &serde_json::Map<String, Value>) -> bool {
        let store = &self.schema.store;
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            if let Ok(target) = store.document().resolve_at(at, reference)
                && !self.has_value(&target)
            {
                return false;
            }
            if store.dialect().ref_hides_siblings() {
                return true;
            }
        }
        let count = |keyword: &str| {
            members
                .get(keyword)
                .and_then(Value::as_array)
                .map_or(0, Vec::len)
        };
        for index in 0..count("allOf") {
            if !self.has_value(&at.join("allOf").index(index)) {
                return false;
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            let number = count(keyword);
            if number > 0
                && !(0..number).any(|index| self.has_value(&at.join(keyword).index(index)))
            {
                return false;
            }
        }
        let here = Schema {
            address: at.clone(),
            ..self.schema.clone()
        };
        let allowed = types::types(&here);
        let only = |kind: JsonType| allowed.iter().all(|one| one == kind) && !allowed.is_empty();
        if only(JsonType::Object) {
            return self.can_be_an_object(at, members);
        }
        if only(JsonType::Array) {
            let least = members.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            let is_plain = !members.contains_key("prefixItems");
            return least == 0
                || !is_plain
                || !members.get("items").is_some_and(Value::is_object)
                || self.has_value(&at.join("items"));
        }
        if only(JsonType::String)
            && let Some(pattern) = members.get("pattern").and_then(Value::as_str)
        {
            return !ecma::plain(pattern).is_some_and(|plain| ecma::matches_nothing(&plain));
        }
        true
    }

    fn can_be_an_object(&mut self, at: &Address, members: &serde_json::Map<String, Value>) -> bool {
        let required = members.get("required").and_then(Value::as_array);
        let properties = members.get("properties");
        let mark = self.schema.direction.mark_of_the_other();
        let store = &self.schema.store;
        required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|name| properties.is_some_and(|all| all.get(*name).is_some()))
            .all(|name| {
                let property = at.join("properties").join(name);
                let target = store.target(&property);
                // What does not travel in this direction is not required.
                let travels_not = [&property, &target].iter().any(|at| {
                    let schema = store.document().get(at);
                    schema.and_then(|schema| schema.get(mark)) == Some(&Value::Bool(true))
                });
                travels_not || self.has_value(&property)
            })
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::{Address, Document, Pointer};
    use serde_json::{Value, json};

    use crate::contract::{Contract, Direction};

    fn is_impossible(name: &str, schemas: &Value) -> bool {
        let document = json!({ "openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}, "components": { "schemas": schemas } });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let at = Pointer::parse(&format!("/components/schemas/{name}")).expect("a pointer");
        Contract::from_document(document)
            .schema_at(Address::in_root(at), Direction::Request)
            .is_impossible()
    }

    #[test]
    fn what_has_no_finite_value_is_proved() {
        let schemas = json!({
            "Endless": {"type": "object", "required": ["s"], "properties": {"s": {"$ref": "#/components/schemas/Endless"}}},
            "A": {"type": "object", "required": ["b"], "properties": {"b": {"$ref": "#/components/schemas/B"}}},
            "B": {"type": "object", "required": ["l"], "properties": {"l": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/A"}}}},
            "Literal": {"type": "string", "pattern": "/^[a-z]+$/"},
            "Tree": {"type": "object", "required": ["kids"], "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
            "Nullable": {"type": "object", "required": ["s"], "properties": {"s": {"type": "object", "nullable": true, "required": ["s"], "properties": {"s": {"$ref": "#/components/schemas/Nullable"}}}}},
            "Untyped": {"required": ["s"], "properties": {"s": {"$ref": "#/components/schemas/Untyped"}}},
            "Way": {"oneOf": [{"$ref": "#/components/schemas/Endless"}, {"type": "string"}]},
            "ReadOnly": {"type": "object", "required": ["s"], "properties": {"s": {"readOnly": true, "allOf": [{"$ref": "#/components/schemas/ReadOnly"}]}}},
        });
        for name in ["Endless", "A", "B", "Literal"] {
            assert!(is_impossible(name, &schemas), "{name}");
        }
        for name in ["Tree", "Nullable", "Untyped", "Way", "ReadOnly"] {
            assert!(!is_impossible(name, &schemas), "{name}");
        }
    }
}
