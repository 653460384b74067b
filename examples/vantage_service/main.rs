//! A stand-in for the data-export API of `spec/vantage-data-exports.yaml`, as its prose describes it,
//! with faults that it commits on request.
//!
//! ```text
//! cargo run --example vantage_service -- --port 8080
//! cargo run --example vantage_service -- --fault token-number --fault no-retry-after
//! cargo run --example vantage_service -- --list-faults
//! ```
//!
//! The token is `demo-token`, or what the environment variable `VANTAGE_TOKEN` holds. A token of an
//! export is `dta_xprt_` and at least 16 hexadecimal digits; its last digit decides what it is:
//! `0` is pending for two requests, `e` is not there, `f` must be paid for, every other is complete.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks to its user"
)]

#[path = "../stand_in/begin.rs"]
mod begin;
#[path = "../stand_in/fault.rs"]
mod fault;
mod faults;
mod raw;
mod service;

use std::process::ExitCode;

use begin::{Begun, begin};
use faults::FAULTS;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Begun { listener, faults } = match begin(8080, "/v2", FAULTS).await {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let token = std::env::var("VANTAGE_TOKEN").unwrap_or_else(|_| "demo-token".to_owned());
    tokio::select! {
        () = raw::serve(listener, service::Service::new(token, faults)) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    ExitCode::SUCCESS
}
