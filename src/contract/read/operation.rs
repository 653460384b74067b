//! Operations: their own members, and what they inherit from the path and the document.

use std::collections::HashMap;

use http::Method;
use indexmap::IndexMap;
use oasgate_document::{Address, Document};
use serde_json::json;

use super::{Object, Reader, path_template};
use crate::contract::{
    DefectKind, Direction, Explode, Location, Operation, OperationId, Parameter, RequestBody,
    Reserved, Responses, Serialization, Server, Style,
    path::PathTemplate,
    server::{self, Variable},
};

/// How many parameters of one operation are read: what is done with one is done beside all others.
const MAX_PARAMETERS: usize = 1_000;

/// Members that are read apart, each with its own address.
const LIFTED: &[&str] = &[
    "callbacks",
    "externalDocs",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "servers",
];

/// The same in Swagger 2.0.
const SWAGGER_LIFTED: &[&str] = &[
    "consumes",
    "externalDocs",
    "parameters",
    "produces",
    "responses",
    "schemes",
    "security",
];

impl Reader {
    pub(super) fn operation(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        item: &Object<'_>,
        path: &str,
        method: Method,
        at: &Address,
    ) -> Option<Operation> {
        let object = self.object(document, at)?;
        let typed: openapiv3::Operation = self.typed(
            &object,
            if self.is_swagger {
                SWAGGER_LIFTED
            } else {
                LIFTED
            },
            &[("responses", json!({}))],
        )?;
        let template = path_template(path);
        let mut parameters = self.parameters(document, item, &object);
        parameters.extend(self.undeclared(&template, &parameters, &object));
        let id = typed
            .operation_id
            .filter(|id| !id.is_empty())
            .unwrap_or_else(|| format!("{method} {path}"));
        Some(Operation {
            id: OperationId(id),
            method,
            path: template,
            summary: typed.summary,
            description: typed.description,
            tags: typed.tags,
            deprecated: typed.deprecated,
            parameters,
            request_body: if self.is_swagger {
                self.swagger_body(document, root, item, &object)
            } else {
                self.request_body(document, &object)
            },
            responses: self.responses(document, root, &object),
            security: self.security(document, root, &object),
            is_open: object.1.contains_key("security"),
            servers: self.servers(document, root, item, &object),
            address: object.0,
        })
    }

    /// Path-level parameters and the operation's own, which win by name and location.
    fn parameters(
        &mut self,
        document: &Document,
        item: &Object<'_>,
        own: &Object<'_>,
    ) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut places: HashMap<(Location, String), usize> = HashMap::new();
        for holder in [item, own] {
            for at in self.elements(holder, "parameters") {
                if parameters.len() >= MAX_PARAMETERS {
                    self.complain(
                        DefectKind::DocumentLimit,
                        at,
                        format!(
                            "an operation is read with {MAX_PARAMETERS} parameters at most: this one and those \
                             behind it are left out"
                        ),
                    );
                    break;
                }
                let parameter = if self.is_swagger {
                    self.swagger_parameter(document, &at)
                } else {
                    self.parameter(document, &at)
                };
                let Some(parameter) = parameter else {
                    continue;
                };
                let key = (parameter.location, parameter.name.clone());
                match places.get(&key) {
                    Some(index) => parameters[*index] = parameter,
                    None => {
                        places.insert(key, parameters.len());
                        parameters.push(parameter);
                    }
                }
            }
        }
        // 2.0 has no such headers.
        parameters.retain(|parameter| self.is_swagger || !parameter.is_ignored());
        parameters
    }

    /// What a path template names and no parameter declares: it has some value all the same.
    fn undeclared(
        &mut self,
        path: &PathTemplate,
        declared: &[Parameter],
        operation: &Object<'_>,
    ) -> Vec<Parameter> {
        let is_declared = |name: &str| {
            let mut all = declared.iter();
            all.any(|one| one.location == Location::Path && one.name == name)
        };
        let open = path.parameters().filter(|name| !is_declared(name));
        let nowhere = operation.0.join("undeclared");
        open.map(|name| Parameter {
            name: name.to_owned(),
            location: Location::Path,
            required: true,
            deprecated: false,
            allow_empty_value: false,
            value: Serialization::Styled {
                schema: self.schema(nowhere.clone(), Direction::Request),
                style: Style::Simple,
                explode: Explode::No,
                reserved: Reserved::Escaped,
            },
            examples: Vec::new(),
            description: None,
            address: operation.0.clone(),
        })
        .collect()
    }

    fn request_body(&mut self, document: &Document, operation: &Object<'_>) -> Option<RequestBody> {
        operation
            .1
            .get("requestBody")
            .filter(|body| !body.is_null())?;
        let object = self.object(document, &operation.0.join("requestBody"))?;
        let typed: openapiv3::RequestBody = self.typed(&object, &["content"], &[])?;
        Some(RequestBody {
            required: typed.required,
            content: self.content(document, &object, Direction::Request),
            address: object.0,
        })
    }

    fn responses(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        operation: &Object<'_>,
    ) -> Responses {
        let entries = self.members(operation, "responses");
        let mut declared = Vec::new();
        for (key, at) in entries {
            if key.starts_with("x-") {
                continue;
            }
            if let Some(response) = self.response(document, root, operation, key, at) {
                declared.push(response);
            }
        }
        let address = if operation.1.contains_key("responses") {
            operation.0.join("responses")
        } else {
            operation.0.clone()
        };
        Responses { declared, address }
    }

    /// The servers of the most specific level that has any.
    fn servers(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        item: &Object<'_>,
        own: &Object<'_>,
    ) -> Vec<Server> {
        if self.is_swagger {
            return Self::swagger_server(root);
        }
        let holder = [own, item, root].into_iter().find(|holder| {
            holder
                .1
                .get("servers")
                .is_some_and(|servers| servers.as_array().is_none_or(|list| !list.is_empty()))
        });
        let Some(holder) = holder else {
            return Vec::new();
        };
        let addresses = self.elements(holder, "servers");
        addresses
            .iter()
            .filter_map(|at| self.server(document, at))
            .collect()
    }

    fn server(&mut self, document: &Document, at: &Address) -> Option<Server> {
        let object = self.object(document, at)?;
        let typed: openapiv3::Server = self.typed(&object, &["name"], &[])?;
        let variables: IndexMap<String, Variable> = typed
            .variables
            .unwrap_or_default()
            .into_iter()
            .map(|(name, variable)| {
                let is_open = variable.enumeration.is_empty();
                let mut values = vec![variable.default];
                values.extend(variable.enumeration);
                values.dedup();
                (name, Variable { values, is_open })
            })
            .collect();
        let (hosts, base_paths) = server::read(&typed.url, &variables);
        Some(Server {
            base_paths,
            hosts,
            url: typed.url,
            address: object.0,
        })
    }
}
