//! Values taken out of an exchange, at the places that the graph names.

use std::{borrow::Cow, cell::OnceCell};

use http::{Method, StatusCode};
use oasgate_document::Pointer;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use super::self_link::self_links;
use crate::{
    contract::{
        Contract, Location, Route,
        graph::{Expression, MessagePart, Piece, ResourceKey, Shape, ValueSource},
    },
    exchange::{Body, Exchange},
    wire::{Parsed, RequestParts, parse_body, read_text},
};

/// How many elements of one array are looked at.
const MAX_ITEMS: usize = 8;
/// How many elements of a list are looked through for what is there.
const MAX_LISTED: usize = 10_000;

/// One exchange, read as far as values are taken from it.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeView<'e> {
    pub(crate) exchange: &'e Exchange,
    /// The values that its request was written from.
    pub(crate) parts: &'e RequestParts,
    /// The response's body, where it is a value.
    body: OnceCell<Option<Cow<'e, Value>>>,
    /// The response's body, read as JSON whatever it is said to be.
    json: OnceCell<Option<Value>>,
}

/// The segment of a path that is wanted from a `Location`.
#[derive(Clone, Debug)]
pub(crate) struct Place<'p> {
    pub(crate) contract: &'p Contract,
    /// The server's base path.
    pub(crate) base: &'p str,
    /// The path, up to the segment at least.
    pub(crate) shape: Cow<'p, Shape>,
    /// The number of the segment.
    pub(crate) segment: usize,
}

impl<'e> ExchangeView<'e> {
    pub(crate) fn new(exchange: &'e Exchange, parts: &'e RequestParts) -> Self {
        Self {
            exchange,
            parts,
            body: OnceCell::new(),
            json: OnceCell::new(),
        }
    }

    /// As [`ExchangeView::new`], where the body was read before.
    pub(crate) fn with_body(
        exchange: &'e Exchange,
        parts: &'e RequestParts,
        body: Option<&'e Value>,
    ) -> Self {
        Self {
            exchange,
            parts,
            body: OnceCell::from(body.map(Cow::Borrowed)),
            json: OnceCell::new(),
        }
    }

    /// The values that a source gives; none where it is not there.
    pub(crate) fn values(&self, source: &ValueSource, place: Option<&Place<'_>>) -> Vec<Value> {
        match source {
            ValueSource::Expression(expression) => {
                self.expression(expression).into_iter().collect()
            }
            ValueSource::Each { .. } | ValueSource::Names(_) | ValueSource::EachUndescribed(_) => {
                let shown = self.each(source).into_iter();
                shown
                    .take(MAX_ITEMS)
                    .map(|(_, key)| key.into_owned())
                    .collect()
            }
            ValueSource::Undescribed(key) => {
                let found = self.body().and_then(|body| key.in_value(body));
                found.cloned().into_iter().collect()
            }
            ValueSource::Location => {
                let found = place.and_then(|place| self.location(place));
                found.into_iter().collect()
            }
        }
    }

    /// The resources that a source lists in the response, each with its name.
    pub(crate) fn each(&self, source: &ValueSource) -> Vec<(&Value, Cow<'_, Value>)> {
        let Some(body) = self.body() else {
            return Vec::new();
        };
        let shown: Vec<(&Value, Cow<'_, Value>)> = match source {
            ValueSource::Each { array, value } => {
                let items = array.get(body).and_then(Value::as_array);
                let items = items.or_else(|| list_elsewhere(body));
                let items = items.into_iter().flatten().take(MAX_LISTED);
                items
                    .filter_map(|item| Some((item, Cow::Borrowed(value.get(item)?))))
                    .collect()
            }
            ValueSource::EachUndescribed(key) => {
                let items = key.list_in(body).into_iter().flatten().take(MAX_LISTED);
                items
                    .filter_map(|item| Some((item, Cow::Borrowed(key.in_value(item)?))))
                    .collect()
            }
            ValueSource::Names(map) => {
                let members = map.get(body).and_then(Value::as_object);
                let members = members.into_iter().flatten().take(MAX_LISTED);
                members
                    .map(|(name, item)| (item, Cow::Owned(Value::from(name.as_str()))))
                    .collect()
            }
            _ => Vec::new(),
        };
        let named = shown.into_iter().filter(|(_, key)| is_a_name(key));
        named.collect()
    }

    /// The names of things that the response consists of.
    pub(crate) fn alone(&self, key: &ResourceKey) -> Vec<&Value> {
        let body = self.body();
        body.map_or_else(Vec::new, |body| {
            key.alone_in(body).take(MAX_LISTED).collect()
        })
    }

    /// The first value of some sources that can name a thing.
    pub(crate) fn name(&self, sources: &[ValueSource], place: Option<&Place<'_>>) -> Option<Value> {
        sources
            .iter()
            .flat_map(|source| self.values(source, place))
            .find(is_a_name)
    }

    /// The object of the response in which the first of some sources that is there stands.
    pub(crate) fn beside(&self, sources: &[ValueSource]) -> Option<&Value> {
        let body = self.body()?;
        sources.iter().find_map(|source| match source {
            ValueSource::Expression(Expression::Response(MessagePart::Body(pointer))) => {
                pointer.get(body)?;
                pointer.parent()?.get(body)
            }
            _ => None,
        })
    }

    fn expression(&self, expression: &Expression) -> Option<Value> {
        let request = &self.exchange.request;
        match expression {
            Expression::Constant(value) => Some(value.clone()),
            Expression::Url => Some(request.url.as_str().into()),
            Expression::Method => Some(request.method.as_str().into()),
            Expression::StatusCode => Some(self.exchange.response.status.as_u16().into()),
            Expression::Request(part) => match part {
                MessagePart::Header(name) => {
                    let sent = request.headers.get(name.as_str())?.to_str().ok()?;
                    Some(sent.into())
                }
                MessagePart::Query(name) => self.parts.get(Location::Query, name).cloned(),
                MessagePart::Path(name) => self.parts.get(Location::Path, name).cloned(),
                MessagePart::Body(pointer) => pointer.get(&self.parts.body.as_ref()?.1).cloned(),
            },
            Expression::Response(part) => match part {
                MessagePart::Header(name) => Some(self.exchange.response.header(name)?.into()),
                MessagePart::Body(pointer) => self.in_response(pointer),
                MessagePart::Query(_) | MessagePart::Path(_) => None,
            },
            Expression::Text(pieces) => {
                let texts: Option<Vec<String>> = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Literal(text) => Some(text.clone()),
                        Piece::Expression(inner) => Some(plain(&self.expression(inner)?)),
                    })
                    .collect();
                Some(texts?.concat().into())
            }
        }
    }

    fn in_response(&self, pointer: &Pointer) -> Option<Value> {
        pointer.get(self.body()?).cloned()
    }

    pub(super) fn body(&self) -> Option<&Value> {
        self.body
            .get_or_init(|| read(self.exchange).map(Cow::Owned))
            .as_deref()
    }

    /// The response's body as JSON, whatever its media type says and even if it was cut off; `None` where it is none.
    pub(super) fn json(&self) -> Option<&Value> {
        let bytes = self.exchange.response.body.bytes();
        self.json
            .get_or_init(|| serde_json::from_slice(bytes).ok())
            .as_ref()
    }

    /// What stands at the place in the path that `Location` names, or the URL that the response shows of itself. A path
    /// elsewhere names nothing here, and neither does one that the contract does not know.
    fn location(&self, place: &Place<'_>) -> Option<Value> {
        let key = |route: &Route<'_>| {
            let key = place.shape.key_at(route.operation, place.segment)?;
            path_value(route, key)
        };
        let led = located(place.contract, place.base, self.exchange);
        led.as_ref().and_then(key).or_else(|| {
            let mut links = self_links(self.body()?).into_iter();
            links.find_map(|link| {
                let route = leads_to(place.contract, place.base, self.exchange, link)?;
                let is_of_one = place.shape.contains(&Shape::of(route.operation));
                key(&route).filter(|_| is_of_one)
            })
        })
    }
}

/// The operation that a response's `Location` leads to. A path elsewhere leads to none, and neither does
/// one that the contract does not know.
pub(crate) fn located<'c>(
    contract: &'c Contract,
    base: &str,
    exchange: &Exchange,
) -> Option<Route<'c>> {
    leads_to(
        contract,
        base,
        exchange,
        exchange.response.header("location")?,
    )
}

/// The operation that a link in a response leads to, as for [`located`].
fn leads_to<'c>(
    contract: &'c Contract,
    base: &str,
    exchange: &Exchange,
    link: &str,
) -> Option<Route<'c>> {
    let from = &exchange.request.url;
    let url = from.join(link).ok()?;
    if url.origin() != from.origin() {
        return None;
    }
    let methods = [Method::GET, Method::DELETE, Method::PUT, Method::PATCH];
    methods
        .iter()
        .find_map(|method| contract.route_under(base, method, &url).ok())
}

/// Where a response that has created or begun something says that it is, on the same origin.
pub(crate) fn begun_at(exchange: &Exchange) -> Option<Url> {
    let from = &exchange.request.url;
    let response = &exchange.response;
    let is_new = [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&response.status);
    let mut target = from.join(response.header("location")?).ok()?;
    target.set_fragment(None);
    (is_new && target.origin() == from.origin()).then_some(target)
}

/// The value of a path parameter in a path that was routed.
pub(crate) fn path_value(route: &Route<'_>, key: &str) -> Option<Value> {
    let (_, raw) = route.path_values.iter().find(|(name, _)| name == key)?;
    let schema = route
        .operation
        .parameters_in(Location::Path)
        .find(|parameter| parameter.name == key)
        .and_then(|parameter| parameter.value.schema());
    Some(read_text(
        &percent_decode_str(raw).decode_utf8_lossy(),
        schema,
    ))
}

fn read(exchange: &Exchange) -> Option<Value> {
    let response = &exchange.response;
    let Body::Complete(bytes) = &response.body else {
        return None;
    };
    let content_type = response
        .header("content-type")
        .unwrap_or("application/json")
        .parse()
        .ok()?;
    match parse_body(&content_type, bytes).ok()? {
        Parsed::Value(value) => Some(value),
        _ => None,
    }
}

/// Whether a value can stand in a path.
fn is_a_name(value: &Value) -> bool {
    match value {
        Value::String(text) => !matches!(text.as_str(), "" | "." | ".."),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A value as text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
/// The list that an answer is, or has as its only one, where none stands where the document says: that it does not is a
/// finding, and what it names is there all the same.
fn list_elsewhere(body: &Value) -> Option<&Vec<Value>> {
    let of_objects = |value: &'_ Value| {
        value
            .as_array()
            .is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_object))
    };
    match body {
        Value::Array(items) => Some(items),
        Value::Object(members) => {
            let mut lists = members.values().filter(|member| of_objects(member));
            let only = lists.next()?;
            only.as_array().filter(|_| lists.next().is_none())
        }
        _ => None,
    }
}
