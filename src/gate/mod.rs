//! Turns exchanges into findings: plans cases, has them sent, holds what comes, emits events.
//!
//! [`check`](fn@check) sends requests over a transport; [`replay`](fn@replay) reads recordings. Both
//! hand every [`Event`] to a [`Listener`] and end in an [`Outcome`]. What they do is a function of the
//! contract, the settings, the seed and the responses.

mod baseline;
mod case;
mod coverage;
mod credentials;
mod event;
mod extract;
mod hold;
mod learn;
mod lint;
mod live;
mod novelty;
mod outcome;
mod phases;
mod plan;
mod polling;
mod pool;
mod regressions;
mod replay;
mod schedule;
mod sequence;
mod settings;
mod shard;
mod shrink;
mod tally;

pub use baseline::{Baseline, BaselineError, BaselineSummary, Growth, KnownFinding, Scope};
pub use case::{Case, Phase};
pub use coverage::{Coverage, Share};
pub use credentials::{Credential, Credentials, NamedCredential, TokenForm};
pub use event::{Event, Header, Listener, Progress, RunKind};
pub use hold::{Held, hold};
pub use lint::lint_outcome;
pub use live::check;
pub use outcome::{End, OperationSummary, Outcome, SnapshotSummary, Unreached};
pub use plan::{Plan, plan};
pub use replay::{Replay, Source, replay};
pub use sequence::{Sequence, Step, sequences};
pub use settings::{
    CleanUp, LiveSettings, Methods, PollingRule, RandomEnd, Settings, Severities, SeverityRule,
    base_of,
};
pub use shard::{MalformedShard, Shard};

use std::sync::Arc;

use tokio::sync::watch;

/// A sign that the user wants the run to end: set by one part of a program, watched by another.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Interrupt {
    /// Asks the run to end. What was done until then is still reported.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether the run was asked to end.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the run is asked to end.
    pub async fn wait(&self) {
        // The sender lives as long as `self`, so that this ends only when it was set.
        let _ = self.0.subscribe().wait_for(|is_set| *is_set).await;
    }
}
