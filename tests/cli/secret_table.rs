//! Every way to give a secret, sent back in every encoding and place: no output may show it.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A secret with everything that encodings change, and one that is a number.
const SECRETS: &[&str] = &["Zk9/x+Q=pL7&mN3<wR5", "739184650217"];

/// How a secret is given: the security scheme of the document, and what is typed. `@` stands for the secret;
/// what is no argument goes into the environment.
const KINDS: &[(&str, &str, &[&str])] = &[
    (
        "bearer",
        r#"{"type":"http","scheme":"bearer"}"#,
        &["--token-env", "TK"],
    ),
    (
        "basic",
        r#"{"type":"http","scheme":"basic"}"#,
        &["--token-env", "TK"],
    ),
    (
        "header key",
        r#"{"type":"apiKey","in":"header","name":"X-API-Key"}"#,
        &["--token-env", "TK"],
    ),
    (
        "query key",
        r#"{"type":"apiKey","in":"query","name":"api_key"}"#,
        &["--token-env", "TK"],
    ),
    (
        "cookie key",
        r#"{"type":"apiKey","in":"cookie","name":"sid"}"#,
        &["--token-env", "TK"],
    ),
    (
        "typed bearer",
        r#"{"type":"http","scheme":"bearer"}"#,
        &["--header", "Authorization: Bearer @"],
    ),
    (
        "typed header",
        r#"{"type":"http","scheme":"bearer"}"#,
        &["--header", "X-My-Cred: @"],
    ),
    (
        "typed cookie",
        r#"{"type":"http","scheme":"bearer"}"#,
        &["--header", "Cookie: sid=@; b=other"],
    ),
];

/// Every report that a run writes.
const REPORTS: &[&str] = &[
    "json", "junit", "sarif", "markdown", "github", "gitlab", "wfc", "html",
];

type Encoding = fn(&str) -> String;

/// How a service may write a secret that it was sent.
const ENCODINGS: &[(&str, Encoding)] = &[
    ("plain", str::to_owned),
    ("within", |secret| format!("xx{secret}yy")),
    ("long", |secret| format!("{}{secret}", "q".repeat(80))),
    ("percent", |secret| {
        percent(secret, u8::is_ascii_alphanumeric)
    }),
    ("lower-percent", |secret| {
        percent(secret, u8::is_ascii_alphanumeric)
            .replace("%2F", "%2f")
            .replace("%2B", "%2b")
            .replace("%3D", "%3d")
            .replace("%3C", "%3c")
    }),
    ("every-percent", |secret| percent(secret, |_| false)),
    ("double-percent", |secret| {
        percent(secret, u8::is_ascii_alphanumeric).replace('%', "%25")
    }),
    ("html", |secret| {
        secret.replace('&', "&amp;").replace('<', "&lt;")
    }),
    ("hex", |secret| {
        secret.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }),
    ("hex-colons", |secret| {
        let hex: Vec<_> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        hex.join(":")
    }),
    ("octal", |secret| {
        secret.bytes().map(|byte| format!("\\{byte:03o}")).collect()
    }),
    ("quoted-printable", |secret| {
        secret.bytes().map(|byte| format!("={byte:02X}")).collect()
    }),
    ("html-numbers", |secret| {
        secret.bytes().map(|byte| format!("&#x{byte:x};")).collect()
    }),
    ("base64-twice", |secret| {
        STANDARD.encode(STANDARD.encode(secret))
    }),
    ("bytes", |secret| json!(secret.as_bytes()).to_string()),
    ("characters", |secret| {
        json!(secret.chars().collect::<Vec<_>>()).to_string()
    }),
    ("dashes", |secret| {
        let characters: Vec<_> = secret.chars().map(String::from).collect();
        characters.join("-")
    }),
    ("backwards", |secret| secret.chars().rev().collect()),
    ("upper", str::to_uppercase),
    ("lower", str::to_lowercase),
    ("base64", |secret| STANDARD.encode(secret)),
    ("base64-bearer", |secret| {
        STANDARD.encode(format!("Bearer {secret}"))
    }),
    ("base64-within", |secret| {
        STANDARD.encode(format!("x{secret}yy"))
    }),
    ("json", |secret| json!({ "b": secret }).to_string()),
    ("json-in-json", |secret| {
        json!(json!({ "b": secret }).to_string()).to_string()
    }),
    ("escaped", |secret| {
        secret.chars().fold(String::new(), |mut text, one| {
            let _ = write!(text, "\\u{:04x}", u32::from(one));
            text
        })
    }),
];

/// Where a service may send it back.
const PLACES: &[&str] = &[
    "value", "list", "key", "header", "broken", "error", "location",
];

fn percent(text: &str, is_kept: fn(&u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut shown, byte| {
        if is_kept(&byte) {
            shown.push(char::from(byte));
        } else {
            let _ = write!(shown, "%{byte:02X}");
        }
        shown
    })
}

fn document(scheme: &str) -> String {
    let mut paths = serde_json::Map::new();
    for (encoding, _) in ENCODINGS {
        for place in PLACES {
            let responses = json!({ "200": {
                "description": "d",
                "headers": { "X-Note": { "schema": { "type": "string", "maxLength": 2 } } },
                "content": { "application/json": { "schema": {
                    "type": "object",
                    "required": ["a"],
                    "additionalProperties": false,
                    "properties": { "a": { "type": "string", "maxLength": 1 } },
                } } },
            } });
            let operation = json!({ "operationId": format!("{encoding}-{place}"), "security": [{ "s": [] }], "responses": responses });
            paths.insert(format!("/{encoding}/{place}"), json!({ "get": operation }));
        }
    }
    let scheme: Value = serde_json::from_str(scheme).expect("JSON");
    json!({
        "openapi": "3.1.0",
        "info": { "title": "t", "version": "1" },
        "paths": paths,
        "components": { "securitySchemes": { "s": scheme } },
    })
    .to_string()
}

/// What a request proves itself with.
fn secret_of(headers: &HeaderMap, query: &str) -> Option<String> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let of_query = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "api_key");
    let cookie = text("cookie").and_then(|cookie| {
        let cookie = cookie.split(';').next()?.to_owned();
        Some(cookie.split_once('=')?.1.to_owned())
    });
    let authorization = text("authorization").and_then(|text| {
        let (scheme, value) = text.split_once(' ')?;
        if scheme != "Basic" {
            return Some(value.to_owned());
        }
        let user = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        Some(user.split_once(':')?.1.to_owned())
    });
    of_query
        .map(|(_, value)| value.into_owned())
        .or_else(|| text("x-api-key"))
        .or_else(|| text("x-my-cred"))
        .or(cookie)
        .or(authorization)
}

async fn echo(request: Request) -> Response {
    let uri = request.uri().clone();
    let Some(secret) = secret_of(request.headers(), uri.query().unwrap_or_default()) else {
        return Response::builder()
            .status(401)
            .header("www-authenticate", "Bearer")
            .body(Body::empty())
            .unwrap_or_default();
    };
    let mut segments = uri.path().trim_start_matches('/').split('/');
    let (encoding, place) = (
        segments.next().unwrap_or_default(),
        segments.next().unwrap_or_default(),
    );
    let Some((_, encode)) = ENCODINGS.iter().find(|(name, _)| *name == encoding) else {
        return Response::builder()
            .status(404)
            .body(Body::empty())
            .unwrap_or_default();
    };
    let text = encode(&secret);
    let number: Option<u64> = text.parse().ok();
    let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
    let (answer, body) = match place {
        "list" => (answer, json!({ "a": secret.as_bytes() }).to_string()),
        "key" => (answer, json!({ "a": "x", text: 1 }).to_string()),
        "header" => (
            answer.header("x-note", text),
            json!({ "a": "x" }).to_string(),
        ),
        "broken" => (answer, format!("{{\"a\": \"{text}\" oops")),
        "error" => (answer.status(500), json!({ "title": text }).to_string()),
        "location" => (
            answer.status(302).header(
                "location",
                format!("/x?t={}", percent(&text, u8::is_ascii_alphanumeric)),
            ),
            String::new(),
        ),
        _ => (
            answer,
            number
                .map_or_else(|| json!({ "a": text }), |number| json!({ "a": number }))
                .to_string(),
        ),
    };
    answer.body(Body::from(body)).unwrap_or_default()
}

async fn start() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let service = Router::new().fallback(echo);
    tokio::spawn(async { axum::serve(listener, service).await });
    url
}

/// The lines of all that a run printed and wrote in which the secret stands, in one of the encodings.
fn leaks(folder: &Path, secret: &str) -> Vec<String> {
    let mut forms: Vec<String> = ENCODINGS
        .iter()
        .map(|(_, encode)| encode(secret).to_lowercase())
        .collect();
    // The ends of it, too.
    forms.extend([
        secret[3..].to_lowercase(),
        secret[..secret.len() - 3].to_lowercase(),
    ]);
    let (mut folders, mut leaks) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read(&path).expect("a file");
            let text = String::from_utf8_lossy(&text).to_lowercase();
            for form in &forms {
                if let Some(line) = text.lines().find(|line| line.contains(form)) {
                    let at = line.find(form).unwrap_or_default();
                    let around: String = line[..at].chars().rev().take(60).collect();
                    let around: String = around.chars().rev().collect();
                    leaks.push(format!("{}: {around}[{form}]", path.display()));
                }
            }
        }
    }
    leaks
}

/// What other commands say of what the run wrote, each kept in files of its own.
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn read_again(folder: &Path, recording: &str) {
    let mut narrowed: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("t.json")).expect("it is there"))
            .expect("JSON");
    for item in narrowed["paths"]
        .as_object_mut()
        .expect("paths")
        .values_mut()
    {
        item["get"]["responses"]["200"]["content"]["application/json"]["schema"] =
            json!({ "type": "integer" });
    }
    fs::write(folder.join("u.json"), narrowed.to_string()).expect("it is written");
    let mut replay = vec![
        "replay",
        "t.json",
        recording,
        "--verbose",
        "--snapshots",
        "update",
    ];
    replay.extend([
        "--state",
        "replayed.json",
        "--suggest",
        "replayed.yaml",
        "--witness",
    ]);
    let reports: Vec<String> = REPORTS
        .iter()
        .map(|report| format!("{report}=replayed.{report}"))
        .collect();
    for report in &reports {
        replay.extend(["--report", report]);
    }
    let known = [
        "replay",
        "t.json",
        recording,
        "--snapshots",
        "off",
        "--baseline",
        "base.json",
        "--baseline-update",
    ];
    let commands: &[&[&str]] = &[
        &["review", "--accept", "--verbose"],
        &replay,
        &known,
        &[
            "merge",
            "state.json",
            "--spec",
            "t.json",
            "--report",
            "html=merged.html",
        ],
        &[
            "diff",
            "t.json",
            "u.json",
            "--against",
            recording,
            "--verbose",
            "--report",
            "json=diff.json",
            "--report",
            "markdown=diff.md",
        ],
        &["lint", "t.json", "--overlay", "suggested.yaml"],
    ];
    for (number, args) in commands.iter().enumerate() {
        let output = Command::new(env!("CARGO_BIN_EXE_oasgate"))
            .args(*args)
            .current_dir(folder)
            .env_remove("CI")
            .output()
            .expect("it starts");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{args:?}: {output:?}"
        );
        let said = [&output.stdout[..], &output.stderr].concat();
        fs::write(folder.join(format!("said-{number}")), said).expect("it is written");
    }
    fs::remove_file(folder.join("u.json")).expect("it is ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
async fn no_secret_shows_however_it_was_given_and_came_back() {
    let url = start().await;
    let mut wrong = Vec::new();
    for secret in SECRETS {
        for (kind, scheme, args) in KINDS {
            let folder = tempfile::tempdir().expect("a folder");
            let folder = folder.path();
            fs::write(folder.join("t.json"), document(scheme)).expect("it is written");
            // Either form of a recording, one for each secret.
            let recording = if secret.contains('/') {
                "all.ndjson"
            } else {
                "all.har"
            };
            let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
            command
                .args([
                    "check",
                    "t.json",
                    "--url",
                    &url,
                    "--verbose",
                    "--seed",
                    "1",
                    "--cases",
                    "1",
                ])
                .args(["--max-requests", "520", "--record", recording])
                .args([
                    "--state",
                    "state.json",
                    "--suggest",
                    "suggested.yaml",
                    "--witness",
                ])
                .args(args.iter().map(|arg| arg.replace('@', secret)))
                .current_dir(folder)
                .env_remove("CI")
                .env(
                    "TK",
                    if *kind == "basic" {
                        format!("me:{secret}")
                    } else {
                        (*secret).to_owned()
                    },
                );
            for report in REPORTS {
                command.args(["--report", &format!("{report}=report.{report}")]);
            }
            let output = tokio::task::spawn_blocking(move || command.output())
                .await
                .expect("it ends")
                .expect("it starts");
            assert_eq!(output.status.code(), Some(1), "{kind}: {output:?}");
            fs::write(folder.join("stdout"), &output.stdout).expect("it is written");
            fs::write(folder.join("stderr"), &output.stderr).expect("it is written");
            let report = fs::read_to_string(folder.join("report.json")).expect("a report");
            assert!(
                report.contains("REDACTED"),
                "{kind}: nothing came back that could have leaked"
            );
            let then = folder.to_owned();
            tokio::task::spawn_blocking(move || read_again(&then, recording))
                .await
                .expect("it ends");
            fs::remove_file(folder.join("t.json")).expect("it is there");
            wrong.extend(
                leaks(folder, secret)
                    .into_iter()
                    .map(|leak| format!("{kind}: {leak}")),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "{} leaks:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}
