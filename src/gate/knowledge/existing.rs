//! What the service had before the run: it is read, and never changed.
//!
//! Lists and reads show it. As soon as the run has made something of a resource, a list may show that
//! too, so that only what was listed before counts.

use std::collections::{BTreeSet, HashMap, HashSet};

use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    context::{ResourceContext, path_of, says_absent},
    instance::ResourceInstance,
    view::ExchangeView,
};
use crate::{
    contract::{
        Operation, OperationIndex, Parameter, ResourceIndex,
        graph::{Shape, segment_of_path},
    },
    exchange::Request,
    run::Existing,
};

/// The most paths that are remembered.
const MAX_PATHS: usize = 100_000;

/// The most paths that are read to find out what is there.
const MAX_LOOKS: usize = 400;

/// Numbers that a service may have given out before.
const SMALL: std::ops::RangeInclusive<i64> = -1..=100_000;

/// What was there before the run, and what was not.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExistingResources {
    /// Paths of what is there.
    paths: BTreeSet<String>,
    /// Paths of what is there, and that a creation may have made whose response named nothing.
    unclaimed: HashSet<String>,
    /// Paths below lists, of the names that these showed before anything was changed.
    shown_names: HashSet<String>,
    /// The last segments of the paths of what is there.
    names: HashSet<String>,
    /// Paths that were read to find out.
    looked_at: HashSet<String>,
    /// Paths that named nothing.
    absent: HashSet<String>,
    /// Collections that were listed before anything was made in them.
    listed: HashSet<String>,
    /// Resources of which the run has made something.
    made: HashSet<ResourceIndex>,
    /// The things that lists showed last, by resource.
    shown: HashMap<ResourceIndex, ResourceInstance>,
}

impl ExistingResources {
    /// Notes that the run has made something of a resource.
    pub(crate) fn note_made(&mut self, resource: ResourceIndex) {
        self.made.insert(resource);
    }

    /// Takes in what a read shows.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
        is_created: &dyn Fn(&str) -> bool,
    ) {
        let request = &given.exchange.request;
        let status = given.exchange.response.status;
        let is_look =
            request.method == Method::GET || context.operation(operation).is_called_a_look();
        if !is_look || self.paths.len() > MAX_PATHS {
            return;
        }
        let path = path_of(&request.url);
        for (at, resource) in context.graph.indexed_resources() {
            if resource.read == Some(operation) {
                if says_absent(status) {
                    self.absent.insert(path.to_owned());
                } else if status.is_success() && !is_created(path) && !self.made.contains(&at) {
                    self.insert(path.to_owned());
                }
            }
            if resource.is_shown_by(operation) && status.is_success() && !self.made.contains(&at) {
                self.listed.insert(path.to_owned());
                for (_, thing) in context.listed(at, given) {
                    self.insert(thing.path.clone());
                    self.shown.insert(at, thing);
                }
            }
        }
    }

    /// Whether a look may tell whether something is at a path.
    pub(crate) fn wants_a_look(&self, path: &str) -> bool {
        let is_known = self.holds(path) || self.lacks(path) || self.looked_at.contains(path);
        !is_known && self.looked_at.len() < MAX_LOOKS
    }

    /// Takes in what a look at a path gave of which nobody knows that the run created it.
    pub(crate) fn note_look(
        &mut self,
        resource: ResourceIndex,
        path: String,
        status: Option<StatusCode>,
    ) {
        self.looked_at.insert(path.clone());
        let Some(status) = status else { return };
        if status.is_success() && self.is_untouched(resource) {
            self.insert(path);
        } else if status.is_success() {
            self.unclaimed.insert(path);
        } else if says_absent(status) {
            self.absent.insert(path);
        }
    }

    /// Notes what is there and may have been there before the run.
    pub(crate) fn note_found(&mut self, path: String) {
        self.insert(path);
    }

    /// Notes what a list showed before anything was changed, whether or not any read leads to it.
    pub(crate) fn note_shown(&mut self, path: String) {
        if self.shown_names.len() < MAX_PATHS {
            self.note_name(&path);
            self.shown_names.insert(path);
        }
    }

    /// Whether the run has made nothing of a resource yet.
    pub(crate) fn is_untouched(&self, resource: ResourceIndex) -> bool {
        !self.made.contains(&resource)
    }

    /// Whether a path names something that was there.
    pub(crate) fn holds(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether a path is that of something that was there, or of what a list showed before anything was changed.
    pub(crate) fn was_shown(&self, path: &str) -> bool {
        self.holds(path) || self.shown_names.contains(path)
    }

    /// Whether a path of what was there ends in a name.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    fn insert(&mut self, path: String) {
        self.note_name(&path);
        self.paths.insert(path);
    }

    fn note_name(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or_default();
        if self.names.len() < 2 * MAX_PATHS && !self.names.contains(name) {
            self.names.insert(name.to_owned());
        }
    }

    /// Something of a resource that a list showed.
    pub(crate) fn shown(&self, resource: ResourceIndex) -> Option<&ResourceInstance> {
        self.shown.get(&resource)
    }

    /// Whether a path was read and named nothing.
    pub(crate) fn lacks(&self, path: &str) -> bool {
        self.absent.contains(path)
    }

    /// Whether a collection was listed before the run made anything in it.
    pub(crate) fn was_listed(&self, path: &str) -> bool {
        self.listed.contains(path)
    }

    /// Whether a request would change what was there before.
    ///
    /// That is so where the last name in its path is that of something, unless it only adds a part to
    /// what cannot be made for it, and where it replaces or removes a whole collection. What adds a part is
    /// sent where parts are listed; `POST /things/7/off` does something to the whole.
    pub(crate) fn would_change(
        &self,
        context: &ResourceContext<'_>,
        operation: &Operation,
        request: &Request,
    ) -> bool {
        let method = &request.method;
        let is_safe = (method.is_safe() || method == "QUERY")
            && (operation.is_safe() || *method != operation.method);
        let is_look = *method == operation.method && operation.is_called_a_look();
        if context.settings.existing == Existing::Touch || is_look {
            return false;
        }
        let path = path_of(&request.url);
        if is_safe {
            let named = named_path(context, operation, path);
            return *method == operation.method
                && operation.sets_by_query(&request.url)
                && named.is_none_or(|named| self.holds(named) || self.unclaimed.contains(named));
        }
        let is_addition = *method == Method::POST;
        let removes_all =
            !is_addition && (self.is_any_below(path) || context.is_of_a_collection(operation));
        let Some(named) = named_path(context, operation, path) else {
            // What no request names was there before, whatever else is known of it.
            let is_replacement = [Method::PUT, Method::PATCH].contains(method);
            let is_action = operation.request_body.is_none();
            return removes_all
                || *method == Method::DELETE
                || is_replacement && (is_action || sets_a_secret(context, operation))
                || ends_much(context, operation)
                || operation.changes_the_installation();
        };
        let is_there = self.was_shown(named) || self.unclaimed.contains(named);
        if !is_there {
            return named != path && removes_all
                || self.acts_on_what_is_above(context, operation, named);
        }
        !context.only_adds_a_part(operation, method)
    }

    /// Whether a request names what was there and does something with it and something else, as
    /// `POST /people/{id}/merge/{other}`: what can be neither read nor made is no thing of its own.
    fn acts_on_what_is_above(
        &self,
        context: &ResourceContext<'_>,
        operation: &Operation,
        named: &str,
    ) -> bool {
        let key = ResourceContext::key_of(operation);
        let is_thing = context.read_of(operation).is_some()
            || key.is_some_and(|key| context.can_be_made(operation, key));
        let mut above = named.match_indices('/').map(|(at, _)| &named[..at]);
        !is_thing && above.any(|above| self.holds(above))
    }

    fn is_any_below(&self, path: &str) -> bool {
        let above = format!("{path}/");
        let mut after = self.paths.range(above.clone()..);
        after.next().is_some_and(|one| one.starts_with(&above))
    }
}

/// What no read shows, so that it cannot be restored.
const SECRETS: [&str; 6] = ["otp", "passphrase", "passwd", "password", "pin", "secret"];

/// Whether the body of a request has a secret of what it changes.
fn sets_a_secret(context: &ResourceContext<'_>, operation: &Operation) -> bool {
    body_names(context, operation).iter().any(|name| {
        let mut words = name.split(|one: char| !one.is_alphanumeric());
        words.any(|word| SECRETS.contains(&word.to_lowercase().as_str()))
            || name.to_lowercase().ends_with("password")
    })
}

/// The names of the properties that a request's body may have.
fn body_names(context: &ResourceContext<'_>, operation: &Operation) -> Vec<String> {
    let index = context.index(operation);
    let schema = index.and_then(|index| context.body_schema(index));
    schema.map_or_else(Vec::new, |schema| schema.property_names())
}

/// Properties of a request that take more with them than what it names.
const WIDENS: [&str; 6] = ["all", "filter", "force", "pattern", "prefix", "range_end"];

/// Whether an operation is called one that ends something, and is not known to end just what the run has made.
fn ends_much(context: &ResourceContext<'_>, operation: &Operation) -> bool {
    if !operation.is_called_an_end() {
        return false;
    }
    let is_widening = |name: &String| WIDENS.contains(&name.as_str());
    let removes_own = context
        .index(operation)
        .is_some_and(|index| context.graph.removals_by(index).next().is_some());
    !removes_own || body_names(context, operation).iter().any(is_widening)
}

/// The path up to the last segment that a parameter fills.
pub(crate) fn named_path<'p>(
    context: &ResourceContext<'_>,
    operation: &Operation,
    path: &'p str,
) -> Option<&'p str> {
    let shape = Shape::of(operation);
    let last = (0..shape.len())
        .rev()
        .find(|segment| shape.key_at(operation, *segment).is_some())?;
    let last = segment_of_path(operation, last)?;
    let base = context.base_path().split('/').count() - 1;
    let end = path
        .match_indices('/')
        .nth(base + last + 1)
        .map_or(path.len(), |(end, _)| end);
    path.get(..end)
}

/// Whether a value of a path may well name something that the run did not create.
pub(crate) fn may_be_taken(parameter: &Parameter, value: &Value) -> bool {
    let shown = parameter.examples.iter().any(|one| one.value == *value);
    let listed = || {
        let schema = parameter.value.schema()?.target();
        let raw = schema.raw();
        let of = |keyword: &str| raw.get(keyword).cloned();
        let mut all = ["example", "default", "const"].into_iter().filter_map(of);
        let is_one = all.any(|one| one == *value);
        let mut lists = ["enum", "examples"].into_iter().filter_map(of);
        let is_in = |list: Value| list.as_array().is_some_and(|list| list.contains(value));
        Some(is_one || lists.any(is_in))
    };
    is_small(value) || shown || listed().unwrap_or(false)
}

/// Whether a value is a number that a service may have given out before.
pub(crate) fn is_small(value: &Value) -> bool {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.is_some_and(|number| SMALL.contains(&number))
}
