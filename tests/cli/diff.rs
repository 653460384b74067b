//! `oasgate diff` as a step of CI: exit codes, revisions, accepted changes, recorded traffic.

use std::{
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

#[test]
fn a_revision_of_the_repository_is_the_old_document() {
    let folder = folder();
    let git = |args: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(args)
            .current_dir(folder.path())
            .output()
            .expect("git runs");
        assert!(done.status.success(), "git {args:?}");
    };
    git(&["init", "-q"]);
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
    }
    let unknown = oasgate(folder.path(), &["--base", "nowhere", "api.yaml"]);
    assert_eq!(unknown.status.code(), Some(2));
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
