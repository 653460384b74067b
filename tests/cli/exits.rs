//! How the program ends: what was asked for and could not be written, and a run that is interrupted.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::project;

const RECORDED: &str = r#"{"request": {"method": "GET", "url": "http://a.test/data_exports/x"}, "response": {"status": 404}}"#;

fn oasgate(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oasgate"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("CI")
        .env("NO_COLOR", "1");
    command
}

#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(
        project().join("spec/vantage-data-exports.yaml"),
        folder.path().join("vantage.yaml"),
    )
    .expect("it is copied");
    fs::write(folder.path().join("one.ndjson"), format!("{RECORDED}\n")).expect("it is written");
    folder
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_asked_for_and_cannot_be_written_is_exit_code_2() {
    let replay = ["replay", "vantage.yaml", "one.ndjson", "--snapshots", "off"];
    let to_a_full_disk: &[&[&str]] = &[
        &["lint", "vantage.yaml"],
        &["plan", "vantage.yaml"],
        &["plan", "vantage.yaml", "--graph", "dot"],
        &["schema", "vantage.yaml"],
        &["generate", "vantage.yaml", "getDataExport"],
        &["explain"],
        &["completions", "bash"],
        &["diff", "vantage.yaml", "vantage.yaml"],
        &["--help"],
        &replay,
    ];
    let folder = folder();
    let mut wrong = Vec::new();
    for args in to_a_full_disk {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let output = oasgate(folder.path(), args)
            .stdout(full.expect("the device is there"))
            .output()
            .expect("the program starts");
        if output.status.code() != Some(2) {
            wrong.push(format!("{args:?}: {output:?}"));
        }
    }
    for report in ["json", "junit", "sarif", "github", "html", "markdown"] {
        let report = format!("{report}=/dev/full");
        let args = [&replay[..], &["--report", &report]].concat();
        let output = oasgate(folder.path(), &args).output().expect("it starts");
        if output.status.code() != Some(2) {
            wrong.push(format!("{args:?}: {output:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A replay of a pipe that goes on, once it has been given `lines`.
#[cfg(unix)]
fn endless_replay(folder: &Path, lines: &str) -> Child {
    let mut child = oasgate(
        folder,
        &[
            "replay",
            "vantage.yaml",
            "-",
            "--snapshots",
            "off",
            "--report",
            "json=r.json",
        ],
    )
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    let input = child.stdin.as_mut().expect("a pipe");
    input.write_all(lines.as_bytes()).expect("it is read");
    input.flush().expect("it is read");
    child
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_ends_soon_with_2_and_with_1_when_it_had_found_something() {
    // More than what is looked at to tell the format, so that something is checked before the pipe falls silent.
    let fine = format!("{RECORDED}\n").repeat(2_000);
    let broken = fine.replace("404", "299");
    for (lines, signal, code) in [
        (&fine, "-INT", 2),
        (&fine, "-TERM", 2),
        (&broken, "-INT", 1),
    ] {
        let folder = folder();
        let child = endless_replay(folder.path(), lines);
        thread::sleep(Duration::from_millis(1_500));
        let began = Instant::now();
        let sent = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
        let mut child = child;
        // Held open: the pipe does not end before the program does.
        let input = child.stdin.take();
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{:?}",
            began.elapsed()
        );
        assert!(said.contains("interrupted"), "{said}");
        let report = fs::read_to_string(folder.path().join("r.json")).expect("a report");
        assert!(report.contains("\"kind\": \"interrupted\""), "{report}");
    }
}

/// Sends a signal to a process.
#[cfg(unix)]
fn send(signal: &str, process: &Child) {
    let sent = Command::new("kill")
        .args([signal, &process.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_that_waits_is_interrupted_with_2_and_a_line() {
    let waiting: &[&[&str]] = &[
        &["lint", "/dev/stdin"],
        &["plan", "/dev/stdin"],
        &["schema", "/dev/stdin"],
        &["generate", "/dev/stdin", "x"],
        &["diff", "vantage.yaml", "/dev/stdin"],
        &[
            "diff",
            "vantage.yaml",
            "vantage.yaml",
            "--against",
            "/dev/stdin",
        ],
        &["replay", "vantage.yaml", "-"],
        &["merge", "/dev/stdin"],
        &["check", "/dev/stdin", "--url", "http://127.0.0.1:9"],
    ];
    let mut wrong = Vec::new();
    for args in waiting {
        for signal in ["-INT", "-TERM"] {
            let folder = folder();
            let mut child = oasgate(folder.path(), args)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts");
            thread::sleep(Duration::from_millis(700));
            if let Ok(Some(status)) = child.try_wait() {
                wrong.push(format!("{args:?} does not wait: {status}"));
                continue;
            }
            let began = Instant::now();
            send(signal, &child);
            let input = child.stdin.take();
            let output = child.wait_with_output().expect("it ends");
            drop(input);
            let said = [&output.stdout[..], &output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let lines = said.lines().filter(|line| line.contains("interrupted"));
            if output.status.code() != Some(2)
                || lines.count() != 1
                || began.elapsed() > Duration::from_secs(5)
            {
                wrong.push(format!(
                    "{args:?} {signal}: {:?} {output:?}",
                    began.elapsed()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_that_cannot_write_its_report_ends_when_its_time_is_over_or_when_it_is_asked_again() {
    for is_asked_again in [false, true] {
        let folder = folder();
        let made = Command::new("mkfifo")
            .arg(folder.path().join("pipe"))
            .status();
        assert!(made.is_ok_and(|status| status.success()));
        let mut child = oasgate(
            folder.path(),
            &[
                "replay",
                "vantage.yaml",
                "-",
                "--snapshots",
                "off",
                "--report",
                "json=whole.json",
                "--report",
                "junit=pipe",
            ],
        )
        .env(
            "OASGATE_END_WITHIN",
            if is_asked_again { "60" } else { "2" },
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
        let input = child.stdin.as_mut().expect("a pipe");
        let lines = format!("{RECORDED}\n").repeat(2_000);
        input.write_all(lines.as_bytes()).expect("it is read");
        input.flush().expect("it is read");
        thread::sleep(Duration::from_millis(1_500));
        let began = Instant::now();
        send("-INT", &child);
        if is_asked_again {
            thread::sleep(Duration::from_millis(1_500));
            send("-TERM", &child);
        }
        let input = child.stdin.take();
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        let took = began.elapsed();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(took > Duration::from_secs(1), "{took:?}");
        assert!(took < Duration::from_secs(12), "{took:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("interrupted: "), "{said}");
        let report = fs::read_to_string(folder.path().join("whole.json")).expect("a report");
        assert!(report.contains("\"kind\": \"interrupted\""), "{report}");
    }
}
