//! Whole documents and exchanges that belong to them: the tables in `tests/cases/replay/`.

use std::{collections::BTreeSet, fs, path::Path};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use oasgate::{
    check::Subject,
    contract::Contract,
    document::Document,
    exchange::{Body, Exchange, Kept, Origin, Request, Response},
    finding::Severity,
    gate::{Settings, hold},
};
use serde_json::Value;
use url::Url;

use crate::lint::table;

fn fields(part: &Value, content_type: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let named = part.as_object().into_iter().flatten();
    let named = named.map(|(name, value)| (name.as_str(), value));
    for (name, value) in named.chain([("content-type", content_type)]) {
        let Some(value) = value.as_str() else {
            continue;
        };
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(value).expect("a value"),
        );
    }
    headers
}

fn content(part: &Value) -> Body {
    part.as_str()
        .map_or_else(Body::empty, |text| Body::from(text.as_bytes().to_vec()))
}

fn exchange(case: &Value) -> Exchange {
    let asked = case["asks"].as_str().expect("a method and a target");
    let (method, target) = asked.split_once(' ').expect("a method and a target");
    let base = Url::parse("https://api.test").expect("a URL");
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = Request::new(method, base.join(target).expect("a target"));
    request.headers = fields(&case["fields"], &case["sent-type"]);
    request.body = content(&case["sent"]);
    let status = case["status"].as_u64().unwrap_or(200);
    let status = u16::try_from(status).expect("a status");
    let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
    response.headers = fields(&case["came-fields"], &case["type"]);
    response.body = content(&case["came"]);
    Exchange {
        request,
        response,
        origin: Origin::Recorded {
            file: "case".into(),
            entry: 1,
            line: None,
            kept: Kept::default(),
        },
    }
}

/// The rules of which a warning or an error is told.
fn told(contract: &Contract, exchange: &Exchange) -> BTreeSet<String> {
    let Ok(route) = contract.route(&exchange.request.method, &exchange.request.url) else {
        return ["unknown-operation".to_owned()].into();
    };
    let subject = Subject::new(contract, route.operation, exchange, &route.path_values);
    let findings = hold(&subject, &Settings::default()).findings;
    findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .map(|finding| finding.rule.as_str().to_owned())
        .collect()
}

#[test]
fn exchanges_are_told_what_the_document_says_of_them() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir("tests/cases/replay").expect("the folder is there") {
        let path = entry.expect("an entry").path();
        for case in &table(Path::new(&path)) {
            let text = case["document"].as_str().expect("a document");
            let document = Document::parse("case.yaml", text.to_owned())
                .unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
            let contract = Contract::from_document(document);
            assert!(!contract.operations().is_empty(), "{}", case["name"]);
            for one in case["exchanges"].as_array().expect("a list") {
                count += 1;
                let wanted: BTreeSet<String> = one["finds"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|rule| rule.as_str().map(str::to_owned))
                    .collect();
                let told = told(&contract, &exchange(one));
                if told != wanted {
                    wrong.push(format!("{}: {one}: {told:?}", case["name"]));
                }
            }
        }
    }
    assert!(count > 100, "{count} exchanges");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
