//! What the contract leaves open, held by accepted shapes.
//!
//! For each operation, status and media type a [`Store`] keeps one file in insta's format: the
//! [`Shape`] of the responses seen (types, presence, string formats) and one redacted sample.
//! A response whose shape the accepted one does not cover is drift: a finding with a diff, and a
//! `.snap.new` beside the accepted file, so that `cargo insta review` decides.

mod file;
mod formats;
mod line_diff;
mod redact;
mod regressions;
mod review;
mod shape;
mod store;
mod text;

pub use redact::{Redaction, Redactor};
pub use regressions::{
    RegressionError, RegressionWriting, Regressions, Saved, SavedBody, SavedBreach, SavedParameter,
};
pub use review::Pending;
pub(crate) use shape::DriftKind;
pub use shape::{Drift, Shape};
pub use store::{Comparison, Key, Mode, Observed, Settled, Store, StoreError};
