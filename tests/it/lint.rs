//! Broken documents, and what is said of them: tables in `tests/cases/lint/` and
//! `tests/cases/document/`.

use std::{collections::BTreeSet, fs, path::Path};

use oasgate::{contract::Contract, document::Document, finding::Finding, lint};
use serde_json::Value;

pub(crate) fn table(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a table can be read");
    let indented: String = text.lines().map(|line| format!("  {line}\n")).collect();
    let document = Document::parse("table", format!("openapi: 3.0.3\ncases:\n{indented}"))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    document.root()["cases"]
        .as_array()
        .expect("a list of cases")
        .clone()
}

fn tables(folder: &str) -> Vec<(String, Vec<Value>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy();
            (name.into_owned(), table(&path))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// `6:9 error: what is said`
fn line(finding: &Finding, document: &Document) -> String {
    let place = finding
        .document
        .as_ref()
        .and_then(|address| document.locate_key(address))
        .expect("a finding of a rule has its place");
    format!(
        "{}:{} {}: {}",
        place.line, place.column, finding.severity, finding.message
    )
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes its own input")]
fn rules_say_what_their_tables_say() {
    let mut wrong = Vec::new();
    for (rule, cases) in tables("tests/cases/lint") {
        for case in &cases {
            let name = case["name"].as_str().expect("a name");
            let text = case["document"].as_str().expect("a document");
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("document.yaml");
            fs::write(&path, text).expect("it is written");
            let contract =
                Contract::load(&path).unwrap_or_else(|error| panic!("{rule}, {name}: {error}"));
            let here = format!("{}/", folder.path().display());
            let mut said: Vec<_> = lint::lint(&contract)
                .iter()
                .filter(|finding| finding.rule.as_str() == rule)
                .map(|finding| line(finding, contract.document()).replace(&here, ""))
                .collect();
            said.sort();
            let mut wanted: Vec<_> = case["finds"]
                .as_array()
                .expect("what it finds")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            wanted.sort();
            if said != wanted {
                wrong.push(format!(
                    "{rule}, {name}:\n  said   {said:#?}\n  wanted {wanted:#?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_cases_both_ways() {
    let tables = tables("tests/cases/lint");
    let named: BTreeSet<_> = tables.iter().map(|(rule, _)| rule.as_str()).collect();
    let known: BTreeSet<_> = lint::RULES.iter().map(|rule| rule.rule().id).collect();
    assert_eq!(
        named, known,
        "one table for each rule, in tests/cases/lint/"
    );
    for (rule, cases) in &tables {
        let fires = |case: &&Value| case["finds"].as_array().is_some_and(|all| !all.is_empty());
        assert!(cases.iter().any(|case| fires(&case)), "{rule} never fires");
        assert!(
            !cases.iter().all(|case| fires(&case)),
            "{rule} always fires"
        );
    }
}

#[test]
fn a_document_that_cannot_be_read_is_told_with_its_place() {
    let mut count = 0;
    for (_, cases) in tables("tests/cases/document") {
        for case in &cases {
            let name = case["name"].as_str().expect("a name");
            let file = case["file"].as_str().unwrap_or("document.yaml");
            let text = match (case["document"].as_str(), case["nested"].as_u64()) {
                (_, Some(depth)) => {
                    let depth = usize::try_from(depth).expect("a depth");
                    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
                    if file == "document.json" {
                        format!("{{\"openapi\": {open}{close}}}")
                    } else {
                        format!("openapi: {open}{close}\n")
                    }
                }
                (Some(text), None) => text.to_owned(),
                (None, None) => panic!("{name}: `document` or `nested`"),
            };
            let error = Document::parse(file, text)
                .err()
                .unwrap_or_else(|| panic!("{name}: it was read"));
            assert_eq!(
                Some(error.to_string().as_str()),
                case["error"].as_str(),
                "{name}"
            );
            count += 1;
        }
    }
    assert!(count >= 15, "{count} broken documents");
}
