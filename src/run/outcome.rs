//! What a run came to: everything that a report shows and the exit code follows from.

use std::time::Duration;

use indexmap::IndexMap;

use super::{
    coverage::{Coverage, Witness},
    info::Header,
    known::BaselineSummary,
};
use crate::finding::{Findings, Severity};

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was known at the start.
    pub header: Header,
    /// The breaches, grouped.
    pub findings: Findings,
    /// What a baseline took out of the findings; `None` where there is no baseline.
    pub baseline: Option<BaselineSummary>,
    /// What was held for each operation, in the document's order.
    pub operations: Vec<OperationSummary>,
    /// What was held of all of them together, and what was not; `None` where nothing is held.
    pub coverage: Option<Coverage>,
    /// Exchanges that belong to no operation.
    pub unmatched: u64,
    /// Recorded exchanges that were passed over: with other services, or with none.
    pub passed_over: u64,
    /// All exchanges that were held.
    pub held: u64,
    /// What the snapshots came to.
    pub snapshots: SnapshotSummary,
    /// Troubles that are no breaches: unreadable recording entries, values that were missing.
    pub notices: Vec<String>,
    /// How the run ended.
    pub end: End,
    /// How long it took.
    pub elapsed: Duration,
}

impl Outcome {
    /// Whether the contract held: nothing of severity `error` was found.
    pub fn holds(&self) -> bool {
        self.findings.count(Severity::Error) == 0
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All was done that was planned.
    Complete,
    /// The user interrupted it; what was done until then is reported.
    Interrupted,
    /// A limit that the user set ended it before all was done: one sentence.
    Stopped(String),
    /// The service could not be reached, or went away: one sentence.
    Unreachable(String),
    /// What came after the run, such as the comparison of snapshots, could not be done: one sentence.
    Failed(String),
}

/// What was held for one operation.
#[derive(Clone, Debug, Default)]
pub struct OperationSummary {
    /// Its id.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its path template.
    pub path: String,
    /// How many exchanges were held.
    pub held: u64,
    /// How many exchanges came with each status, lowest first.
    pub statuses: IndexMap<u16, u64>,
    /// Declared statuses that were never seen, as written (`404`, `4XX`, `default`).
    pub unseen: Vec<String>,
    /// What of it was held and what was not.
    pub coverage: Coverage,
    /// Everything that it declares of its responses, with whether it was seen; nothing where it was never called.
    pub witnesses: Vec<Witness>,
    /// How many distinct breaches were found.
    pub findings: usize,
    /// Why no declared success was ever seen; `None` when one was.
    pub unreached: Option<Unreached>,
}

/// Why an operation was never answered with a declared success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreached {
    /// Its method may change something and the run was a safe one.
    Unsafe,
    /// No exchange was seen for it.
    NotSeen,
    /// No value is known for a required parameter, named here.
    NoValue(String),
    /// No value of the required body is known: its schema allows none that is finite.
    NoBody,
    /// Every response was 401 or 403.
    Refused,
    /// Every response was 404 or 410.
    NotFound,
    /// The request budget ran out first.
    Budget,
    /// It was left out by configuration.
    Excluded,
    /// Responses came, but none that is a declared success.
    NoSuccess,
}

impl Unreached {
    /// The reason in words, to stand behind `unreached:`.
    pub fn reason(&self) -> String {
        match self {
            Self::Unsafe => "left out by the safe mode (use --allow-unsafe)".to_owned(),
            Self::NotSeen => "no exchange was seen".to_owned(),
            Self::NoValue(name) => format!("no value is known for {name} (use --param {name}=...)"),
            Self::NoBody => "no value of the required body was found".to_owned(),
            Self::Refused => "only 401 or 403 came back (use --token-env NAME)".to_owned(),
            Self::NotFound => {
                "only 404 came back (use --param to name a resource that exists)".to_owned()
            }
            Self::Budget => "the budget was spent (use --max-requests, --max-time)".to_owned(),
            Self::Excluded => "left out by configuration, or in another shard".to_owned(),
            Self::NoSuccess => "no declared success came back".to_owned(),
        }
    }
}

/// What the snapshots of a run came to.
#[derive(Clone, Debug, Default)]
pub struct SnapshotSummary {
    /// Accepted shapes that covered what came.
    pub unchanged: usize,
    /// Shapes that were written for review, or written, for the first time.
    pub new: usize,
    /// Accepted shapes that did not cover what came.
    pub drifted: usize,
    /// Files that were written, in order.
    pub written: Vec<std::path::PathBuf>,
}
