//! The content of a message, and what is known about it.

use bytes::Bytes;

/// The content of a request or response with its codings undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it. Empty means that there was none.
    Complete(Bytes),
    /// The beginning of it.
    Cut {
        /// What came before the cut.
        bytes: Bytes,
        /// Who cut it.
        reason: CutReason,
    },
    /// A recording did not keep it: nothing can be said about it.
    NotRecorded,
}

/// Why a body is only the beginning of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CutReason {
    /// Our own limit, in bytes.
    Limit(u64),
    /// Our own limit on the header fields, in bytes; the content was not read.
    Head(u64),
    /// The time allowed for the whole response ran out.
    TimedOut,
    /// The peer closed or reset the connection, or broke the framing.
    Connection(String),
    /// The content is not of the coding that `Content-Encoding` names.
    Coding(String),
    /// `Content-Encoding` names a coding that is not known here; the content was left as it came.
    UnknownCoding(String),
    /// A recorder kept only this much.
    Recorder,
}

impl Body {
    /// No content.
    pub const fn empty() -> Self {
        Self::Complete(Bytes::new())
    }

    /// What is there, cut or not; empty when nothing was recorded.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Complete(bytes) | Self::Cut { bytes, .. } => bytes,
            Self::NotRecorded => &[],
        }
    }

    /// The bytes when all of them are there.
    pub fn complete(&self) -> Option<&Bytes> {
        match self {
            Self::Complete(bytes) => Some(bytes),
            Self::Cut { .. } | Self::NotRecorded => None,
        }
    }

    /// Whether it is known that there was no content.
    pub fn is_known_empty(&self) -> bool {
        matches!(self, Self::Complete(bytes) if bytes.is_empty())
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        Self::Complete(bytes.into())
    }
}
