//! Every check on a sequence against its own example and against the tables in
//! `tests/cases/sequence/`.

use std::{fs, path::Path};

use http::StatusCode;
use oasgate::{
    check::{SEQUENCE_CHECKS, SequenceCheck, Step},
    contract::Contract,
    document::Document,
    exchange::{Exchange, Origin, Request, Response},
    finding::Finding,
};
use serde_json::{Value, json};

use crate::checks::{example, headers, table, yaml};

/// A small service: things and their parts.
fn contract(case: &Value) -> Contract {
    let anonymous = case["anonymous"].as_array().into_iter().flatten();
    let anonymous: Vec<&str> = anonymous.filter_map(Value::as_str).collect();
    let operation = |id: &str, names: &[&str]| {
        let parameters: Vec<Value> = names
            .iter()
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": {} }))
            .collect();
        let content = json!({ "schema": { "$ref": "#/components/schemas/Thing" } });
        let mut operation = json!({
            "operationId": id,
            "parameters": parameters,
            "responses": {
                "default": { "description": "Anything", "content": { "application/json": content } },
            },
        });
        if ["makeThing", "putThing", "changeThing"].contains(&id) {
            operation["requestBody"] = json!({
                "content": {
                    "application/json": content,
                    "application/merge-patch+json": content,
                },
            });
        }
        if anonymous.contains(&id) {
            operation["security"] = json!([]);
        }
        operation
    };
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "t", "version": "1" },
        "security": case.get("security").cloned().unwrap_or_else(|| json!([])),
        "paths": {
            "/things": {
                "get": operation("listThings", &[]),
                "post": operation("makeThing", &[]),
                "delete": operation("deleteThings", &[]),
            },
            "/things/{id}": {
                "get": operation("readThing", &["id"]),
                "put": operation("putThing", &["id"]),
                "patch": operation("changeThing", &["id"]),
                "delete": operation("deleteThing", &["id"]),
            },
            "/things/{id}/parts": {
                "get": operation("listParts", &["id"]),
                "post": operation("makePart", &["id"]),
            },
            "/things/{id}/parts/{part}": { "get": operation("readPart", &["id", "part"]) },
        },
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": { "type": "string" },
                    "note": { "type": "string" },
                    "size": { "type": "number" },
                    "tags": { "type": "array", "items": { "type": "string" } },
                    "revision": { "type": "integer" },
                    "updated_at": { "type": "string" },
                    "owner": { "type": "string", "readOnly": true },
                    "hits": { "type": "integer", "readOnly": true },
                },
            } },
        },
    });
    Contract::from_document(Document::parse("case", document.to_string()).expect("a document"))
}

/// `{ get: /things/7, status: 200 }`
fn exchange(step: &Value) -> Exchange {
    let (method, path) = ["get", "head", "post", "put", "patch", "delete"]
        .into_iter()
        .find_map(|method| Some((method, step[method].as_str()?)))
        .expect("a step has a method and a path");
    let url = format!("http://localhost{path}").parse().expect("a URL");
    let method = method.to_uppercase().parse().expect("a method");
    let status = u16::try_from(step["status"].as_u64().expect("a status")).expect("a status");
    let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
    headers(step, &mut response.headers);
    if let Some(came) = step.get("came") {
        response.body = came.to_string().into();
    }
    let mut request = Request::new(method, url);
    if let Some(sent) = step.get("sent") {
        request.body = sent.to_string().into();
        let is_said = step.get("headers-sent");
        let json = json!({ "headers": { "content-type": "application/json" } });
        let told = is_said.map_or(json, |said| json!({ "headers": said }));
        headers(&told, &mut request.headers);
    }
    Exchange {
        request,
        response,
        origin: Origin::Live,
    }
}

/// What a check says of the steps of a case, held after each of them.
fn breaches(check: &dyn SequenceCheck, case: &Value) -> Vec<Finding> {
    let contract = contract(case);
    let told = case["steps"].as_array().expect("steps");
    let exchanges: Vec<_> = told.iter().map(exchange).collect();
    let steps: Vec<Step<'_>> = told
        .iter()
        .zip(&exchanges)
        .map(|(step, exchange)| {
            let request = &exchange.request;
            let route = contract.route(&request.method, &request.url);
            Step {
                operation: route.expect("the step has its operation").operation,
                exchange,
                asker: step["by"].as_str().unwrap_or_default(),
                made: step["made"].as_str().map(str::to_owned),
                listed: serde_json::from_value(step["lists"].clone()).unwrap_or_default(),
                is_made_up: step["made-up"] == true,
                is_polled: step["polled"] == true,
            }
        })
        .collect();
    (1..=steps.len())
        .filter_map(|length| check.breach(&steps[..length]))
        .collect()
}

#[test]
fn each_check_finds_its_own_example_and_shows_all_that_was_sent() {
    for check in SEQUENCE_CHECKS {
        let rule = check.rule();
        let case = yaml(&example(rule.doc));
        let findings = breaches(*check, &case);
        let [finding] = findings.as_slice() else {
            panic!("{}: {findings:?}", rule.id);
        };
        assert_eq!(finding.rule.as_str(), rule.id);
        assert_eq!(finding.severity, rule.severity);
        let evidence = finding.evidence.as_ref().expect("evidence");
        let sent = case["steps"].as_array().expect("steps").len();
        assert_eq!(evidence.before.len(), sent - 1, "{}", rule.id);
    }
}

#[test]
fn each_check_is_documented_in_four_sections() {
    for check in SEQUENCE_CHECKS {
        for section in [
            "# What it holds",
            "# Why",
            "# Not a finding when",
            "# Example",
        ] {
            assert!(check.rule().doc.contains(section), "{section}");
        }
    }
}

#[test]
fn the_tables_hold() {
    let mut wrong = Vec::new();
    for check in SEQUENCE_CHECKS {
        let rule = check.rule().id;
        let path = format!("tests/cases/sequence/{rule}.yaml");
        assert!(fs::metadata(&path).is_ok(), "{path} is missing");
        for case in table(Path::new(&path)) {
            let name = case["name"].as_str().expect("a case has a name");
            let expected = case["finds"].as_u64().expect("a case says what it `finds`");
            let findings = breaches(*check, &case);
            if findings.len() as u64 != expected {
                wrong.push(format!(
                    "{rule}: {name}: {} instead of {expected}: {findings:?}",
                    findings.len()
                ));
            }
            if let (Some(message), Some(first)) = (case["message"].as_str(), findings.first())
                && !first.message.contains(message)
            {
                wrong.push(format!("{rule}: {name}: {:?}", first.message));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
