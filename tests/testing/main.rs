//! What a test of another crate uses, without the features that are on by default: built and run
//! with `--no-default-features` too.

mod choices;
mod fake;
mod functions;
mod generated;
mod hundred;
mod others;
mod service;
mod snapshots;
mod strategies;
mod things;
