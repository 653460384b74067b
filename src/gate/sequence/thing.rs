//! Things that a service has: a resource, and the values that name one in its path.

use http::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use std::borrow::Cow;

use crate::{
    contract::{
        Contract, Location, Operation, StatusKey,
        graph::{Creator, Graph, Resource, Shape},
    },
    gate::{
        LiveSettings,
        extract::{Given, Place},
        live::Run,
    },
    wire::{RequestParts, write_request},
};

/// One thing that the service has.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::gate) struct Thing {
    /// Its place among the graph's resources.
    pub(super) resource: usize,
    /// The values in its path, by the number of the segment.
    values: Vec<(usize, Value)>,
    /// Its path at the service.
    pub(super) path: String,
}

/// What is needed to name things.
#[derive(Clone, Copy, Debug)]
pub(super) struct Namer<'n> {
    pub(super) contract: &'n Contract,
    pub(super) graph: &'n Graph,
    pub(super) settings: &'n LiveSettings,
}

impl Thing {
    /// The value that an operation at or below the thing wants for a path parameter.
    pub(super) fn value_for(
        &self,
        shape: &Shape,
        operation: &Operation,
        name: &str,
    ) -> Option<&Value> {
        if !shape.contains(&Shape::of(operation)) {
            return None;
        }
        self.values
            .iter()
            .find(|(at, _)| shape.key_at(operation, *at) == Some(name))
            .map(|(_, value)| value)
    }
}

impl<'n> Namer<'n> {
    pub(super) fn of<T>(run: &Run<'n, T>) -> Self {
        Self {
            contract: run.contract,
            graph: run.graph,
            settings: run.settings,
        }
    }

    pub(super) fn operation(&self, index: usize) -> &'n std::sync::Arc<Operation> {
        &self.contract.operations()[index]
    }

    pub(super) fn index(&self, operation: &Operation) -> Option<usize> {
        let id = operation.id.as_str();
        let mut all = self.contract.operations().iter();
        all.position(|one| one.id.as_str() == id)
    }

    pub(super) fn base_path(&self) -> &'n str {
        self.settings.base.path().trim_end_matches('/')
    }

    /// What an exchange made, if it made something that can be named.
    pub(super) fn made(&self, operation: usize, given: &Given<'_>) -> Option<Thing> {
        let request = &given.exchange.request;
        if !given.exchange.response.status.is_success()
            || request.method != self.operation(operation).method
        {
            return None;
        }
        let (at, creator) = self
            .graph
            .resources
            .iter()
            .enumerate()
            .find_map(|(at, one)| {
                let creator = one.creators.iter().find(|one| one.operation == operation)?;
                Some((at, creator))
            })?;
        self.named(at, creator, given)
    }

    fn named(&self, at: usize, creator: &Creator, given: &Given<'_>) -> Option<Thing> {
        let resource = &self.graph.resources[at];
        let shape = &resource.shape;
        let place = Place {
            contract: self.contract,
            base: self.base_path(),
            segment: shape.len().checked_sub(1)?,
            shape: Cow::Borrowed(shape),
        };
        let key = given.name(&creator.sources, Some(&place))?;
        self.thing(at, given.parts, &key)
    }

    /// The thing of a resource with a key, below what a request named.
    pub(super) fn thing(&self, at: usize, parts: &RequestParts, key: &Value) -> Option<Thing> {
        let resource = &self.graph.resources[at];
        let shape = &resource.shape;
        let user = self.operation(user_of(resource)?);
        let mut own = RequestParts::default();
        let mut values = Vec::new();
        for segment in 0..shape.len() {
            let Some(name) = shape.key_at(user, segment) else {
                continue;
            };
            let value = if segment + 1 == shape.len() {
                key.clone()
            } else {
                self.of_parent(resource, segment, parts)?
            };
            values.push((segment, value.clone()));
            own.set(Location::Path, name, value);
        }
        let url = write_request(user, &self.settings.base, &own).ok()?.url;
        Some(Thing {
            resource: at,
            values,
            path: url.path().to_owned(),
        })
    }

    /// The value at a segment above the thing, from the request that made or listed it.
    fn of_parent(
        &self,
        resource: &Resource,
        segment: usize,
        parts: &RequestParts,
    ) -> Option<Value> {
        let makers = resource.creators.iter().map(|one| one.operation);
        makers.chain(resource.list).find_map(|index| {
            let operation = self.operation(index);
            let name = resource.shape.key_at(operation, segment)?;
            parts.get(Location::Path, name).cloned()
        })
    }
}

/// An operation at the very path of a resource.
fn user_of(resource: &Resource) -> Option<usize> {
    resource
        .read
        .or(resource.delete)
        .or_else(|| resource.updates.first().copied())
}

/// Whether a response says that something was made, and not that it was there before.
pub(super) fn is_new(operation: &Operation, method: &Method, status: StatusCode) -> bool {
    let declares_created = operation
        .responses
        .declared
        .iter()
        .any(|response| response.key == StatusKey::Exact(StatusCode::CREATED));
    match status {
        StatusCode::CREATED => true,
        // PUT answers 200 for what it changed.
        _ if *method == Method::PUT => false,
        _ => status.is_success() && !declares_created,
    }
}

/// The path of a URL as things are compared by.
pub(super) fn path_of(url: &Url) -> &str {
    let path = url.path();
    path.strip_suffix('/').unwrap_or(path)
}
