//! One request and its response, however they were obtained: plain data.
//!
//! An [`Exchange`] comes from a transport (live) or from a recording, and says which in its
//! [`Origin`]. Bodies are always the content itself: transfer and content codings are undone by
//! whoever made the exchange, and what could not be obtained is said ([`Body`]), never guessed.

mod body;
mod coding;
mod credential;
mod curl;
mod evidence;
mod issued;
mod redaction;
mod shell;
mod stream;

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

pub use body::{Body, CutReason};
#[cfg(feature = "columnar")]
pub(crate) use coding::gunzip;
pub(crate) use coding::{decode, decoded};
pub use credential::{CredentialPlace, CredentialSlot, variable};
pub use curl::{curl, is_credential, masked_url};
pub use evidence::{Before, Evidence};
pub(crate) use issued::without_issued;
pub use redaction::{REDACTED_HOST, holds_redaction, quote_redactions};
pub(crate) use stream::{MAX_GAP, is_stream, may_be_endless, so_far};

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, standard or not.
    pub method: Method,
    /// The absolute URL, percent-encoded as on the wire.
    pub url: Url,
    /// Header fields; a repeated field keeps all its values in order.
    pub headers: HeaderMap,
    /// The content.
    pub body: Body,
    /// The credentials that it is sent with, by name; their values are nowhere in it.
    pub credentials: Vec<CredentialSlot>,
    /// What it was made for, where that is not to obey a document: a recording keeps it.
    pub purpose: Option<RequestPurpose>,
}

/// What a run makes a request for that does not obey the document. Whoever replays its recording does not blame it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RequestPurpose {
    /// To break a rule.
    Break,
    /// To see what a method does that the path does not declare.
    OtherMethod,
    /// To see what is answered without the right credential.
    WrongCredential,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::empty(),
            credentials: Vec::new(),
            purpose: None,
        }
    }
}

/// A response as it came.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status, 100 to 999.
    pub status: StatusCode,
    /// Header fields; a repeated field keeps all its values in order.
    pub headers: HeaderMap,
    /// The content, codings undone.
    pub body: Body,
    /// From the first byte sent to the last byte received; `None` when unknown.
    pub elapsed: Option<Duration>,
    /// How many content bytes came over the wire before codings were undone; `None` when unknown
    /// (a recording rarely knows).
    pub wire_length: Option<u64>,
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::empty(),
            elapsed: None,
            wire_length: None,
        }
    }

    /// The first value of a header as text; `None` when absent or not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request and the response it got.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub response: Response,
    /// Where the exchange comes from.
    pub origin: Origin,
}

/// What is known of how a recorder kept an exchange: what is not there need not have been missing.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the recorder"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Whether the recorder says that a browser asked this on its own, before a request to another origin.
    pub is_preflight: bool,
    /// Whether no cookie was kept by a recorder that leaves them out.
    pub has_no_cookies: bool,
    /// Whether header fields of the request were left out, some or all.
    pub request_headers_are_partial: bool,
    /// Whether header fields of the response were left out, some or all.
    pub response_headers_are_partial: bool,
    /// Whether the body of the response has only what its recorder was interested in.
    pub response_body_is_partial: bool,
}

/// Where an exchange comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Sent by a gate in this run.
    Live,
    /// Read from a recording.
    Recorded {
        /// The recording's name as the user gave it; `-` for standard input.
        file: Arc<str>,
        /// Which entry, from 1.
        entry: u64,
        /// The line it begins on, from 1, where the format has lines.
        line: Option<u64>,
        /// What the recorder kept.
        kept: Kept,
    },
    /// Handed over by a test.
    InHand,
}

impl Origin {
    /// What the recorder kept; `None` for what was not recorded.
    pub fn kept(&self) -> Option<Kept> {
        match self {
            Self::Recorded { kept, .. } => Some(*kept),
            Self::Live | Self::InHand => None,
        }
    }
}
