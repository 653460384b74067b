//! Which files are meant by the paths that a user gives.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::OpenError;

/// Endings of files that are taken from a folder.
const ENDINGS: &[&str] = &[
    "har", "json", "yaml", "yml", "ndjson", "jsonl", "mitm", "zip", "parquet", "arrow", "arrows",
    "feather",
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
            walk(path, &mut found)?;
            if found.len() == before {
                return Err(OpenError::NoRecordings(path.display().to_string()));
            }
        } else {
            found.push(RecordingPath::Named(path.clone()));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<RecordingPath>) -> Result<(), OpenError> {
    if let Some(what) = managed(folder) {
        return Err(OpenError::Table {
            file: folder.display().to_string(),
            message: format!(
                "it is {what} table, whose files have rows that were deleted since: read it with an engine \
                 (docs/scale.md)"
            ),
        });
    }
    let unreadable = |source: io::Error| OpenError::Read {
        file: folder.display().to_string(),
        source,
    };
    let mut entries = fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(unreadable)?;
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

/// What keeps a table in a folder, with its article: which rows of its files count is written elsewhere.
fn managed(folder: &Path) -> Option<&'static str> {
    if folder.join("_delta_log").is_dir() {
        return Some("a Delta");
    }
    let is_metadata = |name: &str| name.ends_with(".metadata.json");
    let entries = fs::read_dir(folder.join("metadata")).ok()?;
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.any(|name| is_metadata(&name)).then_some("an Iceberg")
}

fn is_recording(name: &str) -> bool {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_a_table_is_refused() {
        for (inside, file, what) in [
            ("_delta_log", "0.json", "a Delta table"),
            ("metadata", "v1.metadata.json", "an Iceberg table"),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let paths = [folder.path().to_owned()];
            fs::create_dir(folder.path().join(inside)).expect("a folder");
            fs::File::create(folder.path().join(inside).join(file)).expect("a file");
            fs::File::create(folder.path().join("1.parquet")).expect("a file");
            let error = files(&paths).expect_err("it is refused").to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
