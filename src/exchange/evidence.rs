//! What a finding keeps of the exchange that showed it.

use serde::{Deserialize, Serialize};

use super::{Exchange, Origin, Request, curl};

/// The part of an exchange that a report shows, with secrets already masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The request method.
    pub method: String,
    /// The request URL with credentials masked.
    pub url: String,
    /// The response status; `None` when no response came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The response's `Content-Type`, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `recording.har, entry 3` for a recorded exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<String>,
    /// Why the case was sent, when this run sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// What was sent before, in order, where only the whole shows the breach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Before>,
    /// A command that sends the request again; credentials stand as environment variables.
    pub curl: String,
}

/// An exchange that came before the one that showed a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// A command that sends the request again.
    pub curl: String,
    /// The response status.
    pub status: u16,
}

impl Before {
    /// What a report may show of this exchange.
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            curl: curl::curl(&exchange.request),
            status: exchange.response.status.as_u16(),
        }
    }
}

impl Evidence {
    /// What a report may show of this exchange.
    pub fn of(exchange: &Exchange) -> Self {
        let recording = match &exchange.origin {
            Origin::Recorded {
                file,
                entry,
                line: Some(line),
                ..
            } => Some(format!("{file}:{line}, entry {entry}")),
            Origin::Recorded {
                file,
                entry,
                line: None,
                ..
            } => Some(format!("{file}, entry {entry}")),
            Origin::Live | Origin::InHand => None,
        };
        Self {
            method: exchange.request.method.to_string(),
            url: curl::shown(&exchange.request),
            status: Some(exchange.response.status.as_u16()),
            content_type: exchange.response.header("content-type").map(str::to_owned),
            recording,
            case: None,
            before: Vec::new(),
            curl: curl::curl(&exchange.request),
        }
    }

    /// What a report may show of a request that got no response.
    pub fn of_request(request: &Request) -> Self {
        Self {
            method: request.method.to_string(),
            url: curl::shown(request),
            status: None,
            content_type: None,
            recording: None,
            case: None,
            before: Vec::new(),
            curl: curl::curl(request),
        }
    }

    /// The same with what was sent before.
    #[must_use]
    pub fn after<'e>(mut self, before: impl Iterator<Item = &'e Exchange>) -> Self {
        self.before = before.map(Before::of).collect();
        self
    }
}
