//! The command line of a stand-in service.

use std::process::ExitCode;

use clap::Parser;
use tokio::net::TcpListener;

use super::fault::Fault;

/// A stand-in for a service, with faults that it commits on request
#[derive(Parser)]
struct Args {
    /// The port on 127.0.0.1, in place of the usual one; 0 for a free one
    #[arg(long)]
    port: Option<u16>,
    /// A fault to commit; repeatable
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,
    /// Name every fault, the check that finds it, and what it does
    #[arg(long)]
    list_faults: bool,
}

/// What was typed, made into what the service needs.
pub(crate) struct Begun<A: 'static> {
    pub(crate) listener: TcpListener,
    pub(crate) faults: Vec<&'static Fault<A>>,
}

/// Reads what was typed, listens and says where; an error is how the program ends.
pub(crate) async fn begin<A>(
    usual_port: u16,
    base_path: &str,
    all: &'static [Fault<A>],
) -> Result<Begun<A>, ExitCode> {
    let args = Args::parse();
    if args.list_faults {
        for fault in all {
            let checks = [&[fault.check], fault.also].concat().join(", ");
            println!("{}\t{checks}\t{}", fault.name, fault.about);
        }
        return Err(ExitCode::SUCCESS);
    }
    let mut faults = Vec::new();
    for name in &args.fault {
        if let Some(fault) = all.iter().find(|fault| fault.name == name) {
            faults.push(fault);
        } else {
            eprintln!("error: there is no fault {name:?}; --list-faults names them");
            return Err(ExitCode::from(2));
        }
    }
    let port = args.port.unwrap_or(usual_port);
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            eprintln!("error: cannot listen on port {port}: {error}; choose another with --port");
            ExitCode::from(2)
        })?;
    if let Ok(address) = listener.local_addr() {
        println!("listening on http://{address}{base_path}");
    }
    Ok(Begun { listener, faults })
}
