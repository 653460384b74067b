//! The functions, for those who do without the macro.

use std::{
    error::Error,
    sync::{Arc, LazyLock},
};

use axum::{body::Body, http::Request};
use oasgate::{Contract, gate::Phase, testing::Gate};
use tower::ServiceExt as _;

use crate::service::{app, export};

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    Contract::load("spec/vantage-data-exports.yaml").expect("the document is there")
});

/// The document declares no 401, so that the credential is never left out.
const PHASES: [Phase; 4] = [Phase::Examples, Phase::Edges, Phase::Invalid, Phase::Random];

type Tested = Result<(), Box<dyn Error>>;

fn response(status: u16, body: &str) -> http::Response<String> {
    http::Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_owned())
        .expect("a test writes good responses")
}

#[tokio::test]
async fn a_service_is_held_in_one_line() -> Tested {
    let contract = Contract::load("spec/vantage-data-exports.yaml")?;
    let gate = Gate::new(contract).token("secret").phases(PHASES);
    gate.service(app()).run().await?.assert();
    // A contract that is shared, or stands in a `static`, may be borrowed.
    let shared = Arc::new(Contract::load("spec/vantage-data-exports.yaml")?);
    let ran = Gate::new(&shared).cases(3).service(app()).run().await?;
    assert!(ran.outcome().held > 0);
    Gate::new(&CONTRACT)
        .phases([Phase::Examples])
        .token("secret")
        .service(app())
        .run()
        .await?
        .assert();
    Ok(())
}

#[tokio::test]
#[should_panic(expected = "no request was sent, so nothing was checked")]
async fn a_run_that_held_nothing_is_not_green() {
    // Without a credential there is none to be left out.
    let run = Gate::new(&CONTRACT)
        .phases([Phase::Auth])
        .service(app())
        .run();
    run.await.expect("it runs").assert();
}

#[tokio::test]
async fn a_field_that_is_none_is_told_when_the_run_begins() {
    let gate = Gate::new(&CONTRACT).header("two words", "x");
    let error = gate
        .service(app())
        .run()
        .await
        .expect_err("it cannot be sent");
    assert!(error.to_string().contains("two words"), "{error}");
}

#[test]
fn a_response_in_hand_is_held_by_its_operation() -> Tested {
    let checked = CONTRACT
        .operation("getDataExport")?
        .check(&response(200, &export().to_string()))?;
    // What comes back reads as the response that it is.
    assert_eq!(checked.status(), 200);
    let export: serde_json::Value = checked.json()?;
    assert_eq!(export["status"], "completed");
    Ok(())
}

#[test]
fn a_breach_reads_the_same_as_an_error_and_as_what_a_test_answers() -> Tested {
    let operation = CONTRACT.operation("GET /data_exports/{data_export_token}")?;
    let breach = operation
        .check(&response(200, r#"{"token": 5}"#))
        .expect_err("five is no token");
    assert_eq!(breach.to_string(), format!("{breach:?}"));
    assert!(
        breach.to_string().contains("error[schema-mismatch]"),
        "{breach}"
    );
    assert!(
        breach
            .findings()
            .iter()
            .any(|one| one.rule.as_str() == "schema-mismatch")
    );
    let undeclared = operation
        .check(&response(418, "{}"))
        .expect_err("nobody declares 418");
    assert!(
        undeclared.to_string().contains("undeclared-status"),
        "{undeclared}"
    );
    Ok(())
}

#[tokio::test]
async fn a_response_that_is_still_to_be_read_is_held_too() -> Tested {
    let operation = CONTRACT.operation("getDataExport")?;
    let ask = |path: &str| Request::get(path).body(Body::empty());
    let found = app().oneshot(ask("/v2/data_exports/dta_xprt_1")?).await?;
    assert_eq!(operation.check_async(found).await?.status(), 200);
    let missing = app().oneshot(ask("/v2/data_exports/other")?).await?;
    let checked = operation.check_async(missing).await?;
    assert_eq!(checked.into_response().status(), 404);
    let post = Request::post("/v2/data_exports/dta_xprt_1").body(Body::empty())?;
    let breach = operation.check_async(app().oneshot(post).await?).await;
    assert!(breach.is_err(), "405 is not declared");
    Ok(())
}

#[tokio::test]
async fn a_response_that_breaks_off_is_a_breach() -> Tested {
    let pieces = futures_util::stream::iter([Ok("{\"errors\": ["), Err("the line is dead")]);
    let broken = http::Response::builder()
        .status(404)
        .header("content-type", "application/json")
        .body(Body::from_stream(pieces))?;
    let breach = CONTRACT
        .operation("getDataExport")?
        .check_async(broken)
        .await;
    let report = breach.expect_err("half a body is none").to_string();
    assert!(report.contains("incomplete-response"), "{report}");
    Ok(())
}
