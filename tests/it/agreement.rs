//! Recorded exchanges with running services, and what another tool said of each.
//!
//! `make agreement` prints the table. Every kind of difference must be one that
//! `tests/cases/agreement.yaml` explains; docs/agreement.md tells them as prose.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use flate2::read::GzDecoder;
use oasgate::{
    check::Subject,
    contract::Contract,
    document::Document,
    gate::{Settings, hold},
    recording,
};
use serde_json::Value;

use crate::outside::shared;

/// A check of the other tool, and ours for the same thing.
const ASPECTS: &[(&str, &[&str])] = &[
    ("status_code_conformance", &["undeclared-status"]),
    (
        "content_type_conformance",
        &["undeclared-content-type", "missing-content-type"],
    ),
    (
        "response_schema_conformance",
        &["schema-mismatch", "malformed-body"],
    ),
    ("response_headers_conformance", &["header-mismatch"]),
];

#[derive(Default)]
struct Count {
    compared: u64,
    same: u64,
    /// By kind: who told a breach, in which words.
    different: BTreeMap<String, (u64, u64)>,
}

/// A reason for one kind of difference.
struct Explained {
    service: String,
    aspect: String,
    /// `ours` when only we told a breach, `theirs` when only they did.
    told_by: String,
    /// Part of the kind's words.
    says: String,
}

fn explanations() -> Vec<Explained> {
    let text = fs::read_to_string("tests/cases/agreement.yaml").expect("the table is there");
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let document = Document::parse("table", format!("openapi: 3.0.3\ncases:\n{indented}"))
        .unwrap_or_else(|error| panic!("{error}"));
    let part = |case: &Value, key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let cases = document.root()["cases"].as_array().expect("a list");
    for case in cases {
        for key in ["right", "why"] {
            assert!(
                !part(case, key).is_empty(),
                "{case}: says nothing under `{key}`"
            );
        }
    }
    cases
        .iter()
        .map(|case| Explained {
            service: part(case, "service"),
            aspect: part(case, "aspect"),
            told_by: part(case, "told-by"),
            says: part(case, "says"),
        })
        .collect()
}

fn verdicts(path: &Path) -> Vec<Value> {
    let file = fs::File::open(path).expect("verdicts");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect()
}

fn compare(folder: &Path, service: &str) -> BTreeMap<&'static str, Count> {
    let document = ["json", "yaml"]
        .iter()
        .map(|ending| folder.join(format!("corpus/servers/{service}.{ending}")))
        .find(|path| path.is_file())
        .expect("the service's document");
    let contract = Contract::load(document).expect("it loads");
    let verdicts =
        verdicts(&folder.join(format!("recordings/servers/{service}.verdicts.ndjson.gz")));
    let recorded = folder.join(format!("recordings/servers/{service}.har.gz"));
    let settings = Settings::default();
    let mut counts: BTreeMap<&'static str, Count> = BTreeMap::new();
    let entries = recording::open(&recorded).expect("it opens");
    for (entry, verdict) in entries.zip(&verdicts) {
        let Ok(exchange) = entry.and_then(|entry| entry.exchange()) else {
            continue;
        };
        let request = &exchange.request;
        let Ok(route) = contract.route(&request.method, &request.url) else {
            continue;
        };
        let subject = Subject::new(&contract, route.operation, &exchange, &route.path_values);
        let held = hold(&subject, &settings);
        let is_undeclared = subject.declared().is_none();
        for (theirs, ours) in ASPECTS {
            let Some(said) = verdict["checks"][*theirs].as_str() else {
                continue;
            };
            let they_tell = said == "FAILURE";
            let told: HashSet<String> = held
                .findings
                .iter()
                .filter(|finding| {
                    let rule = finding.rule.as_str();
                    // A 5xx that is not declared is one finding, of `server-error`.
                    ours.contains(&rule)
                        || is_undeclared
                            && *theirs == "status_code_conformance"
                            && rule == "server-error"
                })
                .map(|finding| finding.message.clone())
                .collect();
            let count = counts.entry(theirs).or_default();
            count.compared += 1;
            if they_tell != told.is_empty() {
                count.same += 1;
                continue;
            }
            let status = exchange.response.status.as_u16();
            let kind = if they_tell {
                let content_type = exchange
                    .response
                    .headers
                    .get("content-type")
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or("no content type");
                // One breach is one finding: a status that is not declared says nothing of its body.
                let body = if exchange.response.body.bytes().is_empty() {
                    "empty body"
                } else {
                    content_type
                };
                let note = if is_undeclared {
                    " (undeclared status)"
                } else {
                    ""
                };
                format!("theirs: {} {status} {body}{note}", route.operation.id)
            } else {
                let mut told: Vec<_> = told.into_iter().collect();
                told.sort();
                format!("ours: {}", told.join("; "))
            };
            let entry = count
                .different
                .entry(kind)
                .or_insert((0, verdict["n"].as_u64().unwrap_or(0)));
            entry.0 += 1;
        }
    }
    counts
}

#[test]
fn verdicts_agree_with_those_of_others() {
    let Some(folder) = shared() else { return };
    let explained = explanations();
    let mut unexplained = Vec::new();
    let (mut compared, mut same) = (0, 0);
    let mut table = String::from(
        "service    what they call it                 compared      same   agree  explained\n",
    );
    for service in ["chromadb", "httpbin", "kinto"] {
        for (aspect, count) in compare(&folder, service) {
            let mut reasons = 0;
            for (kind, (times, first)) in &count.different {
                let is_explained = explained.iter().any(|one| {
                    (one.service.is_empty() || one.service == service)
                        && one.aspect == aspect
                        && kind.starts_with(&one.told_by)
                        && kind.contains(&one.says)
                });
                if is_explained {
                    reasons += times;
                } else {
                    unexplained.push(format!(
                        "{service} {aspect} ×{times}, first {first}: {kind}"
                    ));
                }
            }
            compared += count.compared;
            same += count.same;
            let share = 100.0 * percent(count.same, count.compared);
            let _ = writeln!(
                table,
                "{service:<10} {aspect:<32} {:>9} {:>9} {share:>6.2}% {reasons:>10}",
                count.compared, count.same
            );
        }
    }
    let share = percent(same, compared);
    let _ = writeln!(
        table,
        "{:<43} {compared:>9} {same:>9} {:>6.2}%",
        "all",
        100.0 * share
    );
    assert!(share >= 0.99, "{table}");
    #[expect(clippy::print_stdout, reason = "`make agreement` shows it")]
    {
        println!("{table}");
    }
    assert!(
        unexplained.is_empty(),
        "explain in tests/cases/agreement.yaml who is right:\n{}",
        unexplained.join("\n")
    );
}

fn percent(part: u64, whole: u64) -> f64 {
    let exact = |number| f64::from(u32::try_from(number).expect("a small number"));
    exact(part) / exact(whole.max(1))
}
