//! A contract gate for HTTP APIs: holds responses, live or recorded, against an OpenAPI document.
//!
//! In a test of your own service or client it needs no network and no command line:
//!
//! ```toml
//! [dev-dependencies]
//! oasgate = "0.1"
//! ```
//!
//! # One test for each operation
//!
//! Put this into `tests/contract.rs`, with the path of your document and your own service: any
//! `tower::Service` of `http` requests, such as axum's `Router` as it is.
//!
//! ```
//! # mod my_app { pub fn router() -> axum::Router { axum::Router::new() } }
//! oasgate::contract_tests!("spec/vantage-data-exports.yaml", service = my_app::router());
//! ```
//!
//! Each operation becomes a `#[test]` that is named for it, so that `cargo test get_data_export`,
//! `cargo nextest run -E 'test(export)'` and the run buttons of an editor work. Each test sends requests
//! that the document allows and requests that break it on purpose, and holds every response. A change
//! of the document compiles the tests again. [`contract_tests!`] lists the options: credentials, values for
//! parameters, phases, hooks, operations that are left out with a reason.
//!
//! With the feature `http` a service may be at a URL, or be started by a function: a service of actix is
//! tested so.
//!
//! ```ignore
//! async fn start() -> (std::net::SocketAddr, actix_web::dev::ServerHandle) {
//!     let server = actix_web::HttpServer::new(|| actix_web::App::new().configure(my_app::routes))
//!         .workers(1)
//!         .bind("127.0.0.1:0")
//!         .expect("there is a free port");
//!     let address = server.addrs()[0];
//!     let server = server.run();
//!     let handle = server.handle();
//!     tokio::spawn(server);
//!     (address, handle)
//! }
//!
//! oasgate::contract_tests!("spec/api.yaml", start = start);
//! ```
//!
//! # A response in hand
//!
//! A test that has a response from anywhere holds it against an operation. When it breaks the
//! contract, the test fails with the line of the document that it breaks. `check` takes an
//! `http::Response` whose body is there; `check_async` takes one whose body is still to be read, and a
//! `reqwest::Response`.
//!
//! ```
//! use oasgate::Contract;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let contract = Contract::load("spec/vantage-data-exports.yaml")?;
//! let response = http::Response::builder()
//!     .status(404)
//!     .header("content-type", "application/json")
//!     .body(r#"{"errors": ["There is no such data export"]}"#)?;
//!
//! let checked = contract.operation("getDataExport")?.check(&response)?;
//! assert_eq!(checked.status(), 404);
//! # Ok(())
//! # }
//! ```
//!
//! # A whole service, without a macro
//!
//! ```
//! use axum::{Json, Router, http::StatusCode, routing::get};
//! use oasgate::{Contract, testing::Gate};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = Router::new().route(
//!     "/v2/data_exports/{token}",
//!     get(|| async { (StatusCode::NOT_FOUND, Json(json!({ "errors": ["not here"] }))) }),
//! );
//!
//! let contract = Contract::load("spec/vantage-data-exports.yaml")?;
//! Gate::new(contract).service(app).run().await?.assert();
//! # Ok(())
//! # }
//! ```
//!
//! # Properties of your own: proptest
//!
//! Requests and responses that the contract allows are strategies, for use inside `proptest!`. They
//! shrink, and a failing case is kept in `proptest-regressions` as ever.
//!
//! ```
//! use std::sync::LazyLock;
//!
//! use oasgate::Contract;
//! use proptest::prelude::*;
//!
//! static CONTRACT: LazyLock<Contract> =
//!     LazyLock::new(|| Contract::load("spec/vantage-data-exports.yaml").unwrap());
//! # fn understood(_: &[u8]) -> bool { true }
//!
//! proptest! {
//!     #[test]
//!     fn my_client_understands_every_response(
//!         response in CONTRACT.operation("getDataExport").unwrap().any_response(),
//!     ) {
//!         prop_assert!(understood(response.body()));
//!     }
//! }
//! ```
//!
//! `operation.requests()`, `operation.responses(200)`, `schema.strategy()` and
//! `schema.invalid_strategy()` are the others.
//!
//! # Snapshots: insta
//!
//! [`assert_response_snapshot!`] holds a response by a snapshot in which what the schema says is an id, a
//! time or a token is a placeholder. `INSTA_UPDATE` and `cargo insta review` work as ever.
//!
//! # The other side: a fake for your client
//!
//! [`testing::FakeService`] answers as the contract says and holds what the client sends. It is a
//! `tower::Service`; with the feature `fake-server`, `start` binds it to a port.
//!
//! ```
//! use oasgate::{Contract, testing::{Answer, FakeService}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let contract = Contract::load("spec/vantage-data-exports.yaml")?;
//! let fake = FakeService::new(contract)
//!     .on("getDataExport", Answer::generated().fault("schema-mismatch"))
//!     .once("getDataExport", Answer::status(404))
//!     .expect("getDataExport", 0..=2);
//! // Let the client ask `fake`, or `fake.start()?.url()`, and look at what it makes of that; then:
//! fake.assert();
//! # Ok(())
//! # }
//! ```
//!
//! # From here
//!
//! [`contract`] is what the document promises; [`testing`] is what tests call; [`gate`] runs cases and
//! recordings over a [`transport`] and tells [`finding`]s; [`recording`] reads and writes recorded
//! [`exchange`]s; [`report`] writes what a run came to. The command line (the crate `oasgate-cli`) is a thin
//! edge over these. They follow semantic versioning; what the documentation does not list does not.
//! `examples/axum-service` and `examples/client` are whole crates tested in these ways.
//!
//! | feature | |
//! |---|---|
//! | `junit` | the `JUnit` report |
//! | `http` | services at a URL |
//! | `fake-server` | the fake at a port |
//!
//! Without any, 112 crates are added to a service on axum, 144 to a crate that has none. The heavy ones are
//! `jsonschema` (a quarter of the time), this one (a sixth), `proptest`, `insta` and `tokio`; 21 small ones
//! come with `url` for international host names, and stay away after
//! `cargo update -p idna_adapter --precise 1.0.0`, for a service that needs none.

#![expect(
    clippy::test_attr_in_doctest,
    reason = "what a reader pastes is a test"
)]

#[doc(hidden)]
pub mod amend;
#[doc(hidden)]
pub mod cause;
#[doc(hidden)]
pub mod check;
pub mod contract;
#[doc(hidden)]
pub mod did_you_mean;
#[doc(hidden)]
pub mod diff;
pub mod exchange;
pub mod finding;
pub mod gate;
#[doc(hidden)]
pub mod generate;
#[doc(hidden)]
pub mod infer;
#[doc(hidden)]
pub mod lint;
pub mod recording;
pub mod report;
mod run;
#[doc(hidden)]
pub mod snapshot;
pub mod testing;
pub mod transport;
#[doc(hidden)]
pub mod wire;
mod words;

pub use contract::Contract;
pub use oasgate_document as document;
pub use oasgate_macros::contract_tests;

#[doc(hidden)]
pub use insta as __insta;

/// Holds a response by a snapshot of [insta](https://insta.rs), with placeholders for what differs from
/// run to run.
///
/// Give it a response that `contract.operation("id")?.check(&response)?` has let through: values whose
/// schema says id, time or token are replaced by themselves, and the header fields that the contract
/// declares are shown. Any other `http::Response` with its body in memory is judged by the look of its
/// values alone. A name may stand first, and an inline snapshot last, as with `insta::assert_snapshot!`.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let contract = oasgate::Contract::load("spec/vantage-data-exports.yaml")?;
/// # let response = http::Response::new("");
/// let checked = contract.operation("getDataExport")?.check(&response)?;
/// oasgate::assert_response_snapshot!(checked);
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! assert_response_snapshot {
    ($response:expr, @$inline:literal $(,)?) => {
        $crate::__insta::assert_snapshot!($crate::testing::snapshot_text(&$response), @$inline)
    };
    ($response:expr $(,)?) => {
        $crate::assert_response_snapshot!($crate::__insta::_macro_support::AutoName, $response)
    };
    ($name:expr, $response:expr $(,)?) => {
        $crate::__insta::assert_snapshot!(
            $name,
            $crate::testing::snapshot_text(&$response),
            stringify!($response)
        )
    };
}
