//! GitLab's code quality report: what its merge requests show beside the lines.
//!
//! The form is the part of Code Climate's that GitLab reads: a list of objects with `description`,
//! `check_name`, `fingerprint`, `severity` and a place. GitLab shows one of those that share a fingerprint.

use oasgate_document::Document;
use serde_json::{Value, json};

use super::{escape::visible, parts::place, rules::one_line};
use crate::{
    finding::{Finding, Severity},
    run::Outcome,
};

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let findings = outcome.findings.sorted();
    let mut all: Vec<Value> = findings
        .iter()
        .filter(|(finding, _)| finding.severity > Severity::Note)
        .map(|(finding, count)| issue(outcome, finding, *count, document))
        .collect();
    if let Some(reason) = outcome.end.failure(outcome.header.wording) {
        all.push(json!({
            "type": "issue",
            "description": visible(&one_line(&reason)),
            "check_name": "oasgate",
            "fingerprint": "the-run",
            "severity": "blocker",
            "location": { "path": outcome.header.document, "lines": { "begin": 1 } },
        }));
    }
    let mut bytes = format!("{:#}", Value::Array(all)).into_bytes();
    bytes.push(b'\n');
    bytes
}

fn issue(outcome: &Outcome, finding: &Finding, count: u64, document: &Document) -> Value {
    let (path, line, _) = place(outcome, finding, document);
    let times = if count > 1 {
        format!(" (seen {count} times)")
    } else {
        String::new()
    };
    json!({
        "type": "issue",
        "description": format!("{}{times}", visible(&one_line(&finding.message))),
        "check_name": finding.rule.as_str(),
        "fingerprint": finding.fingerprint().to_string(),
        "severity": match finding.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        "location": { "path": path, "lines": { "begin": line } },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::render;
    use crate::{
        finding::{Finding, Severity},
        report::tests::{document, finding, outcome},
        run::{FailReason, RunStatus},
    };

    /// What <https://docs.gitlab.com/ci/testing/code_quality/> asks of each object.
    #[test]
    fn each_finding_is_an_issue_with_a_place_and_a_fingerprint() {
        let note = Finding::new("unchecked-body", Severity::Note, "a note");
        let bare = Finding::new("server-error", Severity::Warning, "two\nlines \u{1b}[2J");
        let mut outcome = outcome(vec![(finding("one"), 3), (bare, 1), (note, 1)]);
        outcome.end = RunStatus::Failed(FailReason::Snapshots("no space is left".into()));
        let report: Value =
            serde_json::from_slice(&render(&outcome, &document())).expect("it is JSON");
        let issues = report.as_array().expect("a list");
        assert_eq!(issues.len(), 3, "{report:#}");
        for issue in issues {
            for name in ["description", "check_name", "fingerprint"] {
                let text = issue[name].as_str().expect("a text");
                assert!(
                    !text.is_empty() && !text.contains(['\n', '\u{1b}']),
                    "{issue}"
                );
            }
            let severities = ["info", "minor", "major", "critical", "blocker"];
            assert!(
                severities.iter().any(|one| issue["severity"] == *one),
                "{issue}"
            );
            let path = issue["location"]["path"].as_str().expect("a path");
            assert!(!path.starts_with("./") && !path.is_empty(), "{issue}");
            assert!(
                issue["location"]["lines"]["begin"].as_u64() >= Some(1),
                "{issue}"
            );
        }
        assert_eq!(issues[0]["location"]["lines"]["begin"], 6);
        assert_eq!(issues[0]["description"], "one (seen 3 times)");
    }
}
