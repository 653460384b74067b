//! Test suites for CI systems: one suite for each operation, with one case for each check, whether it found
//! something or not, so that what a system remembers of a case goes on from run to run.

use std::collections::{BTreeMap, HashMap};

use oasgate_document::Document;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{
    escape::visible,
    parts::{causes, parts, shares},
};
use crate::{
    cause::Cause,
    check, diff,
    finding::{Finding, Fingerprint, Rule, Severity, Wording},
    lint,
    run::{Coverage, OperationSummary, Outcome, RunKind},
};

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let mut report = Report::new("oasgate");
    report.set_time(outcome.elapsed);
    let mut by_operation: BTreeMap<Option<&str>, ByRule<'_>> = BTreeMap::new();
    for (finding, count) in outcome.findings.sorted() {
        if finding.severity > Severity::Note {
            let of_operation = by_operation
                .entry(finding.operation.as_deref())
                .or_default();
            let of_rule = of_operation.entry(finding.rule.as_str()).or_default();
            of_rule.push((finding, count));
        }
    }
    let rules = rules_of(outcome);
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
    let told = Told {
        causes: &causes,
        document,
        wording: outcome.header.wording,
    };
    for operation in &outcome.operations {
        let findings = by_operation.remove(&Some(operation.id.as_str()));
        let findings = findings.unwrap_or_default();
        report.add_test_suite(suite(operation, &rules, findings, &told));
    }
    let mut rest = TestSuite::new(outcome.header.document.as_str());
    let is_lint = outcome.header.kind == RunKind::Lint;
    for (operation, mut findings) in by_operation {
        // A lint rule looks at the whole document.
        if is_lint && operation.is_none() {
            for rule in &rules {
                findings.entry(rule.id).or_default();
            }
        }
        for (rule, found) in findings {
            rest.add_test_case(told.case(rule, operation, &found));
        }
    }
    if let Some(reason) = outcome.end.failure(outcome.header.wording) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(visible(&reason).as_ref());
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

/// Every rule that a run of this kind checks, in the order of the lists.
fn rules_of(outcome: &Outcome) -> Vec<&'static Rule> {
    match outcome.header.kind {
        // What a diff tells is reported as what is told of a document is.
        RunKind::Lint => {
            let changes: Vec<&Rule> = diff::rules().collect();
            let is_change =
                |finding: &Finding| changes.iter().any(|rule| rule.id == finding.rule.as_str());
            if outcome
                .findings
                .sorted()
                .iter()
                .any(|(finding, _)| is_change(finding))
            {
                changes
            } else {
                lint::RULES.iter().map(|rule| rule.rule()).collect()
            }
        }
        RunKind::Check | RunKind::Replay => check::rules().collect(),
    }
}

/// Findings by the rule that they break.
type ByRule<'o> = BTreeMap<&'o str, Vec<(&'o Finding, u64)>>;

fn suite(
    operation: &OperationSummary,
    rules: &[&'static Rule],
    mut findings: ByRule<'_>,
    told: &Told<'_>,
) -> TestSuite {
    let id = operation.id.as_str();
    let mut suite = TestSuite::new(id);
    suite.add_property((
        "path",
        format!("{} {}", operation.method, operation.path).as_str(),
    ));
    suite.add_property(("held", operation.held.to_string().as_str()));
    coverage(&mut suite, &operation.coverage);
    let mut cases: Vec<TestCase> = Vec::new();
    for rule in rules {
        let found = findings.remove(rule.id).unwrap_or_default();
        if operation.held > 0 || !found.is_empty() {
            cases.push(told.case(rule.id, Some(id), &found));
        } else {
            let why = operation.unreached.as_ref();
            let why = why.map(|why| why.reason(told.wording));
            let mut status = TestCaseStatus::skipped();
            status.set_message(visible(why.as_deref().unwrap_or("it was not called")).as_ref());
            let mut case = TestCase::new(rule.id, status);
            case.set_classname(id);
            cases.push(case);
        }
    }
    for (rule, found) in findings {
        cases.push(told.case(rule, Some(id), &found));
    }
    // All checks look at the same exchanges: each has its share of the time that these took.
    let checked = cases
        .iter_mut()
        .filter(|case| !matches!(case.status, TestCaseStatus::Skipped { .. }));
    let mut checked: Vec<&mut TestCase> = checked.collect();
    let share = operation.elapsed / u32::try_from(checked.len().max(1)).unwrap_or(u32::MAX);
    for case in &mut checked {
        case.set_time(share);
    }
    suite.set_time(operation.elapsed);
    for case in cases {
        suite.add_test_case(case);
    }
    suite
}

/// What was held of what there is: `statuses` is `1 of 3`.
fn coverage(suite: &mut TestSuite, coverage: &Coverage) {
    for (name, share) in shares(coverage) {
        suite.add_property((name, format!("{} of {}", share.seen, share.all).as_str()));
    }
}

/// How many findings of one case are told.
const MAX_OF_A_CASE: usize = 100;

/// What cases need to tell of findings.
struct Told<'o> {
    causes: &'o HashMap<Fingerprint, &'o Cause<'o>>,
    document: &'o Document,
    wording: Wording,
}

impl Told<'_> {
    /// What one rule found, as a case: an error fails it, a warning is told in its output.
    fn case(&self, rule: &str, operation: Option<&str>, found: &[(&Finding, u64)]) -> TestCase {
        let errors = found
            .iter()
            .filter(|(finding, _)| finding.severity == Severity::Error);
        let errors: Vec<&Finding> = errors.map(|(finding, _)| *finding).collect();
        let texts = found.iter().take(MAX_OF_A_CASE);
        let mut texts: Vec<String> = texts
            .map(|(finding, count)| description(finding, *count, self.document))
            .collect();
        if found.len() > MAX_OF_A_CASE {
            texts.push(format!("and {} more", found.len() - MAX_OF_A_CASE));
        }
        let text = texts.join("\n\n");
        let status = match errors.as_slice() {
            [] => TestCaseStatus::success(),
            [first, others @ ..] => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                let more = match others.len() {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                status
                    .set_type(rule)
                    .set_message(format!("{}{more}", visible(&first.message)))
                    .set_description(text.as_str());
                status
            }
        };
        let mut case = TestCase::new(rule, status);
        if let Some(operation) = operation {
            case.set_classname(operation);
        }
        let causes = found
            .iter()
            .filter_map(|(finding, _)| self.causes.get(&finding.fingerprint()));
        let causes: BTreeMap<&str, &&Cause<'_>> =
            causes.map(|cause| (cause.id.as_str(), cause)).collect();
        for (id, cause) in causes {
            case.add_property(("cause", id));
            case.add_property(("cause-title", visible(&cause.title).as_ref()));
        }
        if errors.is_empty() && !found.is_empty() {
            case.set_system_out(text.as_str());
        }
        case
    }
}

fn description(finding: &Finding, count: u64, document: &Document) -> String {
    let mut lines = vec![format!(
        "{}[{}]: {} ({})",
        finding.severity,
        finding.rule,
        finding.message,
        finding.fingerprint()
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
