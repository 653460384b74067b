//! What a stranger wrote is shown and never acted upon, whichever command shows it; files are written as the user
//! wants new files to be; a signal ends every command.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::write;

fn oasgate(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
    command.args(args).current_dir(folder).env("NO_COLOR", "1");
    command
}

fn output(folder: &Path, args: &[&str]) -> Output {
    oasgate(folder, args).output().expect("the program starts")
}

/// A document that says a text wherever it may.
fn document(text: &str, path: &str) -> String {
    let schema =
        json!({ "type": "object", "required": [text], "properties": { text: { "const": text } } });
    json!({
        "openapi": "3.1.0",
        "info": { "title": text, "version": text },
        "servers": [{ "url": "http://a.test" }],
        "paths": { path: { "post": {
            "operationId": text,
            "summary": text,
            "parameters": [{ "name": text, "in": "query", "schema": { "enum": [text] } }],
            "requestBody": { "content": { "application/json": { "schema": schema } } },
            "responses": { "200": { "description": text, "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/a" } } } } },
        } } },
        "components": { "schemas": { "a": schema, text: { "title": text, "minLength": text } } },
    })
    .to_string()
}

#[test]
fn no_command_shows_a_command_of_a_ci_system() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut wrong = Vec::new();
    for text in [
        "##[error]X",
        "a ##vso[task.setvariable]X",
        "::error::X",
        "x\n::error::X\n##[error]X",
    ] {
        write(folder, "old.json", document(text, "/a"));
        write(folder, "new.json", document(text, "/b"));
        for args in [
            &["lint", "old.json", "--verbose"][..],
            &["plan", "old.json", "--cases", "2"],
            &["plan", "old.json", "--cases", "2", "--json"],
            &["plan", "old.json", "--graph", "dot"],
            &["plan", "old.json", "--graph", "mermaid"],
            &["schema", "old.json"],
            &["generate", "old.json", text, "--count", "3"],
            &["generate", "old.json", "another", "--count", "3"],
            &["diff", "old.json", "new.json"],
            &["diff", "new.json", "old.json", "--report", "markdown=-"],
        ] {
            let output = output(folder, args);
            for shown in [&output.stdout, &output.stderr] {
                let shown = String::from_utf8_lossy(shown);
                let lines = shown.lines().filter(|line| {
                    line.contains("##[")
                        || line.contains("##vso[")
                        || line.trim_start().starts_with("::")
                });
                wrong.extend(lines.map(|line| format!("{args:?}: {line}")));
            }
            assert!(
                matches!(output.status.code(), Some(0..=2)) && !output.stdout.is_empty()
                    || args[1] == "old.json" && args[0] == "generate",
                "{args:?}: {output:?}"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(unix)]
fn files_have_the_rights_of_new_files_and_links_stay_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "old.json", document("t", "/a"));
    write(folder, "kept.json", "");
    symlink("kept.json", folder.join("link.json")).expect("a link");
    symlink("nowhere/x.json", folder.join("lost.json")).expect("a link");
    for (mask, mode) in [("077", 0o600), ("022", 0o644), ("002", 0o664)] {
        let command = format!(
            "umask {mask}; exec '{}' lint old.json --report json=new.json --report junit=link.json \
             --baseline base.json --baseline-update",
            env!("CARGO_BIN_EXE_oasgate")
        );
        let ended = Command::new("sh")
            .args(["-c", &command])
            .current_dir(folder)
            .output()
            .expect("a shell");
        assert!(matches!(ended.status.code(), Some(0 | 1)), "{ended:?}");
        for name in ["new.json", "kept.json", "base.json"] {
            let written = fs::metadata(folder.join(name)).expect("it is written");
            assert_eq!(
                written.permissions().mode() & 0o777,
                mode,
                "{name} under {mask}"
            );
            assert!(written.len() > 0, "{name}");
            fs::remove_file(folder.join(name)).expect("it is ours");
        }
        assert!(folder.join("link.json").is_symlink());
        write(folder, "kept.json", "");
    }
    let lost = output(folder, &["lint", "old.json", "--report", "json=lost.json"]);
    assert_eq!(lost.status.code(), Some(2), "{lost:?}");
}

#[test]
fn references_stay_below_the_document_unless_more_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for part in ["in", "out"] {
        fs::create_dir(folder.join(part)).expect("it is made");
    }
    let document = document("t", "/a").replace("#/components/schemas/a", "../out/a.json");
    write(&folder.join("in"), "api.json", document);
    write(&folder.join("out"), "a.json", r#"{"type": "object"}"#);
    let refused = output(folder, &["lint", "in/api.json"]);
    let said = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(said.contains("unresolved-reference"), "{said}");
    let read = output(folder, &["lint", "in/api.json", "--allow-files", "out"]);
    let said = String::from_utf8_lossy(&read.stdout);
    assert!(!said.contains("unresolved-reference"), "{said}");
}

/// Asks a command to end once it is under way; how it ended, and how long that took.
#[cfg(unix)]
fn asked_to_end(mut command: Command, after: Duration, signal: &str) -> (Option<i32>, Duration) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    // Kept open: the input does not end.
    let input = child.stdin.take();
    thread::sleep(after);
    let asked = Instant::now();
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|sent| sent.success()));
    while asked.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().expect("it is our own") {
            return (status.code(), asked.elapsed());
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it is our own");
    child.wait().expect("it is our own");
    drop(input);
    (None, asked.elapsed())
}

#[test]
#[cfg(unix)]
fn a_signal_ends_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [
        &["lint", "/dev/stdin"][..],
        &["plan", "/dev/stdin"],
        &["schema", "/dev/stdin"],
        &["generate", "/dev/stdin", "x"],
        &["diff", "/dev/stdin", "/dev/null"],
        &["check", "/dev/stdin", "--url", "http://127.0.0.1:9"],
        &["replay", "/dev/stdin", "x.har"],
    ] {
        for signal in ["-TERM", "-INT"] {
            let command = oasgate(folder.path(), args);
            let (code, time) = asked_to_end(command, Duration::from_secs(1), signal);
            assert_eq!(code, Some(2), "{args:?} {signal}: {time:?}");
        }
    }
}

#[test]
#[cfg(unix)]
fn planning_ends_with_a_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let parameter =
        json!({ "name": "a", "in": "path", "required": true, "schema": { "type": "string" } });
    let operation =
        json!({ "parameters": [parameter], "responses": { "200": { "description": "d" } } });
    let paths: serde_json::Map<_, _> = (0..600)
        .map(|number| (format!("/p{number}/{{a}}"), json!({ "get": operation })))
        .collect();
    let document =
        json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": paths });
    write(folder.path(), "many.json", document.to_string());
    // Nobody listens: what follows the wait is planning alone.
    let args = [
        "check",
        "many.json",
        "--url",
        "http://127.0.0.1:9",
        "--wait",
        "60s",
        "--snapshots",
        "off",
    ];
    let command = oasgate(folder.path(), &args);
    let (code, time) = asked_to_end(command, Duration::from_secs(5), "-TERM");
    assert!(matches!(code, Some(2 | 3)), "{code:?} after {time:?}");
}
