//! A document of a hundred operations, planned and tested in process: how long that takes is printed.

use std::{fmt::Write as _, time::Instant};

use oasgate::{
    Contract,
    document::Document,
    testing::{FakeService, Gate},
};

/// Fifty resources, each read and written.
fn document() -> String {
    let mut text = "
openapi: 3.1.0
info: { title: Hundred, version: '1' }
components:
  responses:
    Wrong: { description: What is wrong, content: { text/plain: { schema: { type: string } } } }
  schemas:
    Order:
      type: object
      required: [id, state, lines]
      properties:
        id: { type: string, format: uuid }
        state: { type: string, enum: [open, paid, sent] }
        note: { type: [string, 'null'], maxLength: 200 }
        total: { type: number, minimum: 0, maximum: 100000 }
        placed: { type: string, format: date-time }
        lines:
          type: array
          maxItems: 8
          items:
            type: object
            required: [sku, count]
            properties:
              sku: { type: string, pattern: '^[A-Z]{2}-[0-9]{4}$' }
              count: { type: integer, minimum: 1, maximum: 99 }
paths:
"
    .to_owned();
    for number in 0..50 {
        let _ = write!(
            text,
            "
  /orders{number}/{{id}}:
    parameters: [{{ name: id, in: path, required: true, schema: {{ type: string, format: uuid }} }}]
    get:
      operationId: getOrder{number}
      parameters:
        - {{ name: limit, in: query, schema: {{ type: integer, minimum: 1, maximum: 50 }} }}
        - {{ name: sort, in: query, schema: {{ type: string, enum: [up, down] }} }}
      responses:
        '200': {{ description: One, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Order' }} }} }} }}
        '400': {{ $ref: '#/components/responses/Wrong' }}
    put:
      operationId: putOrder{number}
      requestBody:
        required: true
        content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Order' }} }} }}
      responses:
        '200': {{ description: One, content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Order' }} }} }} }}
        '400': {{ $ref: '#/components/responses/Wrong' }}
"
        );
    }
    text
}

#[tokio::test]
async fn a_hundred_operations_are_held_in_one_run() {
    let load = || {
        let document = Document::parse("hundred.yaml", document()).expect("it is a document");
        Contract::from_document(document)
    };
    let service = FakeService::new(load());
    let started = Instant::now();
    let ran = Gate::new(load())
        .service(service)
        .run()
        .await
        .expect("it runs");
    let took = started.elapsed();
    let outcome = ran.outcome();
    #[expect(
        clippy::print_stderr,
        reason = "the time is what somebody wants to know"
    )]
    {
        eprintln!(
            "{} operations, {} requests: {took:.1?}",
            outcome.operations.len(),
            outcome.held
        );
    }
    assert_eq!(outcome.operations.len(), 100);
    let reached = outcome
        .operations
        .iter()
        .filter(|one| one.unreached.is_none());
    assert_eq!(reached.count(), 100, "{ran}");
    assert!(outcome.held > 2000, "{}", outcome.held);
}
