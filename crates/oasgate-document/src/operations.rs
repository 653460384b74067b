//! Which operations a document declares: what can be known of them without reading them.

use serde_json::Value;

use crate::{Address, Document, Pointer};

/// One method on one path, by the name that everything else knows it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredOperation {
    /// Its `operationId`, else `GET /path`.
    pub id: String,
    /// The method, in capitals where the specification writes it small.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The operation object.
    pub address: Address,
}

/// The methods that have a key of their own in a path item.
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

impl Document {
    /// The operations under `paths`, in the document's order. An id that is taken already gives way
    /// to `GET /path`, so that every operation has one of its own.
    pub fn operations(&self) -> Vec<DeclaredOperation> {
        let paths = Address::in_root(Pointer::root().join("paths"));
        let Some(Value::Object(templates)) = self.get(&paths) else {
            return Vec::new();
        };
        let mut found: Vec<DeclaredOperation> = Vec::new();
        for path in templates.keys().filter(|path| path.starts_with('/')) {
            let Ok((item, Value::Object(members))) = self.follow(&paths.join(path)) else {
                continue;
            };
            let known = members
                .keys()
                .filter(|key| METHODS.contains(&key.as_str()))
                .map(|key| (key.to_uppercase(), item.join(key)));
            let additional = members
                .get("additionalOperations")
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(|additional| additional.keys())
                .map(|name| (name.clone(), item.join("additionalOperations").join(name)));
            for (method, at) in known.chain(additional) {
                let Ok((address, Value::Object(operation))) = self.follow(&at) else {
                    continue;
                };
                let id = operation
                    .get("operationId")
                    .and_then(Value::as_str)
                    .filter(|id| !id.is_empty() && found.iter().all(|known| known.id != **id))
                    .map_or_else(|| format!("{method} {path}"), str::to_owned);
                found.push(DeclaredOperation {
                    id,
                    method,
                    path: path.clone(),
                    address,
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::Document;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let yaml = "
openapi: 3.2.0
info: { title: Tiny, version: '1' }
paths:
  /a:
    get: { operationId: one }
    x-note: { get: {} }
    additionalOperations: { COPY: {} }
  /b:
    post: { operationId: one }
    $ref: '#/components/pathItems/nothing'
  x-more: {}
";
        let document = Document::parse("tiny.yaml", yaml).expect("it is a document");
        let ids: Vec<_> = document
            .operations()
            .into_iter()
            .map(|operation| operation.id)
            .collect();
        assert_eq!(ids, ["one", "COPY /a"]);
        let yaml = yaml.replace("    $ref: '#/components/pathItems/nothing'\n", "");
        let document = Document::parse("tiny.yaml", yaml).expect("it is a document");
        assert_eq!(document.operations()[2].id, "POST /b");
    }
}
