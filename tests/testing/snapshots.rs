//! What a snapshot of a response shows, and what stands in the place of what differs.

use std::error::Error;

use http::Response;
use oasgate::{Contract, assert_response_snapshot};

const DOCUMENT: &str = "
openapi: 3.1.0
info: { title: Orders, version: '1' }
paths:
  /orders:
    get:
      operationId: listOrders
      responses:
        '200':
          description: Orders
          headers: { X-Total: { schema: { type: integer } }, X-Request-Id: { schema: { type: string } } }
          content:
            application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Order' } } }
            text/plain: { schema: { type: string } }
components:
  schemas:
    Order:
      allOf:
        - type: object
          properties:
            id: { type: integer }
            customerId: { type: string }
            created: { type: string, format: date-time }
            paid_at: { type: [integer, 'null'] }
            reference: { type: string, example: ord_4f9a8b7c6d5e }
            state: { type: string, enum: [open, done] }
            currency_id: { type: string, enum: [EUR, USD] }
            total: { type: number }
            lines: { type: array, items: { type: object, properties: { sku: { type: string }, line_id: { type: integer } } } }
";

fn contract() -> Contract {
    let document = oasgate::document::Document::parse("orders.yaml", DOCUMENT);
    Contract::from_document(document.expect("it is a document"))
}

fn orders() -> Response<String> {
    let body = serde_json::json!([{
        "state": "open",
        "id": 71,
        "customerId": "c",
        "created": "yesterday",
        "paid_at": 1_770_091_506,
        "reference": "short",
        "currency_id": "EUR",
        "total": 12.5,
        "note": "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "lines": [{ "sku": "apple", "line_id": 3 }],
    }]);
    Response::builder()
        .header("content-type", "application/json")
        .header("x-total", "1")
        .header("x-request-id", "abc")
        .header("date", "Tue, 03 Feb 2026 04:05:06 GMT")
        .body(body.to_string())
        .expect("a test writes good responses")
}

#[test]
fn the_schema_says_what_is_replaced() -> Result<(), Box<dyn Error>> {
    let contract = contract();
    // `created` breaks its format; what a snapshot replaces is what the schema says of it.
    let mut orders = orders();
    *orders.body_mut() = orders.body().replace("yesterday", "2026-02-03T04:05:06Z");
    let checked = contract.operation("listOrders")?.check(&orders)?;
    assert_response_snapshot!(checked);
    Ok(())
}

#[test]
fn a_response_alone_is_judged_by_its_look() {
    assert_response_snapshot!("alone", orders());
}

#[test]
fn a_text_is_shown_as_it_is() -> Result<(), Box<dyn Error>> {
    let contract = contract();
    let response = Response::builder()
        .header("content-type", "text/plain")
        .body("two orders")?;
    let checked = contract.operation("listOrders")?.check(&response)?;
    assert_response_snapshot!(checked, @r"
    200 OK
    content-type: text/plain

    two orders
    ");
    Ok(())
}
