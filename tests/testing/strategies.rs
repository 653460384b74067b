//! What `proptest!` makes of a contract, and that it shrinks.

use std::sync::LazyLock;

use http::HeaderValue;
use oasgate::{
    Contract,
    contract::{OperationIn, Schema},
    testing::FakeService,
};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestError, TestRunner},
};
use serde_json::Value;

static THINGS: LazyLock<Contract> =
    LazyLock::new(|| Contract::load("tests/testing/things.yaml").expect("the document is there"));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_response_keeps_the_contract(
        listed in operation("listThings").any_response(),
        created in operation("createThing").responses(201),
    ) {
        prop_assert!(operation("listThings").check(&listed).is_ok());
        let checked = operation("createThing").check(&created);
        prop_assert!(created.headers().contains_key("location"));
        if let Err(breach) = checked {
            // A `Location` is any text to the contract, and a reference to HTTP.
            prop_assert!(breach.findings().iter().all(|one| one.rule.as_str() == "malformed-location"));
        }
    }

    #[test]
    fn every_request_keeps_the_contract(
        listing in operation("listThings").requests(),
        asking in operation("getThing").requests(),
        creating in operation("createThing").requests(),
    ) {
        let fake = FakeService::new(crate::fake::contract());
        for mut request in [listing, asking, creating] {
            request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer secret"));
            let _ = crate::fake::ask(&fake, request.map(axum::body::Body::from));
        }
        fake.assert();
    }

    #[test]
    fn a_schema_has_values_on_both_sides(
        good in name().strategy(),
        bad in name().invalid_strategy().expect("it refuses some"),
    ) {
        prop_assert!(name().is_valid(&good));
        prop_assert!(!name().is_valid(&bad));
    }
}

fn operation(id: &str) -> OperationIn<'static> {
    THINGS.operation(id).expect("it is declared")
}

/// The schema of a thing's name.
fn name() -> Schema {
    let responses = &operation("getThing").operation().responses;
    let media_type = &responses.declared[0].content.media_types[0];
    let thing = media_type.schema.as_ref().expect("it has a schema");
    thing.property("name").expect("it has a name")
}

fn runner() -> TestRunner {
    TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn a_failing_request_shrinks_to_the_plainest() {
    let strategy = operation("createThing").requests();
    let failed = runner().run(&strategy, |request| {
        let body: Value = serde_json::from_slice(request.body()).expect("it is JSON");
        // A service that cannot count above 20.
        match body["size"].as_f64() {
            Some(size) if size > 20.0 => Err(TestCaseError::fail("too large")),
            _ => Ok(()),
        }
    });
    let Err(TestError::Fail(_, request)) = failed else {
        panic!("it was found: {failed:?}");
    };
    let body: Value = serde_json::from_slice(request.body()).expect("it is JSON");
    assert_eq!(body["size"].as_f64(), Some(21.0), "{body}");
    assert_eq!(body["name"].as_str().map(str::len), Some(1), "{body}");
}

#[test]
fn an_undeclared_status_is_told_instead_of_made() {
    let strategy = operation("getThing").responses(418);
    let failed = strategy.new_tree(&mut runner()).map(|tree| tree.current());
    let reason = failed.expect_err("nothing is made");
    assert!(
        reason
            .message()
            .contains("getThing declares no response 418")
    );
}
