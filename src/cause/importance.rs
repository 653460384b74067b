//! What matters most comes first.

use std::cmp::Reverse;

use super::Cause;
use crate::finding::{Finding, Severity};

/// The kinds of harm, worst first. A rule that stands in none of them comes after these and before
/// [`FORMALITIES`].
const HARM: &[&[&str]] = &[
    &[
        "broken-object-authorization",
        "ignored-auth",
        "write-only-leak",
    ],
    &["server-error", "no-response"],
    &[
        "accepted-invalid",
        "accepted-incomplete",
        "accepted-undeclared-method",
        "use-after-delete",
        "missing-after-create",
        "failed-modification",
        "read-only-accepted",
        "merge-patch-mismatch",
        "put-not-idempotent",
        "stack-trace-leak",
    ],
    &[
        "schema-mismatch",
        "malformed-body",
        "incomplete-response",
        "missing-body",
        "header-mismatch",
        "broken-polling",
        "unstable-read",
    ],
    &[
        "undeclared-status",
        "undeclared-content-type",
        "missing-content-type",
    ],
    &["rejected-valid", "request-mismatch", "shape-drift"],
];

/// What breaks a rule and hurts nobody soon; these come last.
const FORMALITIES: &[&str] = &[
    "missing-allow",
    "allow-mismatch",
    "missing-www-authenticate",
    "malformed-retry-after",
    "undeclared-property",
    "unchecked-body",
    "unknown-operation",
];

/// How bad a breach of a rule is, worst first.
pub(crate) fn harm(rule: &str) -> usize {
    if FORMALITIES.contains(&rule) {
        return HARM.len() + 1;
    }
    HARM.iter()
        .position(|rules| rules.contains(&rule))
        .unwrap_or(HARM.len())
}

/// Least first: what a cause is ordered by. The identity comes last, so that the order is total.
pub(super) fn of_cause(
    cause: &Cause<'_>,
) -> (
    Reverse<Severity>,
    usize,
    Reverse<usize>,
    Reverse<u64>,
    String,
) {
    let worst = cause
        .findings
        .iter()
        .filter(|(finding, _)| finding.severity == cause.severity)
        .map(|(finding, _)| harm(finding.rule.as_str()))
        .min();
    (
        Reverse(cause.severity),
        worst.unwrap_or(HARM.len()),
        Reverse(cause.operations.len()),
        Reverse(cause.seen()),
        cause.id.clone(),
    )
}

/// Least first: which finding of a cause shows it best. Worse ones first, then those with a request to
/// send again, then those that were seen most.
pub(super) fn of_member(
    finding: &Finding,
    seen: u64,
) -> (Reverse<Severity>, usize, bool, Reverse<u64>, String) {
    (
        Reverse(finding.severity),
        harm(finding.rule.as_str()),
        finding.evidence.is_none(),
        Reverse(seen),
        finding.fingerprint().to_string(),
    )
}
