//! The service under test, started and stopped with its children.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use axum::{Router, http::StatusCode, response::IntoResponse as _};

use crate::write;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /a: { get: { operationId: a, responses: { '200': { description: Fine } } } }
";

/// A shell that starts a child and tells both; neither ends when it is asked to, since a child
/// inherits what is ignored.
const STUBBORN: &str = r"
start = '''
trap '' TERM
sh -c 'echo $$ >> pids; sleep 1000; sleep 1000' &
echo $$ >> pids; sleep 1000; sleep 1000'''
";

/// The same, but polite.
const POLITE: &str = r"
start = '''
sh -c 'echo $$ >> pids; sleep 1000' &
echo $$ >> pids; wait'''
";

/// Serves on a free port; answers when `is_slow` is not set.
async fn serve(is_slow: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let service = Router::new()
        .route(
            "/a",
            axum::routing::get(move || async move {
                if is_slow {
                    std::future::pending::<()>().await;
                }
                StatusCode::OK.into_response()
            }),
        )
        .fallback(|| async { StatusCode::NOT_FOUND });
    tokio::spawn(async { axum::serve(listener, service).await });
    url
}

fn begin(folder: &Path, url: &str, start: &str) -> Child {
    write(folder, "t.yaml", DOCUMENT);
    write(folder, "oasgate.toml", format!("url = '{url}'\n{start}"));
    Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(["check", "t.yaml", "--snapshots", "off"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// The processes that the service wrote down, once there are two of them.
fn pids(folder: &Path) -> Vec<String> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let text = fs::read_to_string(folder.join("pids")).unwrap_or_default();
        let pids: Vec<String> = text.lines().map(str::to_owned).collect();
        if pids.len() >= 2 {
            return pids;
        }
        assert!(Instant::now() < until, "the service did not start");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process runs; one that ended and that nobody asked after does not.
fn runs(pid: &str) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .expect("ps is there");
    let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &pid]).status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_ends_with_the_run_and_its_children_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = serve(false).await;
    let child = begin(folder.path(), &url, POLITE);
    // A run may be over before the service wrote anything down; what it writes is then too late.
    let output = tokio::task::spawn_blocking(|| child.wait_with_output())
        .await
        .expect("it ends")
        .expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = fs::read_to_string(folder.path().join("pids")).unwrap_or_default();
    for pid in text.lines() {
        assert!(!runs(pid), "{pid} still runs");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_will_not_end_is_ended_when_the_user_ends_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = serve(true).await;
    let mut child = begin(folder.path(), &url, STUBBORN);
    let pids = pids(folder.path());
    assert!(pids.iter().all(|pid| runs(pid)), "{pids:?}");
    interrupt(&child);
    thread::sleep(Duration::from_millis(100));
    // Twice: at once.
    interrupt(&child);
    let begun = Instant::now();
    let status = child.wait().expect("it ends");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(status.code(), Some(2));
    let until = Instant::now() + Duration::from_secs(5);
    while pids.iter().any(|pid| runs(pid)) {
        assert!(Instant::now() < until, "{pids:?} still run");
        thread::sleep(Duration::from_millis(10));
    }
}
