//! What ends every run: the document's own defects as notices, and the comparison of snapshots.

use crate::{
    check,
    contract::Contract,
    finding::{Finding, Findings},
    lint,
    run::{FailReason, RunStatus, SnapshotStanding, SnapshotSummary},
    snapshot::{Comparison, Store},
};

/// A sentence for each defect of the document: what it concerns was not held.
pub(crate) fn defect_notices(contract: &Contract, notices: &mut Vec<String>) {
    for defect in contract.defects() {
        let place = contract
            .document()
            .locate(&defect.address)
            .map_or_else(String::new, |place| format!("{place}: "));
        let rule = lint::rule_of(defect.kind).id;
        notices.push(format!("{place}{} [{rule}]", defect.message));
    }
}

/// A sentence for each rule that was broken in more ways than are told.
pub(crate) fn untold_notices(findings: &Findings) -> impl Iterator<Item = String> {
    findings.beyond().map(|(rule, count)| {
        format!("{rule} was broken {count} times more, in other ways than those that are told")
    })
}

/// Compares the snapshots and hands over what drifted.
pub(crate) fn settle(
    store: Option<Store>,
    end: RunStatus,
    mut found: impl FnMut(Finding),
) -> (SnapshotSummary, RunStatus) {
    let mut summary = SnapshotSummary::default();
    let Some(store) = store else {
        return (summary, end);
    };
    match store.settle() {
        Ok(settled) => {
            for one in settled {
                let (count, standing) = match &one.comparison {
                    Comparison::Unchanged => (&mut summary.unchanged, SnapshotStanding::Unchanged),
                    Comparison::New => (&mut summary.new, SnapshotStanding::New),
                    Comparison::Drifted { .. } => (&mut summary.drifted, SnapshotStanding::Drifted),
                };
                *count += 1;
                summary.each.insert(one.key.to_string(), standing);
                one.finding(check::SHAPE_DRIFT)
                    .into_iter()
                    .for_each(&mut found);
                summary.written.extend(one.written);
            }
            (summary, end)
        }
        Err(error) => (
            summary,
            RunStatus::Failed(FailReason::Snapshots(error.to_string())),
        ),
    }
}
