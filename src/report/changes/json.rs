//! The changes as JSON, for programs. The form is versioned like that of runs.

use oasgate_document::{Place, Pointer};
use serde_json::{Map, Value, json};

use super::{super::json::VERSION, Changes};
use crate::{
    contract::Contract,
    diff::{Basis, Change, Flow, Lens, Shown, Verdict},
};

pub(super) fn render(changes: &Changes<'_>) -> Vec<u8> {
    let comparison = changes.comparison;
    let totals = comparison.totals;
    let report = json!({
        "version": VERSION,
        "tool": { "name": "oasgate", "version": env!("CARGO_PKG_VERSION") },
        "kind": "diff",
        "old": document(changes.old),
        "new": document(changes.new),
        "lens": match changes.lens {
            Lens::Declared => "declared",
            Lens::Strict => "strict",
        },
        "verdict": changes.verdict(),
        "changes": comparison.changes.iter().map(|one| change(changes, one)).collect::<Vec<_>>(),
        "totals": {
            "breaking": comparison.count(Verdict::Breaking),
            "undecided": comparison.count(Verdict::Undecided),
            "compatible": comparison.count(Verdict::Compatible),
            "operations": totals.operations,
            "questions": totals.questions,
            "equal": totals.equal,
            "proved": totals.proved,
            "refuted": totals.refuted,
            "searched": totals.searched,
        },
        "recorded": comparison.concerned.map(|concerned| json!({
            "exchanges": concerned.exchanges,
            "breaking": concerned.breaking,
            "read": concerned.read,
            "unread": concerned.unread,
        })),
        "elapsed_ms": u64::try_from(comparison.elapsed.as_millis()).unwrap_or(u64::MAX),
    });
    // Every part is made of texts and numbers, which always serialise.
    let mut bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn document(contract: &Contract) -> Value {
    let document = contract.document();
    json!({
        "file": document.files().next().map(|(_, source)| source.name().to_string()),
        "title": contract.title(),
        "version": contract.api_version(),
        "specification": document.version().to_string(),
        "operations": contract.operations().len(),
    })
}

fn change(changes: &Changes<'_>, change: &Change) -> Value {
    let [old, new] = changes.places(change);
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.to_owned(), value);
        }
    };
    put("rule", json!(change.rule));
    put("severity", json!(change.severity));
    put("verdict", json!(change.verdict.as_str()));
    put(
        "basis",
        json!(match change.basis {
            Basis::Rule => "rule",
            Basis::Proved => "proved",
            Basis::Instance => "instance",
            Basis::Searched(_) => "searched",
        }),
    );
    if let Basis::Searched(tried) = change.basis {
        put("tried", json!(tried));
    }
    put("direction", json!(change.flow.map(Flow::as_str)));
    put("operation", json!(change.operations.first()));
    put("operations", json!(change.operations));
    put("place", json!(change.place));
    put("message", json!(change.message));
    put("old", place(old, change.old.as_ref()));
    put("new", place(new, change.new.as_ref()));
    put("keyword", json!(change.keyword));
    put("at", json!(change.at.as_ref().map(Pointer::as_str)));
    // An instance may be null.
    let instance = change.instance.clone();
    match &change.shown {
        Some(Shown::Request(curl)) => put("curl", json!(curl)),
        Some(Shown::Response {
            status,
            content_type,
            body,
        }) => put(
            "response",
            json!({ "status": status, "content_type": content_type, "body": body }),
        ),
        None => {}
    }
    put("recorded", json!(change.recorded));
    put("known", json!(changes.is_known(change).then_some(true)));
    put(
        "fingerprint",
        json!(change.finding().fingerprint().to_string()),
    );
    if let Some(instance) = instance {
        out.insert("instance".to_owned(), instance);
    }
    Value::Object(out)
}

fn place(place: Option<Place>, at: Option<&oasgate_document::Address>) -> Value {
    match (place, at) {
        (Some(place), Some(at)) => json!({
            "file": place.file.to_string(),
            "line": place.line,
            "column": place.column,
            "pointer": at.pointer.as_str(),
        }),
        _ => Value::Null,
    }
}
