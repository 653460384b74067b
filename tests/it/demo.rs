//! `examples/demo.sh` stops the service that it started, whatever becomes of it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("it is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
}

/// Runs the demo with programs that only say what they are, hears as many lines, and goes away; whether
/// the service is gone then.
fn is_gone_after(lines: usize) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let debug = folder.path().join("debug");
    let number = folder.path().join("number");
    let service = format!(
        "echo $$ > {}\necho listening on http://127.0.0.1:1\nexec sleep 600",
        number.display()
    );
    program(&debug, "examples/vantage_service", &service);
    // The program itself goes on when nobody reads, and ends as if somebody had.
    let checks = "trap '' PIPE\nfor one in 1 2 3 4 5 6 7 8 9; do echo line; sleep 0.05; done 2>/dev/null\nexit 1";
    program(&debug, "oasgate", checks);
    let mut demo = Command::new("sh")
        .arg("examples/demo.sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let out = demo.stdout.take().expect("it is piped");
    let heard = BufReader::new(out).lines().take(lines).count();
    assert!(heard > 3, "the demo says something");
    demo.wait().expect("it ends");
    let number = fs::read_to_string(number).expect("the service was started");
    let still = Command::new("kill")
        .args(["-0", number.trim()])
        .stderr(Stdio::null())
        .status();
    !still.expect("it can be asked").success()
}

#[test]
fn a_demo_that_nobody_reads_to_its_end_stops_what_it_started() {
    assert!(is_gone_after(6));
}

#[test]
fn a_demo_that_is_read_to_its_end_stops_what_it_started() {
    assert!(is_gone_after(usize::MAX));
}
