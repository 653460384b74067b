//! Where a node stands: by file and pointer for the program, by line and column for a person.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::Pointer;

/// One file of a document, numbered in the order they were read; the root file is 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// The file that was named by the user.
    pub const ROOT: Self = Self(0);

    /// The number, as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The file with this number; a number beyond the last file names no file.
    pub fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }
}

/// The identity of a node in a document: which file, and the pointer inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The file.
    pub file: FileId,
    /// The node inside the file.
    pub pointer: Pointer,
}

impl Address {
    /// A node of the root file.
    pub const fn in_root(pointer: Pointer) -> Self {
        Self {
            file: FileId::ROOT,
            pointer,
        }
    }

    /// The address of a child.
    #[must_use]
    pub fn join(&self, token: &str) -> Self {
        Self {
            file: self.file,
            pointer: self.pointer.join(token),
        }
    }

    /// The address of an array element.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self {
            file: self.file,
            pointer: self.pointer.index(index),
        }
    }

    /// The address one level up; `None` at the top of a file.
    pub fn parent(&self) -> Option<Self> {
        self.pointer.parent().map(|pointer| Self {
            file: self.file,
            pointer,
        })
    }
}

/// A position that a person can open: `spec/api.yaml:121:9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name as the user gave it or as a `$ref` reached it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// Byte offsets of the node's first line of text within the file, for a renderer.
    pub span: std::ops::Range<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A position named before there is a document: for errors of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFile {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl fmt::Display for InFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
