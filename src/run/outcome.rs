//! What a run came to: everything that a report shows and the exit code follows from.

use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{
    coverage::{Coverage, Witness},
    info::RunInfo,
    known::BaselineSummary,
    state::State,
    status::{RunStatus, Unreached},
};
use crate::finding::{Findings, Severity};

/// The result of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// What was known at the start.
    pub header: RunInfo,
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
    /// Entries of recordings that could not be read, or that a fault of this program kept from being checked.
    pub unread: u64,
    /// All exchanges that were held.
    pub held: u64,
    /// All requests that were sent, those that settle a doubt, make a failure small or clean up included; 0 for a
    /// replay.
    pub sent: u64,
    /// What the snapshots came to.
    pub snapshots: SnapshotSummary,
    /// Troubles that are no breaches: unreadable recording entries, values that were missing.
    pub notices: Vec<String>,
    /// How the run ended.
    pub end: RunStatus,
    /// How long it took.
    pub elapsed: Duration,
    /// What it was worked out from, to be joined with that of other parts of a run; `None` where nothing was held, and
    /// for a run against a service that was not asked to keep it.
    pub state: Option<Box<State>>,
}

impl Outcome {
    /// Whether the contract held: nothing of severity `error` was found.
    pub fn holds(&self) -> bool {
        self.findings.count(Severity::Error) == 0
    }
}

/// What was held for one operation.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OperationSummary {
    /// Its id.
    pub id: String,
    /// Its method.
    pub method: String,
    /// Its path template.
    pub path: String,
    /// How many exchanges were held.
    pub held: u64,
    /// How long the responses took together, as far as that is known.
    pub elapsed: Duration,
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

/// What the snapshots of a run came to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SnapshotSummary {
    /// Accepted shapes that covered what came.
    pub unchanged: usize,
    /// Shapes that were written for review, or written, for the first time.
    pub new: usize,
    /// Accepted shapes that did not cover what came.
    pub drifted: usize,
    /// What each shape is of (operation, status, media type) and what it came to.
    pub each: std::collections::BTreeMap<String, SnapshotStanding>,
    /// Files that were written, in order.
    pub written: Vec<std::path::PathBuf>,
}

/// What a shape came to. Of several runs the greatest holds: what one of them saw drift has drifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotStanding {
    /// The accepted shape covers it.
    Unchanged,
    /// Nothing is accepted yet.
    New,
    /// It goes beyond the accepted shape.
    Drifted,
}
