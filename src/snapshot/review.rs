//! What waits for review: accepted by being renamed, rejected by being removed.
//!
//! The files are those of insta (`NAME.snap.new` beside `NAME.snap`), so that `cargo insta review` and
//! this decide about the same ones.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{StoreError, line_diff::line_diff};

/// What the name of a file that waits ends in.
const PENDING: &str = ".snap.new";

/// A snapshot that waits for a person to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The file that waits.
    pub path: PathBuf,
}

impl Pending {
    /// Everything that waits directly in a folder, by name; nothing where the folder is not there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn all(folder: &Path) -> Result<Vec<Self>, StoreError> {
        let failed = |source| StoreError::Io {
            action: "read",
            path: folder.to_path_buf(),
            source,
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default();
            if name.to_string_lossy().ends_with(PENDING) && path.is_file() {
                all.push(Self { path });
            }
        }
        all.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(all)
    }

    /// The file that it would replace.
    pub fn accepted(&self) -> PathBuf {
        self.path.with_extension("")
    }

    /// The text that waits, and the one that is accepted, where one is.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn texts(&self) -> Result<(String, Option<String>), StoreError> {
        let read = |path: &Path| {
            let bytes = super::file::read(path);
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
            text.map_err(|source| StoreError::Io {
                action: "read",
                path: path.to_path_buf(),
                source,
            })
        };
        let accepted = self.accepted();
        let before = accepted.is_file().then(|| read(&accepted)).transpose()?;
        Ok((read(&self.path)?, before))
    }

    /// The accepted file and the one that waits, line by line; all of it where nothing is accepted yet.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn diff(&self) -> Result<String, StoreError> {
        let (after, before) = self.texts()?;
        let before = before.unwrap_or_default();
        Ok(line_diff(&before, &after, 3))
    }

    /// Puts it in the place of the accepted file.
    ///
    /// # Errors
    ///
    /// When the file cannot be renamed.
    pub fn accept(&self) -> Result<(), StoreError> {
        let accepted = self.accepted();
        let done = if accepted.is_symlink() {
            super::file::read(&self.path)
                .and_then(|bytes| super::file::replace(&accepted, &bytes))
                .and_then(|()| fs::remove_file(&self.path))
        } else {
            fs::rename(&self.path, accepted)
        };
        done.map_err(|source| StoreError::Io {
            action: "accept",
            path: self.path.clone(),
            source,
        })
    }

    /// Removes it; what was accepted stays.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn reject(&self) -> Result<(), StoreError> {
        fs::remove_file(&self.path).map_err(|source| StoreError::Io {
            action: "remove",
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
mod tests {
    use super::*;

    #[test]
    fn accepting_replaces_and_rejecting_keeps_what_was_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("a.snap", "one\n"),
            ("a.snap.new", "two\n"),
            ("b.snap.new", "three\n"),
            ("c.snap", "four\n"),
            ("c.snap.new", "five\n"),
            ("d.txt", ""),
        ] {
            fs::write(folder.path().join(name), text).expect("it is written");
        }
        let all = Pending::all(folder.path()).expect("it is read");
        let [a, b, c] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert!(a.diff().expect("texts").contains("-one\n+two\n"));
        assert!(b.diff().expect("texts").contains("+three\n"));
        a.accept().expect("it is renamed");
        b.accept().expect("it is renamed");
        c.reject().expect("it is removed");
        let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        assert_eq!(
            ["a.snap", "b.snap", "c.snap"].map(text),
            ["two\n", "three\n", "four\n"]
        );
        assert_eq!(Pending::all(folder.path()).expect("it is read"), []);
    }

    #[test]
    fn nothing_waits_where_no_folder_is() {
        assert_eq!(Pending::all(Path::new("no such folder")).expect("fine"), []);
    }
}
