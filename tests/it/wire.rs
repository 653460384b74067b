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

/// A contract with one form, as a case of files says.
fn with_files(case: &Value) -> Contract {
    let version = case["openapi"].as_str().unwrap_or("3.1.0");
    let document = if version == "2.0" {
        json!({
            "swagger": version, "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "post": {
                "consumes": ["multipart/form-data"], "parameters": case["parameters"], "responses": {},
            } } },
        })
    } else {
        let mut schema = case["schema"].clone();
        schema["type"] = "object".into();
        let encoding = match &case["encoding"] {
            Value::Null => json!({}),
            said => said.clone(),
        };
        json!({
            "openapi": version, "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "post": {
                "requestBody": { "content": { "multipart/form-data": { "schema": schema, "encoding": encoding } } },
                "responses": {},
            } } },
            "components": { "schemas": case.get("schemas").cloned().unwrap_or(json!({})) },
        })
    };
    Contract::from_document(Document::parse("case", document.to_string()).expect("a document"))
}

/// The parts of a form as the table writes them; `wanted` says how much of each content is looked at.
fn parts_of(bytes: &[u8], boundary: &str, wanted: &[&str]) -> Vec<String> {
    let text = bytes.escape_ascii().to_string().replace("\\\"", "\"");
    let delimiter = format!("--{boundary}");
    let mut parts = text.split(delimiter.as_str()).skip(1);
    let mut found = Vec::new();
    while let Some(part) = parts.next().filter(|part| part.starts_with("\\r\\n")) {
        let (head, content) = part.split_once("\\r\\n\\r\\n").expect("a part has a head");
        let content = content
            .strip_suffix("\\r\\n")
            .expect("a part ends with its line");
        let head = head
            .replacen("\\r\\nContent-Disposition: form-data; ", "", 1)
            .replace("\\r\\nContent-Type: ", "; ");
        let shown = wanted
            .get(found.len())
            .and_then(|line| line.split_once(" | "));
        let length = shown.map_or(content.len(), |(_, begins)| begins.len());
        let begins = content.get(..length).unwrap_or(content);
        found.push(format!("{head} | {begins}"));
    }
    found
}

#[test]
fn files_say_what_they_are() {
    let mut wrong = Vec::new();
    for case in &table(Path::new("tests/cases/wire/files.yaml")) {
        let name = case["name"].as_str().expect("a name");
        let contract = with_files(case);
        let body = contract.operations()[0].request_body.as_ref();
        let declared = &body.expect("a body").content.media_types[0];
        let (content_type, bytes) =
            write_body(declared, &case["value"]).expect("it can be written");
        let boundary = content_type.split_once("boundary=").map(|(_, text)| text);
        let wanted = case["parts"].as_array().expect("parts");
        let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
        let found = parts_of(&bytes, boundary.expect("a boundary"), &wanted);
        if found != wanted {
            wrong.push(format!("{name}: {found:#?}"));
        }
        let parsed = content_type.parse().expect("a media type");
        if !matches!(read_body(declared, &parsed, &bytes), Ok(Parsed::Value(_))) {
            wrong.push(format!("{name}: cannot be read back"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
