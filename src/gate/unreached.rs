//! Operations that a run did not reach, as findings.

use std::collections::HashMap;

use super::{plan::Plan, refused_credential::Acceptance};
use crate::{
    check::{self, ids},
    finding::{Finding, Findings, Severity},
    run::{LiveSettings, OperationSummary, Unreached},
};

/// A finding for each operation that was not reached, with the reason. Where none was reached at all, the
/// run says nothing about the service and must not look as if it did.
pub(crate) fn unreached(
    summaries: &[OperationSummary],
    plans: &[Plan],
    settings: &LiveSettings,
    found: &Findings,
) -> Vec<Finding> {
    let of_ids: HashMap<&str, &Plan> = plans
        .iter()
        .map(|plan| (plan.operation.id.as_str(), plan))
        .collect();
    let mut wanted = summaries
        .iter()
        .filter(|summary| summary.unreached != Some(Unreached::Excluded))
        .peekable();
    let is_left = wanted.peek().is_some() || !settings.helpers.is_empty();
    if !is_left && !summaries.is_empty() {
        return vec![check::nothing_left()];
    }
    let nothing = settings.phases.is_empty()
        && wanted.peek().is_some()
        && wanted.all(|summary| summary.unreached.is_some());
    // Where nobody was let in, what needs a credential was not tested.
    let is_refused = settings.phases.is_empty() && is_let_in_nowhere(summaries, &of_ids);
    let is_elsewhere = nothing
        && summaries.iter().all(|summary| {
            let is_excluded = summary.unreached == Some(Unreached::Excluded);
            is_excluded || summary.held > 0 && summary.statuses.keys().all(|status| *status == 404)
        });
    let acceptance = Acceptance::of(summaries, &of_ids, settings);
    let mut findings = Vec::new();
    for summary in summaries {
        let plan = of_ids.get(summary.id.as_str());
        let (Some(why), Some(plan)) = (&summary.unreached, plan) else {
            continue;
        };
        if *why == Unreached::Excluded {
            continue;
        }
        // That its success is not declared was told, and is why.
        if !nothing && succeeds_undeclared(why) && is_told(found, &summary.id) {
            continue;
        }
        let mut finding = check::unreached(&plan.operation, &why.to_string());
        finding.help.extend(acceptance.help(plan, summary, why));
        if nothing {
            finding.severity = settings.nothing_reached;
            finding = finding.with_help(
                "no operation was reached, so that this run says nothing about the service",
            );
            if is_elsewhere {
                finding = finding.with_help(format!(
                    "every response was 404: is `{}` the base path of the service?",
                    settings.base.path()
                ));
            }
        }
        if is_refused && *why == Unreached::Refused {
            finding.severity = Severity::Error;
            finding = finding.with_help(
                "no operation that needs a credential took the one that was sent, so that this run \
                 says nothing about them",
            );
        }
        findings.push(finding);
    }
    findings
}

fn succeeds_undeclared(why: &Unreached) -> bool {
    let Unreached::NoSuccess(statuses) = why else {
        return false;
    };
    statuses.iter().any(|status| (200..300).contains(status))
}

/// Whether it was told of an operation that a status is not declared.
fn is_told(found: &Findings, operation: &str) -> bool {
    found.iter().any(|finding| {
        finding.rule.as_str() == ids::UNDECLARED_STATUS
            && finding.operation.as_deref() == Some(operation)
    })
}

/// Whether every operation that needs a credential, and was sent requests, answered only 401 or 403.
fn is_let_in_nowhere(summaries: &[OperationSummary], plans: &HashMap<&str, &Plan>) -> bool {
    let needs_credential = |summary: &&OperationSummary| {
        let plan = plans.get(summary.id.as_str());
        summary.held > 0 && plan.is_some_and(|plan| plan.operation.requires_credential())
    };
    let mut guarded = summaries.iter().filter(needs_credential).peekable();
    guarded.peek().is_some() && guarded.all(|summary| summary.unreached == Some(Unreached::Refused))
}
