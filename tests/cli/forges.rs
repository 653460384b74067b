//! What runs oasgate on a forge, run here as far as a shell can: the step of the action, the script of the template for
//! GitLab, the hooks of pre-commit. Installing a release and uploading reports are left to the forges.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use axum::{Router, routing::get};
use oasgate::document::Document;
use serde_json::Value;

use crate::{project, write};

const DOCUMENT: &str = r"
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /a: { get: { operationId: a, responses: { '200': { description: Fine } } } }
";

/// A file of the project that is YAML, as a value.
fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(project().join(name)).expect("it is there");
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("openapi: 3.0.0\nx-file:\n{indented}");
    let document = Document::parse(name, text).expect("it is YAML");
    document.root()["x-file"].clone()
}

/// A service that answers the document's only operation with this status.
async fn serve(status: u16) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let status = axum::http::StatusCode::from_u16(status).expect("a status");
    let service = Router::new().route("/a", get(move || async move { status }));
    tokio::spawn(async { axum::serve(listener, service).await });
    url
}

/// A shell in a folder, in which `oasgate` is the program under test.
fn shell(name: &str, folder: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_oasgate"));
    let programs = program.parent().expect("it is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new(name);
    shell
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", programs.display()))
        .env_remove("CI")
        .env_remove("GITHUB_ACTIONS");
    shell
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("the shell starts"))
        .await
        .expect("it ends")
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_action_checks_a_service_that_it_starts_and_keeps_every_report() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["id"] == "check");
    let script = step.expect("a step")["run"].as_str().expect("a script");
    for (status, wanted) in [(200, 0), (418, 1)] {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "api.yaml", DOCUMENT);
        let mut shell = shell("bash", folder.path());
        shell
            .args(["-c", script])
            .env("RUNNER_TEMP", folder.path())
            .env("GITHUB_OUTPUT", folder.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary"))
            .env("SPEC", "api.yaml")
            .env("URL", serve(status).await)
            .env("START", "echo $$ >pid; sleep 1000; exit $OASGATE_TOKEN")
            .env("WAIT", "20s")
            .env("BASELINE", "")
            .env("ARGS", "--snapshots off --seed 1")
            .env("OASGATE_TOKEN", "a-token");
        let output = output(shell).await;
        assert_eq!(output.status.code(), Some(wanted), "{}", text(&output));
        let reports = folder.path().join("oasgate");
        for name in ["json", "sarif", "xml", "md", "html"] {
            let report = reports.join(format!("oasgate.{name}"));
            let report = fs::read_to_string(&report).expect("it was written");
            assert!(!report.is_empty() && !report.contains("a-token"), "{name}");
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
        assert!(read("output").starts_with("report="));
        assert!(!read("summary").is_empty());
        let is_annotated = text(&output).contains("::error");
        assert_eq!(is_annotated, wanted == 1, "{}", text(&output));
        // What was started ended with the check.
        let pid = read("pid");
        let state = Command::new("ps")
            .args(["-o", "stat=", "-p", pid.trim()])
            .output()
            .expect("ps is there");
        let state = String::from_utf8_lossy(&state.stdout).into_owned();
        assert!(state.trim().is_empty() || state.starts_with('Z'), "{state}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_for_gitlab_writes_what_it_says_are_its_artefacts() {
    let template = yaml(".gitlab/oasgate.yml");
    let job = &template[".oasgate"];
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "api.yaml", DOCUMENT);
    let mut shell = shell("sh", folder.path());
    shell
        .args(["-c", job["script"][0].as_str().expect("a script")])
        .env("OASGATE_SPEC", "api.yaml")
        .env("OASGATE_URL", serve(418).await)
        .env("OASGATE_ARGS", "--snapshots off --seed 1");
    let output = output(shell).await;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let artifacts = &job["artifacts"];
    let reports = artifacts["reports"].as_object().expect("reports").values();
    for name in artifacts["paths"]
        .as_array()
        .expect("paths")
        .iter()
        .chain(reports)
    {
        let name = name.as_str().expect("a name");
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}

#[test]
fn the_hooks_take_several_documents_and_tell_what_broke() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hook = |id: &str| {
        let hooks = hooks.as_array().expect("hooks");
        hooks
            .iter()
            .find(|hook| hook["id"] == id)
            .expect("it is there")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let git = |args: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(args)
            .current_dir(folder.path())
            .output()
            .expect("git is there");
        assert!(done.status.success(), "{}", text(&done));
    };
    let run = |id: &str, args: &[&str]| {
        let hook = hook(id);
        let entry = hook["entry"].as_str().expect("an entry");
        let own = hook["args"].as_array().into_iter().flatten();
        let own: Vec<&str> = own.filter_map(Value::as_str).collect();
        // As pre-commit splits it: `sh -c 'script' name`, then the arguments, then the files.
        let mut shell = shell("sh", folder.path());
        let line = format!("{entry} \"$@\"");
        shell.args(["-c", &line, "sh"]).args(own).args(args);
        shell.output().expect("the shell starts")
    };
    write(folder.path(), "api.yaml", DOCUMENT);
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let both = ["api.yaml", "new-api.yaml"];
    write(folder.path(), "new-api.yaml", DOCUMENT);
    for id in ["oasgate-lint", "oasgate-diff"] {
        let output = run(id, &both);
        assert!(output.status.success(), "{id}: {}", text(&output));
    }
    write(folder.path(), "api.yaml", DOCUMENT.replace("/a:", "/b:"));
    let output = run("oasgate-diff", &both);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("1 breaking"), "{}", text(&output));
    write(folder.path(), "api.yaml", "openapi: 3.0.3\npaths: 1\n");
    let output = run("oasgate-lint", &both);
    assert!(!output.status.success(), "{}", text(&output));
}
