//! Turns exchanges into findings: plans cases, has them sent, checks what comes, emits events.
//!
//! [`check`](fn@check) sends requests over a transport; [`replay`](fn@replay) reads recordings. Both
//! hand every [`Event`] to a [`Listener`] and end in an [`Outcome`]. What they do is a function of the
//! contract, the settings, the seed and the responses.
//!
//! The room has floors of its own, which `tests/it/architecture.rs` keeps: no module knows one that
//! stands above it.

mod account;
mod budget;
mod case_factory;
mod deal;
mod declared_drift;
mod driver;
mod executor;
mod failure;
#[cfg(test)]
mod fixture;
mod hold;
mod hosts;
mod identity;
mod interrupt;
mod judge;
mod knowledge;
mod left_out;
mod lint;
mod live;
mod phase;
mod plan;
mod polling;
mod recorder;
mod refused_credential;
mod renewal;
mod replay;
mod rounds;
mod saved;
mod schedule;
mod sequence;
mod settle;
mod synthetic;
mod tally;
#[cfg(test)]
mod trial;
mod unreached;
mod unread;

pub use crate::run::{
    Account, Baseline, BaselineError, BaselineSummary, Case, Claim, CleanUp, ConnectionFailure,
    Coverage, Credential, Credentials, Digest, Event, Existing, FailReason, Growth, Inputs,
    KnownFinding, Listener, LiveSettings, MalformedRanges, MalformedShard, Methods,
    NamedCredential, OperationAccount, OperationSummary, Outcome, Phase, PollingRule, Progress,
    RandomEnd, Ranges, RefusedAlternatives, RunInfo, RunKind, RunStatus, Scope, Settings,
    Severities, SeverityRule, Shard, Share, SnapshotStanding, SnapshotSummary, State, StateError,
    StopReason, TokenForm, UndeclaredGuards, Unreached, Witness, WitnessKind, base_of,
};
pub use account::{digest, outcome_of};
pub use hold::{Held, hold};
pub use interrupt::Interrupt;
pub use lint::lint_outcome;
pub use live::check;
pub use plan::{Plan, plan};
pub use replay::{RecordingSource, Replay, replay};
pub use sequence::{Bind, Guard, Sequence, Step, sequences};
