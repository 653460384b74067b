//! Parameters written and read back: the table in `tests/cases/wire/`.

use std::path::Path;

use http::Method;
use oasgate::{
    contract::{Contract, Location},
    document::Document,
    wire::{Parameters, RequestParts, write_request},
};
use serde_json::json;

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
        let read = Parameters::of(&request, &route.path_values).read(parameter);
        if read.as_ref().ok() != Some(&Some(case["value"].clone())) {
            wrong.push(format!("{case}: read back as {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
