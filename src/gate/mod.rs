//! Turns exchanges into findings: plans cases, has them sent, holds what comes, emits events.

mod event;
mod outcome;

pub use event::{Event, Header, Listener, Progress, RunKind};
pub use outcome::{End, OperationSummary, Outcome, SnapshotSummary, Unreached};
