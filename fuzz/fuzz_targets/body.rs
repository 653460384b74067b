//! The readers of response bodies: the first byte chooses the media type, the rest is the body.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mediatype::MediaTypeBuf;
use oasgate::{
    Contract,
    document::Document,
    wire::{parse_body, read_body},
};

const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/json; charset=utf-16",
    "application/x-ndjson",
    "application/json-seq",
    "text/event-stream",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
    "text/plain; charset=shift_jis",
];

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let schema = r##"{"type": "object", "required": ["a"], "properties": {
        "a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "items": {"$ref": "#/components/schemas/S"}},
        "c": {"type": "object", "additionalProperties": {"type": "string", "format": "date-time"}}}}"##;
    let content: Vec<String> = MEDIA_TYPES
        .iter()
        .map(|name| format!(r##""{name}": {{"schema": {{"$ref": "#/components/schemas/S"}}}}"##))
        .collect();
    let document = format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "t", "version": "1"}}, "paths": {{"/x": {{"post": {{
            "requestBody": {{"content": {{{}}}}}, "responses": {{"200": {{"description": "d"}}}}}}}}}},
            "components": {{"schemas": {{"S": {schema}}}}}}}"#,
        content.join(", ")
    );
    Contract::from_document(Document::parse("fuzz.json", document).expect("a document"))
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let media_type = MEDIA_TYPES[usize::from(*first) % MEDIA_TYPES.len()];
    let media_type: MediaTypeBuf = media_type.parse().expect("a media type");
    let _ = parse_body(&media_type, body);
    let declared = CONTRACT.operations()[0]
        .request_body
        .as_ref()
        .expect("a body");
    for declared in &declared.content.media_types {
        if let Ok(oasgate::wire::Parsed::Value(value)) = read_body(declared, &media_type, body)
            && let Some(schema) = &declared.schema
        {
            assert_eq!(
                schema.is_valid(&value),
                schema.violations(&value).is_empty()
            );
        }
    }
});
