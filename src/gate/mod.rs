//! Turns exchanges into findings: plans cases, has them sent, checks what comes, emits events.
//!
//! [`check`](fn@check) sends requests over a transport; [`replay`](fn@replay) reads recordings. Both
//! hand every [`Event`] to a [`Listener`] and end in an [`Outcome`]. What they do is a function of the
//! contract, the settings, the seed and the responses.
//!
//! The room has floors of its own, which `tests/it/architecture.rs` keeps: no module knows one that
//! stands above it.

mod budget;
mod driver;
mod failure;
mod hold;
mod hosts;
mod identity;
mod interrupt;
mod knowledge;
mod lint;
mod live;
mod phases;
mod plan;
mod polling;
mod regressions;
mod replay;
mod sequence;
mod settle;
mod shrink;
mod synthetic;
mod tally;

pub use crate::run::{
    Baseline, BaselineError, BaselineSummary, Case, CleanUp, Coverage, Credential, Credentials,
    End, Event, Existing, Growth, Header, KnownFinding, Listener, LiveSettings, MalformedShard,
    Methods, NamedCredential, OperationSummary, Outcome, Phase, PollingRule, Progress, RandomEnd,
    RunKind, Scope, Settings, Severities, SeverityRule, Shard, Share, SnapshotSummary, TokenForm,
    Unreached, Witness, WitnessKind, base_of,
};
pub use hold::{Held, hold};
pub use interrupt::Interrupt;
pub use lint::lint_outcome;
pub use live::check;
pub use plan::{Plan, plan};
pub use replay::{Replay, Source, replay};
pub use sequence::{Guard, Sequence, Step, sequences};
