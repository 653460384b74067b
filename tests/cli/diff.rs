//! `oasgate diff` as a step of CI: exit codes, revisions, accepted changes, recorded traffic.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::write;

const OLD: &str = r"
openapi: 3.1.0
info: { title: Things, version: '1' }
paths:
  /things:
    post:
      operationId: makeThing
      requestBody:
        content: { application/json: { schema: { type: object, properties: { kind: { type: string } } } } }
      responses: { '200': { description: Fine } }
";

fn oasgate(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .arg("diff")
        .args(args)
        .current_dir(folder)
        .env_remove("CI")
        .env("NO_COLOR", "1")
        .output()
        .expect("it runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder with an old document and a new one, whose `kind` is required.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "old.yaml", OLD);
    let new = OLD.replace("type: object,", "type: object, required: [kind],");
    write(folder.path(), "new.yaml", &new);
    folder
}

#[test]
fn what_breaks_is_exit_code_1_and_what_cannot_run_2() {
    let folder = folder();
    let code = |args: &[&str]| oasgate(folder.path(), args).status.code();
    assert_eq!(code(&["old.yaml", "old.yaml"]), Some(0));
    assert_eq!(code(&["old.yaml", "new.yaml"]), Some(1));
    // Whoever sends the property may leave it out tomorrow.
    assert_eq!(code(&["new.yaml", "old.yaml"]), Some(0));
    let compatible = ["new.yaml", "old.yaml", "--fail-on", "compatible-schema"];
    assert_eq!(code(&compatible), Some(1));
    assert_eq!(code(&["old.yaml"]), Some(2));
    assert_eq!(code(&["old.yaml", "missing.yaml"]), Some(2));
    let unheard = ["old.yaml", "new.yaml", "--fail-on", "braking"];
    assert_eq!(code(&unheard), Some(2));
}

/// A new repository in a folder, and what calls `git` in it.
fn repository(folder: &Path) -> impl Fn(&[&str]) {
    let folder = folder.to_owned();
    let git = move |args: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(args)
            .current_dir(&folder)
            .output()
            .expect("git runs");
        assert!(done.status.success(), "git {args:?}");
    };
    git(&["init", "-q"]);
    git
}

#[test]
fn a_revision_of_the_repository_is_the_old_document() {
    let folder = folder();
    let git = repository(folder.path());
    write(folder.path(), "api.yaml", OLD);
    git(&["add", "api.yaml"]);
    git(&["commit", "-qm", "old"]);
    let new = OLD.replace("type: object,", "type: object, required: [kind],");
    write(folder.path(), "api.yaml", &new);
    for args in [
        ["--base", "HEAD", "api.yaml"].as_slice(),
        &["git:HEAD:api.yaml", "api.yaml"],
    ] {
        let output = oasgate(folder.path(), args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(text(&output).contains("narrowed-input"), "{args:?}");
        assert!(
            text(&output).contains("old: git:HEAD:api.yaml:"),
            "{args:?}"
        );
    }
    let whole = folder.path().join("api.yaml");
    let whole = whole.to_str().expect("a plain path");
    let output = oasgate(folder.path(), &["--base", "HEAD", whole]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    for (args, said) in [
        (["--base", "nowhere", "api.yaml"].as_slice(), "nowhere"),
        (&["--base", "", "api.yaml"], "is no revision"),
        (
            &["--base", "HEAD", "/nowhere/api.yaml"],
            "is not in the repository",
        ),
        (&["git:HEAD", "api.yaml"], "git:REVISION:PATH"),
        (&["git::api.yaml", "api.yaml"], "is no revision"),
    ] {
        let output = oasgate(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(said), "{args:?}: {told}");
    }
}

#[test]
fn files_of_a_revision_are_named_by_it() {
    let folder = folder();
    let git = repository(folder.path());
    let with = |file: &str| OLD.replace("type: object,", &format!("$ref: '{file}#/A',"));
    write(folder.path(), "gone.yaml", with("not-there.yaml"));
    write(folder.path(), "broken.yaml", "openapi: 3.1.0\npaths: [");
    git(&["add", "."]);
    git(&["commit", "-qm", "old"]);
    let told = |name: &str| {
        let output = oasgate(folder.path(), &["--base", "HEAD", name]);
        text(&output) + &String::from_utf8_lossy(&output.stderr)
    };
    let gone = told("gone.yaml");
    let folder_of_the_copy = std::env::temp_dir();
    assert!(gone.contains("git:HEAD:not-there.yaml"), "{gone}");
    assert!(
        !gone.contains(folder_of_the_copy.to_str().expect("a plain path")),
        "{gone}"
    );
    let broken = told("broken.yaml");
    assert!(broken.contains("git:HEAD:broken.yaml:2:8"), "{broken}");
    write(folder.path(), "parts.yaml", "Thing: { type: object }\n");
    let refers = OLD.replace(
        "properties: { kind: { type: string } }",
        "properties: { kind: { $ref: 'parts.yaml#/Thing' } }",
    );
    write(folder.path(), "refers.yaml", refers);
    git(&["add", "."]);
    git(&["commit", "-qm", "parts"]);
    write(
        folder.path(),
        "parts.yaml",
        "Thing: { type: object, required: [a] }\n",
    );
    let part = told("refers.yaml");
    assert!(part.contains("schema Thing: the new document"), "{part}");
    assert!(part.contains("old: git:HEAD:parts.yaml:1:"), "{part}");
    let missing = told("missing.yaml");
    assert!(
        missing.contains("cannot read git:HEAD:missing.yaml"),
        "{missing}"
    );
}

#[test]
fn a_revision_in_one_line_is_read_with_its_other_files() {
    let folder = folder();
    let git = repository(folder.path());
    let minified = |part: &str| {
        format!(
            r##"{{"openapi":"3.1.0","info":{{"title":"t","version":"1"}},"paths":{{"/a":{{"post":{{"requestBody":{{"content":{{"application/json":{{"schema":{part}}}}}}},"responses":{{"200":{{"description":"ok"}}}}}}}}}},"components":{{"schemas":{{"A":{{"$ref":"#/components/schemas/B"}},"B":{{"type":"string"}}}}}}}}"##
        )
    };
    write(
        folder.path(),
        "part.json",
        r#"{"type":"object","required":["a"]}"#,
    );
    let refers = minified(r#"{"$ref":"part.json"}"#);
    write(folder.path(), "api.json", &refers);
    git(&["add", "."]);
    git(&["commit", "-qm", "old"]);
    write(
        folder.path(),
        "api.json",
        minified(r#"{"type":"object","required":["a"]}"#),
    );
    let written_out = oasgate(folder.path(), &["--base", "HEAD", "api.json"]);
    let told = text(&written_out);
    assert_eq!(written_out.status.code(), Some(0), "{told}");
    assert!(told.contains("no changes"), "{told}");
}

#[test]
fn accepted_changes_do_not_fail() {
    let folder = folder();
    let known = ["old.yaml", "new.yaml", "--baseline", "known.json"];
    let updated = [known.as_slice(), &["--baseline-update"]].concat();
    oasgate(folder.path(), &updated);
    assert_eq!(oasgate(folder.path(), &known).status.code(), Some(0));
}

#[test]
fn recorded_requests_that_would_be_refused_are_counted() {
    let folder = folder();
    let recorded = |body: &str| {
        format!(
            r#"{{"request": {{"method": "POST", "url": "http://a.test/things", "headers": [["content-type", "application/json"]], "body": {body:?}}}, "response": {{"status": 200}}}}"#
        )
    };
    let lines = [recorded("{}"), recorded(r#"{"kind":"a"}"#)].join("\n");
    write(folder.path(), "traffic.ndjson", &lines);
    let args = ["old.yaml", "new.yaml", "--against", "traffic.ndjson"];
    let output = oasgate(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output);
    assert!(told.contains("breaks 1 recorded exchange"), "{told}");
    assert!(told.contains("1 of 2 recorded exchanges"), "{told}");

    // It breaks nobody in this traffic, and is still breaking.
    write(folder.path(), "traffic.ndjson", recorded(r#"{"kind":"a"}"#));
    let output = oasgate(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("0 of 1 recorded exchange"),
        "{}",
        text(&output)
    );
}

#[test]
fn recorded_entries_that_cannot_be_read_are_told() {
    let folder = folder();
    let good = r#"{"request": {"method": "POST", "url": "http://a.test/things", "headers": [["content-type", "application/json"]], "body": "{\"kind\":\"a\"}"}, "response": {"status": 200}}"#;
    let lines = [good, "{\"request\": {}}", "{\"request\": 7}", "{"].join("\n");
    write(folder.path(), "traffic.ndjson", lines);
    // Nothing changed, so that nothing else can fail.
    let same = ["old.yaml", "old.yaml", "--against", "traffic.ndjson"];
    let run = |more: &[&str]| {
        let output = oasgate(folder.path(), &[same.as_slice(), more].concat());
        (output.status.code(), text(&output))
    };
    let (code, told) = run(&["--report", "markdown=c.md", "--report", "json=c.json"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("warning[unread-entry]"), "{told}");
    assert!(told.contains("3 unread"), "{told}");
    let report = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a report");
    assert!(report("c.md").contains("<code>unread-entry</code>"));
    assert!(report("c.json").contains("\"unread\": 3"));
    for word in ["unread-entry", "warning"] {
        assert_eq!(run(&["--fail-on", word]).0, Some(1), "{word}");
    }
    write(
        folder.path(),
        "oasgate.toml",
        "[severity]\nunread-entry = 'error'",
    );
    assert_eq!(run(&[]).0, Some(1));
    let known = ["--baseline", "known.json"];
    run(&[&known[..], &["--baseline-update"]].concat());
    let (code, told) = run(&known);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("[unread-entry]"), "{told}");
}

#[test]
fn a_recording_of_which_nothing_can_be_read_is_2() {
    let folder = folder();
    write(folder.path(), "traffic.ndjson", "{\"request\": {}}\n{");
    let args = ["old.yaml", "old.yaml", "--against"];
    let output = oasgate(folder.path(), &[&args[..], &["traffic.ndjson"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    // A folder may hold other files; where it holds nothing else, nothing was read.
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    write(folder.path(), "folder/notes.json", "no recording");
    let output = oasgate(folder.path(), &[&args[..], &["folder"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("notes.json"), "{said}");
}

/// Two operations in the new document and one in the old one, which is another now.
const CONFIGURED: [&str; 2] = [
    OLD,
    r"
openapi: 3.1.0
info: { title: Things, version: '2' }
paths:
  /things:
    post:
      operationId: createThing
      requestBody:
        content: { application/json: { schema: { type: object, required: [kind], properties: { kind: { type: string } } } } }
      responses: { '200': { description: Fine } }
    get: { operationId: listThings, responses: { '200': { description: Fine } } }
",
];

#[test]
fn severities_and_exclusions_of_the_configuration_hold_for_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "old.yaml", CONFIGURED[0]);
    write(folder.path(), "new.yaml", CONFIGURED[1]);
    let with = |config: &str| {
        write(folder.path(), "oasgate.toml", config);
        let output = oasgate(folder.path(), &["old.yaml", "new.yaml"]);
        (output.status.code(), text(&output))
    };
    assert_eq!(with("").0, Some(1));
    let (code, said) = with("[severity]\nnarrowed-input = 'note'");
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = with("[severity]\nnarrowed-input = 'off'");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("narrowed-input"), "{said}");
    let (code, said) = with("[severity]\nadded-operation = 'error'\nnarrowed-input = 'note'");
    assert_eq!(code, Some(1), "{said}");
    // By the id of the old document, that of the new one, and the path.
    for name in ["makeThing", "createThing", "POST /things"] {
        let (code, said) = with(&format!("exclude = ['{name}']"));
        assert_eq!(code, Some(0), "{name}: {said}");
    }
    // One that is in the new document alone is no mistake; one that is nowhere is.
    assert_eq!(with("exclude = ['listThings']").0, Some(1));
    assert_eq!(with("exclude = ['nothing']").0, Some(2));
    let (code, said) = with("[path.'/things'.severity]\nnarrowed-input = 'warning'");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning[narrowed-input]"), "{said}");
}

/// A document with a tagged operation, a webhook and a callback, whose parameters may be required.
fn tagged(version: &str, id: &str, required: &str) -> String {
    let operation = |id: &str, tag: &str| {
        format!(
            "operationId: {id}, tags: [{tag}], responses: {{ '200': {{ description: Fine }} }}, \
             parameters: [{{ name: q, in: query, required: {required}, schema: {{ type: string }} }}]"
        )
    };
    format!(
        "openapi: 3.1.0\ninfo: {{ title: Things, version: '{version}' }}\npaths:\n  \
         /things/{{{id}}}:\n    parameters: [{{ name: {id}, in: path, required: true, schema: {{ type: string }} }}]\n    \
         get: {{ {} }}\nwebhooks:\n  made:\n    post: {{ {} }}\n  lost:\n    \
         post: {{ tags: [hooks], responses: {{ '200': {{ description: Fine }} }}{} }}\n",
        operation(id, &format!("people{version}")),
        operation("thingMade", "hooks"),
        if required == "true" {
            ""
        } else {
            ", parameters: [{ name: q, in: query, required: true, schema: { type: string } }]"
        },
    )
}

#[test]
fn what_is_said_of_a_tag_or_a_webhook_holds_for_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "old.yaml", tagged("1", "one", "false"));
    write(folder.path(), "new.yaml", tagged("2", "two", "true"));
    let with = |config: &str| {
        write(folder.path(), "oasgate.toml", config);
        let output = oasgate(folder.path(), &["old.yaml", "new.yaml"]);
        (output.status.code(), text(&output))
    };
    let (code, said) = with("");
    assert_eq!(code, Some(1));
    assert!(said.contains("error[added-required-parameter]"), "{said}");
    assert!(said.contains("error[removed-sent-parameter]"), "{said}");
    let hook = "[tag.hooks.severity]\nremoved-sent-parameter = 'warning'\n";
    // By a tag of the old document, and by one that it has in the new one alone, under another id and template.
    for tag in ["people1", "people2"] {
        let (code, said) = with(&format!(
            "{hook}[tag.{tag}.severity]\nadded-required-parameter = 'warning'"
        ));
        assert_eq!(code, Some(0), "{tag}: {said}");
        assert!(said.contains("warning[added-required-parameter]"), "{said}");
        assert!(said.contains("warning[removed-sent-parameter]"), "{said}");
        let (code, said) = with(&format!("{hook}[tag.{tag}]\nexclude = true"));
        assert_eq!(code, Some(0), "{tag}: {said}");
        assert!(!said.contains("added-required-parameter"), "{said}");
    }
    for id in ["one", "two"] {
        let (code, said) = with(&format!("exclude = ['{id}', 'webhook lost']"));
        assert_eq!(code, Some(0), "{id}: {said}");
        let (code, said) = with(&format!(
            "exclude = ['webhook lost']\n[operation.{id}.severity]\nadded-required-parameter = 'off'"
        ));
        assert_eq!(code, Some(0), "{id}: {said}");
    }
    let (code, said) = with("exclude = ['thingMade', 'one']");
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(with("exclude = ['webhook found']").0, Some(2));
    assert_eq!(with("[tag.hook]\nexclude = true").0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_read_from_urls() {
    let new = OLD.replace("type: object,", "type: object, required: [kind],");
    let service = axum::Router::new()
        .route("/old.yaml", axum::routing::get(|| async { OLD }))
        .route("/new.yaml", axum::routing::get(|| async move { new }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, service).await });
    let folder = folder();
    let (old, new) = (format!("{origin}/old.yaml"), format!("{origin}/new.yaml"));
    let code = |args: &[&str]| oasgate(folder.path(), args).status.code();
    assert_eq!(code(&[&old, &new]), Some(1));
    assert_eq!(code(&[&old, "old.yaml"]), Some(0));
    assert_eq!(code(&["old.yaml", &format!("{origin}/none.yaml")]), Some(2));
}
