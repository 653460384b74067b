//! The law of suggested overlays: the same recording with the suggestion applied has none of the findings that the
//! suggestion answers, and no new one.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;

use oasgate::{
    Contract,
    amend::{self, Proof},
    document::{Document, Options},
    finding::Fingerprint,
    gate::{Interrupt, Outcome, RecordingSource, Replay, Settings, replay},
};

use serde_json::{Value, json};

use crate::outside::{part, shared, write};

fn run(contract: &Contract, sources: &[RecordingSource]) -> Outcome {
    let options = Replay {
        entries: None,
        settings: Settings::default(),
        base_path: None,
        hosts: Vec::new(),
        columns: oasgate::recording::Columns::default(),
        workers: 2,
    };
    replay(
        contract,
        sources,
        &options,
        None,
        &mut (),
        &Interrupt::default(),
    )
    .expect("it can be read")
}

fn open(spec: &Path, overlays: Vec<PathBuf>) -> Contract {
    let options = Options {
        overlays,
        ..Options::default()
    };
    let document = Document::open_with(spec, &options).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        document
            .problems()
            .iter()
            .all(|problem| !problem.message.contains("selects nothing")),
        "every target is there: {:?}",
        document.problems()
    );
    Contract::from_document(document)
}

/// How many findings were answered.
fn law_holds(spec: &Path, recordings: &[PathBuf]) -> usize {
    let sources: Vec<RecordingSource> = recordings
        .iter()
        .cloned()
        .map(RecordingSource::File)
        .collect();
    let contract = open(spec, Vec::new());
    let before = run(&contract, &sources);
    let answered = |operation: &str, status: u16| {
        let operation = before.operations.iter().find(|one| one.id == operation);
        operation.map_or(0, |one| {
            one.statuses.get(&status).copied().unwrap_or_default()
        })
    };
    let amendments = amend::amendments(&before.findings, contract.document(), &answered);
    let unproved = amendments.iter().filter(|one| one.proof == Proof::Unproved);
    let unproved: Vec<&String> = unproved.map(|one| &one.evidence).collect();
    assert!(
        unproved.is_empty(),
        "{} of {} widen a schema and are not proved to: {unproved:#?}",
        unproved.len(),
        amendments.len()
    );
    let Some(text) = amend::overlay(&amendments, contract.document()) else {
        return 0;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let overlay = folder.path().join("suggested.overlay.yaml");
    write(&overlay, &text);
    let after = run(&open(spec, vec![overlay]), &sources);
    let answered: HashSet<Fingerprint> = amendments
        .iter()
        .flat_map(|one| one.answers.iter().copied())
        .collect();
    let known: HashSet<Fingerprint> = before
        .findings
        .iter()
        .map(oasgate::finding::Finding::fingerprint)
        .collect();
    for finding in after.findings.iter() {
        let fingerprint = finding.fingerprint();
        assert!(
            !answered.contains(&fingerprint),
            "not answered: {}",
            finding.message
        );
        // A response that is declared now and whose media type is not read is told as unread: a note about the
        // reader, not about the service.
        if finding.rule.as_str() == "unchecked-body" {
            continue;
        }
        assert!(known.contains(&fingerprint), "new: {}", finding.message);
    }
    answered.len()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)
        .expect("it can be listed")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|ending| ["yaml", "har", "ndjson"].iter().any(|one| ending == *one))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_suggestion_answers_what_it_says_on_the_bundled_recordings() {
    let recordings = files(Path::new("tests/recordings/vantage"));
    assert!(law_holds(Path::new("spec/vantage-data-exports.yaml"), &recordings) > 0);
}

#[test]
fn a_suggestion_answers_what_it_says_on_the_bundled_recording_of_others() {
    let bundled = Path::new("tests/outside");
    let spec = bundled.join("corpus/servers/httpbin.json");
    let recording = bundled.join("recordings/servers/httpbin.har.gz");
    assert!(law_holds(&spec, &[recording]) > 0);
}

#[test]
fn a_suggestion_answers_what_it_says_on_recordings_of_others() {
    let Some(shared) = shared() else { return };
    for name in ["chromadb", "kinto", "httpbin"] {
        let spec = shared.join(format!("corpus/servers/{name}.json"));
        let recording = shared.join(format!("recordings/servers/{name}.har.gz"));
        assert!(law_holds(&spec, &[recording]) > 0, "{name}");
    }
    let cassettes = files(&shared.join("recordings/datadog-v1/cassettes"));
    assert!(law_holds(&shared.join("corpus/datadog/v1.yaml"), &cassettes) > 200);
}

/// The small cases of others, each a document with recordings beside it.
#[test]
fn a_suggestion_answers_what_it_says_on_the_cases_of_others() {
    let Some(shared) = shared() else { return };
    let cases = std::fs::read_dir(shared.join("cases")).expect("it can be listed");
    let mut held = 0;
    for folder in cases.flatten().map(|entry| entry.path()) {
        let spec = ["spec.yaml", "spec.json"].map(|name| folder.join(name));
        let Some(spec) = spec.iter().find(|spec| spec.exists()) else {
            continue;
        };
        let recordings: Vec<PathBuf> = match folder.join("x.ndjson") {
            lines if lines.exists() => vec![lines],
            _ => files(&folder)
                .into_iter()
                .filter(|file| file != spec)
                .collect(),
        };
        if !recordings.is_empty() {
            law_holds(spec, &recordings);
            held += 1;
        }
    }
    assert!(held > 10, "{held} cases");
}

/// Requests and responses that the tests of a library make, each document with those that are about it.
#[test]
fn a_suggestion_answers_what_it_says_on_the_exchanges_of_a_library() {
    let Some(suite) = part("suites/exchanges/express-openapi-validator.ndjson.gz") else {
        return;
    };
    let file = std::fs::File::open(suite).expect("the suite");
    let mut by_document: BTreeMap<String, String> = BTreeMap::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        // Most lines name a document that the suite does not hold.
        if !line["spec"].is_object() {
            continue;
        }
        let (request, response) = (&line["request"], &line["response"]);
        let exchange = json!({
            "request": {
                "method": request["method"],
                "url": format!("http://localhost{}", request["url"].as_str().unwrap_or_default()),
                "headers": request["headers"],
                "body_base64": request["body_b64"],
            },
            "response": {
                "status": response["status"],
                "headers": response["headers"],
                "body": response["body"],
            },
        });
        let recording = by_document.entry(line["spec"].to_string()).or_default();
        let _ = writeln!(recording, "{exchange}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (number, (spec, recording)) in by_document.iter().enumerate() {
        let path = |ending: &str| folder.path().join(format!("{number}.{ending}"));
        write(&path("json"), spec);
        write(&path("ndjson"), recording);
        law_holds(&path("json"), &[path("ndjson")]);
    }
    assert!(by_document.len() > 5, "{} documents", by_document.len());
}
