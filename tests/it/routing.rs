//! From requests to operations: the tables in `tests/cases/routing/`.

use std::path::Path;

use oasgate::{contract::Contract, document::Document};
use serde_json::{Value, json};

use crate::lint::table;

/// The document of a case: operations without anything but what routing looks at.
fn contract(case: &Value) -> Contract {
    let mut paths = case["paths"].clone();
    for (_, item) in paths.as_object_mut().into_iter().flatten() {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            operation["responses"] = json!({ "204": { "description": "Done" } });
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "servers": case["servers"],
        "paths": paths,
    });
    Contract::from_document(Document::parse("case", document.to_string()).expect("a document"))
}

#[test]
fn requests_find_their_operations() {
    let mut wrong = Vec::new();
    for case in &table(Path::new("tests/cases/routing/servers.yaml")) {
        let contract = contract(case);
        for (asked, wanted) in case["routes"].as_object().into_iter().flatten() {
            let (method, url) = asked.split_once(' ').expect("a method and a URL");
            let method = method.parse().expect("a method");
            let url = url.parse().expect("a URL");
            let found = contract.route(&method, &url).map_or_else(
                |_| "-".to_owned(),
                |route| format!("{} {}", route.operation.method, route.operation.path),
            );
            if *wanted != found.as_str() {
                wrong.push(format!("{}: {asked}: {found}", case["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
