//! A contract gate for HTTP APIs.

pub mod contract;
pub mod exchange;
pub mod finding;
mod did_you_mean;

pub use oasgate_document as document;
