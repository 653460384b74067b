//! What matters most comes first.

use std::cmp::Reverse;

use super::Cause;
use crate::{
    check::ids,
    finding::{Certainty, Finding, Severity},
};

/// The kinds of harm, worst first. A rule that stands in none of them comes after these and before
/// [`FORMALITIES`].
const HARM: &[&[&str]] = &[
    &[
        ids::BROKEN_OBJECT_AUTHORIZATION,
        ids::IGNORED_AUTH,
        ids::WRITE_ONLY_LEAK,
    ],
    &[ids::SERVER_ERROR, ids::NO_RESPONSE],
    &[
        ids::ACCEPTED_INVALID,
        ids::ACCEPTED_INCOMPLETE,
        ids::ACCEPTED_UNDECLARED_METHOD,
        ids::USE_AFTER_DELETE,
        ids::MISSING_AFTER_CREATE,
        ids::FAILED_MODIFICATION,
        ids::READ_ONLY_ACCEPTED,
        ids::MERGE_PATCH_MISMATCH,
        ids::PUT_NOT_IDEMPOTENT,
        ids::STACK_TRACE_LEAK,
    ],
    &[
        ids::SCHEMA_MISMATCH,
        ids::MALFORMED_BODY,
        ids::INCOMPLETE_RESPONSE,
        ids::MISSING_BODY,
        ids::HEADER_MISMATCH,
        ids::BROKEN_POLLING,
        ids::UNSTABLE_READ,
    ],
    &[
        ids::UNDECLARED_STATUS,
        ids::UNDECLARED_CONTENT_TYPE,
        ids::MISSING_CONTENT_TYPE,
    ],
    &[ids::REJECTED_VALID, ids::REQUEST_MISMATCH, ids::SHAPE_DRIFT],
];

/// What breaks a rule and hurts nobody soon; these come last.
const FORMALITIES: &[&str] = &[
    ids::MISSING_ALLOW,
    ids::ALLOW_MISMATCH,
    ids::MISSING_WWW_AUTHENTICATE,
    ids::MALFORMED_RETRY_AFTER,
    ids::UNDECLARED_PROPERTY,
    ids::UNCHECKED_BODY,
    ids::UNKNOWN_OPERATION,
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
    bool,
    usize,
    Reverse<usize>,
    Certainty,
    Reverse<u64>,
    String,
) {
    // Where that is an error, all that is told besides is of another service, or of its door.
    let says_nothing = cause.severity == Severity::Error
        && (cause.findings.iter()).any(|(finding, _)| finding.rule.as_str() == ids::UNREACHED);
    let worst = cause
        .findings
        .iter()
        .filter(|(finding, _)| finding.severity == cause.severity)
        .map(|(finding, _)| harm(finding.rule.as_str()))
        .min();
    (
        Reverse(cause.severity),
        !says_nothing,
        worst.unwrap_or(HARM.len()),
        Reverse(cause.operations.len()),
        cause.certainty,
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
