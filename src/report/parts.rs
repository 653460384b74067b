//! What more than one report says in the same words: the parts of a finding, and what was held.

use oasgate_document::Document;

use crate::{
    cause::{self, Cause},
    finding::Finding,
    run::{Coverage, Outcome, RunKind, Share},
};

/// What a person needs to act upon a finding, line by line, below its message.
pub(super) fn parts(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    let actual = finding.actual.iter();
    lines.extend(actual.map(|actual| format!("got:  {actual}")));
    let expected = finding.expected.iter();
    lines.extend(expected.map(|expected| format!("want: {expected}")));
    lines.extend(finding.help.iter().map(ToString::to_string));
    if let Some(evidence) = &finding.evidence {
        let recording = evidence.recording.iter();
        lines.extend(recording.map(|recording| format!("in:   {recording}")));
        lines.push(evidence.curl.clone());
    }
    lines
}

/// The file, line and column where a finding stands. A forge shows nothing without a place, so that what has
/// none stands at the beginning of the document.
pub(super) fn place(
    outcome: &Outcome,
    finding: &Finding,
    document: &Document,
) -> (String, u32, u32) {
    let place = finding
        .document
        .as_ref()
        .and_then(|at| document.locate_key(at).or_else(|| document.locate(at)));
    let (file, line, column) = place.map_or_else(
        || (outcome.header.document.clone(), 1, 1),
        |place| (place.file.to_string(), place.line, place.column),
    );
    (file.replace('\\', "/"), line, column)
}

/// The causes of a run, notes included, the most important first; a document's findings have none but
/// themselves.
pub(super) fn causes<'o>(outcome: &'o Outcome, document: &Document) -> Vec<Cause<'o>> {
    match outcome.header.kind {
        RunKind::Lint => Vec::new(),
        RunKind::Check | RunKind::Replay => cause::causes(&outcome.findings, document),
    }
}

/// `a, b, c and 17 more`: the operations that a cause touches.
pub(super) fn operations(cause: &Cause<'_>) -> String {
    const MOST: usize = 5;
    let shown = cause.operations.iter().take(MOST).copied();
    let shown = shown.collect::<Vec<_>>().join(", ");
    match cause.operations.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What was counted, each by its name in the JSON report.
pub(super) fn shares(coverage: &Coverage) -> [(&'static str, Share); 12] {
    [
        ("operations", coverage.operations),
        ("statuses", coverage.statuses),
        ("media_types", coverage.media_types),
        ("properties", coverage.properties),
        ("branches", coverage.branches),
        ("nulls", coverage.nulls),
        ("arrays", coverage.arrays),
        ("enum_values", coverage.enum_values),
        ("boundaries", coverage.boundaries),
        ("empty_arrays", coverage.empty_arrays),
        ("absences", coverage.absences),
        ("large_schemas", coverage.large_schemas),
    ]
}

/// `coverage: 1 of 2 operations; of what this one declares 1 of 3 statuses, …`; `None` where nothing was
/// to be held.
pub(super) fn held(outcome: &Outcome) -> Option<String> {
    let coverage = outcome.coverage.as_ref()?;
    // Of what does not exist nothing is missing.
    let part = |share: Share, one: &str, many: &str| {
        let name = if share.all == 1 { one } else { many };
        (share.all > 0).then(|| format!("{} of {} {name}", share.seen, share.all))
    };
    let operations = part(coverage.operations, "operation", "operations")?;
    let declared: Vec<String> = [
        part(coverage.statuses, "status", "statuses"),
        part(coverage.media_types, "media type", "media types"),
        part(
            coverage.properties,
            "optional property",
            "optional properties",
        ),
        part(coverage.branches, "branch", "branches"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if declared.is_empty() {
        return Some(format!("coverage: {operations}"));
    }
    let these = if coverage.operations.seen == 1 {
        "this one declares"
    } else {
        "these declare"
    };
    let declared = declared.join(", ");
    Some(format!(
        "coverage: {operations}; of what {these} {declared}"
    ))
}
