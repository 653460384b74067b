//! What clients write: the properties that a request sets for what a response shows.
//!
//! A title that a client gave is whatever the client made it: null, absent, a date or a word, as far as the contract
//! allows. Such a property tells nothing about the service. It is known by two signs: a request at the same path
//! (`POST /things` and `GET /things/{id}`) has a property of the same name, or the same component is part of some
//! request.

use std::collections::{HashMap, HashSet};

use oasgate_document::Address;

use super::{Contract, Operation, Schema};

/// How deep the schema of a request is looked through.
const MAX_DEPTH: usize = 6;

/// How many properties are looked at in all requests of a document.
const MAX_PROPERTIES: usize = 200_000;

/// The names that requests set at each path, and the components that they are made of.
#[derive(Debug, Default)]
pub(crate) struct Written {
    names: HashMap<String, HashSet<String>>,
    components: HashSet<Address>,
}

impl Written {
    pub(super) fn of(contract: &Contract) -> Self {
        let mut written = Self::default();
        let mut left = MAX_PROPERTIES;
        for operation in contract.operations() {
            let bodies = operation.request_body.iter();
            let schemas = bodies
                .flat_map(|body| &body.content.media_types)
                .filter_map(|media_type| media_type.schema.as_ref());
            let mut names = HashSet::new();
            for schema in schemas {
                written.add(schema, &mut names, &mut left, 0);
            }
            if !names.is_empty() {
                let at = written.names.entry(collection(operation)).or_default();
                at.extend(names);
            }
        }
        written
    }

    fn add(
        &mut self,
        schema: &Schema,
        names: &mut HashSet<String>,
        left: &mut usize,
        depth: usize,
    ) {
        let target = schema.target();
        if depth > MAX_DEPTH || target.is_read_only() {
            return;
        }
        let is_component = target.name().is_some();
        // What is below a component is the same wherever the component is used, but its names are this path's.
        let is_new = !is_component || self.components.insert(target.address().clone());
        if let Some(items) = target.items() {
            self.add(&items, names, left, depth + 1);
        }
        for name in target.property_names() {
            let Some(rest) = left.checked_sub(1) else {
                return;
            };
            *left = rest;
            let Some(property) = target.property(&name) else {
                continue;
            };
            if property.is_read_only() {
                continue;
            }
            if is_new {
                self.add(&property, names, left, depth + 1);
            }
            names.insert(name);
        }
    }

    /// What clients write of what an operation shows.
    pub(crate) fn at(&self, operation: &Operation) -> WrittenAt<'_> {
        WrittenAt {
            names: self.names.get(&collection(operation)),
            components: &self.components,
        }
    }
}

/// What clients write of what one operation shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenAt<'w> {
    names: Option<&'w HashSet<String>>,
    components: &'w HashSet<Address>,
}

impl WrittenAt<'_> {
    /// Whether clients decide what a property of a response shows: `name` of `owner`, of which `property` is the
    /// schema where there is one. Where the document names no property of the owner, everything is the service's.
    pub(crate) fn decides(
        &self,
        owner: &Schema,
        (name, property): (&str, Option<&Schema>),
    ) -> bool {
        let is_named = self.names.is_some_and(|names| names.contains(name));
        match property {
            Some(property) if property.is_read_only() => false,
            Some(_) => is_named || self.components.contains(owner.target().address()),
            None => is_named && !owner.property_names().is_empty(),
        }
    }
}

/// The path of the list to which what a path names belongs: `/things` for `/things/{id}`.
fn collection(operation: &Operation) -> String {
    let mut segments: Vec<&str> = operation
        .path
        .as_str()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| if segment.contains('{') { "{}" } else { segment })
        .collect();
    while segments.last() == Some(&"{}") {
        segments.pop();
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::Direction;

    fn contract() -> Contract {
        let of = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
        let body = |schema: Value| {
            let mut body = of(schema);
            body["description"] = "x".into();
            json!({ "200": body })
        };
        let thing = json!({ "type": "object", "properties": {
            "id": { "type": "integer", "readOnly": true }, "title": { "type": "string" }, "at": { "type": "string" } } });
        let reference = json!({ "$ref": "#/components/schemas/Note" });
        let document = json!({
            "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
            "paths": {
                "/things": { "post": { "operationId": "make", "responses": body(thing.clone()), "requestBody": of(
                    json!({ "type": "object", "properties": { "title": { "type": "string" }, "id": {} } })) } },
                "/things/{id}": { "get": { "operationId": "read", "responses": body(thing.clone()) } },
                "/other": { "get": { "operationId": "other", "responses": body(thing) } },
                "/notes": { "post": { "operationId": "note", "requestBody": of(reference.clone()),
                    "responses": body(reference) } },
            },
            "components": { "schemas": { "Note": { "type": "object", "properties": { "text": { "type": "string" } } } } },
        });
        Contract::from_document(Document::parse("t", document.to_string()).expect("a document"))
    }

    #[test]
    fn what_requests_name_at_the_same_path_is_written_by_clients() {
        let contract = contract();
        let decides = |id: &str, name: &str| {
            let operation = contract.operation(id).expect("it is there");
            let media_type = &operation.responses.declared[0].content.media_types[0];
            let schema = media_type.schema.clone().expect("a schema");
            let property = schema.property(name);
            let written = contract.written().at(&operation);
            written.decides(&schema, (name, property.as_ref()))
        };
        for (id, name, expected) in [
            ("read", "title", true),
            ("read", "at", false),
            ("read", "id", false),
            ("read", "undeclared", false),
            ("other", "title", false),
            ("note", "text", true),
        ] {
            assert_eq!(decides(id, name), expected, "{name} of {id}");
        }
    }

    #[test]
    fn a_component_of_a_request_is_written_wherever_it_is_shown() {
        let contract = contract();
        let note = contract.schema("Note", Direction::Response);
        let note = note.expect("a component");
        let elsewhere = contract.operation("other").expect("it is there");
        let written = contract.written().at(&elsewhere);
        let text = note.property("text");
        assert!(written.decides(&note, ("text", text.as_ref())));
    }
}
