//! Parameters and bodies written and read back: the tables in `tests/cases/wire/`.

use std::path::Path;

use http::Method;
use oasgate::{
    contract::{Contract, Location},
    document::Document,
    wire::{Parameters, Parsed, RequestParts, read_body, write_body, write_request},
};
use serde_json::{Value, json};

use crate::lint::table;

#[test]
fn styles_are_written_and_read_back() {
    let mut wrong = Vec::new();
    let cases = table(Path::new("tests/cases/wire/styles.yaml"));
    for case in &cases {
        let is_path = case["in"] == "path";
        let path = if is_path { "/{color}" } else { "/things" };
        let mut schema = json!({ "type": case["type"] });
        if case["type"] == "array" {
            schema["items"] = json!({ "type": "string" });
        }
        if let Some(members) = case["value"].as_object() {
            let named = members
                .keys()
                .map(|name| (name.clone(), json!({ "type": "string" })));
            schema["properties"] = serde_json::Value::Object(named.collect());
        }
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { path: { "get": { "parameters": [{
                "name": "color", "in": case["in"], "required": is_path,
                "style": case["style"], "explode": case["explode"],
                "allowReserved": case["reserved"].as_bool().unwrap_or(false),
                "schema": schema,
            }], "responses": {} } } },
        });
        let contract = Contract::from_document(
            Document::parse("case", document.to_string()).expect("a document"),
        );
        let operation = &contract.operations()[0];
        let parameter = &operation.parameters[0];
        let mut parts = RequestParts::default();
        parts.set(parameter.location, &parameter.name, case["value"].clone());
        let base = "http://localhost".parse().expect("a URL");
        let request = write_request(operation, &base, &parts).expect("it can be written");
        let header = |name: &str| {
            let value = request.headers.get(name).expect("the field is there");
            value.to_str().expect("it is text").to_owned()
        };
        let written = match parameter.location {
            Location::Path => request.url.path().to_owned(),
            Location::Query | Location::QueryString => {
                request.url.query().unwrap_or_default().to_owned()
            }
            Location::Header => header("color"),
            Location::Cookie => header("cookie"),
        };
        if case["written"] != written.as_str() {
            wrong.push(format!("{case}: written as {written}"));
            continue;
        }
        let route = contract
            .route(&Method::GET, &request.url)
            .expect("it is routed");
        let read = Parameters::of(operation, &request, &route.path_values).read(parameter);
        if read.as_ref().ok() != Some(&Some(case["value"].clone())) {
            wrong.push(format!("{case}: read back as {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A contract with one POST whose body is as a case says.
fn with_body(case: &Value) -> Contract {
    let mut media_type = json!({ "schema": case["schema"] });
    media_type["schema"]["type"] = "object".into();
    if !case["encoding"].is_null() {
        media_type["encoding"] = case["encoding"].clone();
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": { "/things": { "post": {
            "requestBody": { "content": { case["type"].as_str().expect("a type"): media_type } },
            "responses": {},
        } } },
    });
    Contract::from_document(Document::parse("case", document.to_string()).expect("a document"))
}

#[test]
fn forms_and_parts_are_written_and_read_back() {
    let mut wrong = Vec::new();
    for case in &table(Path::new("tests/cases/wire/bodies.yaml")) {
        let contract = with_body(case);
        let body = contract.operations()[0].request_body.as_ref();
        let declared = &body.expect("a body").content.media_types[0];
        let (content_type, bytes) = match case["sent"].as_str() {
            Some(sent) => (declared.range.as_str().to_owned(), sent.as_bytes().to_vec()),
            None => write_body(declared, &case["value"]).expect("it can be written"),
        };
        let parsed = content_type.parse().expect("a media type");
        if let Some(wanted) = case["written"].as_str() {
            let boundary = content_type.split_once("boundary=").map(|(_, text)| text);
            let mut text = String::from_utf8(bytes.clone()).expect("text");
            if let Some(boundary) = boundary {
                text = text.replace(boundary, "B").replace("\r\n", "¶");
            }
            if text != wanted {
                wrong.push(format!("{case}: written as {text}"));
                continue;
            }
        }
        let read = read_body(declared, &parsed, &bytes);
        if read != Ok(Parsed::Value(case["value"].clone())) {
            wrong.push(format!("{case}: read back as {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
