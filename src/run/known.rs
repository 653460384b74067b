//! Findings that are accepted, as plain data: what a baseline keeps, and what it made of a run.

use serde::{Deserialize, Serialize};

use super::info::RunKind;
use crate::finding::{Finding, Findings};

/// One finding that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFinding {
    /// What tells it from others.
    pub fingerprint: String,
    /// The kind of run that found it.
    pub run: RunKind,
    /// The rule.
    pub check: String,
    /// The operation, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What was wrong, in the words of the run that found it first.
    pub message: String,
}

/// What a baseline made of a run.
#[derive(Clone, Debug, Default)]
pub struct BaselineSummary {
    /// What was found and is accepted.
    pub known: Findings,
    /// What is accepted, was looked for, and was not found any more.
    pub gone: Vec<KnownFinding>,
}

impl KnownFinding {
    pub(crate) fn of(finding: &Finding, run: RunKind) -> Self {
        Self {
            fingerprint: finding.fingerprint().to_string(),
            run,
            check: finding.rule.to_string(),
            operation: finding.operation.clone(),
            message: finding.message.clone(),
        }
    }

    /// `undeclared-status of getDataExport`
    pub fn name(&self) -> String {
        match &self.operation {
            Some(operation) => format!("{} of {operation}", self.check),
            None => self.check.clone(),
        }
    }
}
