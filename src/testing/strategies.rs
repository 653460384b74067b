//! Strategies for `proptest!`: whole requests and responses that the contract allows, and the values
//! of a schema on either side.
//!
//! What they make follows from the runner's own randomness alone, so that a seed in a file of
//! `proptest-regressions` makes the same again; a failing case shrinks toward the plainest one.

use std::{fmt, marker::PhantomData, sync::Arc};

use bytes::Bytes;
use http::StatusCode;
use proptest::{
    option,
    strategy::{BoxedStrategy, Just, NewTree, Strategy, Union, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Map, Value};

use super::fields::{can_stand_in_a_field, can_stand_in_a_path};
use crate::{
    contract::{
        Content, DeclaredResponse, Location, MediaType, Operation, OperationIn, Parameter, Schema,
        StatusKey,
    },
    generate::{self, Values},
    wire::{RequestParts, ResponseParts, write_body, write_request, write_response},
};

/// A value at the place that it has in a message; `None` where an optional one is left out.
type Placed<P> = BoxedStrategy<Option<P>>;

/// Strategies for `proptest!`, of this operation.
impl OperationIn<'_> {
    /// Requests that the contract allows, with absolute URLs below `http://localhost` and the base
    /// path of the first server. They carry no credential.
    pub fn requests(self) -> BoxedStrategy<http::Request<Bytes>> {
        let operation = Arc::clone(self.operation());
        let parameters: Vec<Placed<(Location, String, Value)>> =
            operation.parameters.iter().map(parameter).collect();
        let body = match &operation.request_body {
            None => Just(None).boxed(),
            Some(body) if body.required => content(&body.content).prop_map(Some).boxed(),
            Some(body) => option::of(content(&body.content)).boxed(),
        };
        let base = crate::gate::base_of(Some(&operation));
        (parameters, body)
            .prop_filter_map("the values cannot travel", move |(parameters, body)| {
                let parts = RequestParts {
                    parameters: parameters.into_iter().flatten().collect(),
                    body,
                };
                let written = write_request(&operation, &base, &parts).ok()?;
                let mut request = http::Request::new(Bytes::copy_from_slice(written.body.bytes()));
                *request.method_mut() = written.method;
                *request.uri_mut() = written.url.as_str().parse().ok()?;
                *request.headers_mut() = written.headers;
                Some(request)
            })
            .boxed()
    }

    /// Responses of one status that the contract allows. Where it declares none, the strategy says so
    /// instead of making one.
    pub fn responses(self, status: u16) -> BoxedStrategy<http::Response<Bytes>> {
        let declared = StatusCode::from_u16(status)
            .ok()
            .and_then(|status| Some((status, self.operation().responses.get(status)?)));
        match declared {
            Some((status, declared)) => response(declared, status),
            None => refused(format!("{} declares no response {status}", self.id)),
        }
    }

    /// Responses that the contract allows, of every status that it declares: what a client must
    /// understand.
    pub fn any_response(self) -> BoxedStrategy<http::Response<Bytes>> {
        let all: Vec<_> = self
            .operation()
            .responses
            .declared
            .iter()
            .filter_map(|declared| {
                let status = status_of(declared, self.operation())?;
                Some(response(declared, status))
            })
            .collect();
        if all.is_empty() {
            return refused(format!("{} declares no response", self.id));
        }
        Union::new(all).boxed()
    }
}

/// Strategies for `proptest!`, of this schema.
impl Schema {
    /// Values that the schema accepts.
    pub fn strategy(&self) -> Values {
        generate::valid(self)
    }

    /// Values that the schema refuses; `None` where it is known to refuse none.
    pub fn invalid_strategy(&self) -> Option<Values> {
        generate::invalid(self)
    }
}

/// A status that a response object speaks of, which no other object speaks of more precisely.
pub(super) fn status_of(declared: &DeclaredResponse, operation: &Operation) -> Option<StatusCode> {
    let candidates = match declared.key {
        StatusKey::Exact(status) => return Some(status),
        StatusKey::Range(class) => u16::from(class) * 100..u16::from(class) * 100 + 100,
        StatusKey::Default => 200..600,
    };
    candidates
        .filter_map(|status| StatusCode::from_u16(status).ok())
        .find(|status| {
            operation
                .responses
                .get(*status)
                .is_some_and(|found| found.key == declared.key)
        })
}

fn parameter(parameter: &Parameter) -> Placed<(Location, String, Value)> {
    let (location, name) = (parameter.location, parameter.name.clone());
    let values = match parameter.value.schema() {
        Some(schema) => values(schema).boxed(),
        None if parameter.required => Just(Value::String("value".to_owned())).boxed(),
        None => return Just(None).boxed(),
    };
    let values = match location {
        Location::Path => values
            .prop_filter("no path can carry it", can_stand_in_a_path)
            .boxed(),
        Location::Header | Location::Cookie => values
            .prop_filter("no field can carry it", can_stand_in_a_field)
            .boxed(),
        Location::Query | Location::QueryString => values,
    };
    let placed = values.prop_map(move |value| (location, name.clone(), value));
    if parameter.required {
        placed.prop_map(Some).boxed()
    } else {
        option::of(placed).boxed()
    }
}

fn response(
    declared: &DeclaredResponse,
    status: StatusCode,
) -> BoxedStrategy<http::Response<Bytes>> {
    let headers: Vec<Placed<(String, Value)>> = declared
        .headers
        .iter()
        .map(|header| {
            let name = header.name.clone();
            let Some(schema) = header.value.schema() else {
                return Just(header.required.then(|| (name, Value::from("value")))).boxed();
            };
            let values = values(schema)
                .prop_filter("no field can carry it", can_stand_in_a_field)
                .prop_map(move |value| (name.clone(), value));
            if header.required {
                values.prop_map(Some).boxed()
            } else {
                option::of(values).boxed()
            }
        })
        .collect();
    let body = if declared.content.media_types.is_empty() {
        Just(None).boxed()
    } else {
        content(&declared.content).prop_map(Some).boxed()
    };
    let declared = declared.clone();
    (headers, body)
        .prop_filter_map("the values cannot travel", move |(headers, body)| {
            let parts = ResponseParts {
                headers: headers.into_iter().flatten().collect(),
                body,
            };
            let written = write_response(&declared, status, &parts).ok()?;
            let mut response = http::Response::new(Bytes::copy_from_slice(written.body.bytes()));
            *response.status_mut() = written.status;
            *response.headers_mut() = written.headers;
            Some(response)
        })
        .boxed()
}

/// A body of any media type that can be written from a value.
fn content(content: &Content) -> BoxedStrategy<(String, Value)> {
    let all: Vec<_> = content
        .media_types
        .iter()
        .filter(|media_type| is_writable(media_type))
        .map(|media_type| {
            let range = media_type.range.as_str().to_owned();
            let values = match (&media_type.schema, &media_type.item_schema) {
                (Some(schema), _) => values(schema).boxed(),
                (None, Some(item)) => proptest::collection::vec(values(item), 0..4)
                    .prop_map(Value::Array)
                    .boxed(),
                (None, None) => Just(anything(media_type)).boxed(),
            };
            values.prop_map(move |value| (range.clone(), value)).boxed()
        })
        .collect();
    if all.is_empty() {
        return refused(format!("a body of {} cannot be written", content.names()));
    }
    Union::new(all).boxed()
}

fn values(schema: &Schema) -> Values {
    generate::valid(schema)
}

/// Whether a body of this type can be written from a value at all.
pub(super) fn is_writable(media_type: &MediaType) -> bool {
    write_body(media_type, &anything(media_type)).is_some()
}

/// A body where nothing is said of it.
pub(super) fn anything(media_type: &MediaType) -> Value {
    let object = Value::Object(Map::new());
    if write_body(media_type, &object).is_some_and(|(_, bytes)| bytes != b"{}")
        || media_type.range.essence().ends_with("json")
    {
        object
    } else {
        Value::String(String::new())
    }
}

/// A strategy that says why it makes nothing.
struct Refused<T> {
    why: String,
    of: PhantomData<fn() -> T>,
}

fn refused<T: fmt::Debug + 'static>(why: String) -> BoxedStrategy<T> {
    let of = PhantomData;
    Refused { why, of }.boxed()
}

impl<T> fmt::Debug for Refused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused({:?})", self.why)
    }
}

impl<T: fmt::Debug + 'static> Strategy for Refused<T> {
    type Tree = Box<dyn ValueTree<Value = T>>;
    type Value = T;

    fn new_tree(&self, _: &mut TestRunner) -> NewTree<Self> {
        Err(self.why.clone().into())
    }
}
