//! What a run is told, what it tells, and what it comes to: plain data that the gate, its reports, the
//! configuration and the tests share. Nothing here sends, reads or decides.

mod baseline;
mod case;
mod coverage;
mod credentials;
mod event;
mod info;
mod known;
mod outcome;
mod put_credential;
mod settings;
mod shard;
mod state;
mod status;

pub use baseline::{Baseline, BaselineError, Growth, Scope};
pub(crate) use case::existing;
pub use case::{Case, Phase};
pub use coverage::{Coverage, Share, Witness, WitnessKind};
pub use credentials::{
    Credential, Credentials, NamedCredential, RefusedAlternatives, TokenForm, UndeclaredGuards,
};
pub(crate) use credentials::{CredentialChoice, hide, hide_in};
pub use event::{Event, Listener, Progress};
pub use info::{RunInfo, RunKind};
pub use known::{BaselineSummary, KnownFinding};
pub use outcome::{OperationSummary, Outcome, SnapshotStanding, SnapshotSummary};
pub(crate) use settings::given_value;
pub use settings::{
    CleanUp, Existing, LiveSettings, Methods, PollingRule, RandomEnd, Settings, Severities,
    SeverityRule, base_of,
};
pub use shard::{MalformedShard, Shard};
pub(crate) use state::Unread;
pub use state::{
    Account, Claim, Digest, Inputs, MalformedRanges, OperationAccount, Ranges, State, StateError,
};
pub use status::{ConnectionFailure, FailReason, RunStatus, StopReason, Unreached};
