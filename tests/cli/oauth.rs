//! Client credentials from end to end: a token is fetched once, serves every request, and is fetched
//! anew when the service refuses it, once and not for ever.

use std::{
    fs,
    process::{Command, Output},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Things, version: '1' }
security: [{ OAuth: [] }]
paths:
  /things:
    get:
      operationId: listThings
      parameters: [{ name: page, in: query, schema: { type: integer, minimum: 1, maximum: 50 } }]
      responses:
        '200':
          description: Fine
          content: { application/json: { schema: { type: array, items: { type: integer } } } }
        '400': { description: No }
        '401': { description: Who? }
components:
  securitySchemes:
    OAuth: { type: oauth2, flows: { clientCredentials: { tokenUrl: /token, scopes: {} } } }
";

const CONFIGURATION: &str = r#"
[auth.oauth2]
client-id = "gate"
client-secret = { env = "A_CLIENT" }
"#;

/// After so many requests the first token is refused.
const FIRST_LASTS: usize = 5;

/// What the service does about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// The first is refused after a while; the second is good.
    RefusesTheFirst,
    /// The first is refused after a while, and there is no second.
    GivesOutOne,
    /// None is ever taken.
    RefusesAll,
}

struct Service {
    habit: Habit,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// How many tokens were asked for.
    asked: usize,
    /// How many requests came with the first token.
    first: usize,
    /// Each other request, what proved it, and its status.
    log: Vec<(String, String, u16)>,
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    let mut seen = service.seen.lock().expect("nobody panics");
    let field = request.headers().get(header::AUTHORIZATION);
    let proof = field.map_or("", |value| value.to_str().unwrap_or_default());
    if request.uri().path() == "/token" {
        seen.asked += 1;
        if service.habit == Habit::GivesOutOne && seen.asked > 1 {
            let no = json!({ "error": "invalid_client", "error_description": "it was closed" });
            return (StatusCode::BAD_REQUEST, Json(no)).into_response();
        }
        let token = format!("token-number-{}", seen.asked);
        return Json(json!({ "access_token": token, "token_type": "Bearer" })).into_response();
    }
    let is_good = match (service.habit, proof) {
        (Habit::RefusesAll, _) => false,
        (_, "Bearer token-number-1") => {
            seen.first += 1;
            seen.first <= FIRST_LASTS
        }
        (_, proof) => proof == "Bearer token-number-2",
    };
    let page = request.uri().query().and_then(|query| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == "page")
    });
    let is_valid = page.is_none_or(|(_, page)| {
        let number = page.parse::<f64>().ok().filter(|one| one.fract() == 0.0);
        number.is_some_and(|number| (1.0..=50.0).contains(&number))
    });
    let response = if ![Method::GET, Method::HEAD].contains(request.method()) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        (StatusCode::METHOD_NOT_ALLOWED, allow).into_response()
    } else if !is_good {
        StatusCode::UNAUTHORIZED.into_response()
    } else if is_valid {
        Json(json!([1, 2])).into_response()
    } else {
        StatusCode::BAD_REQUEST.into_response()
    };
    let line = format!("{} {}", request.method(), request.uri());
    let status = response.status().as_u16();
    seen.log.push((line, proof.to_owned(), status));
    response
}

#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
async fn checked(habit: Habit, workers: &str) -> (Output, Seen) {
    let service = Arc::new(Service {
        habit,
        seen: Mutex::default(),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&service));
    tokio::spawn(async { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("things.yaml"), DOCUMENT).expect("it is written");
    fs::write(folder.path().join("oasgate.toml"), CONFIGURATION).expect("it is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
    command
        .args(["check", "things.yaml", "--url", &url, "--seed", "1"])
        .args(["--snapshots", "off", "--workers", workers])
        .current_dir(folder.path())
        .env("A_CLIENT", "client-s3cr3t");
    let output = tokio::task::spawn_blocking(move || command.output().expect("it starts"))
        .await
        .expect("it ends");
    let seen = std::mem::take(&mut *service.seen.lock().expect("nobody panics"));
    (output, seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_sends_no_client_secret_to_another_origin() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let elsewhere = format!("http://{}", listener.local_addr().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    let document = DOCUMENT.replace(
        "tokenUrl: /token",
        &format!("tokenUrl: '{elsewhere}/token'"),
    );
    crate::write(folder.path(), "things.yaml", document);
    crate::write(folder.path(), "oasgate.toml", CONFIGURATION);
    let named = format!("{CONFIGURATION}token-url = \"{elsewhere}/token\"\n");
    crate::write(folder.path(), "named.toml", named);
    let run = |config: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
        command
            .args(["check", "things.yaml", "--url", "http://127.0.0.1:9"])
            .args(["--snapshots", "off", "--timeout", "1s", "--config", config])
            .current_dir(folder.path())
            .env("A_CLIENT", "client-s3cr3t");
        command.output().expect("it starts")
    };
    let refused = run("oasgate.toml");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        said.contains(&elsewhere) && said.contains("--token-url"),
        "{said}"
    );
    let nobody = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(nobody.is_err(), "somebody asked for a token");
    // Named, it is asked: here it never answers.
    let named = run("named.toml");
    let said = String::from_utf8_lossy(&named.stderr);
    assert!(said.contains("no access token from"), "{said}");
}

/// The places of requests that came with a token and were refused.
fn refused(seen: &Seen) -> Vec<usize> {
    let log = seen.log.iter().enumerate();
    log.filter(|(_, (_, proof, status))| proof.contains("token-number") && *status == 401)
        .map(|(at, _)| at)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_serves_until_it_is_refused_and_then_the_request_is_sent_again() {
    let (output, seen) = checked(Habit::RefusesTheFirst, "1").await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(seen.asked, 2);
    let [refused] = refused(&seen)[..] else {
        panic!("one request was refused: {:?}", seen.log);
    };
    let (line, proof, _) = &seen.log[refused];
    assert_eq!(proof, "Bearer token-number-1");
    let (again, proof, status) = &seen.log[refused + 1];
    assert_eq!((line, &**proof), (again, "Bearer token-number-2"));
    assert_ne!(*status, 401);
    assert!(seen.log.len() > 2 * FIRST_LASTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_were_refused_together_share_one_new_token() {
    let (output, seen) = checked(Habit::RefusesTheFirst, "4").await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(seen.asked, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_anew_is_a_finding_and_no_loop() {
    let (output, seen) = checked(Habit::RefusesAll, "1").await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("error[unreached]"), "{said}");
    assert!(said.contains("401"), "{said}");
    // The first, and then as many as it takes to see that the age of a token is not the reason.
    assert!((2..=4).contains(&seen.asked), "{}", seen.asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_second_token_is_to_be_had_the_run_says_why_and_ends() {
    let (output, seen) = checked(Habit::GivesOutOne, "1").await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let why = "400 Bad Request: invalid_client (it was closed)";
    assert!(said.contains(why) && said.contains("/token"), "{said}");
    assert_eq!(seen.asked, 2);
}

/// What a hostile token endpoint answers, by the path that it is asked at; `elsewhere` is another origin.
async fn hostile(State(elsewhere): State<Arc<String>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let proof = request.headers().get(header::AUTHORIZATION).cloned();
    let proof = proof.map_or_else(String::new, |proof| format!("{proof:?}"));
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    let sent = body.map_or_else(
        |_| String::new(),
        |body| String::from_utf8_lossy(&body).into_owned(),
    );
    match path.as_str() {
        "/echo" => {
            let text = format!("{proof} {sent} client-s3cr3t");
            let no = json!({ "error": text, "error_description": text, "error_uri": text });
            (StatusCode::UNAUTHORIZED, Json(no)).into_response()
        }
        "/huge" => format!("{{\"access_token\":\"{}\"}}", "a".repeat(200_000)).into_response(),
        "/deep" => "[".repeat(1 << 20).into_response(),
        "/odd" => Json(json!({ "access_token": { "a": 1 }, "expires_in": -1e300 })).into_response(),
        "/line" => Json(json!({ "access_token": "a\r\nx-evil: 1" })).into_response(),
        "/commands" => {
            let no = json!({ "error": "\u{1b}[31m\n::error::x", "error_description": "##[error]" });
            (StatusCode::BAD_REQUEST, Json(no)).into_response()
        }
        "/redirect" => {
            let to = [(header::LOCATION, format!("{elsewhere}/steal"))];
            (StatusCode::TEMPORARY_REDIRECT, to).into_response()
        }
        "/silent" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        }
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
async fn a_hostile_token_endpoint_ends_the_run_and_learns_and_shows_nothing() {
    let listen = async || {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        (listener, url)
    };
    let asked = Arc::new(Mutex::new(0));
    let (other, elsewhere) = listen().await;
    let count = Arc::clone(&asked);
    let steal = Router::new().fallback(move || async move {
        *count.lock().expect("nobody panics") += 1;
    });
    tokio::spawn(async { axum::serve(other, steal).await });
    let (own, url) = listen().await;
    let router = Router::new()
        .fallback(hostile)
        .with_state(Arc::new(elsewhere));
    tokio::spawn(async { axum::serve(own, router).await });
    for path in [
        "echo", "huge", "deep", "odd", "line", "commands", "redirect", "silent", "empty",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("things.yaml"), DOCUMENT).expect("it is written");
        let configuration = format!("{CONFIGURATION}token-url = \"{url}/{path}\"\n");
        fs::write(folder.path().join("oasgate.toml"), configuration).expect("it is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
        command
            .args(["check", "things.yaml", "--url", &url, "--seed", "1"])
            .args([
                "--snapshots",
                "off",
                "--timeout",
                "1s",
                "--report",
                "json=r.json",
            ])
            .current_dir(folder.path())
            .env("A_CLIENT", "client-s3cr3t");
        let output = tokio::task::spawn_blocking(move || command.output().expect("it starts"))
            .await
            .expect("it ends");
        assert_eq!(output.status.code(), Some(2), "{path}: {output:?}");
        let report = fs::read_to_string(folder.path().join("r.json")).unwrap_or_default();
        let said = [&output.stdout[..], &output.stderr, report.as_bytes()].concat();
        let said = String::from_utf8_lossy(&said);
        let why = match path {
            "line" => "no header field can carry".to_owned(),
            _ => format!("no access token from {url}/{path}: "),
        };
        assert!(said.contains(&why), "{path}: {said}");
        // "gate:client-s3cr3t" in base64, of which the first letters hang on the id alone.
        for secret in ["client-s3cr3t", "Z2F0ZTpjbGllbnQtczNjcjN0"] {
            assert!(!said.contains(secret), "{path}: {said}");
        }
        let mut lines = said.lines();
        assert!(!lines.any(|line| line.starts_with("::")), "{path}: {said}");
        assert!(!said.contains("##[") && !said.contains('\u{1b}'), "{path}");
        assert!(said.len() < 10_000, "{path}: {}", said.len());
    }
    assert_eq!(*asked.lock().expect("nobody panics"), 0);
}
