//! The API held against its document, in each of the ways that oasgate offers.

use std::{error::Error, sync::LazyLock};

use axum::{
    body::{Body, Bytes},
    http,
};
use axum_service::app;
use oasgate::{
    Contract,
    contract::OperationIn,
    testing::{Breach, Gate},
};
use proptest::prelude::*;
use tower::ServiceExt as _;

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::load("api.yaml").expect("the document is there"));

fn operation(id: &str) -> OperationIn<'static> {
    CONTRACT.operation(id).expect("it is declared")
}

type Tested = Result<(), Box<dyn Error>>;

/// The macro: `list_notes`, `create_note`, `get_note`, `delete_note` and `health` are tests.
mod each_operation {
    use axum_service::app;

    oasgate::contract_tests!(
        "api.yaml",
        service = app("secret"),
        auth = "secret",
        params = [("id", "1")],
    );
}

/// The functions: the whole service in one test, without its deliberate breach.
#[tokio::test]
async fn the_service_keeps_its_contract() -> Tested {
    let gate = Gate::new(&CONTRACT)
        .token("secret")
        .param("id", "1")
        .except("deleteNote");
    gate.service(app("secret")).run().await?.assert();
    Ok(())
}

fn get(path: &str) -> http::Request<Body> {
    http::Request::get(path)
        .header("authorization", "Bearer secret")
        .body(Body::empty())
        .expect("a test writes good requests")
}

/// The functions: one line more in a test that is there already.
#[tokio::test]
async fn a_note_that_is_not_there_is_told() -> Tested {
    let response = app("secret").oneshot(get("/v1/notes/77")).await?;
    let checked = operation("getNote").check_async(response).await?;
    assert_eq!(checked.status(), 404);
    Ok(())
}

/// insta: what differs from run to run is replaced, since its schema says so.
#[tokio::test]
async fn a_note_looks_as_it_did() -> Tested {
    let response = app("secret").oneshot(get("/v1/notes/1")).await?;
    let checked = operation("getNote").check_async(response).await?;
    oasgate::assert_response_snapshot!(checked);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// proptest: a property of one's own over the requests that the contract allows.
    #[test]
    fn what_is_created_can_be_read(request in operation("createNote").requests()) {
        let both = created_and_read(request).map_err(|breach| TestCaseError::fail(breach.to_string()));
        let (created, read) = both?;
        prop_assert_eq!(created, read);
    }
}

/// The body that creates a note, and the one that is read from where it is said to be.
#[tokio::main(flavor = "current_thread")]
async fn created_and_read(request: http::Request<Bytes>) -> Result<(Bytes, Bytes), Breach> {
    let app = app("secret");
    let mut request = request.map(Body::from);
    let token = http::HeaderValue::from_static("Bearer secret");
    request.headers_mut().insert("authorization", token);
    let Ok(response) = app.clone().oneshot(request).await;
    let created = operation("createNote").check_async(response).await?;
    let location = &created.headers()["location"];
    let Ok(response) = app.oneshot(get(location.to_str().expect("a path"))).await;
    let read = operation("getNote").check_async(response).await?;
    Ok((created.body().clone(), read.body().clone()))
}
