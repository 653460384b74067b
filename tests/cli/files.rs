//! Every file that a run writes: its rights, links, and what cannot be written.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Output},
};

use crate::{answering, write};

const DOCUMENT: &str = "
openapi: 3.1.0
info: { title: t, version: '1' }
paths:
  /x:
    get:
      operationId: x
      responses:
        '200':
          description: d
          content: { application/json: { schema: { type: object, properties: { a: { type: string } } } } }
  /y:
    get:
      operationId: y
      parameters: [{ name: q, in: query, schema: { type: integer, minimum: 1 } }]
      responses:
        '200':
          description: d
          content: { application/json: { schema: { type: object, required: [a] } } }
";

/// What a run is asked to write, each with the arguments that name it.
const WRITTEN: &[(&str, &[&str])] = &[
    ("r.json", &["--report", "json=r.json"]),
    ("r.xml", &["--report", "junit=r.xml"]),
    ("r.sarif", &["--report", "sarif=r.sarif"]),
    ("r.github", &["--report", "github=r.github"]),
    ("r.gitlab", &["--report", "gitlab=r.gitlab"]),
    ("r.md", &["--report", "markdown=r.md"]),
    ("r.html", &["--report", "html=r.html"]),
    ("r.wfc", &["--report", "wfc=r.wfc"]),
    ("state.json", &["--state", "state.json"]),
    ("suggested.yaml", &["--suggest", "suggested.yaml"]),
    (
        "base.json",
        &["--baseline", "base.json", "--baseline-update"],
    ),
    ("all.har", &["--record", "all.har"]),
];

/// What it writes beside, into the folder of snapshots.
const KEPT: &[&str] = &["snapshots/x__200__application_json.snap"];

fn check(folder: &Path, url: &str, mask: &str, more: &[&str]) -> Output {
    Command::new("sh")
        .args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_oasgate"))
        .args([
            "check", "t.yaml", "--url", url, "--seed", "1", "--cases", "2",
        ])
        .args(["--snapshots", "update"])
        .args(more)
        .current_dir(folder)
        .env_remove("CI")
        .output()
        .expect("a shell")
}

/// All files below a folder, with their rights.
fn files(folder: &Path) -> Vec<(String, u32)> {
    let (mut open, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(here) = open.pop() {
        for entry in fs::read_dir(here).expect("a folder").flatten() {
            let path = entry.path();
            let known = path.symlink_metadata().expect("it is there");
            if known.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below");
                let mode = known.permissions().mode() & 0o777;
                found.push((name.display().to_string(), mode));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_file_has_the_rights_of_a_new_one() {
    let url = answering();
    for (mask, mode) in [("077", 0o600), ("027", 0o640), ("002", 0o664)] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        write(folder, "t.yaml", DOCUMENT);
        let all: Vec<&str> = WRITTEN
            .iter()
            .flat_map(|(_, args)| *args)
            .copied()
            .collect();
        // What a baseline knows is not suggested.
        let base = all.len() - 5;
        for args in [
            [&all[..base], &all[base + 3..]].concat(),
            all[base..].to_vec(),
        ] {
            let ended = check(folder, &url, mask, &args);
            assert!(matches!(ended.status.code(), Some(0 | 1)), "{ended:?}");
        }
        let written = files(folder);
        for (name, known) in &written {
            assert!(
                name == "t.yaml" || *known == mode,
                "{name}: {known:o} under {mask}"
            );
        }
        let is_there = |name: &str| written.iter().any(|(known, _)| known.starts_with(name));
        for name in WRITTEN
            .iter()
            .map(|(name, _)| *name)
            .chain(["snapshots/regressions/"])
        {
            assert!(is_there(name), "{name}: {written:?}");
        }
        for name in KEPT {
            assert!(is_there(name), "{name}: {written:?}");
        }
    }
}

#[test]
fn links_are_written_through_and_those_that_lead_nowhere_refused() {
    let url = answering();
    for (name, args) in WRITTEN {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        write(folder, "t.yaml", DOCUMENT);
        fs::create_dir(folder.join("elsewhere")).expect("it is made");
        // What is there is a baseline, and nothing else is read.
        let before = if *name == "base.json" {
            check(folder, &url, "022", args);
            let text = fs::read_to_string(folder.join(name)).expect("it is written");
            fs::remove_file(folder.join(name)).expect("it is ours");
            text.replace("\"x\"", "\"gone\"")
        } else {
            "before".to_owned()
        };
        write(&folder.join("elsewhere"), "kept", &before);
        symlink("elsewhere/kept", folder.join(name)).expect("a link");
        let ended = check(folder, &url, "022", args);
        assert!(
            matches!(ended.status.code(), Some(0 | 1)),
            "{name}: {ended:?}"
        );
        assert!(folder.join(name).is_symlink(), "{name}");
        let after = fs::read_to_string(folder.join("elsewhere/kept")).expect("it is there");
        assert!(*name == "base.json" || after != before, "{name}: {after}");

        fs::remove_file(folder.join(name)).expect("it is ours");
        symlink("elsewhere/nothing", folder.join(name)).expect("a link");
        let ended = check(folder, &url, "022", args);
        assert_eq!(ended.status.code(), Some(2), "{name}: {ended:?}");
        assert!(!folder.join("elsewhere/nothing").exists(), "{name}");

        fs::remove_file(folder.join(name)).expect("it is ours");
        symlink("/proc/self/nothing", folder.join(name)).expect("a link");
        let ended = check(folder, &url, "022", args);
        assert_eq!(ended.status.code(), Some(2), "{name}: {ended:?}");
    }
}

#[test]
fn a_snapshot_that_is_a_link_to_nowhere_is_refused() {
    let url = answering();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "t.yaml", DOCUMENT);
    fs::create_dir(folder.join("snapshots")).expect("it is made");
    for name in KEPT {
        symlink("../nothing.snap", folder.join(name)).expect("a link");
        let ended = check(folder, &url, "022", &[]);
        assert_eq!(ended.status.code(), Some(2), "{name}: {ended:?}");
        assert!(!folder.join("nothing.snap").exists(), "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_exit_code_2_and_costs_nothing_else() {
    let url = answering();
    for (name, args) in WRITTEN {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        write(folder, "t.yaml", DOCUMENT);
        for place in ["missing", "t.yaml"] {
            let lost = args
                .iter()
                .map(|arg| arg.replace(name, &format!("{place}/{name}")));
            let lost: Vec<String> = lost.collect();
            let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
            let ended = check(folder, &url, "022", &lost);
            assert_eq!(ended.status.code(), Some(2), "{lost:?}: {ended:?}");
        }
    }
}

#[test]
fn a_failure_that_cannot_be_kept_is_exit_code_2() {
    let url = answering();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "t.yaml", DOCUMENT);
    fs::create_dir(folder.join("snapshots")).expect("it is made");
    write(folder, "snapshots/regressions", "no folder");
    let ended = check(folder, &url, "022", &["--report", "json=r.json"]);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(said.contains("a failure cannot be saved"), "{said}");
    // What was found is told all the same.
    assert!(said.contains("schema-mismatch"), "{said}");
    let report = fs::read_to_string(folder.join("r.json")).expect("a report");
    assert!(report.contains("schema-mismatch"), "{report}");
}

#[test]
fn kept_failures_that_are_no_files_of_ours_cost_nothing_else() {
    let url = answering();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "t.yaml", DOCUMENT);
    let kept = folder.join("snapshots/regressions");
    fs::create_dir_all(&kept).expect("it is made");
    let pipe = Command::new("mkfifo").arg(kept.join("pipe.json")).status();
    assert!(pipe.is_ok_and(|status| status.success()));
    let long = fs::File::create(kept.join("long.json")).expect("a file");
    long.set_len(1 << 30).expect("it is sparse");
    write(&kept, "deep.json", "[".repeat(1_000_000));
    write(&kept, "other.json", "{\"format\": 99}");
    let ended = check(folder, &url, "022", &[]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let said = String::from_utf8_lossy(&ended.stdout);
    for (name, why) in [
        ("pipe.json", "not a regular file"),
        ("long.json", "longer than"),
        ("deep.json", "invalid type"),
        ("other.json", ""),
    ] {
        let line = said.lines().find(|line| line.contains(name));
        assert!(
            line.is_some_and(|line| line.contains(why)),
            "{name}: {said}"
        );
    }
}
