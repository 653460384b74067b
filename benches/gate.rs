//! Speed and memory, each beside a bare baseline measured in the same run. Nothing is asserted.
//!
//! `make bench` prints it. `OASGATE_BENCH_LARGE=10` makes the large recording 10 MiB for a quick look.

#![expect(clippy::print_stdout, reason = "a benchmark talks to its user")]
#![expect(clippy::cast_precision_loss, reason = "ratios have three digits")]

#[path = "../examples/stand_in/fault.rs"]
#[expect(dead_code, reason = "no fault is committed here")]
mod fault;
#[path = "../examples/vantage_service/faults.rs"]
#[expect(dead_code, reason = "no fault is committed here")]
mod faults;
#[path = "../examples/vantage_service/raw.rs"]
mod raw;
#[path = "../examples/vantage_service/service.rs"]
mod service;

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use oasgate::{
    Contract,
    document::Document,
    gate::{self, Credentials, Interrupt, LiveSettings, RandomEnd},
    transport::{HttpTransport, Limits},
};
use serde_json::Value;

const SPEC: &str = "spec/vantage-data-exports.yaml";
const BODY: &str = r#"{\"token\":\"dta_xprt_964b2adb9bff37fb\",\"status\":\"completed\",\"created_at\":\"2025-03-27T20:46:31Z\",\"export_type\":\"cost_report\",\"manifest\":{\"files\":[\"https://example.com/file1.csv\"],\"completed_at\":\"2025-03-27T20:46:31Z\",\"valid_until\":\"2025-03-28T20:46:31Z\"},\"attributes\":{\"report_token\":null,\"groupings\":[],\"vql\":null}}"#;

/// The texts in it.
const TEXTS: [&str; 6] = [
    "dta_xprt_964b2adb9bff37fb",
    "completed",
    "2025-03-27T20:46:31Z",
    "cost_report",
    "https://example.com/file1.csv",
    "2025-03-28T20:46:31Z",
];

fn main() {
    // `cargo test --all-targets` runs this too, and must not measure anything.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // A benchmark of a package runs in the package's folder; paths here are from the project's.
    std::env::set_current_dir("../..").expect("the project is two folders up");
    let folder = tempfile::tempdir().expect("a folder");
    replay_speed(folder.path());
    load_speed();
    live_speed();
    start_up();
    memory(folder.path());
}

/// The best of three: what the machine can do when nothing else wants it.
fn best(mut run: impl FnMut()) -> Duration {
    (0..3)
        .map(|_| {
            let started = Instant::now();
            run();
            started.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// A body as it stands in a recording, with so many bytes of file names more.
fn body(more: usize) -> String {
    let name = r#"\"https://example.com/exports/0001/file.csv\","#;
    let names = name.repeat(more.div_ceil(name.len()));
    BODY.replacen(r#"[\"https"#, &format!(r#"[{names}\"https"#), 1)
}

fn ndjson(path: &Path, bytes: u64, body: &str) -> u64 {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let (mut written, mut count) = (0, 0);
    while written < bytes {
        let line = format!(
            "{{\"request\":{{\"method\":\"GET\",\"url\":\"https://api.vantage.sh/v2/data_exports/dta_xprt_{count:016x}\",\"headers\":{{\"accept\":\"*/*\"}}}},\"response\":{{\"status\":200,\"headers\":{{\"content-type\":\"application/json\",\"server\":\"x\"}},\"body\":\"{body}\"}}}}\n"
        );
        out.write_all(line.as_bytes()).expect("it is written");
        written += line.len() as u64;
        count += 1;
    }
    out.flush().expect("it is written");
    count
}

fn har(path: &Path, count: u64, body: &str) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    out.write_all(b"{\"log\":{\"version\":\"1.2\",\"entries\":[")
        .expect("it is written");
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        write!(
            out,
            "{comma}\n{{\"startedDateTime\":\"2025-03-27T20:46:31Z\",\"time\":12.5,\"request\":{{\"method\":\"GET\",\"url\":\"https://api.vantage.sh/v2/data_exports/dta_xprt_{number:016x}\",\"headers\":[{{\"name\":\"accept\",\"value\":\"*/*\"}}],\"bodySize\":-1}},\"response\":{{\"status\":200,\"headers\":[{{\"name\":\"content-type\",\"value\":\"application/json\"}}],\"content\":{{\"size\":1,\"mimeType\":\"application/json\",\"text\":\"{body}\"}}}},\"timings\":{{}}}}"
        )
        .expect("it is written");
    }
    out.write_all(b"]}}").expect("it is written");
    out.flush().expect("it is written");
}

/// What a program takes that sees these cores alone (`0`, `0,1`), start-up and all; `None` where nothing can say so.
fn on_cores(cores: &str, arguments: &[&OsStr]) -> Option<Duration> {
    let run = || {
        Command::new("taskset")
            .args(["-c", cores])
            .arg(env!("CARGO_BIN_EXE_oasgate"))
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.code().is_some_and(|code| code < 2))
    };
    run().then(|| best(|| assert!(run())))
}

/// `sonic-rs` parsing the same bytes into its tree on one core: what a bare reader would take. `make bench` builds it.
fn bare(path: &Path) -> Option<Duration> {
    let program = std::env::var_os("OASGATE_BENCH_BARE")?;
    let output = Command::new("taskset")
        .args(["-c", "0"])
        .arg(program)
        .arg(path)
        .output()
        .ok()?;
    let seconds = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn replay_speed(folder: &Path) {
    const BYTES: u64 = 100 << 20;
    let lines = folder.join("speed.ndjson");
    let entries = folder.join("speed.har");
    for (name, more) in [("1 kB", 0), ("100 kB", 100_000), ("1 MB", 1_000_000)] {
        let body = body(more);
        let count = ndjson(&lines, BYTES, &body);
        har(&entries, count, &body);
        for (format, path) in [("NDJSON", &lines), ("HAR", &entries)] {
            let bare = bare(path);
            for (cores, on) in [("0", "one core"), ("0,1", "two cores")] {
                tell_replay(&format!("{format:6} {name:6} {on:9}"), path, cores, bare);
            }
        }
    }
    // A number where each text belongs: seven breaches in each exchange, more than a million in all.
    let broken = TEXTS.iter().fold(BODY.to_owned(), |body, text| {
        body.replace(&format!(r#"\"{text}\""#), "7")
    });
    let bytes = std::fs::metadata(&lines).map_or(BYTES, |data| data.len());
    let count = ndjson(&lines, bytes, &broken);
    let bare = bare(&lines);
    for (cores, on) in [("0", "one core"), ("0,1", "two cores")] {
        let name = format!("NDJSON {count} broken exchanges, {on}");
        tell_replay(&name, &lines, cores, bare);
    }
}

fn tell_replay(name: &str, path: &Path, cores: &str, bare: Option<Duration>) {
    let replay = ["replay", SPEC, "--snapshots", "off", "-q"].map(OsStr::new);
    let arguments: Vec<&OsStr> = replay.into_iter().chain([path.as_os_str()]).collect();
    let bytes = std::fs::metadata(path).map_or(0, |data| data.len());
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let Some(took) = on_cores(cores, &arguments) else {
        return println!("replay  {name}  not known on this system");
    };
    match bare {
        Some(bare) => println!(
            "replay  {name}  {:>5.0} MB/s, {:.2} of the {:.0} MB/s at which sonic-rs parses it on one core",
            rate(took),
            bare.as_secs_f64() / took.as_secs_f64(),
            rate(bare)
        ),
        None => println!("replay  {name}  {:>5.0} MB/s", rate(took)),
    }
}

/// The largest outside documents: read and planned, against parsing the same bytes alone.
fn load_speed() {
    let shared = std::env::var_os("OASGATE_SHARED")
        .map_or_else(|| Path::new("../shared").to_path_buf(), Into::into);
    let mut documents = Vec::new();
    let mut open = vec![shared.join("corpus")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|end| end == "json" || end == "yaml")
            {
                documents.push((entry.metadata().map_or(0, |data| data.len()), path));
            }
        }
    }
    documents.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    if documents.is_empty() {
        println!("load    skipped: no outside documents (set OASGATE_SHARED)");
    }
    let settings = LiveSettings {
        random_cases: 1,
        ..LiveSettings::new("http://127.0.0.1".parse().expect("a URL"))
    };
    for (size, path) in documents.into_iter().take(6) {
        let bytes = std::fs::read(&path).expect("it is read");
        let is_json = path.extension().is_some_and(|end| end == "json");
        let parse = best(|| {
            if is_json {
                let value: Value = serde_json::from_slice(&bytes).expect("it is JSON");
                std::hint::black_box(value);
            } else {
                let document = Document::parse("t", bytes.clone()).expect("it is read");
                std::hint::black_box(document);
            }
        });
        let load = best(|| {
            drop(std::hint::black_box(
                Contract::load(&path).expect("it loads"),
            ))
        });
        let planned = best(|| {
            let contract = Contract::load(&path).expect("it loads");
            std::hint::black_box(gate::plan(&contract, &settings).count());
        });
        println!(
            "load    {:<22} {:>6} kB  parsed in {:>4} ms, loaded {:.2} ×, loaded and planned {:.2} ×; lint: {:.0} × its size in memory at most",
            path.file_name().unwrap_or_default().to_string_lossy(),
            size / 1024,
            parse.as_millis(),
            load.as_secs_f64() / parse.as_secs_f64(),
            planned.as_secs_f64() / parse.as_secs_f64(),
            peak(&["lint".as_ref(), path.as_os_str()]).unwrap_or_default() * f64::from(1 << 20)
                / size as f64,
        );
    }
}

fn live_speed() {
    const REQUESTS: usize = 4000;
    const WORKERS: usize = 8;
    // The service has a runtime of its own, so that neither run pays for it more than the other.
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = server
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    server.spawn(raw::serve(listener, service::Service::new("t", Vec::new())));
    let base: url::Url = format!("http://{address}/v2").parse().expect("a URL");
    let contract = Contract::load(SPEC).expect("it loads");
    let client = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let settings = LiveSettings {
        workers: WORKERS,
        random_cases: REQUESTS,
        random_end: RandomEnd::AllSent,
        credentials: Credentials::with_token("t"),
        ..LiveSettings::new(base.clone())
    };
    let mut urls: Vec<url::Url> = Vec::new();
    for plan in gate::plan(&contract, &settings) {
        urls.extend(plan.cases.into_iter().map(|case| case.request.url));
    }
    // The first transport brings the provider of cryptography that every client needs.
    drop(HttpTransport::new(Limits::default()));
    let bare = best(|| {
        client.block_on(async {
            let http = reqwest::Client::new();
            let urls = urls.as_slice();
            let done = stream::iter(0..urls.len())
                .map(|index| {
                    let request = http.get(urls[index].clone()).bearer_auth("t");
                    async move {
                        request
                            .send()
                            .await
                            .expect("it answers")
                            .bytes()
                            .await
                            .expect("a body")
                            .len()
                    }
                })
                .buffered(WORKERS)
                .fold(0, |sum, length| async move { sum + length })
                .await;
            std::hint::black_box(done);
        });
    });
    let mut held = 0;
    let ours = best(|| {
        client.block_on(async {
            let transport = HttpTransport::new(Limits::default()).expect("a client");
            let outcome = gate::check(
                &contract,
                &transport,
                &settings,
                None,
                &mut (),
                &Interrupt::default(),
            )
            .await;
            held = outcome.held;
        });
    });
    let planned = best(|| {
        std::hint::black_box(gate::plan(&contract, &settings).count());
    });
    let rate = |count: f64, time: Duration| count / time.as_secs_f64();
    let (ours_rate, bare_rate) = (rate(held as f64, ours), rate(urls.len() as f64, bare));
    println!(
        "live    {WORKERS} workers        {ours_rate:>9.0} requests/s   {:.2} of a bare reqwest loop ({bare_rate:.0}); planning {:.0} ms of it",
        ours_rate / bare_rate,
        planned.as_secs_f64() * 1000.0
    );
}

fn start_up() {
    let program = env!("CARGO_BIN_EXE_oasgate");
    let run = |args: &[&str]| {
        let time = best(|| {
            for _ in 0..20 {
                Command::new(program)
                    .args(args)
                    .stdout(Stdio::null())
                    .status()
                    .expect("it starts");
            }
        });
        time.as_secs_f64() * 1000.0 / 20.0
    };
    let bare = best(|| {
        for _ in 0..20 {
            Command::new("true").status().expect("it starts");
        }
    });
    println!(
        "start   --version {:.1} ms, schema {:.1} ms (starting `true`: {:.1} ms)",
        run(&["--version"]),
        run(&["schema", SPEC, "DataExport"]),
        bare.as_secs_f64() * 1000.0 / 20.0
    );
}

/// The most memory that a run of the program had, in MiB, from what the system counts.
fn peak(arguments: &[&OsStr]) -> Option<f64> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut most = None;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|rest| {
                rest.trim()
                    .trim_end_matches(" kB")
                    .trim()
                    .parse::<f64>()
                    .ok()
            });
            most = kilobytes.map(|kilobytes| kilobytes / 1024.0).or(most);
        }
        if child.try_wait().ok()?.is_some() {
            return most;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn memory(folder: &Path) {
    let large = std::env::var("OASGATE_BENCH_LARGE")
        .ok()
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(1024);
    let small_lines = folder.join("small.ndjson");
    let large_lines = folder.join("large.ndjson");
    let count = ndjson(&small_lines, 10 << 20, BODY);
    ndjson(&large_lines, large << 20, BODY);
    let (small_har, large_har) = (folder.join("small.har"), folder.join("large.har"));
    har(&small_har, count, BODY);
    har(&large_har, count * large / 10, BODY);
    for (name, small, big) in [
        ("NDJSON", &small_lines, &large_lines),
        ("HAR", &small_har, &large_har),
    ] {
        let peak = |path: &Path| {
            let replay = ["replay", SPEC, "--snapshots", "check", "-q"].map(OsStr::new);
            let arguments: Vec<&OsStr> = replay.into_iter().chain([path.as_os_str()]).collect();
            peak(&arguments)
        };
        match (peak(small), peak(big)) {
            (Some(small), Some(big)) => println!(
                "memory  {name:6} 10 MiB: {small:.1} MiB at most; {large} MiB: {big:.1} MiB at most; {:.2} ×",
                big / small
            ),
            _ => println!("memory  {name:6} not known on this system"),
        }
    }
}
