//! Reads the objects of a document, one by one.

mod components;
mod content;
mod hooks;
mod key_scheme;
mod operation;
mod parameter;
mod response;
mod security;
mod swagger;

use std::{
    cmp::Reverse,
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use http::Method;
use oasgate_document::{Address, Document, Pointer, Problem, ProblemKind, SpecVersion};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) use components::defects as component_defects;
pub(super) use hooks::hooks;

use super::{
    Contract, Defect, DefectKind, Direction, Operation, OperationId, PathTemplate, Place, Schema,
    router::{Router, Target},
    schema::SchemaStore,
    server,
};
use crate::contract::OperationIndex;

/// The members of a path item that are operations (OpenAPI 3.2.0 §4.9.1).
pub(crate) const METHODS: [&str; 9] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
];

/// Reads the whole contract.
pub(super) fn contract(store: Arc<SchemaStore>) -> Contract {
    let mut reader = Reader {
        store: Arc::clone(&store),
        is_swagger: *store.document().version() == SpecVersion::Swagger2,
        defects: Vec::new(),
    };
    let operations = reader.operations();
    reader.name_links(&operations);
    let mut router = Router::default();
    let mut places: Vec<Place> = Vec::new();
    for (index, operation) in OperationIndex::number(&operations) {
        let mut served = Vec::new();
        for server in &operation.servers {
            for base in &server.base_paths {
                let place = Place {
                    base: base.clone(),
                    hosts: server.hosts.clone(),
                };
                let known = places.iter().position(|known| *known == place);
                served.push(known.unwrap_or_else(|| {
                    places.push(place);
                    places.len() - 1
                }));
            }
        }
        router.add(
            operation.path.segments(),
            &operation.method,
            Target {
                operation: index,
                places: served,
            },
        );
    }
    let mut base_paths: Vec<String> = places.iter().map(|place| place.base.clone()).collect();
    base_paths.push(String::new());
    // What is written out comes before what may be anything, and the longest first.
    base_paths.sort_by_cached_key(|base| {
        let rank = match base.as_str() {
            "" => 2,
            open if server::is_open(open) => 1,
            _ => 0,
        };
        (rank, Reverse(base.len()), base.clone())
    });
    base_paths.dedup();
    let mut defects: Vec<_> = store.document().problems().iter().map(problem).collect();
    defects.append(&mut reader.defects);
    Contract {
        store,
        operations: operations.into_iter().map(Arc::new).collect(),
        router,
        places,
        base_paths,
        defects,
        written: OnceLock::new(),
        shown_values: OnceLock::new(),
    }
}

pub(super) fn problem(problem: &Problem) -> Defect {
    Defect {
        kind: match problem.kind {
            ProblemKind::Reference => DefectKind::UnresolvedReference,
            ProblemKind::RemoteReference => DefectKind::RemoteReference,
            ProblemKind::OutsideReference => DefectKind::OutsideReference,
            ProblemKind::DuplicateKey => DefectKind::DuplicateKey,
            _ => DefectKind::DocumentLimit,
        },
        address: problem.address.clone(),
        message: problem.message.clone(),
    }
}

struct Reader {
    store: Arc<SchemaStore>,
    is_swagger: bool,
    defects: Vec<Defect>,
}

/// An object of the document with its address, references followed.
type Object<'d> = (Address, &'d Map<String, Value>);

impl Reader {
    fn complain(&mut self, kind: DefectKind, address: Address, message: impl Into<String>) {
        self.defects.push(Defect {
            kind,
            address,
            message: message.into(),
        });
    }

    /// The object at an address, behind its references; anything else is a defect.
    fn object<'d>(&mut self, document: &'d Document, at: &Address) -> Option<Object<'d>> {
        match document.follow(at) {
            Ok((address, Value::Object(members))) => Some((address, members)),
            Ok((address, other)) => {
                self.complain(
                    DefectKind::MalformedObject,
                    address,
                    format!("an object was expected, {} is there", kind(other)),
                );
                None
            }
            Err(error) => {
                self.complain(
                    DefectKind::UnresolvedReference,
                    at.clone(),
                    error.to_string(),
                );
                None
            }
        }
    }

    /// The members of an object under `key`, each with its address; nothing when it is absent.
    fn members<'d>(&mut self, (at, object): &Object<'d>, key: &str) -> Vec<(&'d str, Address)> {
        match object.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(members)) => members
                .keys()
                .map(|name| (name.as_str(), at.join(key).join(name)))
                .collect(),
            Some(other) => {
                self.complain(
                    DefectKind::MalformedObject,
                    at.join(key),
                    format!("`{key}` is an object by name; {} is there", kind(other)),
                );
                Vec::new()
            }
        }
    }

    /// The addresses of the elements of a list under `key`; nothing when it is absent.
    fn elements(&mut self, (at, object): &Object<'_>, key: &str) -> Vec<Address> {
        match object.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => (0..items.len())
                .map(|index| at.join(key).index(index))
                .collect(),
            Some(other) => {
                self.complain(
                    DefectKind::MalformedObject,
                    at.join(key),
                    format!("`{key}` is a list; {} is there", kind(other)),
                );
                Vec::new()
            }
        }
    }

    /// Reads an object with `openapiv3`'s type after the members that are read apart were taken
    /// out (`lifted`) or replaced (`instead`).
    fn typed<T: DeserializeOwned>(
        &mut self,
        (at, object): &Object<'_>,
        lifted: &[&str],
        instead: &[(&str, Value)],
    ) -> Option<T> {
        let mut rest: Map<String, Value> = object
            .iter()
            .filter(|(key, value)| {
                !lifted.contains(&key.as_str()) && !key.starts_with("x-") && !value.is_null()
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for (key, value) in instead {
            rest.insert((*key).to_owned(), value.clone());
        }
        match serde_json::from_value(Value::Object(rest)) {
            Ok(read) => Some(read),
            Err(error) => {
                self.complain(DefectKind::MalformedObject, at.clone(), error.to_string());
                None
            }
        }
    }

    fn schema(&self, at: Address, direction: Direction) -> Schema {
        Schema::new(&self.store, at, direction)
    }

    fn operations(&mut self) -> Vec<Operation> {
        let store = Arc::clone(&self.store);
        let document = store.document();
        let root: Object<'_> = match document.root() {
            Value::Object(members) => (Address::in_root(Pointer::root()), members),
            _ => return Vec::new(),
        };
        let mut operations: Vec<Operation> = Vec::new();
        let mut ids: HashSet<OperationId> = HashSet::new();
        for (path, at) in self.members(&root, "paths") {
            if !path.starts_with('/') {
                if !path.starts_with("x-") {
                    self.complain(DefectKind::MalformedObject, at, "a path begins with `/`");
                }
                continue;
            }
            let Some(item) = self.object(document, &at) else {
                continue;
            };
            for (method, at) in self.methods(&item) {
                let Some(mut operation) = self.operation(document, &root, &item, path, method, &at)
                else {
                    continue;
                };
                if !ids.insert(operation.id.clone()) {
                    self.complain(
                        DefectKind::DuplicateOperationId,
                        at.join("operationId"),
                        format!("the operationId `{}` is taken", operation.id),
                    );
                    operation.id = OperationId(format!("{} {path}", operation.method));
                    ids.insert(operation.id.clone());
                }
                operations.push(operation);
            }
        }
        // A document that has no requirements at all says nothing of credentials.
        let has_requirements = operations.iter().any(|one| !one.security.is_empty());
        let declares_schemes = self.declares_schemes(&root);
        for operation in &mut operations {
            let is_said = operation.is_open && declares_schemes || has_requirements;
            operation.is_open = operation.security.is_empty() && is_said;
        }
        operations
    }

    /// Whether the document declares any security scheme: where it declares none, `security: []` is what a framework
    /// writes that knows nothing of credentials.
    fn declares_schemes(&self, root: &Object<'_>) -> bool {
        let schemes = if self.is_swagger {
            root.1.get("securityDefinitions")
        } else {
            let components = root.1.get("components");
            components.and_then(|components| components.get("securitySchemes"))
        };
        schemes
            .and_then(Value::as_object)
            .is_some_and(|schemes| !schemes.is_empty())
    }

    fn methods(&mut self, item: &Object<'_>) -> Vec<(Method, Address)> {
        let (at, members) = item;
        let mut methods: Vec<_> = members
            .keys()
            .filter(|key| METHODS.contains(&key.as_str()))
            .filter_map(|key| {
                Some((
                    Method::from_bytes(key.to_uppercase().as_bytes()).ok()?,
                    at.join(key),
                ))
            })
            .collect();
        for (name, at) in self.members(item, "additionalOperations") {
            match Method::from_bytes(name.as_bytes()) {
                Ok(method) => methods.push((method, at)),
                Err(_) => self.complain(
                    DefectKind::MalformedObject,
                    at,
                    format!("`{name}` is not a method"),
                ),
            }
        }
        methods
    }

    /// Gives links the ids of the operations that they lead to.
    fn name_links(&mut self, operations: &[Operation]) {
        // Links are kept with the operation's id as the document writes it; one that leads nowhere
        // is told here, when all operations are known.
        let known: HashSet<&OperationId> = operations.iter().map(|one| &one.id).collect();
        for operation in operations {
            for link in operation
                .responses
                .declared
                .iter()
                .flat_map(|response| &response.links)
            {
                if let Some(target) = &link.operation
                    && !known.contains(target)
                {
                    self.complain(
                        DefectKind::UnresolvedReference,
                        link.address.clone(),
                        format!("the link leads to an operation {target} that is not there"),
                    );
                }
            }
        }
    }
}

fn path_template(path: &str) -> PathTemplate {
    PathTemplate::parse(path)
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn flag(object: &Map<String, Value>, key: &str) -> Option<bool> {
    object.get(key).and_then(Value::as_bool)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
