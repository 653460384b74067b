//! Tests that the macro writes, and what they say when the contract does not hold.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use axum::{Json, response::IntoResponse as _};
use oasgate::testing::run_operation;
use serde_json::json;

use crate::service::answering;

mod vantage {
    use crate::service::app;

    // The document declares no 401, so that the credential is never left out.
    oasgate::contract_tests!(
        "spec/vantage-data-exports.yaml",
        service = app(),
        auth = "secret",
        phases = [examples, edges, invalid, random],
    );
}

mod things {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::things::app;

    static SENT: AtomicUsize = AtomicUsize::new(0);

    oasgate::contract_tests!(
        "tests/testing/things.yaml",
        service = std::future::ready(app()).await,
        phases = [examples, edges, invalid, random, auth],
        cases = 12,
        seed = 7,
        auth = "secret",
        headers = [("x-tenant", "7")],
        params = [("id", "t_abc1")],
        before = |request| {
            assert!(request.headers.contains_key("x-tenant"));
            SENT.fetch_add(1, Ordering::Relaxed);
        },
        after = |request, response| {
            assert!(request.url.path().starts_with("/v1/"));
            assert!(response.elapsed.is_some());
        },
        except = { deleteThing: "this service keeps what it has" },
        ignore = { "GET /health": "shows that an ignored test is listed" },
    );

    // Each test of the macro is a function with the name that `cargo test NAME` takes.
    #[test]
    fn each_operation_has_a_test_with_its_name() {
        list_things();
        create_thing();
        get_thing();
        get_health();
        assert!(SENT.load(Ordering::Relaxed) > 40);
    }
}

mod only {
    use axum::body::Body;

    oasgate::contract_tests!(
        "tests/testing/things.yaml",
        service = crate::things::app(),
        body = Body,
        base_path = "/v1",
        only = ["GET /things"],
    );

    #[test]
    fn an_operation_may_be_named_by_its_method_and_path() {
        list_things();
    }
}

/// The report of a test of the macro that fails.
fn failure(operation: &str, answer: axum::Router) -> String {
    let document = "spec/vantage-data-exports.yaml";
    let failed = catch_unwind(AssertUnwindSafe(|| {
        run_operation(
            document,
            env!("CARGO_MANIFEST_DIR"),
            operation,
            |gate| async { Ok(gate.service(answer).run().await?) },
        );
    }));
    text(failed.expect_err("the test fails").as_ref())
}

fn text(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_breach_is_shown_beside_its_line() {
    let empty = answering(|_, _| Json(json!({})).into_response());
    let report = failure("getDataExport", empty);
    assert!(report.contains("the contract does not hold"), "{report}");
    assert!(report.contains("error[schema-mismatch]"), "{report}");
    assert!(
        report.contains("spec/vantage-data-exports.yaml:"),
        "{report}"
    );
}

#[test]
fn an_operation_that_is_not_there_is_told_with_the_nearest() {
    let report = failure("getDataExprt", crate::service::app());
    assert!(
        report.contains("did you mean \"getDataExport\"?"),
        "{report}"
    );
}
