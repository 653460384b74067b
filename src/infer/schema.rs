//! An inferred schema, written out for the dialect of a document.

use serde_json::{Map, Value, json};

use super::{Inferred, Names};

/// How a document says that null is allowed, and how several types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON Schema 2020-12, as in OpenAPI 3.1 and 3.2: `type` may be a list.
    JsonSchema,
    /// OpenAPI 3.0: `nullable`, and `anyOf` for several types.
    OpenApi30,
    /// Swagger 2.0, which has neither; where several types came nothing is said.
    Swagger2,
}

impl Inferred {
    /// The least schema that admits what was seen, as JSON Schema 2020-12.
    pub fn to_json_schema(&self) -> Value {
        self.to_schema(Dialect::JsonSchema)
    }

    /// The least schema that admits what was seen, in a dialect. Values, lengths and sizes that merely happened
    /// are no part of it: what was seen is an example, not a promise.
    pub fn to_schema(&self, dialect: Dialect) -> Value {
        let mut types = self.types();
        if self.anything || types.is_empty() {
            return json!({});
        }
        if dialect == Dialect::JsonSchema {
            let mut schema = self.parts(dialect);
            let kind = match types.as_slice() {
                [only] => json!(only),
                several => json!(several),
            };
            schema.insert("type".to_owned(), kind);
            schema.sort_keys();
            return Value::Object(schema);
        }
        types.retain(|kind| *kind != "null");
        let mut schema = match types.as_slice() {
            // `nullable` needs a type beside it (OpenAPI 3.0.3 §4.7.24.1), and null alone is none.
            [] => return json!({ "enum": [null], "nullable": true, "type": "string" }),
            [only] => {
                let mut schema = self.parts(dialect);
                schema.insert("type".to_owned(), json!(only));
                schema
            }
            _ if dialect == Dialect::Swagger2 => return json!({}),
            several => {
                let each = several.iter().map(|kind| {
                    let mut schema = self.of_type(kind, dialect);
                    schema.insert("type".to_owned(), json!(kind));
                    if self.null {
                        schema.insert("nullable".to_owned(), json!(true));
                    }
                    Value::Object(schema)
                });
                return json!({ "anyOf": each.collect::<Vec<_>>() });
            }
        };
        if self.null {
            if dialect == Dialect::Swagger2 {
                return json!({});
            }
            schema.insert("nullable".to_owned(), json!(true));
        }
        schema.sort_keys();
        Value::Object(schema)
    }

    /// What is said of all types together.
    fn parts(&self, dialect: Dialect) -> Map<String, Value> {
        let mut schema = self.of_type("array", dialect);
        schema.extend(self.of_type("object", dialect));
        schema
    }

    fn of_type(&self, kind: &str, dialect: Dialect) -> Map<String, Value> {
        let mut schema = Map::new();
        match kind {
            "array" => {
                if let Some(items) = &self.array {
                    schema.insert("items".to_owned(), items.each.to_schema(dialect));
                }
            }
            "object" => match self.object.as_ref().map(|members| &members.names) {
                Some(Names::Known(names)) => {
                    let properties: Map<String, Value> = names
                        .iter()
                        .map(|(name, (_, seen))| (name.clone(), seen.to_schema(dialect)))
                        .collect();
                    let required: Vec<&String> = names
                        .iter()
                        .filter(|(_, (always, _))| *always)
                        .map(|(name, _)| name)
                        .collect();
                    if !required.is_empty() {
                        schema.insert("required".to_owned(), json!(required));
                    }
                    if !properties.is_empty() {
                        schema.insert("properties".to_owned(), Value::Object(properties));
                    }
                }
                Some(Names::Data(seen)) => {
                    schema.insert("additionalProperties".to_owned(), seen.to_schema(dialect));
                }
                None => {}
            },
            _ => {}
        }
        schema
    }
}
