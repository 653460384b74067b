//! Test suites for CI systems: one suite for each operation, one case for each check that found
//! something, and a passing case where none did.

use std::collections::BTreeMap;

use oasgate_document::Document;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::escape::visible;
use crate::{
    finding::{Finding, Severity},
    gate::{End, OperationSummary, Outcome},
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
    for operation in &outcome.operations {
        let findings = by_operation
            .remove(&Some(operation.id.as_str()))
            .unwrap_or_default();
        if operation.held > 0 || !findings.is_empty() {
            report.add_test_suite(suite(operation, &findings, document));
        }
    }
    let mut rest = TestSuite::new(outcome.header.document.as_str());
    for (finding, count) in by_operation.into_values().flatten() {
        rest.add_test_case(failed(finding, count, document));
    }
    if let End::Unreachable(reason) | End::Failed(reason) = &outcome.end {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(visible(reason).as_ref());
        rest.add_test_case(TestCase::new("the run", status));
    }
    if !rest.test_cases.is_empty() {
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
    document: &Document,
) -> TestSuite {
    let mut suite = TestSuite::new(operation.id.as_str());
    suite.add_property((
        "path",
        format!("{} {}", operation.method, operation.path).as_str(),
    ));
    suite.add_property(("held", operation.held.to_string().as_str()));
    for (finding, count) in findings {
        suite.add_test_case(failed(finding, *count, document));
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

/// A finding as a case: an error fails it, a warning is told in its output.
fn failed(finding: &Finding, count: u64, document: &Document) -> TestCase {
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
    lines.extend(
        finding
            .actual
            .as_ref()
            .map(|actual| format!("got:  {actual}")),
    );
    lines.extend(
        finding
            .expected
            .as_ref()
            .map(|expected| format!("want: {expected}")),
    );
    if count > 1 {
        lines.push(format!("seen {count} times"));
    }
    lines.extend(finding.help.iter().cloned());
    if let Some(evidence) = &finding.evidence {
        lines.extend(
            evidence
                .recording
                .as_ref()
                .map(|recording| format!("in:   {recording}")),
        );
        lines.push(evidence.curl.clone());
    }
    lines
        .iter()
        .map(|line| visible(line))
        .collect::<Vec<_>>()
        .join("\n")
}
