//! What a snapshot leaves out of a response: places where the contract takes anything, what an error says
//! of its own circumstances, and what only shows what was sent.
//!
//! Such values are other ones with each request. A snapshot that held them would drift with the next seed
//! on a service that has not changed.

use std::borrow::Cow;

use serde_json::Value;

use crate::{check::Subject, contract::Schema, exchange::Request};

/// How deep a body is looked through.
const MAX_DEPTH: usize = 16;

/// How many sent values are remembered.
const MAX_SENT: usize = 500;

/// Members of a schema object that say nothing about values.
const SAYS_NOTHING: &[&str] = &[
    "$comment",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
];

/// The body of a response as a snapshot compares it.
pub(crate) fn comparable<'v>(subject: &Subject<'_>, body: &'v Value) -> Cow<'v, Value> {
    let schema = subject.media_type().and_then(|one| one.schema.as_ref());
    let Some(schema) = schema else {
        return Cow::Borrowed(body);
    };
    let is_refusal = subject.exchange.response.status.is_client_error();
    let rules = Rules {
        is_error: is_refusal || subject.exchange.response.status.is_server_error(),
        sent: if is_refusal {
            sent(&subject.exchange.request)
        } else {
            Vec::new()
        },
    };
    let left = rules.left(Some(schema), body, 0);
    left.map_or(Cow::Borrowed(body), Cow::Owned)
}

struct Rules {
    is_error: bool,
    /// What a refused request sent.
    sent: Vec<Value>,
}

impl Rules {
    /// A value without what is left out; `None` where that is nothing.
    fn left(&self, schema: Option<&Schema>, value: &Value, depth: usize) -> Option<Value> {
        if depth >= MAX_DEPTH {
            return None;
        }
        match value {
            Value::Object(members) => {
                let mut left = None;
                for (name, member) in members {
                    let own = schema.and_then(|schema| schema.property(name));
                    if self.is_left_out(own.as_ref(), member) {
                        left.get_or_insert_with(|| members.clone())
                            .shift_remove(name);
                    } else if let Some(inner) = self.left(own.as_ref(), member, depth + 1) {
                        left.get_or_insert_with(|| members.clone())
                            .insert(name.clone(), inner);
                    }
                }
                left.map(Value::Object)
            }
            Value::Array(items) => {
                let own = schema.and_then(Schema::items);
                let mut left = None;
                for (at, item) in items.iter().enumerate() {
                    if let Some(inner) = self.left(own.as_ref(), item, depth + 1) {
                        left.get_or_insert_with(|| items.clone())[at] = inner;
                    }
                }
                left.map(Value::Array)
            }
            _ => None,
        }
    }

    /// Whether a property is left out: a declared one of which the contract says nothing, or one that is
    /// not declared and was sent.
    fn is_left_out(&self, declared: Option<&Schema>, member: &Value) -> bool {
        match declared {
            Some(schema) => match schema.target().raw() {
                Value::Bool(takes_anything) => *takes_anything,
                Value::Object(keywords) => keywords.iter().all(|(keyword, argument)| {
                    SAYS_NOTHING.contains(&keyword.as_str())
                        || keyword.starts_with("x-")
                        // `ctx: {type: object}`: each rule that was broken puts something else there.
                        || self.is_error && keyword == "type" && argument == "object"
                }),
                _ => false,
            },
            None => self.sent.contains(member),
        }
    }
}

/// The values of a request's body, whole and in part.
fn sent(request: &Request) -> Vec<Value> {
    let mut sent = Vec::new();
    if let Ok(body) = serde_json::from_slice(request.body.bytes()) {
        collect(body, &mut sent, 0);
    }
    let pairs = request.url.query_pairs();
    sent.extend(pairs.map(|(_, value)| Value::from(value.into_owned())));
    sent
}

fn collect(value: Value, found: &mut Vec<Value>, depth: usize) {
    if depth > MAX_DEPTH || found.len() >= MAX_SENT {
        return;
    }
    found.push(value.clone());
    match value {
        Value::Array(items) => items
            .into_iter()
            .for_each(|item| collect(item, found, depth + 1)),
        Value::Object(members) => members
            .into_iter()
            .for_each(|(_, member)| collect(member, found, depth + 1)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::{
        contract::Contract,
        exchange::{Body, Exchange, Origin, Response},
    };

    fn left(status: StatusCode, sent: &Value, came: &Value) -> Value {
        let schema = json!({ "type": "object", "properties": {
            "detail": { "type": "array", "items": { "type": "object", "properties": {
                "msg": { "type": "string" },
                "input": { "title": "Input" },
                "ctx": { "type": "object", "title": "Context" },
            } } },
        } });
        let answer =
            json!({ "description": "", "content": { "application/json": { "schema": schema } } });
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "post": {
                "operationId": "make",
                "responses": { "201": answer, "422": answer },
            } } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let url = "http://localhost/things".parse().expect("a URL");
        let mut request = Request::new(http::Method::POST, url);
        request.body = Body::Complete(sent.to_string().into());
        let mut response = Response::new(status);
        response.headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        response.body = Body::Complete(came.to_string().into());
        let exchange = Exchange {
            request,
            response,
            origin: Origin::Live,
        };
        let operation = &contract.operations()[0];
        let subject = Subject::new(&contract, operation, &exchange, &[]);
        comparable(&subject, came).into_owned()
    }

    #[test]
    fn an_error_is_compared_without_what_was_sent() {
        let sent = json!({ "name": { "first": 7 } });
        let came = json!({ "detail": [
            { "msg": "no", "input": 7, "ctx": { "ge": 1 }, "value": { "first": 7 }, "code": "E1" },
        ] });
        assert_eq!(
            left(StatusCode::UNPROCESSABLE_ENTITY, &sent, &came),
            json!({ "detail": [{ "msg": "no", "code": "E1" }] })
        );
    }

    #[test]
    fn a_success_keeps_its_open_objects() {
        let sent = json!({ "name": "a" });
        let came = json!({ "detail": [{ "input": "a", "ctx": { "size": 1 }, "name": "a" }] });
        assert_eq!(
            left(StatusCode::CREATED, &sent, &came),
            json!({ "detail": [{ "ctx": { "size": 1 }, "name": "a" }] })
        );
    }
}
