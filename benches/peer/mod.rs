//! Schemathesis, in an environment of its own below `target/`.

use std::{path::PathBuf, process::Command};

/// The folder of its programs, `python` among them; `None`, with a word, where it cannot be had.
pub(crate) fn programs() -> Option<PathBuf> {
    let folder = PathBuf::from("target/peer");
    let python = folder.join("bin/python");
    let has_peer = || {
        Command::new(&python)
            .args(["-c", "import schemathesis"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !has_peer() {
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&folder)
            .output();
        let installed = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "schemathesis"])
            .output();
        if made.is_err() || installed.is_err() || !has_peer() {
            println!("Schemathesis cannot be installed here: no ratio");
            return None;
        }
    }
    Some(folder.join("bin"))
}
