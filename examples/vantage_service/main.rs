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

mod faults;
mod raw;
mod service;

use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;

use faults::{FAULTS, Fault};

/// A stand-in for the data-export API
#[derive(Parser)]
struct Args {
    /// The port on 127.0.0.1; 0 for a free one
    #[arg(long, default_value_t = 8080)]
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
        println!("listening on http://{address}/v2");
    }
    let token = std::env::var("VANTAGE_TOKEN").unwrap_or_else(|_| "demo-token".to_owned());
    tokio::select! {
        () = raw::serve(listener, service::Service::new(token, faults)) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    ExitCode::SUCCESS
}
