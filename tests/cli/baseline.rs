//! What is known is accepted: by fingerprints that neither layout nor seed changes; and the runs of
//! several shards are one.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, Uri, header},
    response::IntoResponse as _,
};
use oasgate::{Contract, document::Document, gate::Outcome, lint, testing::Gate};
use serde_json::{Value, json};

use crate::write;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Things, version: '1' }
paths:
  /things/{id}:
    parameters:
      - name: id
        in: path
        required: true
        schema: { type: integer }
        # One for each way in which the service answers.
        examples: { teapot: { value: 7 }, crash: { value: 77 }, fine: { value: 777 } }
    get:
      operationId: getThing
      responses:
        '200':
          description: Fine; while it is made, a 202 comes with Retry-After.
          headers: { X-Rate: { required: true, schema: { type: integer } } }
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Thing' }
        '404': { description: Gone }
  /things:
    get:
      operationId: listThings
      parameters: [{ name: page, in: query, schema: { type: integer, minimum: 1 } }]
      responses:
        '200':
          description: Fine
          content:
            application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Thing' } } }
components:
  schemas:
    Thing:
      type: object
      required: [id, name]
      properties:
        id: { type: integer }
        name: { type: string, format: unheard-of, minLength: 3, example: 7 }
        note: { nullable: true }
        tags: { type: array, items: { type: string, enum: [a, b] } }
    Spare: { type: object, required: [nowhere], properties: { here: {} } }
";

/// The same document as JSON, indented in another way, every object in the opposite order.
fn reformatted() -> String {
    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(members) => members
                .iter()
                .rev()
                .map(|(name, member)| (name.clone(), reversed(member)))
                .collect(),
            Value::Array(items) => items.iter().map(reversed).collect(),
            other => other.clone(),
        }
    }
    let document = Document::parse("things.yaml", DOCUMENT).expect("it loads");
    format!("\n\n{:#}", reversed(document.root())).replace("  ", "\t ")
}

fn contract(name: &str, text: &str) -> Contract {
    Contract::from_document(Document::parse(name, text.to_owned()).expect("it loads"))
}

/// Answers wrongly in many ways, some of them by what is asked for.
async fn faulty(uri: Uri) -> axum::response::Response {
    let length = uri.to_string().len();
    let json = [(header::CONTENT_TYPE, "application/json")];
    if uri.path() == "/things" {
        let body = json!([{ "id": length, "name": "x", "tags": ["a", "c"] }, {}]);
        return (json, body.to_string()).into_response();
    }
    match length % 3 {
        0 => (StatusCode::IM_A_TEAPOT, "short and stout").into_response(),
        1 => (StatusCode::INTERNAL_SERVER_ERROR, json, "{").into_response(),
        _ => (json, format!(r#"{{"id": "{length}", "more": 1}}"#)).into_response(),
    }
}

async fn checked(contract: &Contract, seed: u64) -> Outcome {
    let ran = Gate::new(contract)
        .seed(seed)
        .cases(60)
        .service(Router::new().fallback(faulty))
        .run()
        .await
        .expect("it runs");
    ran.outcome().clone()
}

fn fingerprints<'f>(
    findings: impl IntoIterator<Item = &'f oasgate::finding::Finding>,
) -> BTreeSet<String> {
    findings
        .into_iter()
        .map(|finding| format!("{} {}", finding.rule, finding.fingerprint()))
        .collect()
}

#[tokio::test]
async fn a_fingerprint_survives_a_reformatted_document_and_a_new_seed() {
    let yaml = contract("things.yaml", DOCUMENT);
    let json = contract("elsewhere/api.json", &reformatted());
    let lints = fingerprints(&lint::lint(&yaml));
    assert!(lints.len() >= 3, "{lints:?}");
    assert_eq!(lints, fingerprints(&lint::lint(&json)));
    let first = fingerprints(checked(&yaml, 1).await.findings.iter());
    assert!(first.len() >= 8, "{first:?}");
    assert_eq!(first, fingerprints(checked(&json, 1).await.findings.iter()));
    assert_eq!(
        first,
        fingerprints(checked(&yaml, 77).await.findings.iter())
    );
}

fn oasgate(folder: &Path, args: &str) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(args.split(' '))
        .current_dir(folder)
        .env_remove("CI")
        .output()
        .expect("the program starts");
    let text = [stdout, stderr].concat();
    (status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn exchange(path: &str, status: u16, body: &Value) -> String {
    let body = if body.is_null() {
        Value::Null
    } else {
        json!(body.to_string())
    };
    let exchange = json!({
        "request": { "method": "GET", "url": format!("http://a.test{path}") },
        "response": { "status": status, "headers": { "content-type": "application/json", "x-rate": "1" }, "body": body },
    });
    format!("{exchange}\n")
}

#[test]
fn a_baseline_accepts_what_is_known_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (good, teapot) = (json!({ "id": 1, "name": "abc" }), json!(null));
    write(folder, "api.yaml", DOCUMENT);
    write(folder, "api.json", reformatted());
    let old = exchange("/things/7", 418, &teapot) + &exchange("/things", 200, &json!([good]));
    write(folder, "old.ndjson", &old);
    let new = old.clone() + &exchange("/things/7", 500, &teapot);
    write(folder, "new.ndjson", &new);
    let mended = exchange("/things/7", 200, &good) + &exchange("/things", 200, &json!([good]));
    write(folder, "mended.ndjson", &mended);
    let elsewhere = exchange("/things", 200, &json!([good]));
    write(folder, "elsewhere.ndjson", &elsewhere);
    let run = |args: &str| oasgate(folder, &format!("{args} --snapshots off"));
    let baseline = || fs::read_to_string(folder.join("b.json")).expect("it is there");

    assert_eq!(run("replay api.yaml old.ndjson").0, Some(1));
    let (code, text) = run("replay api.yaml old.ndjson --baseline b.json");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("--baseline-update writes one"), "{text}");
    let (code, text) = run("replay api.yaml old.ndjson --baseline b.json --baseline-update");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("baseline: 1 known finding\n"), "{text}");
    let written = baseline();

    // It holds for the same document in another form too, and for one more exchange it does not.
    let (code, text) = run("replay api.json old.ndjson --baseline b.json");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run("replay api.yaml new.ndjson --baseline b.json --report json=r.json");
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("500") && !text.contains("418 is not"),
        "{text}"
    );
    let report = fs::read(folder.join("r.json")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!(
        report["baseline"]["known"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(report["baseline"]["known"][0]["check"], "undeclared-status");

    // A ratchet does not grow, neither by an option nor by the file.
    for args in [
        "replay api.yaml new.ndjson --baseline b.json --baseline-update --baseline-ratchet",
        "replay api.yaml new.ndjson --baseline-update --config ratchet.toml",
    ] {
        write(
            folder,
            "ratchet.toml",
            "baseline = { file = 'b.json', ratchet = true }\n",
        );
        let (code, text) = run(args);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("may not grow"), "{text}");
        assert_eq!(baseline(), written);
    }

    // What was not looked for did not go away.
    let (_, text) = run("replay api.yaml elsewhere.ndjson --baseline b.json");
    assert!(!text.contains("no longer reported"), "{text}");
    // The same file serves the document's own findings, each run for itself.
    let (code, text) = run("lint api.yaml --fail-on warning --baseline b.json");
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains("no longer reported"), "{text}");
    let (code, text) = run("lint api.yaml --fail-on warning --baseline b.json --baseline-update");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run("lint api.json --fail-on warning --baseline b.json");
    assert_eq!(code, Some(0), "{text}");

    // What went away is named, and taken out when that is asked for; a ratchet lets it go.
    let (code, text) = run("replay api.yaml mended.ndjson --baseline b.json");
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("no longer reported: undeclared-status of getThing: 418"),
        "{text}"
    );
    let args =
        "replay api.yaml mended.ndjson --baseline b.json --baseline-update --baseline-ratchet";
    assert_eq!(run(args).0, Some(0));
    assert!(!baseline().contains("418") && baseline().contains("\"run\": \"lint\""));
    assert_eq!(
        run("replay api.yaml old.ndjson --baseline b.json").0,
        Some(1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_joined_are_the_whole_run() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(faulty)).await });
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "api.yaml", DOCUMENT);
    tokio::task::spawn_blocking(move || {
        let folder = folder.path();
        // A sequence needs all of its operations in one run, so that these phases are alone here.
        let check = |more: &str| {
            let args = format!("check api.yaml --url {url} --seed 5 --snapshots off --phases examples,edges,invalid {more}");
            oasgate(folder, &args)
        };
        let report = |name: &str| -> Value {
            let bytes = fs::read(folder.join(name)).expect("a report");
            serde_json::from_slice(&bytes).expect("JSON")
        };
        let mut names = Vec::new();
        for number in 1..=3 {
            let (_, text) = check(&format!("--shard {number}/3 --report json={number}.json"));
            names.push(format!("{number}.json"));
            assert!(!text.contains("unreached"), "{text}");
        }
        assert_eq!(check("--report json=whole.json").0, Some(1));
        let (code, text) = oasgate(folder, &format!("merge {} --out all.json", names.join(" ")));
        assert_eq!(code, Some(1), "{text}");
        assert!(text.starts_with("3 reports joined: "), "{text}");
        let (mut all, mut whole) = (report("all.json"), report("whole.json"));
        for one in [&mut all, &mut whole] {
            one["elapsed_ms"] = json!(0);
        }
        assert_eq!(format!("{all:#}"), format!("{whole:#}"));
        // Joined with itself, everything counts twice, and nothing is found twice.
        let (_, text) = oasgate(folder, "merge all.json all.json");
        let twice: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            twice["totals"]["held"].as_u64(),
            all["totals"]["held"].as_u64().map(|held| held * 2)
        );
        assert_eq!(twice["totals"]["errors"], all["totals"]["errors"]);
        let schema = fs::read(crate::project().join("docs/schemas/report.schema.json")).expect("the schema");
        let schema: Value = serde_json::from_slice(&schema).expect("JSON");
        let valid = jsonschema::validator_for(&schema).expect("a schema");
        assert!(valid.is_valid(&twice) && valid.is_valid(&all));
    })
    .await
    .expect("nothing fails");
}

#[test]
#[cfg(unix)]
fn of_two_runs_that_update_a_baseline_the_second_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "spec.yaml", DOCUMENT);
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
        command
            .args(["lint", "spec.yaml", "--baseline", "known.json"])
            .args(more)
            .current_dir(folder.path());
        command
    };
    // As another run that is under way holds it.
    let first = fs::File::open(folder.path()).expect("a folder");
    first.lock().expect("it is free");
    let second = run(&["--baseline-update"]).stdout(Stdio::null()).spawn();
    let mut second = second.expect("the program starts");
    thread::sleep(Duration::from_secs(2));
    let ended = second.try_wait().expect("it is our own");
    assert!(ended.is_none(), "it did not wait: {ended:?}");
    assert!(!folder.path().join("known.json").exists());
    drop(first);
    assert!(second.wait().expect("it ends").success());
    // Who writes nothing waits for nobody.
    let first = fs::File::open(folder.path()).expect("a folder");
    first.lock().expect("it is free again");
    let output = run(&[]).output().expect("the program starts");
    assert!(output.status.success(), "{output:?}");
    drop(first);
}
