//! What a gate tells while it works: all that a report may know.
//!
//! A gate does not know who listens. It hands every [`Event`] to one [`Listener`], in an order that
//! is the same for every worker count except for [`Event::Progress`].

use http::StatusCode;
use oasgate_document::Document;

use super::{info::RunInfo, outcome::Outcome};
use crate::finding::Finding;

/// Something that happened in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins.
    Started(&'a RunInfo),
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
