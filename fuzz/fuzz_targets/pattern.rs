//! The reader of patterns: what is drawn for one is what the validator accepts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oasgate::{
    Contract,
    document::Document,
    generate::{Generator, mutations, valid},
};
use serde_json::json;

fuzz_target!(|pattern: &str| {
    let content =
        json!({ "application/json": { "schema": { "type": "string", "pattern": pattern } } });
    let operation = json!({ "requestBody": { "content": content }, "responses": { "200": { "description": "d" } } });
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": { "/x": { "post": operation } },
    });
    let document = Document::parse("fuzz.json", document.to_string()).expect("a document");
    let contract = Contract::from_document(document);
    let body = contract.operations()[0]
        .request_body
        .as_ref()
        .expect("a body");
    let schema = body.content.media_types[0]
        .schema
        .as_ref()
        .expect("a schema");
    let strategy = valid(schema);
    let mut generator = Generator::new(1, &[]);
    for _ in 0..3 {
        if let Some(value) = generator.draw(&strategy) {
            assert!(schema.is_valid(&value), "{value} of {pattern:?}");
        }
    }
    for mutation in mutations(schema, &strategy, 4, &mut generator) {
        assert!(
            !schema.is_valid(&mutation.value),
            "{mutation} of {pattern:?}"
        );
    }
});
