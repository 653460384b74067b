//! What `oasgate.toml` says of a run is done, and what is typed goes before it.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::json;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Things, version: '1' }
paths:
  /things:
    get:
      operationId: listThings
      parameters: [{ name: page, in: query, schema: { type: string } }]
      responses:
        '200':
          description: Fine
          content: { application/json: { schema: { type: array, items: { type: integer } } } }
    post: { operationId: makeThing, responses: { '204': { description: Made } } }
  /spare: { get: { operationId: spare, responses: { '200': { description: Fine }, '404': { description: None } } } }
";

/// The method of each request that came, and whose it said it is.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

async fn answer(State(seen): State<Seen>, request: Request) -> Response {
    let tenant = request.headers().get("x-tenant");
    let tenant = tenant.map_or("", |value| value.to_str().unwrap_or_default());
    let line = (request.method().to_string(), tenant.to_owned());
    seen.lock().expect("nobody panics").push(line);
    match (request.method().as_str(), request.uri().path()) {
        ("GET", "/things") => Json(json!([1])).into_response(),
        ("POST", "/things") => StatusCode::NO_CONTENT.into_response(),
        ("GET", _) => StatusCode::NOT_FOUND.into_response(),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn start() -> (u16, Seen) {
    let seen = Seen::default();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0")
        .await
        .expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let service = Router::new().fallback(answer).with_state(Arc::clone(&seen));
    tokio::spawn(async { axum::serve(listener, service).await });
    (port, seen)
}

struct Checked {
    exit: Option<i32>,
    said: String,
    seen: Vec<(String, String)>,
}

#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
async fn check(folder: &Path, configuration: &str, args: &[&str], seen: &Seen) -> Checked {
    fs::write(folder.join("things.yaml"), DOCUMENT).expect("it is written");
    fs::write(folder.join("oasgate.toml"), configuration).expect("it is written");
    seen.lock().expect("nobody panics").clear();
    let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
    command
        .args(["check", "things.yaml", "--snapshots", "off", "--verbose"])
        .args(args)
        .current_dir(folder);
    let output = tokio::task::spawn_blocking(move || command.output().expect("it starts"))
        .await
        .expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Checked {
        exit: output.status.code(),
        said: String::from_utf8_lossy(&said).into_owned(),
        seen: std::mem::take(&mut *seen.lock().expect("nobody panics")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_says_what_is_sent_unless_it_is_typed() {
    let (port, seen) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!(
        "url = 'http://127.0.0.1:{port}'\n\
         [run]\nseed = '1234abcd'\nphases = ['random']\nmax-requests = 3\nexhaustive = true\n\
         [headers]\nX-Tenant = 'acme'\n"
    );
    let by_file = check(folder.path(), &file, &[], &seen).await;
    assert_eq!(by_file.seen.len(), 3, "{}", by_file.said);
    assert!(by_file.seen.iter().all(|(_, tenant)| tenant == "acme"));
    assert!(by_file.said.contains("1234abcd"), "{}", by_file.said);
    let typed = [
        "--max-requests",
        "5",
        "--seed",
        "5678",
        "--header",
        "X-Tenant: mine",
    ];
    let typed = check(folder.path(), &file, &typed, &seen).await;
    assert_eq!(typed.seen.len(), 5, "{}", typed.said);
    assert!(typed.seen.iter().all(|(_, tenant)| tenant == "mine"));
    assert!(typed.said.contains("00005678"), "{}", typed.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_that_change_something_go_to_the_host_of_the_file_alone() {
    let (port, seen) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    // This machine by a name that does not say so.
    let url = format!("http://0.0.0.0:{port}");
    let sends = |seen: &Checked| seen.seen.iter().any(|(method, _)| method == "POST");
    for (key, args, is_sent) in [
        ("", vec![], false),
        ("allow-unsafe = true", vec![], true),
        ("allow-unsafe = true", vec!["--url", &url], false),
    ] {
        let file = format!("url = '{url}'\n[run]\n{key}\nphases = ['examples', 'random']\n");
        let checked = check(folder.path(), &file, &args, &seen).await;
        assert_eq!(sends(&checked), is_sent, "{key} {args:?}: {}", checked.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_fails_the_gate_where_the_file_says_so() {
    let (port, seen) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    for (key, args, exit) in [
        ("", vec![], 0),
        ("fail-on = ['unreached']", vec![], 1),
        (
            "fail-on = ['unreached']",
            vec!["--fail-on", "server-error"],
            0,
        ),
    ] {
        let file = format!(
            "url = 'http://127.0.0.1:{port}'\n{key}\n[run]\nphases = ['examples', 'random']\n"
        );
        let checked = check(folder.path(), &file, &args, &seen).await;
        assert!(
            checked.said.contains("warning[unreached]"),
            "{}",
            checked.said
        );
        assert_eq!(checked.exit, Some(exit), "{key} {args:?}: {}", checked.said);
    }
}
