//! What can be wrong with a document before it is understood.

use std::{io, path::PathBuf};

use crate::{Address, Exceeded, Place, address::InFile};

/// The document could not be read. Every message names the file, and the place where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder was named.
    #[error("{} is a directory; name the OpenAPI document in it", .0.display())]
    Directory(PathBuf),
    /// A device or a pipe was named, which may have no end.
    #[error("{} is not a regular file; what a command writes can be read from /dev/stdin", .0.display())]
    NotAFile(PathBuf),
    /// There is nothing in the file.
    #[error("{0} is empty; an OpenAPI document was expected")]
    Empty(String),
    /// The bytes are no UTF-8.
    #[error("{place}: the file is not UTF-8{hint}")]
    NotUtf8 {
        /// Where the first wrong byte stands.
        place: InFile,
        /// What it may be instead.
        hint: &'static str,
    },
    /// The JSON is broken.
    #[error("{place}: not valid JSON: {message}")]
    Json {
        /// Where.
        place: InFile,
        /// What is wrong.
        message: String,
    },
    /// The YAML is broken.
    #[error("{place}: not valid YAML: {message}")]
    Yaml {
        /// Where.
        place: InFile,
        /// What is wrong.
        message: String,
    },
    /// The file is larger than allowed.
    #[error("{file} has {size} bytes; the limit is {limit}")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The nesting is deeper than allowed.
    #[error("{place}: nested more than {limit} levels deep")]
    TooDeep {
        /// Where the limit was passed.
        place: InFile,
        /// The limit in levels.
        limit: usize,
    },
    /// Reading needs more than a document may.
    #[error("{place}: reading the document needs {exceeded}")]
    OverBudget {
        /// Where the limit was passed.
        place: InFile,
        /// The limit.
        exceeded: Exceeded,
    },
    /// An overlay cannot be applied.
    #[error("{place}: the overlay cannot be applied: {message}")]
    Overlay {
        /// Where the overlay says so.
        place: InFile,
        /// Why not.
        message: String,
    },
    /// It is a document of some other kind.
    #[error("{file} is not an OpenAPI document: {reason}")]
    NotOpenApi {
        /// The file.
        file: String,
        /// What was looked for and what is there.
        reason: String,
    },
    /// It is OpenAPI of a version that is not known.
    #[error("{file}: version {found:?} is not known; Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are")]
    UnknownVersion {
        /// The file.
        file: String,
        /// The version as written.
        found: String,
    },
}

/// Why a file that a document refers to was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadError {
    /// The reference names no file.
    #[error("{0}")]
    Name(String),
    /// The document has as many files as it may.
    #[error("the document has more than {0} files")]
    TooManyFiles(usize),
    /// The file cannot be read.
    #[error("{0}")]
    File(String),
    /// The file cannot be fetched.
    #[error("{0}")]
    Fetch(String),
    /// The file lies where no file may be read.
    #[error(
        "it leads out of the document's folder, and files elsewhere are not read unless that is allowed"
    )]
    Outside,
    /// The file is not to be fetched.
    #[error(
        "it leads over the network, and remote references are not fetched unless that is allowed"
    )]
    Remote,
}

impl LoadError {
    /// The problem of the document that it is.
    pub(crate) const fn kind(&self) -> ProblemKind {
        match self {
            Self::Remote => ProblemKind::RemoteReference,
            Self::Outside => ProblemKind::OutsideReference,
            _ => ProblemKind::Reference,
        }
    }
}

/// A reference that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The file was not loaded.
    #[error("`$ref: {reference}` cannot be followed: {reason}")]
    File {
        /// The reference as written.
        reference: String,
        /// Why not.
        reason: String,
    },
    /// The file is there, the node is not.
    #[error("`$ref: {reference}` leads to nothing: {missing} is not there")]
    Missing {
        /// The reference as written.
        reference: String,
        /// The first part of the pointer that is missing.
        missing: String,
    },
    /// The fragment is no JSON Pointer.
    #[error(
        "`$ref: {reference}` is not understood: the part behind # is no JSON Pointer, and no schema has it for its $anchor"
    )]
    NotAPointer {
        /// The reference as written.
        reference: String,
    },
    /// The chain of references is too long.
    #[error("`$ref: {reference}` is one of more than {limit} references that lead to each other")]
    TooLong {
        /// The reference as written.
        reference: String,
        /// The longest chain that is followed.
        limit: usize,
    },
    /// References lead to each other and never to a thing.
    #[error("`$ref: {reference}` leads back to itself")]
    Circle {
        /// The reference as written.
        reference: String,
    },
}

impl ReferenceError {
    /// The error of a reference that another keyword than `$ref` holds.
    #[must_use]
    pub fn in_keyword(&self, keyword: &str) -> String {
        self.to_string()
            .replacen("`$ref: ", &format!("`{keyword}: "), 1)
    }
}

/// Something wrong that did not stop the loading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is about.
    pub kind: ProblemKind,
    /// The node it concerns.
    pub address: Address,
    /// What is wrong.
    pub message: String,
}

/// What a [`Problem`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A reference to a file that cannot be read.
    Reference,
    /// A reference over the network, where none is followed.
    RemoteReference,
    /// A reference to a file that is neither below the document's folder nor where it is allowed.
    OutsideReference,
    /// A key that stands twice in its mapping.
    DuplicateKey,
    /// Part of the document needs more than it may, and is read as null.
    Limit,
}

impl From<Place> for InFile {
    fn from(place: Place) -> Self {
        Self {
            file: place.file,
            line: place.line,
            column: place.column,
        }
    }
}
