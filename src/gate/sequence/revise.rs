//! A body that was refused, changed where the refusal says what is wrong, or put in the place of by one
//! that was taken.

use serde_json::{Value, json};

use crate::{
    contract::{Operation, Schema},
    exchange::Exchange,
    gate::knowledge::{
        Knowledge,
        constraints::with_part,
        refusal::{blamed_properties, missing_in},
    },
    generate::Strategies,
    wire::RequestParts,
};

/// Values that many services take where the schema allows them, the likeliest first: what a schema
/// without a bound draws is often more than there is room for.
fn plain_values() -> [Value; 6] {
    [
        json!(1),
        json!("1"),
        json!(10),
        json!("10"),
        json!("a"),
        json!("2030-01-01"),
    ]
}

/// The values to send after a refusal with 400 or 422; `None` where nothing is known that may help.
/// `times` is how many were refused before.
pub(super) fn revised(
    operation: &Operation,
    refused: &RequestParts,
    refusal: &Exchange,
    knowledge: &Knowledge,
    times: usize,
    drawing: (u64, &Strategies),
) -> Option<RequestParts> {
    if ![400, 422].contains(&refusal.response.status.as_u16()) {
        return None;
    }
    let refused = knowledge
        .constraints
        .narrowed(operation, refused, drawing)
        .unwrap_or_else(|| refused.clone());
    let missing = missing_in(operation, &refused, refusal.response.body.bytes());
    let complete = missing.iter().fold(refused.clone(), |parts, named| {
        with_part(operation, &parts, named, drawing).unwrap_or(parts)
    });
    if complete != refused {
        return Some(complete);
    }
    with_plain_values(operation, &refused, refusal, times)
        .or_else(|| with_accepted_body(operation, &refused, knowledge))
}

/// With another value for each property that the refusal names: one that the document shows, or a plain
/// one.
fn with_plain_values(
    operation: &Operation,
    refused: &RequestParts,
    refusal: &Exchange,
    times: usize,
) -> Option<RequestParts> {
    let (range, body) = refused.body.as_ref()?;
    let schema = body_schema(operation, range)?;
    let mut body = body.clone();
    let mut is_changed = false;
    for name in blamed_properties(refused, refusal.response.body.bytes()) {
        let Some(property) = schema.property(&name) else {
            continue;
        };
        let now = &body[&name];
        let shown = schema.shown().into_iter();
        let shown = shown.filter_map(|(of, value)| (of == name).then_some(value));
        let plain = shown.chain(plain_values());
        let mut plain = plain.filter(|value| value != now && property.is_valid(value));
        let Some(value) = plain.nth(times) else {
            continue;
        };
        body[&name] = value;
        is_changed = true;
    }
    (is_changed && schema.is_valid(&body)).then(|| RequestParts {
        body: Some((range.clone(), body)),
        ..refused.clone()
    })
}

/// With the body of a request that the service took.
fn with_accepted_body(
    operation: &Operation,
    refused: &RequestParts,
    knowledge: &Knowledge,
) -> Option<RequestParts> {
    let accepted = knowledge.used.accepted(operation)?.body.as_ref()?;
    (refused.body.as_ref() != Some(accepted)).then(|| RequestParts {
        body: Some(accepted.clone()),
        ..refused.clone()
    })
}

fn body_schema(operation: &Operation, range: &str) -> Option<Schema> {
    let content = &operation.request_body.as_ref()?.content;
    content.entry(range)?.schema.clone()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::StatusCode;
    use oasgate_document::Document;

    use super::*;
    use crate::{
        contract::{Contract, graph::Graph},
        exchange::{Body, Origin, Request, Response},
        gate::fixture,
    };

    /// What is sent after refusals with this text, one after the other.
    fn sent_after(text: &str, status: StatusCode, times: usize) -> Option<Value> {
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/payments": { "post": {
                "operationId": "pay",
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": {
                        "amount": { "type": ["number", "string"] },
                        "iban": { "type": "string", "minLength": 5 },
                    },
                } } } },
                "responses": { "201": { "description": "Fine" } },
            } } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let operation = fixture::operation(&contract, "pay");
        let body = json!({ "amount": "x", "iban": "abcdef" });
        let parts = RequestParts {
            body: Some(("application/json".to_owned(), body)),
            ..RequestParts::default()
        };
        let mut response = Response::new(status);
        response.body = Body::Complete(text.to_owned().into());
        let refusal = Exchange {
            request: Request::new(
                http::Method::POST,
                "http://localhost/payments".parse().expect("a URL"),
            ),
            response,
            origin: Origin::Live,
        };
        let knowledge = Knowledge::new(&contract, Arc::new(Graph::of(&contract)));
        let strategies = Strategies::default();
        let drawing = (1, &strategies);
        let parts = revised(&operation, &parts, &refusal, &knowledge, times, drawing)?;
        Some(parts.body?.1)
    }

    #[test]
    fn the_property_that_a_refusal_names_gets_plain_values() {
        let text = r#"{"detail":[{"loc":["body","amount"],"msg":"not a decimal"}]}"#;
        let refused = StatusCode::UNPROCESSABLE_ENTITY;
        let first = sent_after(text, refused, 0).expect("a body");
        assert_eq!(first, json!({ "amount": 1, "iban": "abcdef" }));
        let second = sent_after(text, refused, 1).expect("a body");
        assert_eq!(second["amount"], "1");
        assert_eq!(sent_after(text, refused, 50), None);
    }

    #[test]
    fn what_names_nothing_teaches_nothing() {
        let refused = StatusCode::BAD_REQUEST;
        assert_eq!(sent_after("no", refused, 0), None);
        let text = r#"{"amount": "is not there"}"#;
        assert_eq!(sent_after(text, StatusCode::NOT_FOUND, 0), None);
    }
}
