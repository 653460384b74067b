//! Why no exchange can be made of an entry.

use std::{borrow::Cow, fmt, io};

use base64::DecodeError;

/// Why no exchange can be made of an entry.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryError {
    /// Its bytes are no text.
    #[error("the entry is not UTF-8")]
    NotUtf8,
    /// A part of it is not what the format has there: `no list of bytes`.
    #[error("the {part} is {found}")]
    Unlike {
        part: &'static str,
        found: &'static str,
    },
    /// A part of it is not the JSON that the format has there.
    #[error("{part}: {error}")]
    Json {
        part: JsonPart,
        error: serde_json::Error,
    },
    /// A text has an escape that is none.
    #[error("{0}")]
    Text(serde_json::Error),
    /// A part of it has not what every exchange has.
    #[error("the {part} has no {name}")]
    Missing {
        part: &'static str,
        name: &'static str,
    },
    /// The column of a table has not what every row has.
    #[cfg(feature = "columnar")]
    #[error("the column {column} has no {wanted}")]
    Empty {
        column: String,
        wanted: &'static str,
    },
    /// A request that nothing answered.
    #[error("no response was recorded: {0}")]
    NoResponse(Cow<'static, str>),
    /// A mock's rule for many requests.
    #[error("{part} is a pattern, not {wanted}")]
    Pattern {
        part: Cow<'static, str>,
        wanted: &'static str,
    },
    /// The same, of its method.
    #[error("the mapping is of any method, not of one request")]
    AnyMethod,
    #[error("{0:?} is not a method")]
    Method(String),
    #[error("the URL {text:?} cannot be read: {error}")]
    Url {
        text: String,
        error: url::ParseError,
    },
    #[error("{0} is an interim response, not the final one")]
    Interim(u64),
    /// A number, or what stands in the place of one.
    #[error("{0} is not a status")]
    Status(String),
    #[cfg(feature = "columnar")]
    #[error("the status is not a number")]
    StatusText,
    #[error("the base64 text of the body is broken: {0}")]
    Base64(DecodeError),
    #[error("the attached body {name} cannot be read: {error}")]
    Attachment { name: String, error: io::Error },
    #[error(
        "it is no trace of HTTP: only exchanges that were tapped by the HTTP filter can be read"
    )]
    NotHttp,
    #[error("the flow is nested too deeply")]
    TooDeep,
}

impl EntryError {
    /// A part has not what every exchange has.
    pub(super) fn missing(part: &'static str, name: &'static str) -> Self {
        Self::Missing { part, name }
    }

    /// What `serde_json` says of a part.
    pub(super) fn json(part: JsonPart) -> impl FnOnce(serde_json::Error) -> Self {
        move |error| Self::Json { part, error }
    }
}

/// A part of an entry that is JSON.
#[derive(Debug)]
pub(crate) enum JsonPart {
    Entry,
    /// The entry of a HAR.
    HarEntry,
    /// An example of a Postman collection.
    Example,
    /// A line of NDJSON.
    Line,
    /// The body in a line of NDJSON.
    LineBody,
    /// A list of parts of a body.
    Chunks,
    /// The column of a table.
    #[cfg(feature = "columnar")]
    Column(String),
}

impl fmt::Display for JsonPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry => f.write_str("the entry is not JSON"),
            Self::HarEntry => f.write_str("the entry is not as HAR 1.2 has it"),
            Self::Example => f.write_str("the example is not JSON"),
            Self::Line => f.write_str("the line is not an exchange"),
            Self::LineBody => f.write_str("the line is not an exchange: `body`"),
            Self::Chunks => f.write_str("the list of chunks"),
            #[cfg(feature = "columnar")]
            Self::Column(name) => write!(f, "the column {name} is not JSON"),
        }
    }
}
