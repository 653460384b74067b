//! Overlays and their `JSONPath` beside what others wrote down: documents before and after an overlay, the compliance
//! suite of RFC 9535, and a table made from the text of the Overlay Specification.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::BufReader,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use oasgate::document::{Document, Options};
use serde_json::{Value, json};
use serde_json_path::{JsonPath, NormalizedPath};

use crate::{
    lint::table,
    outside::{part, write},
};

fn open(spec: &Path, overlays: Vec<PathBuf>) -> Result<Document, String> {
    let options = Options {
        overlays,
        ..Options::default()
    };
    Document::open_with(spec, &options).map_err(|error| error.to_string())
}

#[test]
fn documents_are_after_an_overlay_as_another_tool_has_them() {
    let Some(sets) = part("suites/overlay") else {
        return;
    };
    let mut number = 0;
    for entry in fs::read_dir(sets).expect("the sets") {
        let set = entry.expect("an entry").path();
        if !set.is_dir() {
            continue;
        }
        let after = open(&set.join("openapi.yaml"), vec![set.join("overlay.yaml")]);
        let after = after.unwrap_or_else(|error| panic!("{}: {error}", set.display()));
        let wanted = open(&set.join("output.yaml"), Vec::new()).expect("a document");
        assert_eq!(after.root(), wanted.root(), "{}", set.display());
        assert!(after.problems().is_empty(), "{:?}", after.problems());
        number += 1;
    }
    assert!(number >= 8, "{number} sets");
}

/// A place as RFC 9535 §2.7 writes it.
fn normalized(place: &NormalizedPath<'_>) -> String {
    let mut path = "$".to_owned();
    for step in place.iter() {
        if let Some(index) = step.as_index() {
            let _ = write!(path, "[{index}]");
            continue;
        }
        path.push_str("['");
        for one in step.as_name().unwrap_or_default().chars() {
            match one {
                '\'' | '\\' => path.extend(['\\', one]),
                '\u{8}' => path.push_str("\\b"),
                '\u{c}' => path.push_str("\\f"),
                '\n' => path.push_str("\\n"),
                '\r' => path.push_str("\\r"),
                '\t' => path.push_str("\\t"),
                other => path.push(other),
            }
        }
        path.push_str("']");
    }
    path
}

#[test]
fn paths_select_what_the_compliance_suite_says() {
    let Some(suite) = part("suites/jsonpath/cts.json.gz") else {
        return;
    };
    let file = fs::File::open(suite).expect("the suite");
    let suite: Value =
        serde_json::from_reader(BufReader::new(GzDecoder::new(file))).expect("it is JSON");
    let cases = suite["tests"].as_array().expect("tests");
    let mut differing = Vec::new();
    for case in cases {
        let name = case["name"].as_str().unwrap_or_default();
        let path = JsonPath::parse(case["selector"].as_str().expect("a selector"));
        if case["invalid_selector"] == true {
            if path.is_ok() {
                differing.push(format!("{name}: it is read, and is invalid"));
            }
            continue;
        }
        let path = match path {
            Ok(path) => path,
            Err(error) => {
                differing.push(format!("{name}: {error}"));
                continue;
            }
        };
        let located = path.query_located(&case["document"]);
        let values: Value = located.nodes().cloned().collect();
        let places: Value = located.locations().map(normalized).collect();
        let is_one_of = |got: &Value, one: &str, several: &str| {
            case.get(one).is_some_and(|wanted| wanted == got)
                || case[several]
                    .as_array()
                    .is_some_and(|all| all.contains(got))
        };
        if !is_one_of(&values, "result", "results")
            || !is_one_of(&places, "result_paths", "results_paths")
        {
            differing.push(format!("{name}: {values} at {places}"));
        }
    }
    assert!(cases.len() > 600, "{} cases", cases.len());
    assert!(
        differing.is_empty(),
        "{} of {}\n{}",
        differing.len(),
        cases.len(),
        differing.join("\n")
    );
}

#[test]
fn actions_do_what_the_specification_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (spec, overlay) = (
        folder.path().join("api.json"),
        folder.path().join("overlay.json"),
    );
    let mut sections = BTreeSet::new();
    let cases = table(Path::new("tests/cases/overlay/updates.yaml"));
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        sections.insert(case["section"].as_str().expect("a section").to_owned());
        let with = |extensions: &Value| {
            json!({
                "openapi": "3.1.0",
                "info": { "title": "t", "version": "1" },
                "paths": {},
                "x-in": extensions,
            })
        };
        write(&spec, &with(&case["before"]).to_string());
        let text = json!({
            "overlay": case.get("overlay").unwrap_or(&json!("1.1.0")),
            "info": { "title": "t", "version": "1" },
            "extends": "elsewhere.yaml",
            "actions": case["actions"],
        });
        write(&overlay, &text.to_string());
        let after = open(&spec, vec![overlay.clone()]);
        match (after, case.get("after"), case.get("refused")) {
            (Ok(after), Some(wanted), None) => {
                assert_eq!(after.root(), &with(wanted), "{name}");
                let told = after
                    .problems()
                    .iter()
                    .filter(|problem| problem.message.contains("selects nothing"))
                    .count();
                let idle = case.get("idle").and_then(Value::as_u64).unwrap_or_default();
                assert_eq!(told as u64, idle, "{name}");
            }
            (Err(error), None, Some(wanted)) => {
                let wanted = wanted.as_str().unwrap_or_default();
                assert!(error.contains(wanted), "{name}: {error}");
            }
            (after, ..) => panic!("{name}: {:?}", after.map(|after| after.root().clone())),
        }
    }
    assert!(sections.len() >= 4, "{sections:?}");
}
