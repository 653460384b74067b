//! The graph of producers and consumers: tables in `tests/cases/graph/`, and a document of others.

use std::{fs, path::Path};

use oasgate::{
    contract::{
        Contract, OperationIndex,
        graph::{Basis, Graph, GraphFormat, Role},
    },
    document::Document,
};
use serde_json::{Map, Value, json};

use crate::lint::table;

/// A whole document from the short form of the tables.
fn document(case: &Value) -> Contract {
    let mut paths = Map::new();
    for (path, methods) in case["paths"].as_object().expect("paths") {
        let mut item = Map::new();
        for (method, short) in methods.as_object().expect("methods") {
            item.insert(method.clone(), operation(path, method, short));
        }
        paths.insert(path.clone(), Value::Object(item));
    }
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "t", "version": "1" },
        "paths": paths,
        "components": { "schemas": case.get("schemas").cloned().unwrap_or_else(|| json!({})) },
    });
    Contract::from_document(Document::parse("case", document.to_string()).expect("a document"))
}

fn operation(path: &str, method: &str, short: &Value) -> Value {
    let names = |key: &str| -> Vec<String> {
        let listed = short[key].as_array().into_iter().flatten();
        listed
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    };
    let mut parameters: Vec<Value> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| {
            let kind = if names("integer").iter().any(|one| one == name) {
                "integer"
            } else {
                "string"
            };
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } })
        })
        .collect();
    parameters.extend(
        names("query")
            .iter()
            .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } })),
    );
    let mut responses = Map::new();
    for (status, response) in short["responses"].as_object().into_iter().flatten() {
        let mut whole = Map::from_iter([("description".to_owned(), json!("Fine"))]);
        for (key, value) in response.as_object().into_iter().flatten() {
            if key == "schema" {
                whole.insert(
                    "content".to_owned(),
                    json!({ "application/json": { "schema": value } }),
                );
            } else {
                whole.insert(key.clone(), value.clone());
            }
        }
        responses.insert(status.clone(), Value::Object(whole));
    }
    if responses.is_empty() {
        responses.insert("200".to_owned(), json!({ "description": "Fine" }));
    }
    let mut operation = json!({
        "operationId": format!("{} {path}", method.to_uppercase()),
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(schema) = short.get("body") {
        operation["requestBody"] =
            json!({ "content": { "application/json": { "schema": schema } } });
    }
    operation
}

/// `POST /orders -> GET /orders/{id}, path id = $response.body#/id`; `=>` for a link.
fn edges(contract: &Contract, graph: &Graph) -> Vec<String> {
    let name = |index: OperationIndex| {
        let operation = contract.operation_at(index);
        format!("{} {}", operation.method, operation.path)
    };
    graph
        .edges
        .iter()
        .map(|edge| {
            let arrow = match edge.basis {
                Basis::Link(_) => "=>",
                Basis::Inferred => "->",
            };
            let (from, to) = (name(edge.producer), name(edge.consumer));
            format!("{from} {arrow} {to}, {} = {}", edge.need, edge.sources[0])
        })
        .collect()
}

#[test]
fn edges_are_what_the_tables_say() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in ["inferred", "links"] {
        for case in table(Path::new(&format!("tests/cases/graph/{file}.yaml"))) {
            count += 1;
            let contract = document(&case);
            let mut found = edges(&contract, &Graph::of(&contract));
            let listed = case["edges"].as_array().expect("edges").iter();
            let mut expected: Vec<_> = listed
                .map(|edge| edge.as_str().expect("an edge").to_owned())
                .collect();
            found.sort();
            expected.sort();
            if found != expected {
                wrong.push(format!("{}:\n{}", case["name"], found.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count > 18, "only {count} cases");
}

#[test]
fn a_graph_is_drawn() {
    let case = table(Path::new("tests/cases/graph/links.yaml")).swap_remove(0);
    let contract = document(&case);
    let graph = Graph::of(&contract);
    let dot = graph.to_text(&contract, GraphFormat::Dot);
    assert!(
        dot.starts_with("digraph {\n") && dot.ends_with("}\n"),
        "{dot}"
    );
    assert!(dot.contains("n0 [label=\"POST /orders\"]"), "{dot}");
    assert!(
        dot.contains("n0 -> n1 [label=\"path order_id = $response.body#/number\", style=bold]"),
        "{dot}"
    );
    let mermaid = graph.to_text(&contract, GraphFormat::Mermaid);
    assert!(mermaid.starts_with("flowchart LR\n"), "{mermaid}");
    assert!(
        mermaid.contains("n0 ==>|\"path order_id = $response.body#35;/number\"| n1"),
        "{mermaid}"
    );
}

/// What was looked at by eye in a document of 193 operations, so that a change of the rules shows.
#[test]
fn a_document_of_others_gives_the_edges_that_were_looked_at() {
    let Some(shared) = crate::outside::shared() else {
        return;
    };
    let path = shared.join("corpus/vantage/v2-openapi3.yml");
    if fs::metadata(&path).is_err() {
        return;
    }
    let contract = Contract::load(path).expect("it loads");
    let graph = Graph::of(&contract);
    let made = graph
        .resources
        .iter()
        .filter(|resource| !resource.creators.is_empty())
        .count();
    assert_eq!((graph.edges.len(), made), (398, 28));
    let found = edges(&contract, &graph);
    for edge in [
        "POST /costs/data_exports -> GET /data_exports/{data_export_token}, path data_export_token = $response.header.Location",
        "POST /integrations/gcp -> DELETE /integrations/{integration_token}, path integration_token = $response.body#/token",
        "POST /teams/{team_token}/members -> DELETE /teams/{team_token}/members/{user_token}, path user_token = $response.body#/user_token",
        "GET /workspaces -> POST /folders, body /workspace_token = $response.body#/workspaces/*/token",
        "GET /business_metrics -> POST /virtual_tag_configs, body /values/*/business_metric_token = $response.body#/business_metrics/*/token",
        "POST /virtual_tag_configs -> GET /virtual_tag_configs/{token}/status, path token = $response.body#/token",
    ] {
        assert!(found.iter().any(|one| one == edge), "{edge}");
    }
    // Nobody makes a user there.
    let users = "/users/{user_token}";
    assert!(!graph.edges.iter().any(|edge| edge.role == Role::Creates
        && contract.operation_at(edge.consumer).path.as_str() == users));
}
