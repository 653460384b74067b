//! What is known of a run before it begins.

use serde::{Deserialize, Serialize};

use crate::{contract::Contract, finding::Wording};

/// What is known before the first exchange.
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// `info.title` of the document.
    pub title: String,
    /// `info.version` of the document.
    pub api_version: String,
    /// `OpenAPI 3.0.1`, `Swagger 2.0`.
    pub specification: String,
    /// The document's file name as given.
    pub document: String,
    /// How many operations the contract has.
    pub operations: usize,
    /// The seed; `None` when nothing is generated.
    pub seed: Option<u64>,
    /// What the run does.
    pub kind: RunKind,
    /// Where the exchanges come from: a URL or the recordings, as given.
    pub target: String,
    /// How reports say what to do.
    pub wording: Wording,
}

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Sends cases to a service.
    Check,
    /// Reads recordings.
    Replay,
    /// Looks at the document alone.
    Lint,
}

impl RunInfo {
    /// What is known of every run before it begins.
    pub(crate) fn of(contract: &Contract, kind: RunKind, target: String) -> Self {
        let document = contract.document();
        Self {
            title: contract.title().to_owned(),
            api_version: contract.api_version().to_owned(),
            specification: document.version().to_string(),
            document: document
                .files()
                .next()
                .map_or_else(String::new, |(_, source)| source.name().to_string()),
            operations: contract.operations().len(),
            seed: None,
            kind,
            target,
            wording: Wording::default(),
        }
    }
}
