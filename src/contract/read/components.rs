//! Components that no operation uses: read only when a document is linted.

use std::sync::Arc;

use oasgate_document::{Address, Pointer, SpecVersion};
use serde_json::{Map, Value};

use super::{Object, Reader};
use crate::contract::{Content, Defect, Direction, Serialization, schema::SchemaStore};

/// Reads every component; what is wrong with it, also where an operation has told it already.
pub(in crate::contract) fn defects(store: &Arc<SchemaStore>) -> Vec<Defect> {
    let mut reader = Reader {
        is_swagger: *store.document().version() == SpecVersion::Swagger2,
        store: Arc::clone(store),
        defects: Vec::new(),
    };
    reader.components();
    reader.defects
}

impl Reader {
    fn components(&mut self) {
        let store = Arc::clone(&self.store);
        let document = store.document();
        let nothing = Map::new();
        let Value::Object(members) = document.root() else {
            return;
        };
        let root: Object<'_> = (Address::in_root(Pointer::root()), members);
        let no_operation: Object<'_> = (root.0.clone(), &nothing);
        let holder: Object<'_> = if self.is_swagger {
            root.clone()
        } else {
            let at = root.0.join("components");
            match document.get(&at) {
                Some(Value::Object(members)) => (at, members),
                _ => return,
            }
        };
        for (_, at) in self.members(&holder, "parameters") {
            let parameter = if self.is_swagger {
                self.swagger_parameter(document, &at)
            } else {
                self.parameter(document, &at)
            };
            if let Some(parameter) = parameter {
                compile_value(&parameter.value);
            }
        }
        for (_, at) in self.members(&holder, "responses") {
            if let Some(response) = self.response(document, &root, &no_operation, "default", at) {
                compile(&response.content);
                for header in &response.headers {
                    compile_value(&header.value);
                }
            }
        }
        if self.is_swagger {
            return;
        }
        for (name, at) in self.members(&holder, "headers") {
            if let Some(header) = self.header(document, name, &at, Direction::Response) {
                compile_value(&header.value);
            }
        }
        for (_, at) in self.members(&holder, "requestBodies") {
            if let Some((at, body)) = self.object(document, &at) {
                compile(&self.content(document, &(at, body), Direction::Request));
            }
        }
    }
}

fn compile_value(value: &Serialization) {
    if let Some(schema) = value.schema() {
        schema.compile();
    }
}

fn compile(content: &Content) {
    for media_type in &content.media_types {
        for schema in media_type.schema.iter().chain(&media_type.item_schema) {
            schema.compile();
        }
    }
}
