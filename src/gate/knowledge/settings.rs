//! Settings of a service: what is always there under one name, as `/admin/config`. What each was before the run
//! is remembered, since only so can it be restored.

use std::collections::HashSet;

use http::Method;
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    context::{ResourceContext, path_of},
    view::ExchangeView,
};
use crate::contract::{Content, Operation, Schema};

/// The most settings that are remembered.
const MAX_SETTINGS: usize = 200;

/// The most bytes of one that are remembered.
const MAX_BYTES: usize = 64 << 10;

/// What settings were before the run, and which of them it changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownSettings {
    /// By path.
    known: IndexMap<String, Setting>,
    /// Paths that were read to find out.
    looked_at: HashSet<String>,
}

#[derive(Clone, Debug)]
struct Setting {
    before: Value,
    /// The last operation that changed it, by its place.
    changed_by: Option<usize>,
}

impl KnownSettings {
    /// Takes in what a read shows, and that a change was accepted.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        operation: usize,
        given: &ExchangeView<'_>,
    ) {
        let request = &given.exchange.request;
        let contract_operation = context.operation(operation);
        let is_plain = contract_operation.path.parameters().next().is_none();
        let is_own = request.method == contract_operation.method;
        if !is_plain || !is_own || !given.exchange.response.status.is_success() {
            return;
        }
        let path = path_of(&request.url);
        if request.method == Method::GET {
            let is_new = self.known.len() < MAX_SETTINGS && !self.known.contains_key(path);
            let bytes = given.exchange.response.body.bytes();
            if is_new
                && bytes.len() <= MAX_BYTES
                && context.has_setting_at(contract_operation)
                && let Ok(before) = serde_json::from_slice::<Value>(bytes)
                && before.is_object()
            {
                let changed_by = None;
                self.known
                    .insert(path.to_owned(), Setting { before, changed_by });
            }
        } else if context.setting_of(contract_operation).is_some()
            && let Some(setting) = self.known.get_mut(path)
        {
            setting.changed_by = Some(operation);
        }
    }

    /// Whether a read is to tell what a setting is, which is answered so once.
    pub(crate) fn wants_a_look(&mut self, path: &str) -> bool {
        !self.known.contains_key(path)
            && self.looked_at.len() < MAX_SETTINGS
            && self.looked_at.insert(path.to_owned())
    }

    /// How many the run changed and has not restored.
    pub(crate) fn count_changed(&self) -> usize {
        let all = self.known.values();
        all.filter(|setting| setting.changed_by.is_some()).count()
    }

    /// Those that the run changed and has not restored, each with the operation that changed it and with what it was.
    pub(crate) fn changed(&self) -> Vec<(String, usize, Value)> {
        let changed = self.known.iter().filter_map(|(path, setting)| {
            Some((path.clone(), setting.changed_by?, setting.before.clone()))
        });
        changed.collect()
    }

    /// Notes that a setting is what it was.
    pub(crate) fn note_restored(&mut self, path: &str) {
        if let Some(setting) = self.known.get_mut(path) {
            setting.changed_by = None;
        }
    }
}

impl ResourceContext<'_> {
    /// The operation that shows what an operation sets: PUT and PATCH beside a GET at a path without parameters, and
    /// a POST there that takes nothing but what the GET shows.
    pub(crate) fn setting_of(&self, operation: &Operation) -> Option<usize> {
        if operation.path.parameters().next().is_some() {
            return None;
        }
        let path = operation.path.as_str();
        let mut operations = self.contract.operations().iter();
        let read =
            operations.position(|one| one.method == Method::GET && one.path.as_str() == path)?;
        match operation.method.as_str() {
            "PUT" | "PATCH" => Some(read),
            "POST" => self.sets_what_is_shown(operation, read).then_some(read),
            _ => None,
        }
    }

    /// Whether any operation sets what a GET shows.
    fn has_setting_at(&self, read: &Operation) -> bool {
        let path = read.path.as_str();
        let mut operations = self.contract.operations().iter();
        operations.any(|one| one.path.as_str() == path && self.setting_of(one).is_some())
    }

    fn sets_what_is_shown(&self, post: &Operation, read: usize) -> bool {
        let is_creator = self
            .index(post)
            .is_some_and(|index| self.graph.made_by(index).is_some());
        let sent = post
            .request_body
            .as_ref()
            .map_or_else(Vec::new, |body| property_names(&body.content));
        let mut responses = self.operation(read).responses.declared.iter();
        let is_shown = |shown: &[String]| {
            let mut sent = sent.iter();
            sent.all(|name| shown.contains(name))
        };
        !is_creator
            && !sent.is_empty()
            && responses.any(|response| is_shown(&property_names(&response.content)))
    }
}

fn property_names(content: &Content) -> Vec<String> {
    let schemas = content
        .media_types
        .iter()
        .filter_map(|one| one.schema.as_ref());
    schemas.flat_map(Schema::property_names).collect()
}

/// What of a shown value a schema takes: all of it but what is read-only, else what it names; `None` where neither
/// obeys.
pub(crate) fn restorable(schema: &Schema, before: &Value) -> Option<Value> {
    let all = schema.without_read_only(before);
    if schema.is_valid(&all) {
        return Some(all);
    }
    let names = schema.property_names();
    let Value::Object(mut members) = all else {
        return None;
    };
    members.retain(|name, _| names.contains(name));
    let named = Value::Object(members);
    schema.is_valid(&named).then_some(named)
}
