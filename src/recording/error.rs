//! What can be wrong with a recording.

use std::{fmt, io, sync::Arc};

/// A recording could not be begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file system, or the decompression, refused.
    #[error("cannot read the recording {file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A folder was named where a file is wanted.
    #[error("{0} is a directory")]
    Directory(String),
    /// There is nothing in it.
    #[error("the recording {0} is empty")]
    Empty(String),
    /// It is something else.
    #[error(
        "{file} is in no known format; it begins with {beginning:?}. Read are {}",
        super::names()
    )]
    UnknownFormat {
        /// The file.
        file: String,
        /// Its first characters.
        beginning: String,
    },
    /// It is something that people have, and that has to be converted first.
    #[error("{file} is {what}, which cannot be read: {advice}")]
    Unreadable {
        /// The file.
        file: String,
        /// What it looks like.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// It is a table that has no exchanges in it, or that cannot be read.
    #[error("{file}: {message}")]
    Table {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A folder has no recording in it.
    #[error(
        "there is no recording in {0}: files that end with .har, .json, .yaml, .yml, .ndjson, .jsonl or .mitm are looked for, also with .gz, and .zip, .parquet, .arrow, .arrows and .feather"
    )]
    NoRecordings(String),
}

/// One entry of a recording, or what follows it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingError {
    /// The recording.
    pub file: Arc<str>,
    /// Which entry, from 1, where it is known.
    pub entry: Option<u64>,
    /// Which line, from 1, where it is known.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(entry) = self.entry {
            write!(f, ", entry {entry}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for RecordingError {}
