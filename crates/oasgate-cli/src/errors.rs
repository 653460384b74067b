//! Why a command could not run, by kind. The words stand with the kind: this is the edge where they are made.

use std::{io, path::PathBuf};

use oasgate::{gate::StateError, report::MergeError};
use thiserror::Error;

/// Why files cannot be joined.
#[derive(Debug, Error)]
pub(crate) enum JoinError {
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("there is no file in {} that ends with .json", .0.display())]
    EmptyFolder(PathBuf),
    #[error("some of the files are states and some are reports; join each kind for itself")]
    Mixed,
    #[error("{}: {error}", path.display())]
    NoState { path: PathBuf, error: StateError },
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Report(#[from] MergeError),
    #[error("reports need the document: name it with --spec")]
    NoDocument,
    #[error("the states are about another document than {}", .0.display())]
    OtherDocument(PathBuf),
    #[error("JSON reports are joined to a JSON report; other reports are made of states (--state)")]
    NotJson,
}

/// Why a file of a revision cannot be had.
#[derive(Debug, Error)]
pub(crate) enum RevisionError {
    #[error("{0:?} names no file of a revision: write git:REVISION:PATH")]
    NoFile(String),
    #[error("{0:?} is no revision")]
    NoRevision(String),
    #[error("cannot read {name}: {error}")]
    Unreadable { name: String, error: Box<Self> },
    #[error("{} is not in the repository {}", path.display(), repository.display())]
    Outside { path: PathBuf, repository: PathBuf },
    #[error("git cannot be run: {0}")]
    NoGit(io::Error),
    #[error("git {arguments}: {said}")]
    Git { arguments: String, said: String },
}

/// Why no kept failure is sent again.
#[derive(Debug, Error)]
pub(crate) enum KeptError {
    #[error(
        "no failures are kept here: they are where snapshots are; write these with `--snapshots review`"
    )]
    Nowhere,
    #[error(
        "no failure is kept under {0}; the ids end the names of the files in `snapshots/regressions`"
    )]
    Unknown(String),
    #[error("{count} kept failures have an id that begins with {id}; give more of it")]
    Several { count: usize, id: String },
}

/// Why it is not known where the service is.
#[derive(Debug, Error)]
pub(crate) enum UrlError {
    #[error("where is the service? Name it with --url {example}{why}")]
    Missing { example: String, why: &'static str },
    #[error("--url {text:?} is not a URL: {error}{hint}")]
    Malformed {
        text: String,
        error: url::ParseError,
        hint: &'static str,
    },
    #[error("--url {0:?} is not an http or https URL")]
    Scheme(String),
    #[error("--url holds a credential; give it with --token-env instead")]
    Credential,
}
