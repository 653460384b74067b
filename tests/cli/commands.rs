//! The program through its binary: the table of wrong input in `tests/cases/cli/`, and its output.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use oasgate::document::Document;
use serde_json::Value;

use crate::project;

fn oasgate(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args(args)
        .current_dir(folder)
        .env_remove("CI")
        .env_remove("VANTAGE_TOKEN")
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn wrong_input_is_told_with_its_place_and_what_to_do() {
    let table = fs::read_to_string(project().join("tests/cases/cli/wrong-input.yaml"))
        .expect("the table is there");
    let indented: String = table.lines().map(|line| format!("  {line}\n")).collect();
    let document = format!("openapi: 3.0.3\ninfo: {{}}\nx-cases:\n{indented}");
    let document =
        Document::parse("wrong-input.yaml", document).unwrap_or_else(|error| panic!("{error}"));
    let cases = document.root()["x-cases"]
        .as_array()
        .expect("a list")
        .clone();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let folder = tempfile::tempdir().expect("a folder");
        for (file, content) in case["files"].as_object().into_iter().flatten() {
            let content = content.as_str().expect("a text");
            // What no table can hold as text stands in it as hexadecimal digits.
            let bytes = match content.strip_prefix("hex:") {
                Some(digits) => (0..digits.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits"))
                    .collect(),
                None => content.as_bytes().to_vec(),
            };
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            fs::write(path, bytes).expect("it is written");
        }
        fs::copy(
            project().join("spec/vantage-data-exports.yaml"),
            folder.path().join("vantage.yaml"),
        )
        .expect("it is copied");
        let args: Vec<&str> = case["args"]
            .as_array()
            .expect("arguments")
            .iter()
            .map(|arg| arg.as_str().expect("a text"))
            .collect();
        let output = oasgate(folder.path(), &args);
        let came = text(&output.stderr);
        let code = output.status.code();
        if code
            != case["exit"]
                .as_i64()
                .and_then(|code| i32::try_from(code).ok())
        {
            wrong.push(format!(
                "{name}: exit {code:?}\n{came}{}",
                text(&output.stdout)
            ));
        }
        let wanted = case["says"].as_str().expect("a text");
        let shown = if case.get("stdout") == Some(&Value::Bool(true)) {
            text(&output.stdout)
        } else {
            came
        };
        if !shown.contains(wanted.trim_end()) {
            wrong.push(format!("{name}:\n  wanted: {wanted}\n  came:   {shown}"));
        }
        if shown.contains("panicked") {
            wrong.push(format!("{name}: it panicked"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 25, "only {} cases", cases.len());
}

#[test]
fn without_an_argument_nothing_was_checked_and_help_is_shown() {
    let output = oasgate(project(), &[]);
    assert_eq!(output.status.code(), Some(2));
    let help = text(&output.stderr);
    assert!(help.contains("Usage:") && help.contains("replay"), "{help}");
    let help = text(&oasgate(project(), &["--help"]).stdout);
    assert!(
        help.contains("Examples:") && help.contains("oasgate replay spec/api.yaml recordings/"),
        "{help}"
    );
}

#[test]
fn a_shell_is_offered_rules_and_what_the_document_has() {
    let offered = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_oasgate"))
            .args(["--", "oasgate"])
            .args(words)
            .current_dir(project())
            .env("OASGATE_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
            .env("_CLAP_COMPLETE_COMP_TYPE", "9")
            .env("_CLAP_COMPLETE_SPACE", "false")
            .env("_CLAP_IFS", "\n")
            .output()
            .expect("the program starts");
        text(&output.stdout)
    };
    let spec = "spec/vantage-data-exports.yaml";
    for (words, wanted) in [
        (["explain", "undeclared-st"].as_slice(), "undeclared-status"),
        (&["check", spec, "--operation", "get"], "getDataExport"),
        (&["check", spec, "--param", ""], "data_export_token="),
        (&["check", spec, "--fail-on", "unr"], "unreached"),
        (&["generate", spec, ""], "getDataExport"),
        (&["schema", spec, "Data"], "DataExportManifest"),
        (&["lint", spec, "--report", "j"], "junit="),
        (&["che"], "check"),
    ] {
        let offers = offered(words);
        assert!(
            offers.lines().any(|offer| offer == wanted),
            "{words:?}: {offers}"
        );
    }
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = text(&oasgate(project(), &["completions", shell]).stdout);
        assert!(script.contains("OASGATE_COMPLETE"), "{shell}: {script}");
    }
}

#[test]
fn every_command_has_examples_in_its_help() {
    for command in ["check", "replay", "lint", "merge", "schema"] {
        let help = text(&oasgate(project(), &[command, "--help"]).stdout);
        assert!(help.contains("Examples:"), "{help}");
    }
}

#[test]
fn replay_of_the_bundled_recordings_reads_like_this() {
    let output = oasgate(
        project(),
        &[
            "replay",
            "spec/vantage-data-exports.yaml",
            "tests/recordings/vantage",
            "--snapshots",
            "check",
        ],
    );
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\(\d+\.\d s\)", "([time])");
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("replay_vantage", text(&output.stdout)));
}

#[test]
fn standard_input_is_a_recording_too() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oasgate"))
        .args([
            "replay",
            "spec/vantage-data-exports.yaml",
            "-",
            "--snapshots",
            "off",
            "-q",
        ])
        .current_dir(project())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let recording =
        fs::read(project().join("tests/recordings/vantage/exchanges.ndjson")).expect("it is there");
    child
        .stdin
        .take()
        .expect("it is open")
        .write_all(&recording)
        .expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert!(
        text(&output.stdout).contains("exchanges"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn a_report_to_standard_output_is_alone_there() {
    let output = oasgate(
        project(),
        &[
            "replay",
            "spec/vantage-data-exports.yaml",
            "tests/recordings/vantage",
            "--snapshots",
            "off",
            "--report",
            "json=-",
        ],
    );
    let report: Value =
        serde_json::from_slice(&output.stdout).expect("it is JSON and nothing else");
    assert_eq!(report["kind"], "replay");
    assert!(text(&output.stderr).contains("the contract does not hold"));
}

#[test]
fn derived_schemas_are_the_accepted_ones_and_valid() {
    for name in ["DataExport", "DataExportManifest", "Errors", "Links"] {
        let first = oasgate(
            project(),
            &["schema", "spec/vantage-data-exports.yaml", name],
        );
        let second = oasgate(
            project(),
            &["schema", "spec/vantage-data-exports.yaml", name],
        );
        assert_eq!(first.stdout, second.stdout, "{name} is not stable");
        let schema: Value = serde_json::from_slice(&first.stdout).expect("it is JSON");
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(project().join("snapshots/schemas"));
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!(name, text(&first.stdout)));
    }
}

#[test]
fn schemas_are_written_to_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("schemas");
    let output = oasgate(
        project(),
        &[
            "schema",
            "spec/vantage-data-exports.yaml",
            "--out",
            out.to_str().expect("a path"),
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut files: Vec<String> = fs::read_dir(&out)
        .expect("it is there")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    assert_eq!(
        files,
        ["DataExport", "DataExportManifest", "Errors", "Links"]
            .map(|name| format!("{name}.schema.json"))
    );
}

#[test]
fn explain_prints_the_documentation_of_a_rule() {
    let all = text(&oasgate(project(), &["explain"]).stdout);
    assert!(
        all.lines().count() > 20 && all.contains("undeclared-status"),
        "{all}"
    );
    let one = text(&oasgate(project(), &["explain", "undeclared-status"]).stdout);
    assert!(one.contains("# Not a finding when"), "{one}");
}

#[test]
fn in_ci_snapshots_are_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshots = folder.path().join("snapshots");
    fs::create_dir(&snapshots).expect("it is made");
    for ci in [true, false] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
        command.current_dir(folder.path()).args(["replay"]);
        command.args([
            project().join("spec/vantage-data-exports.yaml"),
            project().join("tests/recordings/vantage"),
        ]);
        if ci {
            command.env("CI", "true");
        } else {
            command.env_remove("CI");
        }
        command.output().expect("the program starts");
        let written = snapshots.read_dir().expect("a folder").count();
        assert_eq!(written > 0, !ci);
    }
}

#[test]
fn a_plan_lists_sequences_and_counts_them() {
    let plan = |more: &[&str]| {
        let args = [&["plan", "specs/orders.yaml", "--cases", "1"], more].concat();
        // The configuration of this project is about another document.
        let output = oasgate(&project().join("tests"), &args);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        text(&output.stdout)
    };
    let shown = plan(&[]);
    let step = "    sequence DELETE /orders/{order_id}  (the created resource is deleted, 2 times)";
    assert!(shown.lines().any(|line| line == step), "{shown}");
    let last = shown.lines().last().expect("a line");
    let numbers: Vec<u64> = last
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    let [all, sequences] = numbers[..] else {
        panic!("{last}");
    };
    let lines: Vec<Value> = plan(&["--json"])
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let times = |line: &Value| line["times"].as_u64().unwrap_or(1);
    assert_eq!(all, lines.iter().map(times).sum::<u64>());
    let of_sequences = lines.iter().filter(|line| line["phase"] == "sequences");
    assert_eq!(sequences, of_sequences.map(times).sum::<u64>());
    let fewer = plan(&["--sequences", "1"]);
    assert!(!fewer.contains(" times)"), "{fewer}");
}

#[test]
fn a_case_that_nobody_kept_is_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = project().join("tests/specs/orders.yaml");
    let spec = spec.to_str().expect("it is a text");
    for (id, snapshots, said) in [
        ("0f1e", "off", "no failures are kept here"),
        ("0f1e", "review", "no failure is kept under 0f1e"),
        ("zz", "review", "an id has four or more of 0-9 and a-f"),
    ] {
        let url = "http://127.0.0.1:9";
        let args = [
            "check",
            spec,
            "--url",
            url,
            "--snapshots",
            snapshots,
            "--case",
            id,
        ];
        let ran = oasgate(folder.path(), &args);
        let text = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{text}");
    }
}
