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

mod faults;
mod rules;
mod service;
mod shop;

use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;

use faults::{FAULTS, Fault};

/// A stand-in for a shop's orders
#[derive(Parser)]
struct Args {
    /// The port on 127.0.0.1; 0 for a free one
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// A fault to commit; repeatable
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,
    /// Name every fault, the check that finds it, and what it does
    #[arg(long)]
    list_faults: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    if args.list_faults {
        for fault in FAULTS {
            let checks = [&[fault.check], fault.also].concat().join(", ");
            println!("{}\t{checks}\t{}", fault.name, fault.about);
        }
        return ExitCode::SUCCESS;
    }
    let mut faults: Vec<&'static Fault> = Vec::new();
    for name in &args.fault {
        if let Some(fault) = FAULTS.iter().find(|fault| fault.name == name) {
            faults.push(fault);
        } else {
            eprintln!("error: there is no fault {name:?}; --list-faults names them");
            return ExitCode::from(2);
        }
    }
    let listener = match TcpListener::bind(("127.0.0.1", args.port)).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!(
                "error: cannot listen on port {}: {error}; choose another with --port",
                args.port
            );
            return ExitCode::from(2);
        }
    };
    if let Ok(address) = listener.local_addr() {
        println!("listening on http://{address}/v1");
    }
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
