//! Operations that no request to this service has: webhooks, callbacks, path items that are kept
//! among the components. They are read only when a document is linted.

use std::sync::Arc;

use oasgate_document::{Address, Document, Pointer, SpecVersion};
use serde_json::Value;

use super::{Object, Reader};
use crate::contract::{Defect, Operation, OperationId, schema::SchemaStore};

/// Reads them all, with what is wrong in them.
pub(in crate::contract) fn hooks(store: &Arc<SchemaStore>) -> (Vec<Operation>, Vec<Defect>) {
    let mut reader = Reader {
        is_swagger: *store.document().version() == SpecVersion::Swagger2,
        store: Arc::clone(store),
        defects: Vec::new(),
    };
    let hooks = reader.hooks();
    (hooks, reader.defects)
}

impl Reader {
    fn hooks(&mut self) -> Vec<Operation> {
        let store = Arc::clone(&self.store);
        let document = store.document();
        let mut hooks = Vec::new();
        let Value::Object(members) = document.root() else {
            return hooks;
        };
        let root: Object<'_> = (Address::in_root(Pointer::root()), members);
        if self.is_swagger {
            return hooks;
        }
        for (name, at) in self.members(&root, "webhooks") {
            self.hook(document, &root, &format!("webhook {name}"), &at, &mut hooks);
        }
        let at = root.0.join("components");
        if let Some(Value::Object(components)) = document.get(&at) {
            let components = (at, components);
            for (name, at) in self.members(&components, "pathItems") {
                self.hook(
                    document,
                    &root,
                    &format!("path item {name}"),
                    &at,
                    &mut hooks,
                );
            }
            for (name, at) in self.members(&components, "callbacks") {
                self.callback(document, &root, name, &at, &mut hooks);
            }
        }
        for (_, at) in self.members(&root, "paths") {
            let Some(item) = self.object(document, &at) else {
                continue;
            };
            for (_, at) in self.methods(&item) {
                let Some(operation) = self.object(document, &at) else {
                    continue;
                };
                for (name, at) in self.members(&operation, "callbacks") {
                    self.callback(document, &root, name, &at, &mut hooks);
                }
            }
        }
        hooks
    }

    /// A callback object: path items by the expressions of their URLs.
    fn callback(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        name: &str,
        at: &Address,
        hooks: &mut Vec<Operation>,
    ) {
        let Some((at, callback)) = self.object(document, at) else {
            return;
        };
        let expressions = callback
            .keys()
            .filter(|expression| !expression.starts_with("x-"));
        for expression in expressions {
            let name = format!("callback {name}");
            self.hook(document, root, &name, &at.join(expression), hooks);
        }
    }

    fn hook(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        name: &str,
        at: &Address,
        hooks: &mut Vec<Operation>,
    ) {
        let Some(item) = self.object(document, at) else {
            return;
        };
        for (method, at) in self.methods(&item) {
            if let Some(mut hook) = self.operation(document, root, &item, "/", method, &at) {
                if hook.id.as_str() == format!("{} /", hook.method) {
                    hook.id = OperationId(name.to_owned());
                }
                if !hooks.iter().any(|known| known.address == hook.address) {
                    hooks.push(hook);
                }
            }
        }
    }
}
