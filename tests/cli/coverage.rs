//! The summary counts what was held and what was not.

use std::{fs, path::Path, process::Command};

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
            application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Pet' } } }
            text/csv: {}
        '404': { description: Gone }
        default: { description: Else }
  /spare:
    get:
      operationId: spare
      responses: { '200': { description: Fine } }
components:
  schemas:
    Pet:
      type: object
      required: [id]
      properties:
        id: { type: integer }
        name: { type: string }
        tag: { type: string }
        owner:
          oneOf:
            - { type: object, required: [person], properties: { person: { type: string } } }
            - { type: object, required: [shelter], properties: { shelter: { type: string }, since: { type: string } } }
            - { type: string }
";

fn exchange(status: u16, body: &Value) -> String {
    let exchange = json!({
        "request": { "method": "GET", "url": "http://a.test/pets" },
        "response": {
            "status": status,
            "headers": { "content-type": "application/json" },
            "body": body.to_string(),
        },
    });
    format!("{exchange}\n")
}

/// What a replay says of the recording on its line, and in its JSON report.
fn replay(folder: &Path, recording: &str, name: &str) -> (String, Value) {
    replay_of(DOCUMENT, folder, recording, name)
}

fn replay_of(document: &str, folder: &Path, recording: &str, name: &str) -> (String, Value) {
    write(folder, "api.yaml", document);
    write(folder, "r.ndjson", recording);
    let output = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .current_dir(folder)
        .args(["replay", "api.yaml", "r.ndjson", "--snapshots", "off"])
        .arg("--report")
        .arg(format!("json={name}"))
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("coverage: "));
    let report = fs::read(folder.join(name)).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let schema = include_str!("../../docs/schemas/report.schema.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let valid = jsonschema::validator_for(&schema).expect("a schema");
    assert!(valid.is_valid(&report), "{report:#}");
    (
        line.unwrap_or_default().to_owned(),
        report["coverage"].clone(),
    )
}

#[test]
fn a_summary_counts_what_was_held_and_what_was_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();

    let bare = exchange(200, &json!([{ "id": 1 }]));
    let (line, coverage) = replay(folder, &bare, "bare.json");
    assert_eq!(
        line,
        "coverage: 1 of 2 operations; of what this one declares 1 of 3 statuses, 1 of 2 media types, \
         0 of 4 optional properties, 0 of 3 branches"
    );
    assert_eq!(coverage["branches"], json!({ "seen": 0, "all": 3 }));

    // One shape many times, and the branch that only a later one shows; a status of its own.
    let person = exchange(
        200,
        &json!([{ "id": 1, "name": "a", "owner": { "person": "b" } }]),
    );
    let shelter = exchange(
        200,
        &json!([{ "id": 1 }, { "id": 2, "owner": { "shelter": "b" } }]),
    );
    let more = person.repeat(100) + &shelter + &exchange(500, &json!({}));
    let (line, coverage) = replay(folder, &more, "more.json");
    assert_eq!(
        line,
        "coverage: 1 of 2 operations; of what this one declares 2 of 3 statuses, 1 of 2 media types, \
         2 of 4 optional properties, 2 of 3 branches"
    );
    assert_eq!(coverage["properties"], json!({ "seen": 2, "all": 4 }));

    // Joined, the larger number stands: who saw what is not told, and a sum would claim too much.
    let output = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .current_dir(folder)
        .args(["merge", "bare.json", "more.json"])
        .output()
        .expect("the program starts");
    let joined: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(joined["coverage"], coverage);
}

#[test]
fn where_nothing_was_held_nothing_is_claimed() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = exchange(200, &json!([])).replace("/pets", "/nowhere");
    let (line, coverage) = replay(folder.path(), &elsewhere, "none.json");
    assert_eq!(line, "coverage: 0 of 2 operations");
    assert_eq!(coverage["statuses"], json!({ "seen": 0, "all": 0 }));
}

#[test]
fn each_item_of_a_sequential_media_type_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let document = r"
openapi: 3.2.0
info: { title: Pets, version: '1' }
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: Fine
          content: { application/jsonl: { itemSchema: { $ref: '#/components/schemas/Pet' } } }
components:
  schemas:
    Pet:
      type: object
      properties:
        name: { type: string }
        tag: { type: string }
        owner: { oneOf: [{ type: string }, { type: integer }] }
";
    let lines = |body: &str| {
        let exchange = json!({
            "request": { "method": "GET", "url": "http://a.test/pets" },
            "response": {
                "status": 200,
                "headers": { "content-type": "application/jsonl" },
                "body": body,
            },
        });
        format!("{exchange}\n")
    };
    let two = lines("{\"name\": \"a\"}\n{\"owner\": 1}\n");
    let (line, _) = replay_of(document, folder, &two, "two.json");
    let all = "coverage: 1 of 1 operation; of what this one declares 1 of 1 status, 1 of 1 media type, \
               2 of 3 optional properties, 1 of 2 branches";
    assert_eq!(line, all);
    let none = lines("");
    let (line, _) = replay_of(document, folder, &none, "none.json");
    assert!(
        line.ends_with("0 of 3 optional properties, 0 of 2 branches"),
        "{line}"
    );
}

/// A document that leaves open one thing of each kind.
const OPEN: &str = r"
openapi: 3.1.0
info: { title: Pets, version: '1' }
paths:
  /pets:
    get:
      operationId: listPets
      responses:
        '200':
          description: Fine
          content:
            application/json: { schema: { type: array, items: { $ref: '#/components/schemas/Pet' } } }
  /pets/{id}:
    get:
      operationId: getPet
      parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
      responses:
        '200':
          description: Fine
          content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } }
webhooks:
  born:
    post:
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Pet' } } } }
      responses: { '204': { description: Fine } }
components:
  schemas:
    Pet:
      type: object
      required: [id]
      properties:
        id: { type: integer, maximum: 9 }
        name: { type: [string, 'null'] }
        kind: { enum: [cat, dog] }
        owner:
          oneOf:
            - { type: object, required: [person], properties: { person: { type: string }, since: { type: integer } } }
            - { type: string }
      additionalProperties: { type: object, properties: { extra: { type: string } } }
";

/// All kinds of what nobody saw.
const KINDS: [&str; 11] = [
    "operation",
    "status",
    "media-type",
    "property",
    "branch",
    "null",
    "items",
    "enum-value",
    "boundary",
    "empty-array",
    "absence",
];

/// The kinds on which a gate fails, and what it shows of all that nobody saw.
fn unwitnessed(folder: &Path, recording: &str) -> (Vec<&'static str>, String) {
    write(folder, "api.yaml", OPEN);
    write(folder, "r.ndjson", recording);
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_oasgate"))
            .current_dir(folder)
            .args([
                "replay",
                "api.yaml",
                "r.ndjson",
                "--snapshots",
                "off",
                "--quiet",
            ])
            .args(arguments)
            .output()
            .expect("the program starts")
    };
    let fails = |kind: &&str| {
        let output = run(&["--fail-on", &format!("unwitnessed={kind}")]);
        let says_why = String::from_utf8_lossy(&output.stderr).contains(" fails: ");
        assert_eq!(output.status.code() == Some(1), says_why, "{output:?}");
        says_why
    };
    let failing = KINDS.into_iter().filter(fails).collect();
    let told = String::from_utf8_lossy(&run(&["--witness"]).stderr).into_owned();
    (failing, told)
}

fn pets(path: &str, body: &Value) -> String {
    exchange(200, body).replace("/pets", path)
}

#[test]
fn each_kind_of_what_nobody_saw_is_told_with_its_line_and_fails_the_gate() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();

    let one = pets("/pets", &json!([{ "id": 1, "name": "a" }]));
    let (failing, told) = unwitnessed(folder, &one);
    assert_eq!(failing, KINDS, "{told}");
    let wanted = "\
never called  getPet  GET /pets/{id}  api.yaml:14:5
never seen    optional property kind  api.yaml:34:9  listPets
never seen    optional property owner  api.yaml:35:9  listPets
never seen    optional property since  api.yaml:37:91  listPets
never seen    optional property extra  api.yaml:39:59  listPets
never seen    branch oneOf/0 of owner  api.yaml:37:15  listPets
never seen    branch oneOf/1 of owner  api.yaml:38:15  listPets
never seen    null of name  api.yaml:33:17  listPets
never seen    value \"cat\" of kind  api.yaml:34:24  listPets
never seen    value \"dog\" of kind  api.yaml:34:29  listPets
never seen    boundary maximum 9 of id  api.yaml:32:30  listPets
never seen    empty array the body  api.yaml:12:56  listPets
always seen   optional property name  api.yaml:33:9  listPets
";
    assert_eq!(told, wanted);

    // A component that two operations refer to is one line, until both have shown it.
    let all = json!([
        { "id": 9, "name": null, "kind": "cat", "owner": { "person": "a", "since": 1 }, "more": { "extra": "x" } },
        { "id": 1, "kind": "dog", "owner": { "person": "a" }, "more": {} },
        { "id": 2, "owner": "b" },
        { "id": 3 },
    ]);
    let every = all.as_array().expect("a list").iter();
    let every: String = every.map(|pet| pets("/pets/7", pet)).collect();
    let (_, told) = unwitnessed(folder, &(one.clone() + &every));
    assert!(
        told.contains("never seen    value \"cat\" of kind  api.yaml:34:24  listPets\n"),
        "{told}"
    );
    let (failing, told) = unwitnessed(
        folder,
        &(pets("/pets", &all) + &pets("/pets", &json!([])) + &every),
    );
    assert_eq!((failing, told.as_str()), (vec![], ""));
}

#[test]
fn what_was_not_read_or_does_not_fit_is_no_witness() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // No alternative accepts these owners, so that nothing in them is of an alternative.
    let unfit = pets(
        "/pets/7",
        &json!({ "id": 1, "owner": { "since": 1 }, "more": 5 }),
    );
    let broken =
        pets("/pets/7", &json!({ "id": 1, "kind": "cat" })).replace("\\\"cat\\\"}", "\\\"cat\\\"");
    let elsewhere = pets("/pets/7", &json!({ "id": 1, "kind": "dog" }))
        .replace("application/json", "text/plain");
    let recording = unfit + &broken + &elsewhere + "{\"request\": 1}\n";
    let (_, told) = unwitnessed(folder, &recording);
    for missing in [
        "optional property since",
        "optional property extra",
        "optional property kind",
        "branch oneOf/0 of owner",
        "branch oneOf/1 of owner",
        "value \"cat\" of kind",
        "value \"dog\" of kind",
    ] {
        assert!(
            told.contains(&format!("never seen    {missing} ")),
            "{missing}\n{told}"
        );
    }
    assert!(
        told.contains("always seen   optional property owner "),
        "{told}"
    );
}

#[test]
fn of_what_is_too_large_to_be_looked_through_nothing_is_called_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let properties: String = (0..450)
        .map(|number| format!("\n        p{number}: {{ properties: {{ q: {{ type: string }} }} }}"))
        .collect();
    let id = "id: { type: integer, maximum: 9 }";
    let large = OPEN.replace(id, &format!("{id}{properties}"));
    assert!(large.contains("p449"), "{large}");
    write(folder.path(), "api.yaml", &large);
    write(
        folder.path(),
        "r.ndjson",
        pets("/pets/1", &json!({ "id": 1 })),
    );
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_oasgate"))
            .current_dir(folder.path())
            .args(["replay", "api.yaml", "r.ndjson", "--snapshots", "off"])
            .args(arguments)
            .output()
            .expect("the program starts")
    };
    let told = |output: &std::process::Output| {
        let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        String::from_utf8_lossy(&all).into_owned()
    };
    let output = told(&run(&["--witness"]));
    let wanted = "too large     schema of the body, of which what is nearest to its root is looked for  api.yaml:";
    assert!(output.contains(wanted), "{output}");
    let output = run(&["--fail-on", "unwitnessed=enum-value"]);
    assert_eq!(output.status.code(), Some(1));
    let output = told(&output);
    assert!(
        output.contains("too large to be looked through"),
        "{output}"
    );
}
