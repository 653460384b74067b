//! A contract gate for HTTP APIs: holds responses, live or recorded, against an OpenAPI document.
//!
//! # A response in hand
//!
//! A test that has a response from anywhere holds it against an operation. When it breaks the
//! contract, the test fails with the line of the document that it breaks.
//!
//! ```
//! use oasgate::{Contract, testing};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let contract = Contract::load("spec/vantage-data-exports.yaml")?;
//! let response = http::Response::builder()
//!     .status(404)
//!     .header("content-type", "application/json")
//!     .body(r#"{"errors": ["There is no such data export"]}"#)?;
//!
//! testing::hold(&contract, "getDataExport", &response)?.assert();
//! # Ok(())
//! # }
//! ```
//!
//! # A service in this process
//!
//! Any `tower::Service` of `http` requests, such as axum's `Router`, is sent requests that the
//! document allows, and everything that it answers is held. No port is opened.
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
//! let run = Gate::new(&contract).service(app).run().await?;
//! run.assert();
//! assert!(run.outcome().held > 10);
//! # Ok(())
//! # }
//! ```
//!
//! # From here
//!
//! [`contract`] is what the document promises; [`check`] holds an exchange against it; [`gate`] runs
//! cases and recordings; [`generate`] makes values from schemas; [`recording`] reads and writes
//! recorded exchanges. The command line (feature `cli`, on by default) is a thin edge over these;
//! a library user turns it off with `default-features = false`.

pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod contract;
mod did_you_mean;
pub mod exchange;
pub mod finding;
pub mod gate;
pub mod generate;
pub mod lint;
pub mod recording;
pub mod report;
pub mod snapshot;
pub mod testing;
pub mod transport;
pub mod wire;

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
