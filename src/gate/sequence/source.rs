//! Values taken out of an exchange, as the graph says where they stand.

use http::Method;
use oasgate_document::Pointer;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    contract::{
        Contract, Location, Operation,
        graph::{Expression, MessagePart, Piece, Shape, Source},
    },
    exchange::{Body, Exchange},
    wire::{Parsed, RequestParts, parse_body, read_text},
};

/// An exchange with the values that its request was written from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'t> {
    pub(super) exchange: &'t Exchange,
    pub(super) parts: &'t RequestParts,
}

impl Told<'_> {
    /// The first value that one of the sources gives. `shape` is the resource whose key is looked for.
    pub(super) fn value(
        &self,
        sources: &[Source],
        contract: &Contract,
        base: &str,
        shape: Option<&Shape>,
    ) -> Option<Value> {
        sources.iter().find_map(|source| match source {
            Source::Expression(expression) => self.expression(expression).filter(is_a_name),
            Source::Each { array, value } => {
                let body = self.response_body()?;
                let found = array.get(&body)?.as_array()?.iter();
                found
                    .filter_map(|element| value.get(element))
                    .find(|value| is_a_name(value))
                    .cloned()
            }
            Source::Location => {
                let shape = shape?;
                let (operation, values) = self.location(contract, base, shape)?;
                let key = shape.key(operation)?;
                values
                    .into_iter()
                    .find(|(name, _)| name == key)
                    .map(|(_, value)| value)
            }
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
                MessagePart::Header(name) => {
                    let came = self.exchange.response.header(name)?;
                    Some(came.into())
                }
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
        pointer.get(&self.response_body()?).cloned()
    }

    fn response_body(&self) -> Option<Value> {
        let response = &self.exchange.response;
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

    /// The operation at the path that `Location` names, and the values in that path. A path elsewhere
    /// names nothing here.
    fn location<'c>(
        &self,
        contract: &'c Contract,
        base: &str,
        shape: &Shape,
    ) -> Option<(&'c Operation, Vec<(String, Value)>)> {
        let request = &self.exchange.request;
        let url = request
            .url
            .join(self.exchange.response.header("location")?)
            .ok()?;
        if url.origin() != request.url.origin() {
            return None;
        }
        let methods = [Method::GET, Method::DELETE, Method::PUT, Method::PATCH];
        let route = methods
            .iter()
            .find_map(|method| contract.route_under(base, method, &url).ok())?;
        if !shape.contains(&Shape::of(route.operation)) {
            return None;
        }
        let values = route
            .path_values
            .iter()
            .map(|(name, raw)| {
                let text = percent_decode_str(raw).decode_utf8_lossy();
                let schema = route
                    .operation
                    .parameters_in(Location::Path)
                    .find(|parameter| parameter.name == *name)
                    .and_then(|parameter| parameter.value.schema());
                (name.clone(), read_text(&text, schema))
            })
            .collect();
        Some((route.operation, values))
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
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
