//! Documents of one collection each, alike but for what their tests are about.

use serde_json::{Map, Value, json};

/// A collection of things that a service numbers.
pub(crate) struct Collection {
    /// What one is called, as `Pen`: `addPen`, `/pens`.
    pub(crate) thing: &'static str,
    /// What may be done: `list`, `get`, `set`, `change`, `drop` beside `add`.
    pub(crate) operations: &'static [&'static str],
    /// The properties that one is made of and changed by.
    pub(crate) properties: Value,
    /// Those that are required.
    pub(crate) required: &'static [&'static str],
    /// The status of what is made.
    pub(crate) made: &'static str,
    /// The statuses that refuse to make one.
    pub(crate) refusals: &'static [&'static str],
}

impl Collection {
    /// The document.
    pub(crate) fn document(&self) -> String {
        let path = format!("/{}s", self.thing.to_lowercase());
        let one = reference(&format!("schemas/{}", self.thing));
        let mut created = Map::from_iter([(self.made.to_owned(), with("Made", &one))]);
        for status in self.refusals {
            created.insert((*status).to_owned(), json!({ "description": "No" }));
        }
        let mut collection = Map::new();
        collection.insert("post".to_owned(), self.operation("add", &created.into()));
        let mut item = Map::new();
        for name in self.operations {
            let fine = match *name {
                "list" => json!({ "200": with("All", &json!({ "type": "array", "items": one })) }),
                "drop" => json!({ "204": { "description": "Gone" } }),
                _ => json!({ "200": with("One", &one) }),
            };
            let mut responses = fine;
            responses["4XX"] = json!({ "description": "No" });
            let operation = self.operation(name, &responses);
            let (paths, method) = match *name {
                "list" => (&mut collection, "get"),
                "get" => (&mut item, "get"),
                "set" => (&mut item, "put"),
                "change" => (&mut item, "patch"),
                "drop" => (&mut item, "delete"),
                other => panic!("{other} is nothing that is done to a thing"),
            };
            paths.insert(method.to_owned(), operation);
        }
        let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } });
        item.insert("parameters".to_owned(), json!([id]));
        let mut shown = self.properties.clone();
        shown["id"] = json!({ "type": "integer" });
        let document = json!({
            "openapi": "3.0.3",
            "info": { "title": path, "version": "1" },
            "paths": { path.clone(): collection, format!("{path}/{{id}}"): item },
            "components": { "schemas": {
                "New": {
                    "type": "object",
                    "required": self.required,
                    "additionalProperties": false,
                    "properties": self.properties,
                },
                self.thing: { "type": "object", "required": ["id"], "properties": shown },
            } },
        });
        document.to_string()
    }

    fn operation(&self, name: &str, responses: &Value) -> Value {
        let id = match name {
            "list" => format!("list{}s", self.thing),
            _ => format!("{name}{}", self.thing),
        };
        let mut operation = json!({ "operationId": id, "responses": responses });
        if ["add", "set", "change"].contains(&name) {
            let content = json!({ "application/json": { "schema": reference("schemas/New") } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }
}

fn reference(component: &str) -> Value {
    json!({ "$ref": format!("#/components/{component}") })
}

fn with(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}
