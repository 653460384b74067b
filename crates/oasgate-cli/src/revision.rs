//! A document to compare: a file, a URL, or a file of a revision of the repository that the program is called in.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value};

use crate::{
    common::CliError,
    config::Config,
    connection::{ReachArgs, ReferenceArgs},
    errors::RevisionError,
    spec,
};
use oasgate::{
    contract::Contract,
    document::{Document, DocumentError, Options},
};

/// How many files of a revision are read for a document that refers to others.
const MAX_FILES: usize = 2_000;

/// Where a document is.
pub(crate) enum Source {
    /// A file or a URL.
    Path(PathBuf),
    /// A file of a revision.
    Revision { revision: String, path: String },
}

impl Source {
    /// Reads `git:REVISION:PATH`, else a file or a URL.
    pub(crate) fn parse(text: &str) -> Result<Self, RevisionError> {
        let Some(rest) = text.strip_prefix("git:") else {
            return Ok(Self::Path(text.into()));
        };
        match rest.split_once(':') {
            Some((revision, path)) if !path.is_empty() => Ok(Self::at(revision, path)),
            _ if Path::new(text).exists() => Ok(Self::Path(text.into())),
            _ => Err(RevisionError::NoFile(text.to_owned())),
        }
    }

    /// A file of a revision, named from where the program is called.
    pub(crate) fn at(revision: &str, path: &str) -> Self {
        Self::Revision {
            revision: revision.to_owned(),
            path: path.to_owned(),
        }
    }

    pub(crate) fn load(
        &self,
        references: &ReferenceArgs,
        reach: &ReachArgs,
        config: &Config,
    ) -> Result<Contract, CliError> {
        match self {
            Self::Path(path) => spec::load(path, &[], references, reach, config),
            Self::Revision { revision, path } => {
                let options = spec::options(Path::new(path), references, reach, config)?;
                let document = of_revision(revision, path, options)?;
                Ok(Contract::from_document(document?))
            }
        }
    }
}

/// A document of a revision. One that refers to other files is read from a copy of the revision's documents.
fn of_revision(
    revision: &str,
    path: &str,
    options: Options,
) -> Result<Result<Document, DocumentError>, CliError> {
    if revision.is_empty() || revision.starts_with('-') {
        return Err(RevisionError::NoRevision(revision.to_owned()).into());
    }
    let whole = within(Path::new(path))?;
    let name = format!("git:{revision}:{path}");
    let bytes = git(&["cat-file", "blob", &format!("{revision}:{whole}")])
        .map_err(Box::new)
        .map_err(|error| RevisionError::Unreadable {
            name: name.clone(),
            error,
        })?;
    let document = Document::parse(&name, bytes);
    if document.as_ref().is_ok_and(|one| refers_out(one.root())) {
        return opened(revision, &whole, options);
    }
    Ok(document)
}

/// The document in a copy of the revision's documents, in which its references are followed.
fn opened(
    revision: &str,
    whole: &str,
    options: Options,
) -> Result<Result<Document, DocumentError>, CliError> {
    let folder = tempfile::tempdir().map_err(CliError::Output)?;
    let listed = text(&git(&[
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        "--full-tree",
        revision,
    ])?);
    let files = listed.split('\0').filter(|file| {
        [".yaml", ".yml", ".json"]
            .iter()
            .any(|ending| file.ends_with(ending))
    });
    for file in files.take(MAX_FILES) {
        let to = folder.path().join(file);
        if !is_inside(Path::new(file)) {
            continue;
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(CliError::Output)?;
        }
        let bytes = git(&["cat-file", "blob", &format!("{revision}:{file}")])?;
        write(&to, &bytes)?;
    }
    // All that is there came from the revision.
    let options = Options {
        files: vec![folder.path().to_owned()],
        called: Some((folder.path().to_owned(), format!("git:{revision}:"))),
        ..options
    };
    Ok(Document::open_with(folder.path().join(whole), &options))
}

/// Whether anything in a document refers to another one.
fn refers_out(root: &Value) -> bool {
    let mut open = vec![root];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let mapped = members.get("mapping").and_then(Value::as_object);
                let refers = ["$ref", "$dynamicRef", "operationRef", "defaultMapping"]
                    .iter()
                    .filter_map(|keyword| members.get(*keyword))
                    .chain(mapped.into_iter().flat_map(Map::values))
                    .filter_map(Value::as_str)
                    .any(|target| !target.starts_with('#'));
                if refers {
                    return true;
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    false
}

#[expect(
    clippy::disallowed_methods,
    reason = "a copy in a folder of its own, that nobody else reads"
)]
fn write(to: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(to, bytes).map_err(CliError::Output)
}

/// A path as the repository names it.
fn within(path: &Path) -> Result<String, RevisionError> {
    if path.is_relative() {
        let prefix = text(&git(&["rev-parse", "--show-prefix"])?);
        return Ok(resolved(Path::new(prefix.trim_end()), path));
    }
    let top = text(&git(&["rev-parse", "--show-toplevel"])?);
    let top = Path::new(top.trim_end());
    let real = || {
        let (path, top) = (path.canonicalize().ok()?, top.canonicalize().ok()?);
        Some(path.strip_prefix(top).ok()?.to_owned())
    };
    let inside = path.strip_prefix(top).map(Path::to_owned).ok();
    let inside = inside.or_else(real).ok_or_else(|| RevisionError::Outside {
        path: path.to_owned(),
        repository: top.to_owned(),
    })?;
    Ok(resolved(Path::new(""), &inside))
}

/// A path within the repository, without `.` and `..`.
fn resolved(prefix: &Path, path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in prefix.components().chain(path.components()) {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    parts.join("/")
}

fn is_inside(path: &Path) -> bool {
    path.components()
        .all(|component| matches!(component, Component::Normal(_)))
}

fn git(arguments: &[&str]) -> Result<Vec<u8>, RevisionError> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .map_err(RevisionError::NoGit)?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(RevisionError::Git {
            arguments: arguments.join(" "),
            said: text(&output.stderr).trim().to_owned(),
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
