//! The identity of a cause, what is said of it, and that of a finding that nothing else explains.

use std::collections::BTreeSet;

use oasgate_document::Document;

use super::owner;
use crate::{check::ids, finding::Finding, words::count_of};

/// The identity of a cause, and what is said of it.
pub(super) struct Key {
    /// Equal for findings of one cause.
    pub(super) id: String,
    /// What would mend it.
    pub(super) mend: String,
    /// What its findings have in common.
    pub(super) what: String,
    noun: &'static str,
}

impl Key {
    pub(super) fn new(id: String, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            id,
            mend: mend.into(),
            what: what.into(),
            noun: "breach",
        }
    }

    /// One sentence for a cause of more than one finding.
    pub(super) fn title(&self, findings: usize, operations: &BTreeSet<&str>) -> String {
        let mut ids = operations.iter();
        let reach = match (ids.next(), ids.len()) {
            (None, _) => String::new(),
            (Some(only), 0) => format!(" in {only}"),
            (Some(_), more) => format!(" in {}", count_of(more + 1, "operation")),
        };
        format!("{}: {}{reach}", self.what, count_of(findings, self.noun))
    }

    pub(super) fn counting(mut self, noun: &'static str) -> Self {
        self.noun = noun;
        self
    }
}

/// A finding that nothing else explains; copies of it in other operations of one component do.
pub(super) fn single(finding: &Finding, document: &Document) -> Key {
    let component = finding
        .document
        .as_ref()
        .map(|at| (at, owner::of(document, at)))
        .filter(|(_, owner)| owner.is_component);
    let id = match component {
        Some((at, owner)) => format!(
            "{} {} {} {}",
            finding.rule,
            owner.id,
            owner::within(document, at),
            finding.discriminator
        ),
        None => finding.fingerprint().to_string(),
    };
    let help = finding.help.first();
    let mend = match (help, finding.rule.as_str()) {
        (Some(help), _) => help.to_string(),
        (None, ids::UNREAD_ENTRY) => "record it anew, or leave these entries out".to_owned(),
        (None, _) => "the service, or the document".to_owned(),
    };
    Key::new(id, finding.message.as_str(), mend).counting("finding")
}

/// A text with each run of digits as one sign.
pub(super) fn without_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for one in text.chars() {
        if !one.is_ascii_digit() {
            masked.push(one);
        } else if !masked.ends_with('#') {
            masked.push('#');
        }
    }
    masked
}
