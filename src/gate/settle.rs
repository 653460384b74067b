//! What ends every run: the document's own defects as notices, and the comparison of snapshots.

use indexmap::IndexMap;
use oasgate_document::Address;
use serde_json::Value;

use super::declared_drift::is_declared;
use crate::{
    check,
    contract::{Contract, METHODS},
    finding::{Finding, Findings},
    lint,
    run::{FailReason, RunStatus, SnapshotStanding, SnapshotSummary},
    snapshot::{Comparison, Store},
    words::count_of,
};

/// How many defects of one rule are told, each with its place.
const MAX_OF_A_RULE: usize = 5;

/// A sentence for each defect of the document: what it concerns was not held.
pub(crate) fn defect_notices(contract: &Contract, notices: &mut Vec<String>) {
    let mut of_rules: IndexMap<&str, (usize, Vec<String>)> = IndexMap::new();
    let mut left_out = 0;
    for defect in contract.defects() {
        let rule = lint::rule_of(defect.kind).id;
        let (count, told) = of_rules.entry(rule).or_default();
        *count += 1;
        left_out += operations_at(contract, &defect.address);
        if told.len() < MAX_OF_A_RULE {
            let place = contract
                .document()
                .locate(&defect.address)
                .map_or_else(String::new, |place| format!("{place}: "));
            told.push(format!("{place}{} [{rule}]", defect.message));
        }
    }
    for (rule, (count, told)) in of_rules {
        let more = count - told.len();
        notices.extend(told);
        if more > 0 {
            notices.push(format!(
                "{} more of {rule}: a lint of the document shows them all",
                count_of(more, "place")
            ));
        }
    }
    if left_out > 0 {
        let operations = count_of(left_out, "operation");
        notices.push(format!("paths that cannot be read leave out {operations}"));
    }
}

/// How many operations a path has that cannot be read as one.
fn operations_at(contract: &Contract, address: &Address) -> usize {
    let tokens: Vec<String> = address.pointer.tokens().take(3).collect();
    let is_path =
        matches!(tokens.as_slice(), [paths, path] if paths == "paths" && !path.starts_with('/'));
    let item = contract.document().get(address).filter(|_| is_path);
    let members = item.and_then(Value::as_object).into_iter().flatten();
    members
        .filter(|(name, member)| METHODS.contains(&name.as_str()) && member.is_object())
        .count()
}

/// A sentence for each rule that was broken in more ways than are told.
pub(crate) fn untold_notices(findings: &Findings) -> impl Iterator<Item = String> {
    findings.beyond().map(|(rule, count)| {
        format!("{rule} was broken {count} times more, in other ways than those that are told")
    })
}

/// Compares the snapshots and hands over what drifted.
pub(crate) fn settle(
    contract: &Contract,
    store: Option<Store>,
    end: RunStatus,
    mut found: impl FnMut(Finding),
) -> (SnapshotSummary, RunStatus) {
    let mut summary = SnapshotSummary::default();
    let Some(store) = store else {
        return (summary, end);
    };
    match store.settle(|key, drift| is_declared(contract, key, drift)) {
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
