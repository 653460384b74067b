//! What the document promises and nobody ever saw, with its lines, and what it leaves open and was always seen.
//!
//! A component that forty operations refer to is written once: each node of the document has one line, with the
//! operations that never showed it. Nothing counts as seen that was not read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use oasgate_document::{Address, Document, Pointer};
use serde_json::Value;

use super::escape::visible;
use crate::{
    run::{OperationSummary, Outcome, Unreached, Witness, WitnessKind},
    words::{count, count_of},
};

/// How many operations are named on one line; the rest is counted.
const MAX_OPERATIONS: usize = 5;

/// How many values of an `enum` or the like are written out, in characters.
const WIDEST_VALUE: usize = 60;

/// One thing that an operation declares and never showed, or always showed though it is optional.
pub(super) struct Missing<'o> {
    pub(super) is_always: bool,
    pub(super) kind: WitnessKind,
    pub(super) at: &'o Address,
}

/// What an operation that was called never showed, in the order of the kinds. That an optional property was never left
/// out is told only of one that came: of one that nobody saw nothing is known.
pub(super) fn missing(operation: &OperationSummary) -> Vec<Missing<'_>> {
    let came: BTreeSet<(&Address, &Option<Address>, &Address)> = operation
        .witnesses
        .iter()
        .filter(|one| one.kind == WitnessKind::Property && one.is_seen)
        .map(|one| (&one.response, &one.media_type, &one.at))
        .collect();
    let is_told = |one: &Witness| {
        !one.is_seen
            && (one.kind != WitnessKind::Absent
                || came.contains(&(&one.response, &one.media_type, &one.at)))
    };
    let mut missing: Vec<Missing<'_>> = operation
        .witnesses
        .iter()
        .filter(|one| is_told(one))
        .map(|one| Missing {
            is_always: one.kind == WitnessKind::Absent,
            kind: one.kind,
            at: &one.at,
        })
        .collect();
    missing.sort_by_key(|one| one.kind);
    missing
}

impl Missing<'_> {
    /// `optional property name`, `value "cat" of kind`.
    pub(super) fn name(&self, document: &Document) -> String {
        let last = |at: Option<Pointer>| at.and_then(|at| at.last()).unwrap_or_default();
        let at = &self.at.pointer;
        let above = |at: &Pointer| at.parent().unwrap_or_default();
        let holder = || named(&above(at));
        let value = || {
            let text = document
                .get(self.at)
                .map_or_else(String::new, Value::to_string);
            match text.char_indices().nth(WIDEST_VALUE) {
                Some((cut, _)) => format!("{}…", &text[..cut]),
                None => text,
            }
        };
        match self.kind {
            WitnessKind::Status => format!("status {}", last(Some(at.clone()))),
            WitnessKind::MediaType => format!("media type {}", last(Some(at.clone()))),
            WitnessKind::Property | WitnessKind::Absent => {
                format!("optional property {}", last(Some(at.clone())))
            }
            WitnessKind::Branch => {
                let keyword = at.parent();
                let index = last(Some(at.clone()));
                // A subtype is named by the component that it is.
                match last(keyword.clone()).as_str() {
                    keyword @ ("oneOf" | "anyOf") => {
                        let of = named(&above(&above(at)));
                        format!("branch {keyword}/{index} of {of}")
                    }
                    _ => format!("branch {index}"),
                }
            }
            WitnessKind::Null => format!("null of {}", holder()),
            WitnessKind::Items => format!("elements of {}", holder()),
            WitnessKind::Empty => format!("empty array {}", holder()),
            WitnessKind::EnumValue => {
                let of = named(&above(&above(at)));
                format!("value {} of {of}", value())
            }
            WitnessKind::Boundary => {
                format!(
                    "boundary {} {} of {}",
                    last(Some(at.clone())),
                    value(),
                    holder()
                )
            }
            WitnessKind::LargeSchema if at.last().as_deref() == Some("enum") => {
                format!("values of {}, of which the first are looked for", holder())
            }
            WitnessKind::LargeSchema => {
                let of = named(at);
                format!("schema of {of}, of which what is nearest to its root is looked for")
            }
        }
    }

    /// `never seen`, `always seen`, or `too large`.
    pub(super) const fn standing(&self) -> &'static str {
        if matches!(self.kind, WitnessKind::LargeSchema) {
            "too large"
        } else if self.is_always {
            "always seen"
        } else {
            "never seen"
        }
    }
}

/// What people call a schema: the name of the property or the component, of an array's elements that of the array.
fn named(schema: &Pointer) -> String {
    let mut tokens: Vec<String> = schema.tokens().collect();
    let mut behind = String::new();
    while let Some(token) = tokens.pop() {
        let is_keyword = |keywords: &[&str]| keywords.contains(&token.as_str());
        let of = tokens.last().map(String::as_str).unwrap_or_default();
        if of == "properties" || of == "schemas" || of == "definitions" {
            return format!("{token}{behind}");
        }
        if is_keyword(&["items"]) {
            behind.insert_str(0, "[]");
        } else if is_keyword(&["schema", "itemSchema"]) {
            return format!("the body{behind}");
        } else {
            behind.insert_str(0, &format!("/{token}"));
        }
    }
    behind.trim_start_matches('/').to_owned()
}

/// `api.yaml:12:5`; the pointer where a node stands in no file.
pub(super) fn place(document: &Document, at: &Address) -> String {
    let place = document.locate_key(at).or_else(|| document.locate(at));
    place.map_or_else(|| format!("#{}", at.pointer), |place| place.to_string())
}

/// Where an operation is declared, as far as its path and method lead there.
fn place_of(operation: &OperationSummary, document: &Document) -> String {
    let path = Address::in_root(Pointer::root().join("paths").join(&operation.path));
    let method = path.join(&operation.method.to_lowercase());
    [method, path]
        .iter()
        .find(|at| document.get(at).is_some())
        .map_or_else(String::new, |at| place(document, at))
}

/// One line for each operation that was never called, and for each declared thing without a witness, with the operations
/// that never showed it; then one for each optional property that was always there. In the order of the kinds and of
/// the document's lines.
pub fn unwitnessed(outcome: &Outcome, document: &Document) -> String {
    let mut text = String::new();
    for one in outcome.operations.iter().filter(|one| one.held == 0) {
        let why = match &one.unreached {
            Some(Unreached::Excluded) => {
                format!("  {}", Unreached::Excluded.reason(outcome.header.wording))
            }
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "never called  {}  {} {}  {}{why}",
            visible(&one.id),
            visible(&one.method),
            visible(&one.path),
            visible(&place_of(one, document)),
        );
    }
    let mut nodes: BTreeMap<(WitnessKind, &Address), (String, Vec<&str>)> = BTreeMap::new();
    for operation in outcome.operations.iter().filter(|one| one.held > 0) {
        for missing in missing(operation) {
            let (_, of) = nodes.entry((missing.kind, missing.at)).or_insert_with(|| {
                let line = format!("{:12}  {}", missing.standing(), missing.name(document));
                (line, Vec::new())
            });
            if of.last() != Some(&operation.id.as_str()) {
                of.push(&operation.id);
            }
        }
    }
    let mut lines = Vec::new();
    for ((kind, at), (line, operations)) in nodes {
        let found = document.locate_key(at).or_else(|| document.locate(at));
        let (number, column) = found
            .map(|place| (place.line, place.column))
            .unwrap_or_default();
        let shown = operations.iter().take(MAX_OPERATIONS).copied();
        let shown = shown.collect::<Vec<_>>().join(", ");
        let more = match operations.len().saturating_sub(MAX_OPERATIONS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let line = format!(
            "{}  {}  {}{more}",
            visible(&line),
            visible(&place(document, at)),
            visible(&shown)
        );
        lines.push((kind, at.file, number, column, line));
    }
    lines.sort();
    for (.., line) in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Why a gate fails that wants everything of a kind to be seen, in one sentence; `operation` is a kind too. `None`
/// where all of it was seen. What configuration or another shard leaves out is not asked for; what else was
/// never called was not seen, whatever it declares.
///
/// # Errors
///
/// When the word is no kind.
pub fn unwitnessed_of(outcome: &Outcome, kind: &str) -> Result<Option<String>, UnknownKind> {
    let asked = || {
        let all = outcome.operations.iter();
        all.filter(|one| one.held > 0 || one.unreached != Some(Unreached::Excluded))
    };
    let wanted = WitnessKind::ALL
        .into_iter()
        .find(|known| known.as_str() == kind);
    if wanted.is_none() && kind != OPERATION {
        return Err(UnknownKind(kind.to_owned()));
    }
    if asked().next().is_none() || outcome.held == 0 {
        return Ok(Some("nothing was checked".to_owned()));
    }
    let were = |number: usize| if number == 1 { "was" } else { "were" };
    let mut reasons = Vec::new();
    let uncalled = asked().filter(|one| one.held == 0).count();
    if uncalled > 0 {
        let operations = count_of(uncalled, OPERATION);
        reasons.push(format!("{operations} {} never called", were(uncalled)));
    }
    if let Some(kind) = wanted {
        let unseen = asked().flat_map(missing).filter(|one| one.kind == kind);
        let unseen = unseen.count();
        let all = asked().flat_map(|one| &one.witnesses);
        let all = all.filter(|one| one.kind == kind).count();
        if unseen > 0 && kind == WitnessKind::Absent {
            let properties = count_of(unseen, "optional property");
            reasons.push(format!("{properties} {} always there", were(unseen)));
        } else if unseen > 0 {
            let what = kind.share().replace('_', " ");
            reasons.push(format!(
                "{unseen} of {all} {what} {} never seen",
                were(unseen)
            ));
        }
        let is_of_schemas = !matches!(kind, WitnessKind::Status | WitnessKind::MediaType);
        let large: u64 = asked().map(|one| one.coverage.large_schemas.all).sum();
        if large > 0 && is_of_schemas && kind != WitnessKind::LargeSchema {
            let schemas = count(large, "schema");
            let are = if large == 1 { "is" } else { "are" };
            reasons.push(format!("{schemas} {are} too large to be looked through"));
        }
    }
    Ok((!reasons.is_empty()).then(|| reasons.join(", ")))
}

/// The word for operations among the kinds.
const OPERATION: &str = "operation";

/// A word that names no kind of what a document declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of what a document declares")]
pub struct UnknownKind(String);

/// The words that [`unwitnessed_of`] knows.
pub fn witness_kinds() -> impl Iterator<Item = &'static str> {
    let kinds = WitnessKind::ALL.into_iter().map(WitnessKind::as_str);
    std::iter::once(OPERATION).chain(kinds)
}
