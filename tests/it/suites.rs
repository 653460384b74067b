//! Suites that others wrote: parameter styles, requests, documents, and labelled recordings.
//!
//! Where oasgate rightly differs, `tests/cases/suites.yaml` says so and why.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use base64::Engine as _;
use flate2::read::GzDecoder;
use http::{HeaderName, HeaderValue, Method};
use oasgate::{
    check::Subject,
    contract::Contract,
    document::Document,
    exchange::{Exchange, Origin, Request, Response},
    finding::Severity,
    gate::{Settings, hold},
    lint, recording,
    wire::Parameters,
};
use serde_json::{Value, json};

use crate::{
    lint::table,
    outside::{part, shared},
};

/// The cases of one suite in which oasgate differs, with the reason.
fn differing(suite: &str) -> BTreeMap<String, String> {
    table(Path::new("tests/cases/suites.yaml"))
        .iter()
        .filter(|case| case["suite"] == suite)
        .map(|case| {
            let part = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
            assert!(!part("why").is_empty(), "{case}: a reason is missing");
            (part("case"), part("why"))
        })
        .collect()
}

/// Holds what differs against what is explained, both ways.
fn settle(suite: &str, total: usize, differs: &BTreeMap<String, String>) {
    let explained = differing(suite);
    let unexplained: Vec<_> = differs
        .iter()
        .filter(|(case, _)| !explained.contains_key(*case))
        .map(|(case, told)| format!("{case}: {told}"))
        .collect();
    let idle: Vec<_> = explained
        .keys()
        .filter(|case| !differs.contains_key(*case))
        .collect();
    assert!(total > 0, "{suite}: no case was run");
    assert!(
        unexplained.is_empty(),
        "{suite}: {} of {total} differ without an explanation\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    assert!(
        idle.is_empty(),
        "{suite}: explained, and yet the same: {idle:?}"
    );
}

fn contract(document: &Value) -> Contract {
    Contract::from_document(Document::parse("suite", document.to_string()).expect("a document"))
}

#[test]
fn parameters_are_read_as_another_library_reads_them() {
    let Some(suite) = part("suites/exchanges/parameter-styles.json") else {
        return;
    };
    let text = fs::read_to_string(suite).expect("the suite");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let mut differs = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        let mut parameter = case["param"].clone();
        let raw = &case["raw"];
        let (path, query) = (
            raw["path"].as_str().unwrap_or("/things"),
            raw["query"].as_str().map(|query| format!("?{query}")),
        );
        let template = if parameter["in"] == "path" {
            "/{param}"
        } else {
            "/things"
        };
        let url = format!("http://localhost{path}{}", query.unwrap_or_default());
        let mut request = Request::new(Method::GET, url.parse().expect("a URL"));
        for (key, joined) in [("header", ":"), ("cookie", ":")] {
            let Some((name, value)) = raw[key].as_str().and_then(|text| text.split_once(joined))
            else {
                continue;
            };
            // The suite names the parameter apart from the field that carries it.
            parameter["name"] = json!(name);
            let (field, value) = if key == "cookie" {
                ("cookie", format!("{name}={value}"))
            } else {
                (name, value.to_owned())
            };
            request.headers.insert(
                HeaderName::from_bytes(field.as_bytes()).expect("a name"),
                HeaderValue::from_str(&value).expect("a value"),
            );
        }
        if parameter["in"] == "path" {
            parameter["required"] = json!(true);
        }
        let contract = contract(&json!({
            "openapi": "3.0.3",
            "info": { "title": "t", "version": "1" },
            "paths": { template: { "get": { "parameters": [parameter], "responses": {} } } },
        }));
        let route = contract
            .route(&Method::GET, &request.url)
            .expect("it is routed");
        let declared = &route.operation.parameters[0];
        let read = Parameters::of(route.operation, &request, &route.path_values).read(declared);
        let schema = declared.value.schema().expect("a schema");
        let got = match &read {
            Ok(Some(value)) if schema.is_valid(value) => Ok(value.clone()),
            Ok(other) => Err(format!("{other:?} is not valid")),
            Err(error) => Err(error.to_string()),
        };
        let wanted = (!case["error"].as_bool().unwrap_or(false)).then(|| case["want"].clone());
        if got.as_ref().ok() != wanted.as_ref() {
            let name = format!("{index} {}", case["name"].as_str().unwrap_or_default());
            differs.insert(name, format!("{got:?} instead of {wanted:?}"));
        }
    }
    settle("parameter-styles", cases.len(), &differs);
}

fn exchange(line: &Value) -> Exchange {
    let request = &line["request"];
    let url = format!(
        "http://localhost{}",
        request["url"].as_str().expect("a URL")
    );
    let method = request["method"].as_str().expect("a method");
    let mut sent = Request::new(
        method.parse().expect("a method"),
        url.parse().expect("a URL"),
    );
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        sent.headers.insert(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(value.as_str().unwrap_or_default()).expect("a value"),
        );
    }
    let body = request["body_b64"].as_str().unwrap_or_default();
    sent.body = base64::engine::general_purpose::STANDARD
        .decode(body)
        .expect("base64")
        .into();
    Exchange {
        request: sent,
        response: Response::new(http::StatusCode::OK),
        origin: Origin::Recorded {
            file: "suite".into(),
            entry: 1,
            line: None,
            kept: oasgate::exchange::Kept::default(),
        },
    }
}

#[test]
fn requests_are_judged_as_another_validator_judges_them() {
    let Some(suite) = part("suites/exchanges/express-openapi-validator.ndjson.gz") else {
        return;
    };
    let file = fs::File::open(suite).expect("the suite");
    let mut differs = BTreeMap::new();
    let mut total = 0;
    for (index, line) in BufReader::new(GzDecoder::new(file)).lines().enumerate() {
        let line: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        // Most lines name a document that the suite does not hold.
        if !line["spec"].is_object() {
            continue;
        }
        let status = line["response"]["status"].as_u64().unwrap_or_default();
        let accepted = match status {
            200..=299 => true,
            400 | 404 | 405 | 415 => false,
            // 401 and 403 speak of credentials, 500 of a response that is not recorded.
            _ => continue,
        };
        total += 1;
        let contract = contract(&line["spec"]);
        let exchange = exchange(&line);
        let route = contract.route(&exchange.request.method, &exchange.request.url);
        let told: Vec<String> = match &route {
            Err(_) => vec!["no operation".to_owned()],
            Ok(route) => {
                let subject =
                    Subject::new(&contract, route.operation, &exchange, &route.path_values);
                hold(&subject, &Settings::default())
                    .findings
                    .iter()
                    .filter(|finding| finding.rule.as_str() == "request-mismatch")
                    .map(|finding| finding.message.clone())
                    .collect()
            }
        };
        if accepted != told.is_empty() {
            let name = line["test"].as_str().unwrap_or_default();
            differs.insert(
                format!("{index} {name}"),
                format!(
                    "{status} for {} {}: {told:?}",
                    line["request"]["method"], line["request"]["url"]
                ),
            );
        }
    }
    settle("express-openapi-validator", total, &differs);
}

fn documents(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.parent().is_some_and(|parent| parent.ends_with(kind))
                && path.extension().is_some_and(|ending| ending == "yaml")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn documents_that_must_pass_pass_and_the_others_are_told_with_a_line() {
    let Some(shared) = shared() else { return };
    let suite = shared.join("suites/oai-documents");
    let mut differs = BTreeMap::new();
    let name = |path: &Path| {
        path.strip_prefix(&suite)
            .expect("below")
            .display()
            .to_string()
    };
    let passing = documents(&suite, "pass");
    for path in &passing {
        let contract = match Contract::load(path) {
            Ok(contract) => contract,
            Err(error) => {
                differs.insert(name(path), error.to_string());
                continue;
            }
        };
        // These documents are fragments: what they refer to and do not hold is no error of form.
        let told: Vec<_> = lint::lint(&contract)
            .into_iter()
            .filter(|finding| {
                ["malformed-object", "invalid-structure", "invalid-schema"]
                    .contains(&finding.rule.as_str())
            })
            .map(|finding| finding.message)
            .collect();
        if !told.is_empty() {
            differs.insert(name(path), told.join("; "));
        }
    }
    let failing = documents(&suite, "fail");
    for path in &failing {
        let Ok(contract) = Contract::load(path) else {
            continue;
        };
        let is_told = lint::lint(&contract).iter().any(|finding| {
            let at = finding.document.as_ref();
            finding.severity == Severity::Error
                && at.and_then(|at| contract.document().locate(at)).is_some()
        });
        if !is_told {
            differs.insert(name(path), "nothing is told".to_owned());
        }
    }
    settle("oai-documents", passing.len() + failing.len(), &differs);
}

#[test]
fn labelled_bodies_are_found_and_no_others() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("recordings/datadog-v1");
    let labels: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("labels.json")).expect("the labels"))
            .expect("JSON");
    let labelled = |key: &str| -> BTreeSet<(String, u64)> {
        let list = labels[key].as_array().expect("a list");
        list.iter()
            .map(|one| {
                let cassette = one[0].as_str().expect("a cassette").to_owned();
                (cassette, one[1].as_u64().expect("an index"))
            })
            .collect()
    };
    let (agreed, disputed) = (
        labelled("reply_schema_agreed"),
        labelled("reply_schema_disputed"),
    );
    let content_types = labelled("undeclared_content_type");
    let contract = Contract::load(shared.join("corpus/datadog/v1.yaml")).expect("it loads");
    let cassettes = folder.join("cassettes");
    let (mut schemas, mut types, mut statuses) = (BTreeSet::new(), BTreeSet::new(), 0);
    for file in recording::files(std::slice::from_ref(&cassettes)).expect("recordings") {
        let path = file.path();
        let name = path
            .strip_prefix(&cassettes)
            .expect("below")
            .display()
            .to_string();
        for (index, entry) in (0..).zip(recording::open(path).expect("it opens")) {
            let exchange = entry
                .and_then(|entry| entry.exchange())
                .expect("an exchange");
            let request = &exchange.request;
            // Some cassettes speak to another version of the API on the way.
            let Ok(route) = contract.route(&request.method, &request.url) else {
                continue;
            };
            let subject = Subject::new(&contract, route.operation, &exchange, &route.path_values);
            for finding in hold(&subject, &Settings::default()).findings {
                match finding.rule.as_str() {
                    "schema-mismatch" => drop(schemas.insert((name.clone(), index))),
                    "undeclared-content-type" => drop(types.insert((name.clone(), index))),
                    "undeclared-status" => statuses += 1,
                    _ => {}
                }
            }
        }
    }
    let missed: Vec<_> = agreed.difference(&schemas).collect();
    assert!(
        missed.is_empty(),
        "two validators agree that these are broken: {missed:?}"
    );
    let invented: Vec<_> = schemas
        .iter()
        .filter(|one| !agreed.contains(*one) && !disputed.contains(*one))
        .collect();
    assert!(
        invented.is_empty(),
        "both validators accept these: {invented:?}"
    );
    // Every disputed body has null beside an enum that does not list it, which 3.0.4 forbids.
    let undecided: Vec<_> = disputed.difference(&schemas).collect();
    assert!(
        undecided.is_empty(),
        "the rule for disputed bodies is not followed: {undecided:?}"
    );
    assert_eq!(types, content_types);
    assert_eq!(statuses, 0);
}
