//! Which files are meant by the paths that a user gives.

use std::{
    collections::HashSet,
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

/// Each path as it is; a folder as the recordings in it and below, sorted by name. `-` stays. What is found is a
/// regular file; a link is followed where it stays in the folder.
///
/// # Errors
///
/// When a path is not there or a folder has no recording in it.
pub fn files(paths: &[PathBuf]) -> Result<Vec<RecordingPath>, OpenError> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            let before = found.len();
            let mut walk = Walk {
                root: canonical(path)?,
                seen: HashSet::new(),
                found: &mut found,
            };
            walk.folder(path)?;
            if found.len() == before {
                return Err(OpenError::NoRecordings(path.display().to_string()));
            }
        } else {
            found.push(RecordingPath::Named(path.clone()));
        }
    }
    Ok(found)
}

/// The folder that a user named, with links resolved, and what was found in it.
struct Walk<'f> {
    root: PathBuf,
    /// The folders that were looked into: a link may lead to one of them again.
    seen: HashSet<PathBuf>,
    found: &'f mut Vec<RecordingPath>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) -> Result<(), OpenError> {
        if !self.seen.insert(canonical(folder)?) {
            return Ok(());
        }
        if let Some(what) = managed(folder) {
            return Err(OpenError::Table {
                file: folder.display().to_string(),
                message: format!(
                    "it is {what} table, whose files have rows that were deleted since: read it with an engine \
                     (docs/scale.md)"
                ),
            });
        }
        let mut entries = fs::read_dir(folder)
            .map_err(unreadable(folder))?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(unreadable(folder))?;
        entries.sort();
        for path in entries {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.starts_with('.') {
                continue;
            }
            // A link that leads nowhere is no recording.
            let Ok(resolved) = path.canonicalize() else {
                continue;
            };
            if !resolved.starts_with(&self.root) {
                continue;
            }
            if path.is_dir() {
                self.folder(&path)?;
            } else if is_recording(name) && path.is_file() {
                self.found.push(RecordingPath::Found(path));
            }
        }
        Ok(())
    }
}

fn canonical(folder: &Path) -> Result<PathBuf, OpenError> {
    folder.canonicalize().map_err(unreadable(folder))
}

fn unreadable(folder: &Path) -> impl Fn(io::Error) -> OpenError {
    let file = folder.display().to_string();
    move |source| OpenError::Read {
        file: file.clone(),
        source,
    }
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
    #[cfg(unix)]
    #[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
    fn links_are_followed_within_the_folder_and_only_once() {
        use std::os::unix::fs::symlink;
        let whole = tempfile::tempdir().expect("a folder");
        let folder = whole.path().join("recordings");
        fs::create_dir_all(folder.join("below")).expect("a folder");
        for file in ["recordings/below/a.har", "outside.har"] {
            fs::write(whole.path().join(file), "").expect("it is written");
        }
        for (link, target) in [
            ("again", "."),
            ("below/up", ".."),
            ("b.har", "below/a.har"),
            ("c.har", "../outside.har"),
            ("out", ".."),
            ("nowhere.har", "nothing"),
            ("zero.har", "/dev/zero"),
        ] {
            symlink(target, folder.join(link)).expect("a link");
        }
        let made = std::process::Command::new("mkfifo")
            .arg(folder.join("pipe.har"))
            .status();
        assert!(made.is_ok_and(|status| status.success()));
        let found = files(&[folder]).expect("recordings");
        let names = found.iter().map(|one| one.path().file_name());
        let names: Vec<_> = names.flatten().collect();
        assert_eq!(names, ["b.har", "a.har"]);
    }

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
