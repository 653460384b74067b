//! Test suites for CI systems: one suite for each operation, one case for each check that found
//! something, and a passing case where none did.

use std::collections::{BTreeMap, HashMap};

use oasgate_document::Document;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    escape::visible,
    parts::{causes, parts, shares},
};
use crate::{
    cause::Cause,
    finding::{Finding, Fingerprint, Severity},
    run::{Coverage, End, OperationSummary, Outcome},
};

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let mut report = Report::new("oasgate");
    report.set_time(outcome.elapsed);
    let mut by_operation: BTreeMap<Option<&str>, Vec<(&Finding, u64)>> = BTreeMap::new();
    for (finding, count) in outcome.findings.sorted() {
        if finding.severity > Severity::Note {
            by_operation
                .entry(finding.operation.as_deref())
                .or_default()
                .push((finding, count));
        }
    }
    let causes = causes(outcome, document);
    let causes: HashMap<Fingerprint, &Cause<'_>> = causes
        .iter()
        .flat_map(|cause| {
            cause
                .findings
                .iter()
                .map(move |(one, _)| (one.fingerprint(), cause))
        })
        .collect();
    for operation in &outcome.operations {
        let findings = by_operation
            .remove(&Some(operation.id.as_str()))
            .unwrap_or_default();
        if operation.held > 0 || !findings.is_empty() {
            report.add_test_suite(suite(operation, &findings, &causes, document));
        }
    }
    let mut rest = TestSuite::new(outcome.header.document.as_str());
    for (finding, count) in by_operation.into_values().flatten() {
        rest.add_test_case(failed(finding, count, &causes, document));
    }
    if let End::Unreachable(reason) | End::Failed(reason) = &outcome.end {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(visible(reason).as_ref());
        rest.add_test_case(TestCase::new("the run", status));
    }
    // A report as a whole has no properties; those of the run are the document's.
    if let Some(all) = &outcome.coverage {
        coverage(&mut rest, all);
    }
    if !rest.test_cases.is_empty() || outcome.coverage.is_some() {
        report.add_test_suite(rest);
    }
    let mut bytes = Vec::new();
    // Writing to memory fails only for texts that are no XML, and those are cleaned on the way in.
    let _ = report.serialize(&mut bytes);
    bytes
}

fn suite(
    operation: &OperationSummary,
    findings: &[(&Finding, u64)],
    causes: &HashMap<Fingerprint, &Cause<'_>>,
    document: &Document,
) -> TestSuite {
    let mut suite = TestSuite::new(operation.id.as_str());
    suite.add_property((
        "path",
        format!("{} {}", operation.method, operation.path).as_str(),
    ));
    suite.add_property(("held", operation.held.to_string().as_str()));
    coverage(&mut suite, &operation.coverage);
    for (finding, count) in findings {
        suite.add_test_case(failed(finding, *count, causes, document));
    }
    if !findings
        .iter()
        .any(|(finding, _)| finding.severity == Severity::Error)
    {
        let mut held = TestCase::new("the contract holds", TestCaseStatus::success());
        held.set_classname(operation.id.as_str());
        suite.add_test_case(held);
    }
    suite
}

/// What was held of what there is: `statuses` is `1 of 3`.
fn coverage(suite: &mut TestSuite, coverage: &Coverage) {
    for (name, share) in shares(coverage) {
        suite.add_property((name, format!("{} of {}", share.seen, share.all).as_str()));
    }
}

/// A finding as a case: an error fails it, a warning is told in its output.
fn failed(
    finding: &Finding,
    count: u64,
    causes: &HashMap<Fingerprint, &Cause<'_>>,
    document: &Document,
) -> TestCase {
    let is_error = finding.severity == Severity::Error;
    let mut status = if is_error {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::success()
    };
    let text = description(finding, count, document);
    if is_error {
        status
            .set_type(finding.rule.as_str())
            .set_message(visible(&finding.message).as_ref())
            .set_description(text.as_str());
    }
    let mut case = TestCase::new(
        format!("{} {}", finding.rule, finding.fingerprint()),
        status,
    );
    if let Some(operation) = &finding.operation {
        case.set_classname(operation.as_str());
    }
    if let Some(cause) = causes.get(&finding.fingerprint()) {
        case.add_property(("cause", cause.id.as_str()));
        case.add_property(("cause-title", visible(&cause.title).as_ref()));
    }
    if !is_error {
        case.set_system_out(text.as_str());
    }
    case
}

fn description(finding: &Finding, count: u64, document: &Document) -> String {
    let mut lines = vec![format!(
        "{}[{}]: {}",
        finding.severity, finding.rule, finding.message
    )];
    let place = finding
        .document
        .as_ref()
        .and_then(|at| document.locate_key(at).or_else(|| document.locate(at)));
    lines.extend(place.map(|place| format!("at {place}")));
    if count > 1 {
        lines.push(format!("seen {count} times"));
    }
    lines.extend(parts(finding));
    lines
        .iter()
        .map(|line| visible(line))
        .collect::<Vec<_>>()
        .join("\n")
}
