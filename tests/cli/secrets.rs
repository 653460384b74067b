//! No output has a secret in it, whatever a service does with what it is sent.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;

use crate::write;

const BEARER: &str = "bearer-s3cr3t/with+odd=signs";
const BASIC: &str = "basic user:pa ss/wörd-4711";
const KEY: &str = "key&s3cr3t?in a query";
const CLIENT: &str = "client-s3cr3t-0815";
const ACCESS: &str = "access-s3cr3t-1234";
const OTHER: &str = "s3cr3t-of-another-user";

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Echo, version: '1' }
paths:
  /bearer: { get: { operationId: bearer, security: [{ Bearer: [] }], responses: { '200': { description: Fine, content: { application/json: { schema: { type: object, properties: { seen: { type: integer, enum: [1] } } } } } } } } }
  /basic: { get: { operationId: basic, security: [{ Basic: [] }], responses: &fine { '200': { description: Fine, content: { application/json: { schema: { type: object, properties: { seen: {}, more: {} } } } } } } } }
  /query: { get: { operationId: query, security: [{ Query: [] }], responses: *fine } }
  /header: { get: { operationId: header, security: [{ Header: [] }], responses: *fine } }
  /cookie: { get: { operationId: cookie, security: [{ Cookie: [] }], responses: *fine } }
  /both: { get: { operationId: both, security: [{ Header: [], Query: [] }], responses: *fine } }
  /oauth: { get: { operationId: oauth, security: [{ OAuth: [] }], responses: *fine } }
components:
  securitySchemes:
    Bearer: { type: http, scheme: bearer }
    Basic: { type: http, scheme: basic }
    Query: { type: apiKey, in: query, name: odd }
    Header: { type: apiKey, in: header, name: X-Odd }
    Cookie: { type: apiKey, in: cookie, name: odd }
    OAuth: { type: oauth2, flows: { clientCredentials: { tokenUrl: /token, scopes: {} } } }
";

const CONFIGURATION: &str = r#"
[auth]
token-env = "A_BEARER"
[auth.schemes]
Basic = { env = "A_BASIC" }
Query = { file = "key.txt" }
Header = { command = "cat key.txt" }
Cookie = { env = "A_COOKIE" }

[credentials.other]
token-env = "AN_OTHER"

[snapshots]
values = ["/more"]
"#;

/// Every request that came: its path, query and what proves who asks.
type Seen = Arc<Mutex<Vec<String>>>;

/// Sends everything that it is sent back, in the ways that leak.
async fn echo(State(seen): State<Seen>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mut parts: Vec<String> = request
        .headers()
        .iter()
        .filter(|(name, _)| ["authorization", "cookie", "x-odd"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    parts.extend(request.uri().query().map(str::to_owned));
    let text = parts.join(" ");
    if let Ok(mut seen) = seen.lock() {
        seen.push(format!("{path} {text}"));
    }
    if path == "/token" {
        let is_client = text.ends_with(&STANDARD.encode(format!("it:{CLIENT}")));
        return if is_client {
            Json(json!({ "access_token": ACCESS, "token_type": "bearer", "expires_in": 60 }))
                .into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        };
    }
    // Fingers that count in another way: as it came, undone, and encoded once more.
    let undone: Vec<String> = text
        .split(['=', ' '])
        .filter_map(|part| STANDARD.decode(part).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    let body = json!({
        "seen": text,
        "more": [text, undone, STANDARD.encode(&text)],
        "members": { text.clone(): undone.join(" ") },
    });
    Response::builder()
        .status(if path == "/basic" { 418 } else { 200 })
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-echo", text.replace(|one: char| !one.is_ascii(), "?"))
        .header(
            header::LOCATION,
            format!("http://127.0.0.2:1/?{text}").replace(' ', "%20"),
        )
        .body(Body::from(body.to_string()))
        .unwrap_or_default()
}

async fn start() -> (String, Seen) {
    let seen = Seen::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let service = Router::new().fallback(echo).with_state(Arc::clone(&seen));
    tokio::spawn(async { axum::serve(listener, service).await });
    (url, seen)
}

async fn run(folder: &Path, args: Vec<String>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("CI")
        .env("A_BEARER", BEARER)
        .env("A_BASIC", BASIC)
        .env("A_COOKIE", KEY)
        .env("AN_OTHER", OTHER)
        .env("A_CLIENT", CLIENT)
        .env("AN_ID", "it");
    tokio::task::spawn_blocking(move || command.output().expect("the program starts"))
        .await
        .expect("it ends")
}

/// Everything that a run left, by name: what it printed and every file that it wrote.
fn left(folder: &Path, output: &Output, into: &mut Vec<(String, String)>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    into.push(("stdout".to_owned(), text(&output.stdout)));
    into.push(("stderr".to_owned(), text(&output.stderr)));
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "key.txt") {
                let content = fs::read(&path).expect("a file");
                into.push((path.display().to_string(), text(&content)));
            }
        }
    }
}

fn forms(secret: &str) -> Vec<String> {
    let password = secret
        .split_once(':')
        .map_or(secret, |(_, password)| password);
    let percent: String = password
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    vec![
        password.to_owned(),
        percent.clone(),
        percent.replace("%20", "+"),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        STANDARD.encode(format!("it:{secret}")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_output_has_a_secret_in_it() {
    let (url, seen) = start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "echo.yaml", DOCUMENT);
    write(folder, "oasgate.toml", CONFIGURATION);
    write(folder, "key.txt", format!("{KEY}\n"));
    let usual = |more: &[&str]| -> Vec<String> {
        [
            "check",
            "echo.yaml",
            "--url",
            &url,
            "--verbose",
            "--color",
            "always",
        ]
        .iter()
        .chain(more)
        .map(|&arg| arg.to_owned())
        .collect()
    };
    let mut outputs = Vec::new();
    for args in [
        usual(&[
            "--snapshots",
            "update",
            "--report",
            "json=a.json",
            "--report",
            "junit=a.xml",
            "--report",
            "sarif=a.sarif",
            "--report",
            "github=a.txt",
            "--report",
            "markdown=a.md",
        ]),
        usual(&[
            "--report",
            "json=-",
            "--header",
            &format!("Cookie: odd={OTHER}"),
        ]),
        usual(&[
            "--client-id-env",
            "AN_ID",
            "--client-secret-env",
            "A_CLIENT",
            "--report",
            "json=b.json",
        ]),
        usual(&[
            "--token-url",
            "/elsewhere",
            "--client-id-env",
            "A_BEARER",
            "--client-secret-env",
            "A_BASIC",
        ]),
    ] {
        let output = run(folder, args).await;
        assert!(
            [Some(1), Some(2)].contains(&output.status.code()),
            "{output:?}"
        );
        left(folder, &output, &mut outputs);
    }
    // Every secret was sent, so that there was something to be found.
    let seen = seen.lock().expect("nobody panics").join("\n");
    for sent in [
        format!("/bearer authorization=Bearer {BEARER}"),
        format!("/basic authorization=Basic {}", STANDARD.encode(BASIC)),
        "/query odd=key%26s3cr3t%3Fin+a+query".to_owned(),
        format!("/header x-odd={KEY}"),
        format!("/cookie cookie=odd={KEY}"),
        format!("/both x-odd={KEY} odd=key%26"),
        format!("/oauth authorization=Bearer {ACCESS}"),
    ] {
        assert!(seen.contains(&sent), "{sent} was not sent:\n{seen}");
    }
    assert!(outputs.iter().any(|(name, _)| name.contains(".snap")));
    assert!(outputs.iter().any(|(_, text)| text.contains("$A_BEARER")));
    assert!(outputs.iter().any(|(_, text)| text.contains("REDACTED")));
    let mut leaks = Vec::new();
    for secret in [BEARER, BASIC, KEY, CLIENT, ACCESS, OTHER] {
        for form in forms(secret) {
            for (name, text) in &outputs {
                if let Some(line) = text.lines().find(|line| line.contains(&form)) {
                    leaks.push(format!("{name}: {form}: {line}"));
                }
            }
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
