//! A stand-in for a shop's orders, with two users, of `tests/specs/orders.yaml`, and with faults that
//! it commits on request.
//!
//! ```text
//! cargo run --example orders_service -- --port 8081
//! cargo run --example orders_service -- --fault deleted-stays
//! cargo run --example orders_service -- --list-faults
//! ```
//!
//! The tokens are `alice-token` and `bob-token`. Without a fault the service keeps all that its
//! document promises.

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
mod rules;
mod service;
mod shop;

use std::process::ExitCode;

use begin::{Begun, begin};
use faults::FAULTS;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Begun { listener, faults } = match begin(8081, "/v1", FAULTS).await {
        Ok(begun) => begun,
        Err(code) => return code,
    };
    let router = service::Service::new(faults).router();
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await;
    if let Err(error) = served {
        eprintln!("error: cannot serve: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
