//! Which files are meant by the paths that a user gives.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::OpenError;

/// Endings of files that are taken from a folder.
const ENDINGS: &[&str] = &[
    "har", "json", "yaml", "yml", "ndjson", "jsonl", "mitm", "zip",
];

/// A file to be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordingPath {
    /// The user named it: it is a recording.
    Named(PathBuf),
    /// It was found in a folder, by its ending: it may be something else.
    Found(PathBuf),
}

impl RecordingPath {
    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Found(path) => path,
        }
    }
}

/// Each path as it is; a folder as the recordings in it and below, sorted by name. `-` stays.
///
/// # Errors
///
/// When a path is not there or a folder has no recording in it.
pub fn files(paths: &[PathBuf]) -> Result<Vec<RecordingPath>, OpenError> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            let before = found.len();
            walk(path, &mut found).map_err(|source| OpenError::Read {
                file: path.display().to_string(),
                source,
            })?;
            if found.len() == before {
                return Err(OpenError::NoRecordings(path.display().to_string()));
            }
        } else {
            found.push(RecordingPath::Named(path.clone()));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<RecordingPath>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(&path, found)?;
        } else if is_recording(name) {
            found.push(RecordingPath::Found(path));
        }
    }
    Ok(())
}

fn is_recording(name: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}
