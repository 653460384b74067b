//! Schemas of which no value is ever finished.
//!
//! A property that is required, and whose schema requires it again, leads in a circle; a pattern that
//! no text matches leaves nothing to choose. What is found here is proved: where a schema may have
//! another type, or what it refers to goes too deep, it counts as one that has values.

use std::collections::HashSet;

use jsonschema::JsonType;
use oasgate_document::Address;
use serde_json::Value;

use super::{
    Schema, ecma, nullable,
    texts::{self, Language, Pattern},
    types,
};

/// How many schema objects one search looks at.
const MAX_VISITS: usize = 2_000;

/// How far a proof goes that what a pattern, a format and bounds of the length allow has nothing in common.
const MAX_PLACES: usize = 500;

/// How deep a schema is put together of others, and of how many, for that proof.
const MAX_PARTS: usize = 8;

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
        if self.visits > MAX_VISITS {
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
        if nullable::is_beside_parts(members, store.dialect()) {
            return true;
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
        if only(JsonType::String) {
            let mut texts = Language::default();
            return self.keep_texts(at, &mut texts, 0)
                && !(texts.rules() > 1 && texts.is_empty_within(MAX_PLACES));
        }
        true
    }

    /// Leaves the texts that a schema object and what it is put together of allow; `false` where a pattern
    /// is proved to match none. What cannot be read leaves all.
    fn keep_texts(&self, at: &Address, texts: &mut Language, depth: usize) -> bool {
        let store = &self.schema.store;
        let Some(Value::Object(members)) = store.document().get(at) else {
            return true;
        };
        if depth > MAX_PARTS {
            return true;
        }
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = store.document().resolve_at(at, reference);
            if target.is_ok_and(|target| !self.keep_texts(&target, texts, depth + 1)) {
                return false;
            }
            if store.dialect().ref_hides_siblings() {
                return true;
            }
        }
        let parts = members.get("allOf").and_then(Value::as_array);
        for index in 0..parts.map_or(0, Vec::len).min(MAX_PARTS) {
            if !self.keep_texts(&at.join("allOf").index(index), texts, depth + 1) {
                return false;
            }
        }
        if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
            if ecma::plain(pattern).is_some_and(|plain| ecma::matches_nothing(&plain)) {
                return false;
            }
            if let Some(pattern) = Pattern::read(pattern) {
                texts.keep(&pattern);
            }
        }
        let word = members.get("format").and_then(Value::as_str);
        if let Some(form) = word.and_then(texts::form).and_then(Pattern::read) {
            texts.keep(&form);
        }
        let number = |keyword: &str| members.get(keyword).and_then(Value::as_u64);
        texts.least = texts.least.max(number("minLength").unwrap_or(0));
        if let Some(most) = number("maxLength") {
            texts.shorten(most);
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
            "Date": {"type": "string", "format": "date", "pattern": "^[a-z]+$"},
            "Short": {"type": "string", "format": "uuid", "maxLength": 10},
            "Long": {"type": "string", "pattern": "^[a-z]{5}$", "maxLength": 3},
            "Parts": {"type": "string", "allOf": [{"pattern": "^a"}, {"$ref": "#/components/schemas/B1"}]},
            "B1": {"type": "string", "pattern": "^b"},
            "Dated": {"type": "string", "format": "date", "pattern": "^20[0-9-]+$", "maxLength": 10},
            "Own": {"type": "string", "format": "of-our-own", "pattern": "^[a-z]+$"},
            "Tree": {"type": "object", "required": ["kids"], "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
            "Nullable": {"type": "object", "required": ["s"], "properties": {"s": {"type": "object", "nullable": true, "required": ["s"], "properties": {"s": {"$ref": "#/components/schemas/Nullable"}}}}},
            "Untyped": {"required": ["s"], "properties": {"s": {"$ref": "#/components/schemas/Untyped"}}},
            "Way": {"oneOf": [{"$ref": "#/components/schemas/Endless"}, {"type": "string"}]},
            "ReadOnly": {"type": "object", "required": ["s"], "properties": {"s": {"readOnly": true, "allOf": [{"$ref": "#/components/schemas/ReadOnly"}]}}},
        });
        for name in [
            "Endless", "A", "B", "Literal", "Date", "Short", "Long", "Parts",
        ] {
            assert!(is_impossible(name, &schemas), "{name}");
        }
        for name in [
            "Tree", "Nullable", "Untyped", "Way", "ReadOnly", "Dated", "Own", "B1",
        ] {
            assert!(!is_impossible(name, &schemas), "{name}");
        }
    }
}
