//! What a service shows of a thing, where the document leaves open what a request for one is made of.
//!
//! Of `{"type": "object"}` nobody can tell what the service wants. The best guess is what it shows itself: an
//! element of its list, or what a read of one gives.

use std::collections::HashMap;

use http::Method;
use serde_json::{Map, Value};

use super::{context::ResourceContext, view::ExchangeView};
use crate::contract::{MediaType, Operation, OperationIndex, Schema};

/// The most bytes of one that is kept.
const MAX_BYTES: usize = 16 << 10;

/// Names under which a service gives out what identifies a thing.
const IDENTIFIERS: [&str; 4] = ["id", "_id", "uuid", "guid"];

/// One shown thing for each operation with an open request body.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownThings(HashMap<OperationIndex, Map<String, Value>>);

impl ShownThings {
    /// Takes in what a read shows.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) {
        let exchange = given.exchange;
        let bytes = exchange.response.body.bytes().len();
        let is_read = exchange.request.method == Method::GET;
        if !is_read || !exchange.response.status.is_success() || bytes > MAX_BYTES {
            return;
        }
        for (at, resource) in context.graph.indexed_resources() {
            let creators = resource.creators.iter().map(|creator| creator.operation);
            let mut writers = creators.chain(resource.updates.iter().copied());
            let is_of_it = [resource.list, resource.read].contains(&Some(operation));
            let is_wanted = |writer: OperationIndex| {
                !self.0.contains_key(&writer) && is_open(context.operation(writer))
            };
            if !is_of_it || !writers.clone().any(is_wanted) {
                continue;
            }
            let shown = if resource.list == Some(operation) {
                let listed = context.listed(at, given);
                listed.first().map(|(value, _)| (*value).clone())
            } else {
                serde_json::from_slice(exchange.response.body.bytes()).ok()
            };
            let Some(Value::Object(shown)) = shown else {
                continue;
            };
            let wanted: Vec<OperationIndex> =
                writers.by_ref().filter(|one| is_wanted(*one)).collect();
            self.0
                .extend(wanted.into_iter().map(|writer| (writer, shown.clone())));
        }
    }

    /// A body like what is shown: without what identifies the one that is there.
    pub(crate) fn body_for(&self, operation: OperationIndex) -> Option<Value> {
        let mut shown = self.0.get(&operation)?.clone();
        shown.retain(|name, _| !IDENTIFIERS.contains(&name.as_str()));
        (!shown.is_empty()).then_some(Value::Object(shown))
    }
}

/// Whether the document shows no body and names no property of one.
fn is_open(operation: &Operation) -> bool {
    let body = operation.request_body.as_ref();
    body.is_some_and(|body| {
        let mut media_types = body.content.media_types.iter();
        media_types.all(|one| one.examples.is_empty() && is_undescribed(one))
    })
}

/// Whether a body of JSON may be any object, as far as the document says.
pub(crate) fn is_undescribed(media_type: &MediaType) -> bool {
    let is_open = |schema: &Schema| {
        schema.property_names().is_empty() && schema.is_valid(&Value::Object(Map::new()))
    };
    media_type.range.essence().contains("json") && media_type.schema.as_ref().is_none_or(is_open)
}
