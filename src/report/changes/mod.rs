//! What changed between two documents: as JSON, as a changelog, and for a terminal.
//!
//! The formats of runs ([`REPORTS`](super::REPORTS)) that know findings alone are given the changes as findings.

mod json;
mod markdown;
mod terminal;

use std::collections::HashSet;

use oasgate_document::{Address, Document, Place};

use super::{ReportError, ReportSpec, escape::harmless_in_logs, write_atomically};
use crate::{
    contract::Contract,
    diff::{Change, Comparison, Flow, Lens, Verdict},
    finding::Finding,
    run::Outcome,
    words::count_of,
};

pub use terminal::terminal;

/// A comparison and what is needed to tell it.
pub struct Changes<'c> {
    /// The old contract.
    pub old: &'c Contract,
    /// The new contract.
    pub new: &'c Contract,
    /// What changed.
    pub comparison: &'c Comparison,
    /// What a producer was taken to send.
    pub lens: Lens,
    /// The fingerprints of changes that are known and accepted.
    pub known: HashSet<String>,
}

impl Changes<'_> {
    fn is_known(&self, change: &Change) -> bool {
        self.known
            .contains(&change.finding().fingerprint().to_string())
    }

    /// The changes that are not accepted.
    pub fn fresh(&self) -> impl Iterator<Item = &Change> {
        let changes = self.comparison.changes.iter();
        changes.filter(|change| !self.is_known(change))
    }

    /// What of the recordings could not be read, where that is not accepted.
    pub fn unread(&self) -> impl Iterator<Item = &Finding> {
        let unread = self.comparison.unread.iter();
        unread.filter(|finding| !self.known.contains(&finding.fingerprint().to_string()))
    }

    /// The worst verdict of all changes as a word; `none` where nothing changed.
    pub fn verdict(&self) -> &'static str {
        self.comparison.verdict().map_or("none", Verdict::as_str)
    }

    fn places(&self, change: &Change) -> [Option<Place>; 2] {
        [
            place(self.old.document(), change.old.as_ref()),
            place(self.new.document(), change.new.as_ref()),
        ]
    }

    /// Writes one report: JSON and Markdown from the changes, the others from the outcome that holds them
    /// as findings.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, report: &ReportSpec, outcome: &Outcome) -> Result<(), ReportError> {
        let bytes = match report.kind.name {
            "json" => json::render(self),
            "markdown" => markdown::render(self),
            _ => return report.write(outcome, self.new.document()),
        };
        write_atomically(&report.path, &harmless_in_logs(bytes, report.syntax()))
    }
}

/// What a breaking change means for recorded traffic, in words; `None` where nothing is known.
fn recorded(change: &Change) -> Option<String> {
    let number = usize::try_from(change.recorded?).unwrap_or(usize::MAX);
    Some(match (number, change.flow) {
        (0, _) => "breaks no recorded exchange".to_owned(),
        (_, Some(Flow::Response)) => {
            format!("read in {}", count_of(number, "recorded exchange"))
        }
        _ => format!("breaks {}", count_of(number, "recorded exchange")),
    })
}

fn place(document: &Document, at: Option<&Address>) -> Option<Place> {
    let at = at?;
    document.locate_key(at).or_else(|| document.locate(at))
}
