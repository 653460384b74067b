//! Everything about a run as JSON, for programs. The form is versioned and published as
//! `docs/schemas/report.schema.json`.

use oasgate_document::Document;
use serde::Serialize;
use serde_json::{Value, json};

use super::parts::causes;
use crate::{
    cause::Cause,
    exchange::Evidence,
    finding::{Finding, Severity, Wording},
    run::{
        Coverage, KnownFinding, OperationSummary, Outcome, RunKind, RunStatus, Witness, WitnessKind,
    },
};

/// The version of the form; raised when a reader of the old one would misread the new one.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct JsonReport<'a> {
    version: u32,
    tool: Value,
    kind: &'static str,
    document: Value,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
    causes: Vec<Value>,
    findings: Vec<JsonFinding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<JsonBaseline<'a>>,
    operations: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
    totals: Value,
    snapshots: Value,
    notices: &'a [String],
    end: Value,
    elapsed_ms: u64,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    check: &'a str,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<JsonPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<&'a Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    help: Vec<&'a str>,
    fingerprint: String,
    count: u64,
}

#[derive(Serialize)]
struct JsonBaseline<'a> {
    known: Vec<JsonFinding<'a>>,
    gone: &'a [KnownFinding],
}

#[derive(Serialize)]
struct JsonPlace {
    file: String,
    line: u32,
    column: u32,
    pointer: String,
}

pub(super) fn render(outcome: &Outcome, document: &Document) -> Vec<u8> {
    let header = &outcome.header;
    let findings = outcome.findings.sorted();
    let number = |severity| outcome.findings.count(severity);
    let report = JsonReport {
        version: VERSION,
        tool: json!({ "name": "oasgate", "version": env!("CARGO_PKG_VERSION") }),
        kind: match header.kind {
            RunKind::Check => "check",
            RunKind::Replay => "replay",
            RunKind::Lint => "lint",
        },
        document: json!({
            "file": header.document,
            "title": header.title,
            "version": header.api_version,
            "specification": header.specification,
            "operations": header.operations,
        }),
        target: &header.target,
        seed: header.seed.map(|seed| format!("{seed:08x}")),
        causes: causes(outcome, document).iter().map(json_cause).collect(),
        findings: findings
            .iter()
            .map(|(finding, count)| json_finding(finding, *count, document))
            .collect(),
        baseline: outcome.baseline.as_ref().map(|baseline| JsonBaseline {
            known: baseline
                .known
                .sorted()
                .into_iter()
                .map(|(finding, count)| json_finding(finding, count, document))
                .collect(),
            gone: &baseline.gone,
        }),
        operations: outcome
            .operations
            .iter()
            .map(|one| json_operation(one, header.wording))
            .collect(),
        coverage: outcome.coverage,
        totals: json!({
            "held": outcome.held,
            "sent": outcome.sent,
            "unmatched": outcome.unmatched,
            "passed_over": outcome.passed_over,
            "unread": outcome.unread,
            "errors": number(Severity::Error),
            "warnings": number(Severity::Warning),
            "notes": number(Severity::Note),
        }),
        snapshots: json!({
            "unchanged": outcome.snapshots.unchanged,
            "new": outcome.snapshots.new,
            "drifted": outcome.snapshots.drifted,
            "written": outcome.snapshots.written,
            "each": outcome.snapshots.each,
        }),
        notices: &outcome.notices,
        end: json_end(&outcome.end, header.wording),
        elapsed_ms: u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX),
    };
    // Every part is made of texts and numbers, which always serialise.
    let mut bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn json_cause(cause: &Cause<'_>) -> Value {
    let findings = cause.findings.iter();
    let findings: Vec<_> = findings
        .map(|(finding, _)| finding.fingerprint().to_string())
        .collect();
    json!({
        "id": cause.id,
        "check": cause.example().rule,
        "severity": cause.severity,
        "certainty": cause.certainty,
        "title": cause.summary,
        "mend": cause.mend,
        "operations": cause.operations,
        "seen": cause.seen(),
        "findings": findings,
    })
}

fn json_finding<'a>(finding: &'a Finding, count: u64, document: &Document) -> JsonFinding<'a> {
    let place = finding.document.as_ref().and_then(|at| {
        let place = document.locate_key(at).or_else(|| document.locate(at))?;
        Some(JsonPlace {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            pointer: at.pointer.to_string(),
        })
    });
    JsonFinding {
        check: finding.rule.as_str(),
        severity: finding.severity,
        operation: finding.operation.as_deref(),
        message: &finding.message,
        document: place,
        instance: finding
            .instance
            .as_ref()
            .map(oasgate_document::Pointer::as_str),
        exchange: finding.evidence.as_ref(),
        expected: finding.expected.as_deref(),
        actual: finding.actual.as_deref(),
        curl: finding
            .evidence
            .as_ref()
            .map(|evidence| evidence.curl.as_str()),
        help: finding.help.iter().map(|help| help.text.as_str()).collect(),
        fingerprint: finding.fingerprint().to_string(),
        count,
    }
}

fn json_operation(one: &OperationSummary, wording: Wording) -> Value {
    let statuses: serde_json::Map<String, Value> = one
        .statuses
        .iter()
        .map(|(status, number)| (status.to_string(), json!(number)))
        .collect();
    let mut operation = json!({
        "id": one.id,
        "method": one.method,
        "path": one.path,
        "held": one.held,
        "statuses": statuses,
        "unseen": one.unseen,
        "findings": one.findings,
        "coverage": one.coverage,
    });
    if !one.witnesses.is_empty() {
        operation["witnesses"] = witnesses(&one.witnesses);
    }
    if let (Some(why), Value::Object(members)) = (&one.unreached, &mut operation) {
        members.insert("unreached".to_owned(), Value::String(why.reason(wording)));
    }
    operation
}

/// What was seen and what never was, by kind: sets of pointers, which the reports of parts of a run join.
fn witnesses(witnesses: &[Witness]) -> Value {
    WitnessKind::ALL
        .iter()
        .map(|kind| {
            let of_kind = |is_seen: bool| -> Vec<String> {
                let wanted = witnesses
                    .iter()
                    .filter(|one| one.kind == *kind && one.is_seen == is_seen);
                let mut ids: Vec<String> = wanted.map(Witness::id).collect();
                ids.sort_unstable();
                ids
            };
            let sets = json!({ "seen": of_kind(true), "never": of_kind(false) });
            (kind.share().to_owned(), sets)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn json_end(end: &RunStatus, wording: Wording) -> Value {
    let kind = match end {
        RunStatus::Complete => "complete",
        RunStatus::Interrupted => "interrupted",
        RunStatus::Stopped(_) => "stopped",
        RunStatus::Unreachable(_) => "unreachable",
        RunStatus::Failed(_) => "failed",
    };
    let mut told = json!({ "kind": kind });
    if let Some(reason) = end.reason(wording) {
        told["reason"] = Value::String(reason);
    }
    told
}
