//! What an exchange gives to another operation: the values at the places that the graph names.

use oasgate_document::Pointer;
use serde_json::Value;

use crate::{
    contract::{
        Location, Operation,
        graph::{Expression, MessagePart, Need, Piece, Source},
    },
    exchange::{Body, Exchange, Request},
    wire,
};

/// How many elements of one array are looked at.
const MOST_ITEMS: usize = 8;

/// One exchange, read as far as values are taken from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'e> {
    /// The operation that was asked.
    pub(super) operation: &'e Operation,
    /// What was asked and answered.
    pub(super) exchange: &'e Exchange,
    /// The response's body, where it is a value.
    pub(super) body: Option<&'e Value>,
}

impl Given<'_> {
    /// The values that a source gives for a need of another operation; none where it is not there.
    pub(super) fn values(&self, source: &Source, consumer: &Operation, need: &Need) -> Vec<Value> {
        match source {
            Source::Expression(expression) => self.of_expression(expression).into_iter().collect(),
            Source::Each { array, value } => {
                let items = self.body.and_then(|body| array.get(body)?.as_array());
                items
                    .into_iter()
                    .flatten()
                    .take(MOST_ITEMS)
                    .filter_map(|item| value.get(item).cloned())
                    .collect()
            }
            Source::Location => self.of_location(consumer, need).into_iter().collect(),
        }
    }

    fn of_expression(&self, expression: &Expression) -> Option<Value> {
        let request = &self.exchange.request;
        Some(match expression {
            Expression::Constant(value) => value.clone(),
            Expression::Url => Value::from(request.url.as_str()),
            Expression::Method => Value::from(request.method.as_str()),
            Expression::StatusCode => Value::from(self.exchange.response.status.as_u16()),
            Expression::Request(part) => self.of_request(part)?,
            Expression::Response(MessagePart::Header(name)) => {
                Value::from(self.exchange.response.header(name)?)
            }
            Expression::Response(MessagePart::Body(pointer)) => pointer.get(self.body?)?.clone(),
            Expression::Response(_) => return None,
            Expression::Text(pieces) => {
                let mut whole = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Literal(text) => whole.push_str(text),
                        Piece::Expression(inner) => {
                            whole.push_str(&plain(&self.of_expression(inner)?))
                        }
                    }
                }
                Value::String(whole)
            }
        })
    }

    fn of_request(&self, part: &MessagePart) -> Option<Value> {
        let request = &self.exchange.request;
        match part {
            MessagePart::Header(name) => {
                Some(Value::from(request.headers.get(name)?.to_str().ok()?))
            }
            MessagePart::Query(name) => request
                .url
                .query_pairs()
                .find(|(known, _)| known == name)
                .map(|(_, value)| Value::from(value.into_owned())),
            MessagePart::Path(name) => wire::path_values(self.operation, request)
                .into_iter()
                .find(|(known, _)| known == name)
                .map(|(_, raw)| Value::String(decoded(&raw))),
            MessagePart::Body(pointer) => of_sent_body(request, pointer),
        }
    }

    /// The segment of the path in `Location` that stands where the parameter stands.
    fn of_location(&self, consumer: &Operation, need: &Need) -> Option<Value> {
        let Need::Parameter(Location::Path, name) = need else {
            return None;
        };
        let request = &self.exchange.request;
        let url = request
            .url
            .join(self.exchange.response.header("location")?)
            .ok()?;
        if url.origin() != request.url.origin() {
            return None;
        }
        // The server's base path stands before the template, in the request as in `Location`.
        let own = self.operation.path.as_str().trim_end_matches('/');
        let base = request.url.path().split('/').count() - own.split('/').count();
        let at = consumer
            .path
            .as_str()
            .split('/')
            .position(|segment| segment == format!("{{{name}}}"))?;
        let raw = url.path().split('/').nth(base + at)?;
        (!raw.is_empty()).then(|| Value::String(decoded(raw)))
    }
}

fn of_sent_body(request: &Request, pointer: &Pointer) -> Option<Value> {
    let Body::Complete(bytes) = &request.body else {
        return None;
    };
    let field = request.headers.get(http::header::CONTENT_TYPE)?;
    let media_type = field.to_str().ok()?.parse().ok()?;
    match wire::parse_body(&media_type, bytes).ok()? {
        wire::Parsed::Value(value) => pointer.get(&value).cloned(),
        _ => None,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn decoded(raw: &str) -> String {
    percent_encoding::percent_decode_str(raw)
        .decode_utf8_lossy()
        .into_owned()
}
