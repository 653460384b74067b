//! What a gate is told beside its service.

use axum::{Router, http::StatusCode, routing::get};
use oasgate::{
    Contract,
    document::Document,
    finding::Severity,
    testing::{Gate, GateError, GateReport},
};

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /a:
    get: { operationId: a, tags: [one], responses: { '200': { description: Fine } } }
  /b:
    get: { operationId: b, tags: [two], responses: { '200': { description: Fine } } }
";

/// Both operations answer with a status that is not declared.
fn app() -> Router {
    let teapot = || async { StatusCode::IM_A_TEAPOT };
    Router::new()
        .route("/a", get(teapot))
        .route("/b", get(teapot))
}

async fn ran(
    choose: impl FnOnce(Gate<'static>) -> Gate<'static>,
) -> Result<GateReport<'static>, GateError> {
    let contract =
        Contract::from_document(Document::parse("t.yaml", DOCUMENT).expect("a document"));
    choose(Gate::new(contract)).service(app()).run().await
}

fn undeclared(ran: &GateReport<'_>, severity: Severity) -> usize {
    let findings = ran.outcome().findings.iter();
    findings
        .filter(|one| one.rule.as_str() == "undeclared-status" && one.severity == severity)
        .count()
}

#[tokio::test]
async fn a_rule_has_another_severity_or_is_off_and_a_status_is_allowed() {
    let rule = "undeclared-status";
    let usual = ran(|gate| gate).await.expect("it runs");
    assert_eq!(undeclared(&usual, Severity::Error), 2);
    let warned = ran(|gate| gate.severity(rule, Severity::Warning)).await;
    assert_eq!(undeclared(&warned.expect("it runs"), Severity::Warning), 2);
    for silent in [
        ran(|gate| gate.off(rule)).await,
        ran(|gate| gate.allow_status("418")).await,
        ran(|gate| gate.allow_status("4XX")).await,
    ] {
        let silent = silent.expect("it runs");
        assert_eq!(
            silent
                .outcome()
                .findings
                .iter()
                .filter(|one| one.rule.as_str() == rule)
                .count(),
            0
        );
    }
}

#[tokio::test]
async fn operations_are_chosen_by_tag_and_by_what_they_are() {
    let held = |ran: &GateReport<'_>, id: &str| {
        let mut all = ran.outcome().operations.iter();
        all.any(|one| one.id == id && one.held > 0)
    };
    let tagged = ran(|gate| gate.tag("one")).await.expect("it runs");
    assert!(held(&tagged, "a") && !held(&tagged, "b"));
    let matching = ran(|gate| gate.matching(|one| one.path.as_str() == "/b"));
    let matching = matching.await.expect("it runs");
    assert!(!held(&matching, "a") && held(&matching, "b"));
}

#[tokio::test]
async fn what_cannot_be_used_is_told_when_the_run_begins() {
    let told = |ran: Result<GateReport<'_>, GateError>| ran.err().map(|error| error.to_string());
    let rule = told(ran(|gate| gate.off("undeclared-statsu")).await).expect("an error");
    assert!(rule.contains("undeclared-status"), "{rule}");
    let status = told(ran(|gate| gate.allow_status("9XX")).await).expect("an error");
    assert!(status.contains("5XX"), "{status}");
    let baseline = told(ran(|gate| gate.baseline("no-such-file.json")).await).expect("an error");
    assert!(baseline.contains("no-such-file.json"), "{baseline}");
}

/// Where the document exists only when the test runs, one test holds all of it.
mod of_a_value {
    use axum::{Router, http::StatusCode, routing::get};
    use serde_json::json;

    oasgate::contract_tests!(
        document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": {
                "/a": { "get": { "operationId": "a", "responses": { "204": { "description": "Fine" } } } },
                "/b": { "get": { "operationId": "b", "responses": { "200": { "description": "Fine" } } } },
            },
        }),
        service = Router::new().route("/a", get(|| async { StatusCode::NO_CONTENT })),
        except = { b: "it is not there" },
        cases = 3,
    );
}

#[test]
#[should_panic(expected = "1 of 2 operations failed\n\nb: the contract does not hold")]
fn an_operation_that_fails_is_named() {
    let app = Router::new()
        .route("/a", get(|| async { StatusCode::OK }))
        .route("/b", get(|| async { StatusCode::IM_A_TEAPOT }));
    oasgate::testing::run_document(&DOCUMENT, &[], &[], |gate| {
        let app = app.clone();
        async move { Ok(gate.service(app).run().await?) }
    });
}
