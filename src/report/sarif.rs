//! SARIF 2.1.0: what forges show beside the lines of a pull request.

use std::collections::HashMap;

use oasgate_document::Document;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{
    escape::visible,
    parts::{causes, parts, place, shares},
    rules,
};
use crate::{
    cause::Cause,
    finding::{Finding, Fingerprint},
    run::Outcome,
};

/// What a file name may have and a URI may not.
const NOT_IN_URI: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let causes = causes(outcome, document);
    let cause_of: HashMap<Fingerprint, &str> = causes
        .iter()
        .flat_map(|cause| {
            let findings = cause.findings.iter();
            findings.map(|(finding, _)| (finding.fingerprint(), cause.id.as_str()))
        })
        .collect();
    let mut found: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    let known = outcome.baseline.iter().flat_map(|one| one.known.sorted());
    let all = outcome
        .findings
        .sorted()
        .into_iter()
        .map(|one| (one, false));
    for ((finding, count), is_known) in all.chain(known.map(|one| (one, true))) {
        let rule = finding.rule.as_str();
        let index = found.iter().position(|known| *known == rule);
        let index = index.unwrap_or_else(|| {
            found.push(rule);
            found.len() - 1
        });
        let mut result = json!({
            "ruleId": rule,
            "ruleIndex": index,
            "level": finding.severity.as_str(),
            "message": { "text": text(finding) },
            "locations": [location(outcome, finding, document)],
            "properties": { "cause": cause_of.get(&finding.fingerprint()) },
            "partialFingerprints": { "oasgate/v1": finding.fingerprint().to_string() },
            "occurrenceCount": count,
        });
        if is_known {
            result["suppressions"] =
                json!([{ "kind": "external", "justification": "in the baseline" }]);
        }
        results.push(result);
    }
    let reason = outcome.end.failure(outcome.header.wording);
    let is_successful = reason.is_none();
    let errors = reason.map(|reason| json!({ "level": "error", "message": { "text": reason } }));
    let notices = outcome
        .notices
        .iter()
        .map(|notice| json!({ "level": "note", "message": { "text": notice } }));
    let coverage: Map<String, Value> = outcome
        .coverage
        .iter()
        .flat_map(shares)
        .map(|(name, share)| (name.to_owned(), json!(share)))
        .collect();
    let mut report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "oasgate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": rules::INFORMATION_URI,
                "rules": found.iter().map(|id| descriptor(id)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": is_successful,
                "toolExecutionNotifications": errors.into_iter().chain(notices).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    });
    let mut of_run = Map::new();
    if !coverage.is_empty() {
        of_run.insert("coverage".to_owned(), Value::Object(coverage));
    }
    if !causes.is_empty() {
        of_run.insert("causes".to_owned(), causes.iter().map(cause_text).collect());
    }
    if !of_run.is_empty() {
        report["runs"][0]["properties"] = Value::Object(of_run);
    }
    format!("{report:#}\n").into_bytes()
}

fn cause_text(cause: &Cause<'_>) -> Value {
    json!({
        "id": cause.id,
        "level": cause.severity.as_str(),
        "text": visible(&cause.title),
        "mend": visible(&cause.mend),
        "operations": cause.operations,
    })
}

fn text(finding: &Finding) -> String {
    let mut lines = vec![finding.message.clone()];
    lines.extend(parts(finding));
    lines
        .iter()
        .map(|line| visible(line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn location(outcome: &Outcome, finding: &Finding, document: &Document) -> Value {
    let (path, line, column) = place(outcome, finding, document);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&path) },
        "region": { "startLine": line, "startColumn": column },
    } })
}

/// A file as a URI: an absolute one with its scheme (SARIF1004 of the multitool), another one relative to the
/// repository.
fn uri(path: &str) -> String {
    let encoded = utf8_percent_encode(path, NOT_IN_URI).to_string();
    let has_drive = path.get(1..3) == Some(":/");
    if path.starts_with('/') {
        format!("file://{encoded}")
    } else if has_drive {
        format!("file:///{encoded}")
    } else {
        encoded
    }
}

/// What the viewers of a forge show about a rule.
fn descriptor(id: &str) -> Value {
    let mut descriptor = json!({ "id": id, "helpUri": rules::help_uri(id) });
    if let Some(rule) = rules::rule(id) {
        let summary = rules::one_line(rule.summary());
        let markdown = rules::markdown(rule);
        descriptor["shortDescription"] = json!({ "text": summary });
        descriptor["fullDescription"] = json!({ "text": summary });
        descriptor["help"] = json!({ "text": markdown, "markdown": markdown });
        descriptor["defaultConfiguration"] = json!({ "level": rule.severity.as_str() });
        descriptor["name"] = json!(pascal(id));
    }
    descriptor
}

/// `UndeclaredStatus`: SARIF wants names of rules to be so (SARIF2012 of the multitool).
fn pascal(id: &str) -> String {
    id.split('-')
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{render, uri};
    use crate::{
        finding::{Finding, Severity},
        report::tests::{document, finding, outcome},
        run::{BaselineSummary, FailReason, RunStatus},
    };

    #[test]
    fn an_absolute_path_has_its_scheme() {
        for (path, wanted) in [
            ("spec/api v1.yaml", "spec/api%20v1.yaml"),
            ("/srv/api.yaml", "file:///srv/api.yaml"),
            ("C:/api.yaml", "file:///C:/api.yaml"),
            ("https://a.test/api.yaml", "https://a.test/api.yaml"),
        ] {
            assert_eq!(uri(path), wanted);
        }
    }

    #[test]
    fn the_report_is_as_the_published_schema_says() {
        let schema = include_str!("../../tests/schemas/sarif/sarif-schema-2.1.0.json");
        // One pattern of the schema is no regular expression of ECMA 262 in its strict form.
        let schema = schema.replace("{2}]?$", "{2}$");
        let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        for end in [
            RunStatus::Complete,
            RunStatus::Failed(FailReason::Snapshots("full".into())),
        ] {
            let bare = Finding::new("server-error", Severity::Warning, "bare");
            let mut outcome = outcome(vec![(finding("one"), 3), (bare, 1)]);
            let mut known = BaselineSummary::default();
            known
                .known
                .add(Finding::new("no-error-response", Severity::Note, "known"));
            outcome.baseline = Some(known);
            outcome.end = end;
            let report: Value =
                serde_json::from_slice(&render(&outcome, &document())).expect("it is JSON");
            let errors: Vec<_> = validator
                .iter_errors(&report)
                .map(|error| format!("{} {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
            let driver = &report["runs"][0]["tool"]["driver"];
            assert!(driver["informationUri"].is_string());
            for rule in driver["rules"].as_array().expect("a list") {
                for text in ["shortDescription", "fullDescription", "help"] {
                    let text = rule[text]["text"].as_str().unwrap_or_default();
                    assert!(!text.is_empty(), "{rule:#}");
                }
                assert!(rule["helpUri"].is_string(), "{rule:#}");
            }
        }
    }
}
