//! SARIF 2.1.0: what forges show beside the lines of a pull request.

use std::collections::HashMap;

use oasgate_document::Document;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{
    escape::visible,
    parts::{causes, parts, shares},
};
use crate::{
    cause::Cause,
    finding::{Finding, Fingerprint},
    run::{End, Outcome},
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
    let mut rules: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    let known = outcome.baseline.iter().flat_map(|one| one.known.sorted());
    let all = outcome
        .findings
        .sorted()
        .into_iter()
        .map(|one| (one, false));
    for ((finding, count), is_known) in all.chain(known.map(|one| (one, true))) {
        let rule = finding.rule.as_str();
        let index = rules.iter().position(|known| *known == rule);
        let index = index.unwrap_or_else(|| {
            rules.push(rule);
            rules.len() - 1
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
    let (is_successful, reason) = match &outcome.end {
        End::Complete | End::Interrupted | End::Stopped(_) => (true, None),
        End::Unreachable(reason) | End::Failed(reason) => (false, Some(reason)),
    };
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
                "rules": rules.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
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

/// Where it stands. A forge shows nothing without a place, so that what has none stands at the
/// beginning of the document.
fn location(outcome: &Outcome, finding: &Finding, document: &Document) -> Value {
    let place = finding
        .document
        .as_ref()
        .and_then(|at| document.locate_key(at).or_else(|| document.locate(at)));
    let (file, line, column) = place.map_or_else(
        || (outcome.header.document.clone(), 1, 1),
        |place| (place.file.to_string(), place.line, place.column),
    );
    let path = file.replace('\\', "/");
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": utf8_percent_encode(&path, NOT_IN_URI).to_string() },
        "region": { "startLine": line, "startColumn": column },
    } })
}
