//! Values per second, beside Schemathesis' own generator on the same schemas in the same run.
//!
//! `make bench` prints it. Schemathesis is installed into an environment of its own below `target/`;
//! where that cannot be had, the ratio is left out with a word.

#![expect(clippy::print_stdout, reason = "a benchmark talks to its user")]
#![expect(clippy::cast_precision_loss, reason = "ratios have three digits")]

mod peer;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use oasgate::{
    Contract,
    contract::{Direction, Schema},
    generate::{self, Generator},
};

const PEER: &str = "benches/peer/generator.py";

/// How long values of one schema are drawn.
const WINDOW: Duration = Duration::from_secs(3);

fn main() {
    // `cargo test --all-targets` runs this too, and must not measure anything.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let shared = std::env::var_os("OASGATE_SHARED")
        .map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let kubernetes = shared.join("corpus/apis-guru/kubernetes.io.json");
    let stripe = shared.join("corpus/apis-guru/stripe.com.json");
    let subjects = [
        (
            PathBuf::from("spec/vantage-data-exports.yaml"),
            "DataExport",
        ),
        (kubernetes, "io.k8s.api.apps.v1.Deployment"),
        (stripe, "customer"),
    ];
    let python = peer::programs().map(|folder| folder.join("python"));
    println!("generation: values per second, and the ratio to Schemathesis' generator");
    for (path, name) in &subjects {
        if !path.exists() {
            println!("  {name}: skipped, {} is not there", path.display());
            continue;
        }
        let contract = Contract::load(path).expect("it loads");
        let schema = contract
            .schema(name, Direction::Response)
            .expect("the schema");
        measure(name, &schema, python.as_deref());
    }
}

fn measure(name: &str, schema: &Schema, python: Option<&Path>) {
    let started = Instant::now();
    let strategy = generate::valid(schema);
    let ready = started.elapsed();
    let mut generator = Generator::new(1, &[name]);
    let (mut count, mut bytes) = (0_u64, 0_usize);
    let started = Instant::now();
    while started.elapsed() < WINDOW {
        if let Some(value) = generator.draw(&strategy) {
            count += 1;
            // A value that is not looked at might not be made.
            bytes += value.to_string().len();
        }
    }
    let ours = count as f64 / started.elapsed().as_secs_f64();
    let size = bytes as f64 / count.max(1) as f64;
    let theirs = python.and_then(|python| peer_speed(python, schema));
    let ratio = theirs.map_or_else(
        || "not measured beside it".to_owned(),
        |theirs| format!("{theirs:.0} there: {:.0} times", ours / theirs),
    );
    println!(
        "  {name}: {ours:.0} values/s of {size:.0} bytes after {:.1} ms; {ratio}",
        ready.as_secs_f64() * 1000.0
    );
}

fn peer_speed(python: &Path, schema: &Schema) -> Option<f64> {
    let file = tempfile::NamedTempFile::new().ok()?;
    serde_json::to_writer(&file, &schema.to_bare_schema()).ok()?;
    let output = Command::new(python)
        .arg(PEER)
        .arg(file.path())
        .arg(WINDOW.as_secs().to_string())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let (count, seconds) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some(count / seconds)
}
