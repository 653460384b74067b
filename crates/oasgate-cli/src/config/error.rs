//! What is wrong with a configuration, each with its place.

use std::path::PathBuf;

use super::MalformedDuration;
use oasgate::{contract::UnknownOperation, transport::MalformedRate};

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no TOML, or has a key that is not known.
    #[error("{place}: {message}{hint}")]
    Malformed {
        /// `oasgate.toml:3:1`.
        place: String,
        /// What is wrong.
        message: String,
        /// The nearest known word.
        hint: String,
    },
    /// A rule that is not known.
    #[error("{place}: there is no rule {rule:?}{hint}; `oasgate explain` lists them")]
    UnknownRule {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The word.
        rule: String,
        /// The nearest known one.
        hint: String,
    },
    /// A severity that is not one.
    #[error("{place}: {word:?} is not a severity of {rule}; use error, warning, note or off")]
    UnknownSeverity {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The rule.
        rule: String,
        /// The word.
        word: String,
    },
    /// An operation that the document does not have.
    #[error(
        "{place}: {source}; is the configuration another document's? `--config` names the one to use"
    )]
    UnknownOperation {
        /// `oasgate.toml:3:1`.
        place: String,
        /// Which.
        source: UnknownOperation,
    },
    /// A tag that no operation has.
    #[error("{place}: no operation has the tag {tag:?}{hint}")]
    UnknownTag {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The tag.
        tag: String,
        /// The nearest known one.
        hint: String,
    },
    /// A path that the document does not have.
    #[error("{place}: no path of the document fits {pattern:?}; `*` stands for any text")]
    NoSuchPath {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The pattern.
        pattern: String,
    },
    /// Something else in place of a status.
    #[error("{place}: this is no status: write 401 or \"5XX\"")]
    UnknownStatus {
        /// `oasgate.toml:3:1`.
        place: String,
    },
    /// A time that cannot be read.
    #[error("{place}: {source}")]
    Duration {
        /// `oasgate.toml:3:1`.
        place: String,
        /// Which.
        source: MalformedDuration,
    },
    /// A rate that cannot be read.
    #[error("{place}: {source}")]
    Rate {
        /// `oasgate.toml:3:1`.
        place: String,
        /// Which.
        source: MalformedRate,
    },
    /// A parameter that the document does not have.
    #[error(
        "{place}: no parameter of the document, and no property of a body, is called {name:?}{hint}"
    )]
    UnknownParameter {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The word.
        name: String,
        /// The nearest known one.
        hint: String,
    },
    /// A security scheme that the document does not have.
    #[error("{place}: the document needs no security scheme {name:?}{hint}")]
    UnknownScheme {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The word.
        name: String,
        /// The nearest known one.
        hint: String,
    },
    /// Something that contradicts itself or is not enough: one sentence.
    #[error("{place}: {message}")]
    Wrong {
        /// `oasgate.toml:3:1`.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A place that is no JSON Pointer.
    #[error("{place}: {text:?} is no JSON Pointer: it begins with `/`, such as /manifest/files/*")]
    Pointer {
        /// `oasgate.toml:3:1`.
        place: String,
        /// The text.
        text: String,
    },
}
