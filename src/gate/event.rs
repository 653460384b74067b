//! What a gate tells while it works: all that a report may know.
//!
//! A gate does not know who listens. It hands every [`Event`] to one [`Listener`], in an order that
//! is the same for every worker count except for [`Event::Progress`].

use http::StatusCode;
use oasgate_document::Document;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::finding::Finding;

/// Something that happened in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started(&'a Header),
    /// So many requests are planned, those that were sent included.
    Planned(u64),
    /// One more exchange was held against the contract.
    Progress(Progress<'a>),
    /// A breach was found, for the first time in this run.
    Found(&'a Finding),
    /// Something that is no breach but that the user must know: a recording that is cut off, a
    /// value that is missing. One sentence.
    Notice(&'a str),
    /// The run is over, or was interrupted.
    Finished(&'a Outcome),
}

/// What is known before the first exchange.
#[derive(Clone, Debug)]
pub struct Header {
    /// `info.title` of the document.
    pub title: String,
    /// `info.version` of the document.
    pub api_version: String,
    /// `OpenAPI 3.0.1`, `Swagger 2.0`.
    pub specification: String,
    /// The document's file name as given.
    pub document: String,
    /// How many operations the contract has.
    pub operations: usize,
    /// The seed; `None` when nothing is generated.
    pub seed: Option<u64>,
    /// What the run does.
    pub kind: RunKind,
    /// Where the exchanges come from: a URL or the recordings, as given.
    pub target: String,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Sends cases to a service.
    Check,
    /// Reads recordings.
    Replay,
    /// Looks at the document alone.
    Lint,
}

/// One more exchange was held.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The operation, if the exchange belongs to one.
    pub operation: Option<&'a str>,
    /// The status of the response.
    pub status: StatusCode,
    /// How many exchanges were held so far.
    pub held: u64,
    /// How many distinct breaches were found so far.
    pub findings: usize,
}

/// Takes the events of a run.
pub trait Listener: Send {
    /// Takes one event. `document` locates the addresses in it.
    fn on(&mut self, event: &Event<'_>, document: &Document);
}

/// Hears nothing: for a caller that reads the [`Outcome`] alone.
impl Listener for () {
    fn on(&mut self, _: &Event<'_>, _: &Document) {}
}
