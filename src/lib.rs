//! A contract gate for HTTP APIs.

pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod contract;
mod did_you_mean;
pub mod exchange;
pub mod finding;
pub mod gate;
pub mod generate;
pub mod recording;
pub mod report;
pub mod snapshot;
pub mod transport;
pub mod wire;

pub use oasgate_document as document;
