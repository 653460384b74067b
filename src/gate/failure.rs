//! Findings whose case is made small and kept, before and after.

use crate::{finding::Finding, run::Case};

/// The most findings of one run that are made small.
pub(crate) const MAX_SHRUNK: usize = 40;

/// A finding to be made small, and the case that showed it first.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) case: Case,
    pub(crate) finding: Finding,
}

/// What became of a case.
#[derive(Debug)]
pub(crate) struct Shrunk {
    pub(crate) case: Case,
    /// The finding of the smallest request.
    pub(crate) finding: Finding,
    /// The parts of it for which any other value fails too.
    pub(crate) does_not_matter: Vec<String>,
}
