//! Why no response came.

use std::{fmt, time::Duration};

/// No response came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Nobody answers there: the name does not resolve, or the connection is refused.
    #[error("cannot reach {origin}: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// What the system said.
        reason: String,
    },
    /// The time allowed ran out first.
    #[error("no response within {after:?} (waiting for {stage})")]
    TimedOut {
        /// What was waited for.
        stage: Stage,
        /// How long.
        after: Duration,
    },
    /// The connection was made and then closed or reset without a response.
    #[error("the connection broke before a response came: {0}")]
    Broken(String),
    /// What came is not HTTP.
    #[error("what came is not an HTTP response: {0}")]
    Malformed(String),
    /// The service in this process panicked.
    #[error("the service panicked: {0}")]
    Panicked(String),
    /// The request itself cannot be put on the wire.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
    /// It was not sent: the service asked for a pause in the requests to this operation.
    #[error("the service asked for a pause, of which {0:?} are left")]
    RateLimited(Duration),
    /// What proves who asks could not be had.
    #[error("there is no credential: {0}")]
    NoCredential(String),
}

/// What a transport was waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// A connection.
    Connection,
    /// The head of the response.
    Head,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "a connection",
            Self::Head => "the response to begin",
        })
    }
}

impl SendError {
    /// Whether the service is not there at all, so that sending more is of no use.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut {
                    stage: Stage::Connection,
                    ..
                }
        )
    }

    /// Whether the time limit was what ended it.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }

    /// What tells one kind from another, stable from run to run.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed out",
            Self::Broken(_) => "broken",
            Self::Malformed(_) => "malformed",
            Self::Panicked(_) => "panicked",
            Self::Unsendable(_) => "unsendable",
            Self::RateLimited(_) => "rate limited",
            Self::NoCredential(_) => "no credential",
        }
    }
}
