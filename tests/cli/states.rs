//! States of parts of a recording, joined by the program.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::write;

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: Pets, version: '1' }
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: Fine
          content:
            application/json:
              schema: { type: array, items: { type: object, properties: { id: { type: integer } } } }
        '404': { description: Gone }
";

fn oasgate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// A document, and a recording of two statuses, a breach and a line that is no exchange.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "api.yaml", DOCUMENT);
    let line = |status: u16, body: &Value| {
        let exchange = json!({
            "request": { "method": "GET", "url": "http://a.test/pets" },
            "response": {
                "status": status,
                "headers": { "content-type": "application/json" },
                "body": body.to_string(),
            },
        });
        format!("{exchange}\n")
    };
    let lines = [
        line(200, &json!([{ "id": 1 }])),
        line(200, &json!([{ "id": "one" }])),
        "{}\n".to_owned(),
        line(404, &json!({})),
        line(200, &json!([])),
    ];
    write(folder.path(), "r.ndjson", lines.concat());
    folder
}

fn state(folder: &Path, entries: &str, name: &str) -> Vec<u8> {
    let arguments = [
        "replay",
        "api.yaml",
        "r.ndjson",
        "--entries",
        entries,
        "--state",
        name,
    ];
    let output = oasgate(
        folder,
        &[&arguments[..], &["--snapshots", "check"]].concat(),
    );
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{output:?}"
    );
    fs::read(folder.join(name)).expect("a state")
}

#[test]
fn parts_are_joined_to_the_whole_and_reported_from_it() {
    let folder = prepared();
    let folder = folder.path();
    let whole = state(folder, "1-", "whole.json");
    let schema: Value = serde_json::from_str(include_str!("../../docs/schemas/state.schema.json"))
        .expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let parsed: Value = serde_json::from_slice(&whole).expect("a state is JSON");
    let errors: Vec<_> = validator
        .iter_errors(&parsed)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{parsed:#}");
    state(folder, "1,4-", "a.json");
    state(folder, "2-3", "b.json");
    let output = oasgate(
        folder,
        &["merge", "b.json", "a.json", "b.json", "--out", "m.json"],
    );
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(fs::read(folder.join("m.json")).expect("a state") == whole);

    // A folder is the states in it.
    fs::create_dir(folder.join("states")).expect("a folder");
    for name in ["a.json", "b.json"] {
        fs::copy(folder.join(name), folder.join("states").join(name)).expect("a copy");
    }
    write(folder, "states/.c.json", "half of a state");
    let output = oasgate(folder, &["merge", "states", "--out", "f.json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(fs::read(folder.join("f.json")).expect("a state") == whole);

    let page = [
        "merge",
        "a.json",
        "b.json",
        "--spec",
        "api.yaml",
        "--report",
        "html=page.html",
    ];
    let output = oasgate(folder, &[&page[..], &["--snapshots", "check"]].concat());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let page = fs::read_to_string(folder.join("page.html")).expect("a page");
    assert!(
        page.contains("schema-mismatch") && page.contains("api.yaml:"),
        "{page}"
    );
}

#[test]
fn what_cannot_be_joined_is_refused_with_a_reason() {
    let folder = prepared();
    let folder = folder.path();
    state(folder, "1-3", "a.json");
    state(folder, "3-", "b.json");
    fs::create_dir(folder.join("empty")).expect("a folder");
    write(folder, "other.yaml", DOCUMENT.replace("Pets", "Cats"));
    for (arguments, reason) in [
        (
            &["merge", "a.json", "b.json"][..],
            "entry 3 of r.ndjson is in two of them",
        ),
        (
            &["merge", "empty"],
            "there is no file in empty that ends with .json",
        ),
        (
            &["merge", "a.json", "--report", "html=x.html"],
            "name it with --spec",
        ),
        (
            &["merge", "a.json", "--spec", "other.yaml"],
            "another document than other.yaml",
        ),
    ] {
        let output = oasgate(folder, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(reason), "{text}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
