//! Settings of a service: what is always there under one name, as `/admin/config`. What each was before the run
//! is remembered, since only so can it be restored.

use std::{collections::HashSet, iter};

use http::{Method, StatusCode};
use indexmap::IndexMap;
use jsonschema::JsonType;
use serde_json::Value;

use super::{
    context::{ResourceContext, path_of},
    view::ExchangeView,
};
use crate::contract::{Content, Operation, OperationIndex, Schema};

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
    /// The operation that changed it: one that replaces the whole, if there is one.
    changed_by: Option<OperationIndex>,
}

/// Whether a change that was answered so may have taken effect all the same: many a service fails after it has written.
fn may_have_taken_effect(status: StatusCode) -> bool {
    let nothing_done = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    ];
    !nothing_done.contains(&status)
}

impl KnownSettings {
    /// Takes in what a read shows, and that a change was sent.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) {
        let request = &given.exchange.request;
        let contract_operation = context.operation(operation);
        let is_plain = contract_operation.path.parameters().next().is_none();
        let is_own = request.method == contract_operation.method;
        let status = given.exchange.response.status;
        if !is_plain || !is_own {
            return;
        }
        let path = path_of(&request.url);
        if request.method == Method::GET && status.is_success() {
            let is_new = self.known.len() < MAX_SETTINGS && !self.known.contains_key(path);
            let bytes = given.exchange.response.body.bytes();
            if is_new
                && bytes.len() <= MAX_BYTES
                && let Some(is_declared) = context.setting_at(contract_operation)
                && let Ok(before) = serde_json::from_slice::<Value>(bytes)
                && (is_declared || before.is_object() && !is_list(&before))
            {
                let changed_by = None;
                self.known
                    .insert(path.to_owned(), Setting { before, changed_by });
            }
        } else if may_have_taken_effect(status)
            && context.read_before(contract_operation).is_some()
            && let Some(setting) = self.known.get_mut(path)
        {
            let is_whole = contract_operation.method == Method::PUT;
            if is_whole || setting.changed_by.is_none() {
                setting.changed_by = Some(operation);
            }
        }
    }

    /// Whether a request that an operation sends to a path sets what is always there.
    pub(crate) fn is_set_by(
        &self,
        context: &ResourceContext<'_>,
        operation: &Operation,
        path: &str,
    ) -> bool {
        self.known.contains_key(path) && context.read_before(operation).is_some()
    }

    /// Whether a request would set what a read shows in a form in which it cannot be restored.
    pub(crate) fn would_be_lost(
        &self,
        context: &ResourceContext<'_>,
        operation: &Operation,
        path: &str,
    ) -> bool {
        let Some(setting) = self.known.get(path) else {
            return false;
        };
        self.is_set_by(context, operation, path)
            && json_body(operation)
                .and_then(|(_, schema)| restorable(schema, &setting.before))
                .is_none()
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
    pub(crate) fn changed(&self) -> Vec<(String, OperationIndex, Value)> {
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
    pub(crate) fn setting_of(&self, operation: &Operation) -> Option<OperationIndex> {
        if operation.path.parameters().next().is_some() {
            return None;
        }
        let path = operation.path.as_str();
        let mut operations = self.contract.indexed_operations();
        let (read, _) =
            operations.find(|(_, one)| one.method == Method::GET && one.path.as_str() == path)?;
        match operation.method.as_str() {
            "PUT" | "PATCH" => Some(read),
            "POST" => self.sets_what_is_shown(operation, read).then_some(read),
            _ => None,
        }
    }

    /// The operation that is read before another is sent that sets what it shows, or may do so.
    pub(crate) fn read_before(&self, operation: &Operation) -> Option<OperationIndex> {
        self.setting_of(operation)
            .or_else(|| self.open_setting_of(operation))
    }

    /// The operation beside a POST that takes any object and makes nothing that the document knows of: whether it
    /// replaces what is shown there, only a read can tell.
    fn open_setting_of(&self, operation: &Operation) -> Option<OperationIndex> {
        let is_plain = operation.path.parameters().next().is_none();
        if operation.method != Method::POST || !is_plain || self.is_creator(operation) {
            return None;
        }
        let body = operation.request_body.as_ref()?;
        let is_open = property_names(&body.content).is_empty();
        let takes_object = json_body(operation).is_some_and(|(_, schema)| {
            schema.is_none_or(|schema| schema.types().contains(JsonType::Object))
        });
        let path = operation.path.as_str();
        let mut operations = self.contract.indexed_operations();
        let read =
            operations.find(|(_, one)| one.method == Method::GET && one.path.as_str() == path);
        read.filter(|_| is_open && takes_object)
            .map(|(index, _)| index)
    }

    /// Whether any operation sets what a GET shows, as far as the document says, or may do so; `None` where none.
    fn setting_at(&self, read: &Operation) -> Option<bool> {
        let path = read.path.as_str();
        let operations = self.contract.operations().iter();
        let setters = operations.filter(|one| one.path.as_str() == path);
        let setters = setters.filter(|one| self.read_before(one).is_some());
        setters.map(|one| self.setting_of(one).is_some()).max()
    }

    fn is_creator(&self, operation: &Operation) -> bool {
        self.index(operation)
            .is_some_and(|index| self.graph.made_by(index).is_some())
    }

    fn sets_what_is_shown(&self, post: &Operation, read: OperationIndex) -> bool {
        let sent = post
            .request_body
            .as_ref()
            .map_or_else(Vec::new, |body| property_names(&body.content));
        let mut responses = self.operation(read).responses.declared.iter();
        let is_shown = |shown: &[String]| {
            let mut sent = sent.iter();
            sent.all(|name| shown.contains(name))
        };
        !self.is_creator(post)
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

/// What an object beside a list of things is called that says something of the list.
const ABOUT_LISTS: [&str; 8] = [
    "_links",
    "_meta",
    "links",
    "meta",
    "metadata",
    "page",
    "pagination",
    "paging",
];

/// Whether a value shows a list of things, and perhaps what is said of it.
fn is_list(value: &Value) -> bool {
    let members = || value.as_object().into_iter().flatten();
    let is_of_objects = |items: &Vec<Value>| items.iter().all(Value::is_object);
    let mut arrays = members().filter_map(|(_, member)| member.as_array());
    let mut objects = members().filter(|(_, member)| member.is_object());
    arrays.any(is_of_objects)
        && objects.all(|(name, _)| ABOUT_LISTS.contains(&name.to_lowercase().as_str()))
}

/// The media type of the JSON that an operation takes, and its schema where it has one.
pub(crate) fn json_body(operation: &Operation) -> Option<(&str, Option<&Schema>)> {
    let content = &operation.request_body.as_ref()?.content;
    let mut media_types = content.media_types.iter();
    let json = media_types.find(|one| one.range.as_str().contains("json"))?;
    Some((json.range.as_str(), json.schema.as_ref()))
}

/// What of a shown value a schema takes, itself or what it wraps: all of it but what is read-only, else what the
/// schema names; `None` where nothing obeys.
pub(crate) fn restorable(schema: Option<&Schema>, before: &Value) -> Option<Value> {
    let Some(schema) = schema else {
        return Some(before.clone());
    };
    if !before.is_object() {
        return schema.is_valid(before).then(|| before.clone());
    }
    let wrapped = before.as_object().into_iter().flatten();
    let wrapped = wrapped
        .map(|(_, inner)| inner)
        .filter(|one| one.is_object());
    let mut all = iter::once(before).chain(wrapped);
    all.find_map(|shown| restorable_itself(schema, shown))
}

fn restorable_itself(schema: &Schema, before: &Value) -> Option<Value> {
    let names = schema.property_names();
    let Value::Object(mut members) = schema.without_read_only(before) else {
        return None;
    };
    // What shows nothing that is set shows it in another form.
    if !names.is_empty() && !members.keys().any(|name| names.contains(name)) {
        return None;
    }
    let all = Value::Object(members.clone());
    if schema.is_valid(&all) {
        return Some(all);
    }
    members.retain(|name, _| names.contains(name));
    let named = Value::Object(members);
    schema.is_valid(&named).then_some(named)
}
