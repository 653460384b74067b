//! What a first run leaves behind, and what is done about it: `init`, `review`, `man`.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::project;

fn oasgate(folder: &Path, args: &[&str], typed: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(args)
        .current_dir(folder)
        .env_remove("CI")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // Who asks nothing may be gone before it is told.
    let _ = stdin.write_all(typed.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn replay(folder: &Path, args: &[&str]) -> Output {
    let spec = project().join("spec/vantage-data-exports.yaml");
    let traffic = project().join("tests/recordings/vantage");
    let (spec, traffic) = (spec.display().to_string(), traffic.display().to_string());
    let whole = [&["replay", &spec, &traffic], args].concat();
    oasgate(folder, &whole, "")
}

/// The names of what a folder holds, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().into_iter().flatten();
    let mut names: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

#[test]
fn a_first_run_writes_nothing_that_nobody_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    replay(folder.path(), &[]);
    assert_eq!(names(folder.path()), Vec::<String>::new());
    fs::create_dir(folder.path().join("snapshots")).expect("it is made");
    replay(folder.path(), &[]);
    let written = names(&folder.path().join("snapshots"));
    assert!(!written.is_empty() && written.iter().all(|name| name.ends_with(".snap.new")));
}

#[test]
fn what_waits_is_accepted_rejected_or_skipped_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshots = folder.path().join("snapshots");
    replay(folder.path(), &["--snapshots", "review"]);
    let waiting = names(&snapshots);
    let [first, _, third] = waiting.as_slice() else {
        panic!("{waiting:?}")
    };
    let output = oasgate(folder.path(), &["review"], "a\nwhat\nr\ns\n");
    let shown = out(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("1 of 3: new: "), "{shown}");
    assert!(
        shown.contains("1 snapshot accepted, 1 rejected, 1 waiting"),
        "{shown}"
    );
    let accepted = first.trim_end_matches(".new").to_owned();
    assert_eq!(names(&snapshots), [accepted.clone(), third.clone()]);
    // The file that was accepted is the one that the gate reads.
    let again = out(&replay(folder.path(), &["--snapshots", "check"]));
    assert!(again.contains("snapshots: 1 unchanged, 2 new"), "{again}");
    let output = oasgate(folder.path(), &["review", "--accept"], "");
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));
    assert_eq!(
        names(&snapshots),
        [accepted, third.trim_end_matches(".new").to_owned()]
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn init_writes_what_it_finds_once_and_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("spec")).expect("it is made");
    let spec = project().join("tests/specs/orders.yaml");
    fs::copy(spec, at("spec/api.yaml")).expect("it is copied");
    fs::write(at("package.json"), "{\"scripts\": {\"start\": \"node .\"}}").expect("it is written");
    fs::write(at(".gitignore"), "node_modules").expect("it is written");
    fs::create_dir(at(".github")).expect("it is made");
    let args = ["init", "--yes", "--no-run"];
    let output = oasgate(folder.path(), &args, "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let config = fs::read_to_string(at("oasgate.toml")).expect("it was written");
    // The server of the document that is on this machine.
    assert!(
        config.contains("url = \"http://127.0.0.1:8081/v1\""),
        "{config}"
    );
    assert!(config.contains("start = \"npm start\""), "{config}");
    let job = fs::read_to_string(at(".github/workflows/contract.yml")).expect("it was written");
    assert!(job.contains("spec: 'spec/api.yaml'"), "{job}");
    let ignored = fs::read_to_string(at(".gitignore")).expect("it is there");
    assert!(
        ignored.starts_with("node_modules\n*.snap.new\n"),
        "{ignored}"
    );
    let output = oasgate(folder.path(), &args, "");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("oasgate.toml is there already"), "{told}");
    let lint = oasgate(folder.path(), &["lint", "spec/api.yaml", "-q"], "");
    assert_eq!(lint.status.code(), Some(0), "{lint:?}");
}

#[test]
fn init_without_a_document_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = oasgate(folder.path(), &["init", "--yes"], "");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("oasgate init path/to/openapi.yaml"), "{told}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
    // Of a framework that makes it, where to get it.
    crate::write(folder.path(), "app.py", "app = FastAPI()");
    let output = oasgate(folder.path(), &["init", "--yes"], "");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let served = "FastAPI serves one at http://127.0.0.1:8000/openapi.json";
    assert!(told.contains(served), "{told}");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = oasgate(folder.path(), &["man", "man1"], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let pages = names(&folder.path().join("man1"));
    for page in ["oasgate.1", "oasgate-check.1", "oasgate-review.1"] {
        assert!(pages.iter().any(|name| name == page), "{pages:?}");
    }
    let check = fs::read_to_string(folder.path().join("man1/oasgate-check.1")).expect("a page");
    assert!(check.contains("\\-\\-allow\\-unsafe"), "{check}");
}
