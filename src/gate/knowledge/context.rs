//! What resources are named with: the contract, its graph, and where the service is.

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::{
    instance::ResourceInstance,
    view::{ExchangeView, Place},
};
use crate::{
    contract::{
        Contract, Location, Operation, StatusKey,
        graph::{Creator, Graph, Resource},
    },
    run::LiveSettings,
    wire::{RequestParts, write_request},
};

/// What is needed to name things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceContext<'n> {
    pub(crate) contract: &'n Contract,
    pub(crate) graph: &'n Graph,
    pub(crate) settings: &'n LiveSettings,
}

impl<'n> ResourceContext<'n> {
    pub(crate) fn operation(&self, index: usize) -> &'n std::sync::Arc<Operation> {
        &self.contract.operations()[index]
    }

    pub(crate) fn index(&self, operation: &Operation) -> Option<usize> {
        let id = operation.id.as_str();
        let mut all = self.contract.operations().iter();
        all.position(|one| one.id.as_str() == id)
    }

    pub(crate) fn base_path(&self) -> &'n str {
        self.settings.base.path().trim_end_matches('/')
    }

    /// What an exchange made, if it made something that can be named.
    pub(crate) fn made(
        &self,
        operation: usize,
        given: &ExchangeView<'_>,
    ) -> Option<ResourceInstance> {
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

    fn named(
        &self,
        at: usize,
        creator: &Creator,
        given: &ExchangeView<'_>,
    ) -> Option<ResourceInstance> {
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
    pub(crate) fn thing(
        &self,
        at: usize,
        parts: &RequestParts,
        key: &Value,
    ) -> Option<ResourceInstance> {
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
        Some(ResourceInstance {
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
pub(crate) fn is_new(operation: &Operation, method: &Method, status: StatusCode) -> bool {
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
pub(crate) fn path_of(url: &Url) -> &str {
    let path = url.path();
    path.strip_suffix('/').unwrap_or(path)
}
