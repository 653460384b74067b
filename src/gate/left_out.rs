//! What a snapshot leaves out of a response: places where the contract takes anything, what an error says
//! of its own circumstances, and what only shows what was sent or what clients write.
//!
//! Such values are other ones with each request. A snapshot that held them would drift with the next seed
//! on a service that has not changed.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{
    check::Subject,
    contract::{Schema, WrittenAt},
    exchange::Request,
};

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
        written: subject.contract.written().at(subject.operation),
        is_refusal,
        is_error: is_refusal || subject.exchange.response.status.is_server_error(),
        sent: if is_refusal {
            sent(&subject.exchange.request)
        } else {
            Vec::new()
        },
    };
    let left = rules.left(Some(schema), body, Depth::default());
    left.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// How deep a value stands.
#[derive(Clone, Copy, Default)]
struct Depth {
    all: usize,
    arrays: usize,
}

struct Rules<'s> {
    written: WrittenAt<'s>,
    is_error: bool,
    is_refusal: bool,
    /// What a refused request sent.
    sent: Vec<Value>,
}

impl Rules<'_> {
    /// A value without what is left out; `None` where that is nothing.
    fn left(&self, schema: Option<&Schema>, value: &Value, depth: Depth) -> Option<Value> {
        if depth.all >= MAX_DEPTH {
            return None;
        }
        let below = Depth {
            all: depth.all + 1,
            arrays: depth.arrays + usize::from(value.is_array()),
        };
        match value {
            Value::Object(members) => {
                if schema.is_some_and(has_data_as_names) {
                    return (!members.is_empty()).then(|| Value::Object(Map::new()));
                }
                let mut left = None;
                for (name, member) in members {
                    let own = schema.and_then(|schema| schema.property(name));
                    if self.is_left_out((schema, own.as_ref()), (name, member), depth) {
                        left.get_or_insert_with(|| members.clone())
                            .shift_remove(name);
                    } else if let Some(inner) = self.left(own.as_ref(), member, below) {
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
                    if let Some(inner) = self.left(own.as_ref(), item, below) {
                        left.get_or_insert_with(|| items.clone())[at] = inner;
                    }
                }
                left.map(Value::Array)
            }
            _ => None,
        }
    }

    /// Whether a property is left out: one of which the contract says nothing, which clients write, or which a refusal
    /// repeats. Given with the schema of its owner and its own, where there are any.
    fn is_left_out(
        &self,
        (owner, schema): (Option<&Schema>, Option<&Schema>),
        (name, member): (&str, &Value),
        depth: Depth,
    ) -> bool {
        let Some(owner) = owner else {
            return self.sent.contains(member);
        };
        let is_written = !self.is_error && self.written.decides(owner, (name, schema));
        // Each rule that was broken has an element of its own, and each says what belongs to that rule.
        let is_of_a_rule = self.is_refusal && depth.arrays > 0 && !requires(owner, name);
        let Some(schema) = schema else {
            // What an error says beside what is declared of it is about the one request.
            let is_beside = self.is_error && !owner.property_names().is_empty();
            return is_written || is_of_a_rule || is_beside || self.sent.contains(member);
        };
        if is_of_a_rule {
            return true;
        }
        let says_nothing = match schema.target().raw() {
            Value::Bool(takes_anything) => *takes_anything,
            Value::Object(keywords) => keywords.iter().all(|(keyword, argument)| {
                SAYS_NOTHING.contains(&keyword.as_str())
                    || keyword.starts_with("x-")
                    // `ctx: {type: object}`: each rule that was broken puts something else there.
                    || self.is_error && keyword == "type" && argument == "object"
            }),
            _ => false,
        };
        says_nothing || is_written
    }
}

/// Whether an object of this schema has names that are data, and values of which the contract says what they are.
fn has_data_as_names(schema: &Schema) -> bool {
    let is_typed = |values: &Schema| {
        let target = values.target();
        let keywords = target.raw().as_object();
        keywords
            .is_some_and(|keywords| keywords.contains_key("type") && keywords["type"] != "object")
    };
    schema
        .additional_properties()
        .is_some_and(|values| is_typed(&values))
        && schema.property_names().is_empty()
}

/// Whether a schema demands a property, itself or in a part that always holds.
fn requires(schema: &Schema, name: &str) -> bool {
    let says = |raw: &Value| {
        let required = raw.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let target = schema.target();
    let parts = target.raw().get("allOf").and_then(Value::as_array);
    says(target.raw()) || parts.is_some_and(|parts| parts.iter().any(says))
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
            "detail": { "type": "array", "items": { "type": "object", "required": ["msg"], "properties": {
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
            json!({ "detail": [{ "msg": "no" }] })
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
