//! What the document promises and nobody ever saw, with its lines.

use std::fmt::Write as _;

use oasgate_document::{Address, Document};

use super::escape::visible;
use crate::run::{Outcome, WitnessKind};

/// One line for each declared thing without a witness: operations, then of those that were called their statuses,
/// media types, optional properties, branches, nulls, elements of arrays and enum values. Nothing counts as seen that was not read.
pub fn unwitnessed(outcome: &Outcome, document: &Document) -> String {
    let mut text = String::new();
    let place = |at: &Address| {
        let place = document.locate_key(at).or_else(|| document.locate(at));
        place.map_or_else(|| format!("#{}", at.pointer), |place| place.to_string())
    };
    for one in &outcome.operations {
        if one.held == 0 {
            let id = visible(&one.id);
            let _ = writeln!(
                text,
                "never called    {id}  {} {}",
                visible(&one.method),
                visible(&one.path)
            );
        }
    }
    for one in outcome.operations.iter().filter(|one| one.held > 0) {
        for witness in one.witnesses.iter().filter(|witness| !witness.is_seen) {
            let name = match witness.kind {
                WitnessKind::Branch => format!("#{}", witness.at.pointer),
                // The keyword stands in the schema that the name leads to.
                WitnessKind::Null | WitnessKind::Items => {
                    let schema = witness.at.pointer.parent().unwrap_or_default();
                    schema.last().unwrap_or_default()
                }
                WitnessKind::EnumValue => {
                    let value = document.get(&witness.at);
                    let schema = witness.at.pointer.parent().and_then(|list| list.parent());
                    let name = schema.and_then(|schema| schema.last());
                    let value = value.map_or_else(String::new, ToString::to_string);
                    format!("{} {value}", name.unwrap_or_default())
                }
                WitnessKind::Status | WitnessKind::MediaType | WitnessKind::Property => {
                    witness.at.pointer.last().unwrap_or_default()
                }
            };
            let _ = writeln!(
                text,
                "never seen      {}  {} {}  {}",
                visible(&one.id),
                witness.kind.as_str(),
                visible(&name),
                visible(&place(&witness.at))
            );
        }
    }
    text
}

/// Whether everything of a kind that operations declare was seen; `operation` is a kind too. `None` for a word that
/// is no kind.
pub fn is_witnessed(outcome: &Outcome, kind: &str) -> Option<bool> {
    if kind == "operation" {
        return Some(outcome.operations.iter().all(|one| one.held > 0));
    }
    let kind = WitnessKind::ALL
        .into_iter()
        .find(|known| known.as_str() == kind)?;
    // What was never called was not seen either, whatever it declares.
    let is_called = outcome.operations.iter().all(|one| one.held > 0);
    let mut witnesses = outcome.operations.iter().flat_map(|one| &one.witnesses);
    Some(is_called && witnesses.all(|witness| witness.kind != kind || witness.is_seen))
}

/// The words that [`is_witnessed`] knows.
pub fn witness_kinds() -> impl Iterator<Item = &'static str> {
    let kinds = WitnessKind::ALL.into_iter().map(WitnessKind::as_str);
    std::iter::once("operation").chain(kinds)
}
