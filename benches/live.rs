//! Requests per second against a running service, beside Schemathesis: the same document, the same
//! service, one worker each, in the same run. Nothing is asserted.
//!
//! Both are run as programs, as a user runs them, with every check that they have. The service counts the
//! requests and notes when the first and the last came, so that neither is taken at its word: one figure is
//! from the first request to the last, the other the whole time of the program, its start included.
//! `make bench` prints it; where Schemathesis cannot be installed, the ratio is left out with a word.

#![expect(clippy::print_stdout, reason = "a benchmark talks to its user")]
#![expect(clippy::cast_precision_loss, reason = "ratios have three digits")]

#[path = "../examples/stand_in/fault.rs"]
#[expect(dead_code, reason = "no fault is committed here")]
mod fault;
#[path = "../examples/orders_service/faults.rs"]
#[expect(dead_code, reason = "no fault is committed here")]
mod faults;
mod peer;
#[path = "../examples/orders_service/rules.rs"]
mod rules;
#[path = "../examples/orders_service/service.rs"]
mod service;
#[path = "../examples/orders_service/shop.rs"]
mod shop;

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{extract::Request, middleware};

const SPEC: &str = "tests/specs/orders.yaml";
const TOKEN: &str = "alice-token";
/// How many examples Schemathesis makes for each operation and phase: its default.
const THEIR_EXAMPLES: &str = "100";
/// How many random requests we make for each operation, so that our run is long enough to be measured.
const OUR_CASES: &str = "500";

/// What the service saw of one run.
#[derive(Clone, Copy, Default)]
struct Seen {
    requests: u64,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// What one program did.
struct Ran {
    requests: u64,
    /// From the first request to the last.
    sending: Duration,
    whole: Duration,
}

impl Ran {
    fn rate(&self) -> f64 {
        self.requests as f64 / self.sending.as_secs_f64()
    }

    fn whole_rate(&self) -> f64 {
        self.requests as f64 / self.whole.as_secs_f64()
    }

    fn tell(&self, name: &str) {
        println!(
            "live    {name:<13} 1 worker  {:>7} requests  {:>7.0}/s from the first to the last, {:>7.0}/s with start and end",
            self.requests,
            self.rate(),
            self.whole_rate(),
        );
    }
}

fn main() {
    // `cargo test --all-targets` runs this too, and must not measure anything.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // A benchmark of a package runs in the package's folder; paths here are from the project's.
    std::env::set_current_dir("../..").expect("the project is two folders up");
    let ours = run(Path::new(env!("CARGO_BIN_EXE_oasgate")), |url| {
        [
            "check",
            SPEC,
            "--url",
            url,
            "--config",
            "/dev/null",
            "--workers",
            "1",
            "--seed",
            "1",
            "--cases",
            OUR_CASES,
            "--exhaustive",
            "--max-requests",
            "100000",
            "--snapshots",
            "off",
            "--token-env",
            "OASGATE_BENCH_TOKEN",
        ]
        .map(str::to_owned)
        .to_vec()
    });
    ours.tell("oasgate");
    let Some(programs) = peer::programs() else {
        return;
    };
    let authorization = format!("Authorization: Bearer {TOKEN}");
    let theirs = run(&programs.join("schemathesis"), |url| {
        [
            "run",
            SPEC,
            "--url",
            url,
            "--workers",
            "1",
            "--seed",
            "1",
            "--max-examples",
            THEIR_EXAMPLES,
            "--suppress-health-check",
            "all",
            "--generation-database",
            "none",
            "--no-color",
            "--header",
            &authorization,
        ]
        .map(str::to_owned)
        .to_vec()
    });
    theirs.tell("Schemathesis");
    println!(
        "live    {:.1} × Schemathesis from the first request to the last, {:.1} × with start and end",
        ours.rate() / theirs.rate(),
        ours.whole_rate() / theirs.whole_rate(),
    );
}

/// Runs a program against a service of its own, so that neither finds what the other has left.
fn run(program: &Path, args: impl Fn(&str) -> Vec<String>) -> Ran {
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = server
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let counter = Arc::clone(&seen);
    let count = move |request: Request, next: middleware::Next| {
        let counter = Arc::clone(&counter);
        async move {
            let came = Instant::now();
            let response = next.run(request).await;
            if let Ok(mut seen) = counter.lock() {
                seen.requests += 1;
                seen.first.get_or_insert(came);
                seen.last = Some(Instant::now());
            }
            response
        }
    };
    let router = service::Service::new(Vec::new())
        .router()
        .layer(middleware::from_fn(count));
    server.spawn(async move { axum::serve(listener, router).await });
    let started = Instant::now();
    // What it finds is not the matter here.
    Command::new(program)
        .args(args(&url))
        .env("OASGATE_BENCH_TOKEN", TOKEN)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it starts");
    let whole = started.elapsed();
    let seen = *seen.lock().expect("nobody panics");
    let sending = seen.last.zip(seen.first);
    Ran {
        requests: seen.requests,
        sending: sending.map_or(whole, |(last, first)| last - first),
        whole,
    }
}
