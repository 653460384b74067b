//! Every published document at hand loads, and its nodes are where they are said to be.

use std::path::{Path, PathBuf};

use oasgate_document::{Address, Document, Pointer};
use serde_json::Value;

/// The folder of outside documents, or `None` with a word when it is not there.
fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("OASGATE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!(
                "skipped: {} is not there (set OASGATE_SHARED)",
                corpus.display()
            );
        }
        return None;
    }
    Some(corpus)
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            documents(&path, found);
        } else if path
            .extension()
            .is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
}

/// Every `step`th node with its pointer.
fn sample(
    value: &Value,
    pointer: &Pointer,
    count: &mut usize,
    step: usize,
    found: &mut Vec<Pointer>,
) {
    *count += 1;
    if count.is_multiple_of(step) {
        found.push(pointer.clone());
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                sample(member, &pointer.join(key), count, step, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                sample(item, &pointer.index(index), count, step, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_document_loads_and_its_nodes_are_found() {
    let Some(corpus) = corpus() else { return };
    let mut paths = Vec::new();
    documents(&corpus, &mut paths);
    assert!(
        paths.len() > 200,
        "only {} documents in {}",
        paths.len(),
        corpus.display()
    );
    for path in paths {
        let document = Document::open(&path).unwrap_or_else(|error| panic!("{error}"));
        let mut nodes = Vec::new();
        sample(document.root(), &Pointer::root(), &mut 0, 997, &mut nodes);
        for pointer in nodes {
            let address = Address::in_root(pointer.clone());
            let place = document.locate_key(&address).expect("a node has a place");
            let source = document
                .source(address.file)
                .expect("the root file is there");
            let text = &source.text()[place.span.clone()];
            let Some(key) = pointer.last().filter(|key| key.parse::<usize>().is_err()) else {
                continue;
            };
            let shown = text.trim_matches(['"', '\'']);
            let said: String =
                serde_json::from_str(&format!("\"{shown}\"")).unwrap_or_else(|_| shown.to_owned());
            assert_eq!(said.replace("''", "'"), key, "{place} {pointer}");
        }
    }
}
