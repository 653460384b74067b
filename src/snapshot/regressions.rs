//! Cases that failed once, one readable file each, to be sent first in the next run.
//!
//! A file holds the values of a request, not its bytes: it is written anew for the service, the
//! credentials and the document of the next run. It has no secret in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the form.
const FORMAT: u32 = 1;

/// The folder of the files, and whether they may be written.
#[derive(Clone, Debug)]
pub struct Regressions {
    folder: PathBuf,
    writing: RegressionWriting,
    /// How the ids of those begin that are read; all where it is empty.
    chosen: String,
}

/// What may be done to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegressionWriting {
    /// Nothing.
    Nothing,
    /// New failures are added.
    Add,
    /// New failures are added, and those that fail no more are taken out.
    Tidy,
}

/// One case that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of the form.
    pub format: u32,
    /// The check that it fails.
    pub check: String,
    /// The operation's id.
    pub operation: String,
    /// What was found.
    pub message: String,
    /// What identifies the finding.
    pub fingerprint: String,
    /// The values of parameters.
    pub parameters: Vec<SavedParameter>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<SavedBody>,
    /// What it breaks on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks: Option<SavedBreach>,
    /// Parts for which any other value fails too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub does_not_matter: Vec<String>,
    /// A command that sends it.
    pub curl: String,
}

/// One parameter's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedParameter {
    /// Where it travels.
    #[serde(rename = "in")]
    pub location: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Whether it names what was made for the request, to be made anew for the next.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
}

/// A body's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedBody {
    /// The media type, by its key in the document.
    pub media_type: String,
    /// The value.
    pub value: Value,
}

/// What a case breaks on purpose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedBreach {
    /// A location, or `body`.
    #[serde(rename = "in")]
    pub location: String,
    /// The parameter's name; empty for the body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where in the value.
    pub pointer: String,
    /// The keyword.
    pub keyword: String,
    /// The rule in words.
    pub rule: String,
}

impl Saved {
    /// The version of the form that is written.
    pub const FORMAT: u32 = FORMAT;

    /// The name of its file.
    pub fn file_name(&self) -> String {
        let operation = super::store::slug(&self.operation);
        format!("{operation}__{}__{}.json", self.check, self.fingerprint)
    }
}

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct RegressionError {
    path: PathBuf,
    reason: String,
}

impl RegressionError {
    fn new(path: &Path, reason: &dyn ToString) -> Self {
        Self {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }
}

impl Regressions {
    /// The files below a folder of snapshots.
    pub fn below(snapshots: &Path, writing: RegressionWriting) -> Self {
        Self {
            folder: snapshots.join("regressions"),
            writing,
            chosen: String::new(),
        }
    }

    /// The same files, of which those alone are read whose id, which ends the file's name, begins so.
    #[must_use]
    pub fn chosen(self, id: &str) -> Self {
        let chosen = id.to_ascii_lowercase();
        Self { chosen, ..self }
    }

    /// Whether a case is kept.
    pub fn keeps(&self, saved: &Saved) -> bool {
        self.folder.join(saved.file_name()).exists()
    }

    /// The saved cases, in the order of their files' names, and what is wrong with those that cannot be
    /// read.
    pub fn load(&self) -> (Vec<(PathBuf, Saved)>, Vec<RegressionError>) {
        let (mut saved, mut wrong) = (Vec::new(), Vec::new());
        let mut paths: Vec<PathBuf> = match fs::read_dir(&self.folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                wrong.push(RegressionError::new(&self.folder, &error));
                Vec::new()
            }
        };
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        paths.sort();
        for path in paths {
            let read = super::file::read(&path)
                .map_err(|error| RegressionError::new(&path, &error))
                .and_then(|bytes| {
                    serde_json::from_slice::<Saved>(&bytes)
                        .map_err(|error| RegressionError::new(&path, &error))
                });
            match read {
                Ok(one) if !one.fingerprint.starts_with(&self.chosen) => {}
                Ok(one) if one.format == FORMAT => saved.push((path, one)),
                Ok(one) => wrong.push(RegressionError::new(
                    &path,
                    &format!("format {} is not known", one.format),
                )),
                Err(error) => wrong.push(error),
            }
        }
        (saved, wrong)
    }

    /// Writes a case that failed, unless it is there already or nothing may be written. Answers the
    /// file that was written.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save(&self, saved: &Saved) -> Result<Option<PathBuf>, RegressionError> {
        let path = self.folder.join(saved.file_name());
        if self.writing == RegressionWriting::Nothing || path.exists() {
            return Ok(None);
        }
        let failed = |error: io::Error| RegressionError::new(&path, &error);
        let mut bytes = serde_json::to_vec_pretty(saved)
            .map_err(|error| RegressionError::new(&path, &error))?;
        bytes.push(b'\n');
        fs::create_dir_all(&self.folder).map_err(failed)?;
        super::file::replace(&path, &bytes).map_err(failed)?;
        Ok(Some(path))
    }

    /// Takes out the file of a case that fails no more, where that was asked for. Answers whether it
    /// did.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn forget(&self, path: &Path) -> Result<bool, RegressionError> {
        if self.writing != RegressionWriting::Tidy {
            return Ok(false);
        }
        fs::remove_file(path).map_err(|error| RegressionError::new(path, &error))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::json;

    use super::*;

    #[test]
    fn one_of_many_is_chosen_by_its_id() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = Regressions::below(folder.path(), RegressionWriting::Add);
        let other = Saved {
            fingerprint: "12ab".to_owned(),
            ..saved()
        };
        for one in [&saved(), &other] {
            all.save(one).expect("it is written");
            assert!(all.keeps(one));
        }
        let read = |store: Regressions| {
            let (read, wrong) = store.load();
            assert!(wrong.is_empty(), "{wrong:?}");
            let ids = read.into_iter().map(|(_, one)| one.fingerprint);
            ids.collect::<Vec<_>>()
        };
        assert_eq!(read(all.clone()), ["00ff", "12ab"]);
        assert_eq!(read(all.clone().chosen("12A")), ["12ab"]);
        assert!(read(all.chosen("ff")).is_empty());
    }

    fn saved() -> Saved {
        Saved {
            format: FORMAT,
            check: "server-error".to_owned(),
            operation: "GET /pets".to_owned(),
            message: "500".to_owned(),
            fingerprint: "00ff".to_owned(),
            parameters: vec![SavedParameter {
                location: "query".to_owned(),
                name: "limit".to_owned(),
                value: json!(7),
                made: false,
            }],
            body: None,
            breaks: None,
            does_not_matter: Vec::new(),
            curl: "curl".to_owned(),
        }
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Regressions::below(folder.path(), RegressionWriting::Add);
        let path = store
            .save(&saved())
            .expect("it is written")
            .expect("a file");
        let (read, wrong) = store.load();
        assert!(wrong.is_empty());
        assert_eq!(read, [(path.clone(), saved())]);
        assert_eq!(store.save(&saved()).expect("it is there"), None);
        assert!(!store.forget(&path).expect("it stays"));
        let tidy = Regressions::below(folder.path(), RegressionWriting::Tidy);
        assert!(tidy.forget(&path).expect("it goes"));
        assert!(store.load().0.is_empty());
    }

    #[test]
    fn nothing_is_written_where_nothing_may_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Regressions::below(folder.path(), RegressionWriting::Nothing);
        assert_eq!(store.save(&saved()).expect("nothing fails"), None);
        assert!(!folder.path().join("regressions").exists());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_costs_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Regressions::below(folder.path(), RegressionWriting::Add);
        store.save(&saved()).expect("it is written");
        let broken = folder.path().join("regressions/a.json");
        let mut file = tempfile::NamedTempFile::new_in(folder.path()).expect("a file");
        file.write_all(b"{").expect("it is written");
        file.persist(&broken).expect("it is there");
        let (read, wrong) = store.load();
        assert_eq!(read.len(), 1);
        assert!(wrong[0].to_string().contains("a.json"), "{wrong:?}");
    }
}
