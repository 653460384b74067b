//! For `cargo test`: a response in hand, or a whole service, held against a contract.
//!
//! [`hold`] takes a response from any client; [`Gate`] sends requests to a service in this process
//! (any `tower::Service`, such as axum's `Router`) or at a URL. Both end in something whose `assert`
//! fails the test with the report that the command line would print.

mod gate;
mod verdict;

pub use gate::{Gate, GateError, GateOn, Ran};
pub use verdict::{Verdict, hold, hold_exchange};
