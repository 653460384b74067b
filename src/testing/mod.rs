//! For `cargo test`: a response in hand, or a whole service, held against a contract.
//!
//! [`hold`] takes a response from any client; [`Gate`] sends requests to a service in this process
//! (any `tower::Service`, such as axum's `Router`) or at a URL. Both end in something whose `assert`
//! fails the test with the report that the command line would print.

mod choices;
mod contract;
mod fake;
mod fields;
mod gate;
mod hooks;
mod in_hand;
mod redact;
mod run;
mod snapshot;
mod strategies;
mod verdict;
mod wording;

#[cfg(feature = "http")]
mod target;

pub use contract::ContractHandle;
#[cfg(feature = "fake-server")]
pub use fake::FakeServer;
pub use fake::{Answer, Call, FAULTS, FakeBody, FakeError, FakeService, Fault, UnusableRecording};
pub use gate::{BoundGate, Gate, GateError, GateReport};
pub use in_hand::{Breach, Checked};
pub use run::{run_document, run_operation};
pub use snapshot::{SnapshotResponse, snapshot_text};
pub use verdict::{Verdict, hold, hold_exchange};

#[cfg(feature = "http")]
pub use target::Target;
