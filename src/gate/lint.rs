//! What was found in the document alone, as the outcome of a run: reports are the same for both.

use std::time::Duration;

use crate::{
    contract::Contract,
    finding::{Finding, Findings},
    run::{Outcome, RunInfo, RunKind, RunStatus, Settings, SnapshotSummary},
};

/// The outcome of looking at a document, with the severities that the settings give.
pub fn lint_outcome(
    contract: &Contract,
    found: Vec<Finding>,
    settings: &Settings,
    elapsed: Duration,
) -> Outcome {
    let mut findings = Findings::in_order();
    for finding in found
        .into_iter()
        .filter_map(|finding| settings.severities.apply(finding))
    {
        findings.add(finding);
    }
    let mut header = RunInfo::of(contract, RunKind::Lint, String::new());
    header.target.clone_from(&header.document);
    header.wording = settings.wording;
    findings.phrase(settings.wording);
    Outcome {
        baseline: None,
        held: u64::try_from(contract.operations().len()).unwrap_or(u64::MAX),
        sent: 0,
        header,
        findings,
        operations: Vec::new(),
        coverage: None,
        unmatched: 0,
        passed_over: 0,
        unread: 0,
        snapshots: SnapshotSummary::default(),
        notices: Vec::new(),
        end: RunStatus::Complete,
        elapsed,
        state: None,
    }
}
