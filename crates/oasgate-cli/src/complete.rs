//! What a shell offers for a word: rules, and the operations of the document that the line names.

use std::path::{Path, PathBuf};

use clap_complete::engine::CompletionCandidate;

use crate::config::rules;
use oasgate::{contract::Contract, document::Document, gate::Phase, report::REPORTS};

fn offered(name: impl Into<String>, about: impl std::fmt::Display) -> CompletionCandidate {
    let about = about.to_string();
    let line = about.split_whitespace().collect::<Vec<_>>().join(" ");
    CompletionCandidate::new(name.into()).help(Some(line.into()))
}

/// Every rule.
pub(crate) fn all_rules() -> Vec<CompletionCandidate> {
    rules()
        .map(|rule| offered(rule.id, rule.summary()))
        .collect()
}

/// What a gate may fail on.
pub(crate) fn failures() -> Vec<CompletionCandidate> {
    let classes = [
        offered("warning", "Any warning"),
        offered("note", "Any warning or note"),
    ];
    classes.into_iter().chain(all_rules()).collect()
}

/// Every phase of a run.
pub(crate) fn phases() -> Vec<CompletionCandidate> {
    Phase::ALL
        .iter()
        .map(|phase| CompletionCandidate::new(phase.as_str()))
        .collect()
}

/// Every format of a report.
pub(crate) fn reports() -> Vec<CompletionCandidate> {
    REPORTS
        .iter()
        .map(|kind| offered(format!("{}=", kind.name), kind.about))
        .collect()
}

/// The operations of the document.
pub(crate) fn operations() -> Vec<CompletionCandidate> {
    let Some(contract) = contract() else {
        return Vec::new();
    };
    contract
        .operations()
        .iter()
        .map(|operation| {
            let id = operation.id.as_str();
            offered(id, format!("{} {}", operation.method, operation.path))
        })
        .collect()
}

/// The parameters of the document.
pub(crate) fn parameters() -> Vec<CompletionCandidate> {
    let Some(contract) = contract() else {
        return Vec::new();
    };
    let mut names: Vec<_> = contract
        .operations()
        .iter()
        .flat_map(|operation| &operation.parameters)
        .map(|parameter| format!("{}=", parameter.name))
        .collect();
    names.sort();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// The schemas that the document names.
pub(crate) fn schemas() -> Vec<CompletionCandidate> {
    contract()
        .iter()
        .flat_map(Contract::schema_names)
        .map(CompletionCandidate::new)
        .collect()
}

/// The document that the line names: the first file on it that is one.
fn contract() -> Option<Contract> {
    // The shell hands the line over behind `--`.
    let words = std::env::args_os().skip_while(|word| word != "--").skip(2);
    words
        .map(PathBuf::from)
        .filter(|path| is_likely(path) && path.is_file())
        .find_map(|path| Document::open(&path).ok())
        .map(Contract::from_document)
}

fn is_likely(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
}
