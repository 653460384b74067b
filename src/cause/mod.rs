//! Findings grouped by what would mend them: one cause, one change.
//!
//! A component that forty operations refer to and that the service does not keep to is forty findings and
//! one cause; so is an error page that nothing declares. [`causes`] groups the findings of a run, orders the
//! groups by what matters most, and says of each what would mend it. Which findings belong together follows
//! from the rule, the place in the document and the kind of the breach alone (`kinds`), never from what was
//! found besides, so that the causes of two halves of a run are those of the whole.

mod importance;
mod key;
mod kinds;
mod owner;
mod requests;
mod schemas;

use std::collections::BTreeSet;

use indexmap::IndexMap;
use oasgate_document::Document;

use crate::{
    check,
    finding::{Certainty, Finding, Findings, Severity, stable_hash},
};

pub(crate) use importance::harm;
pub(crate) use owner::schema_of;

/// What one change would mend, with the findings that it explains.
#[derive(Clone, Debug)]
pub struct Cause<'f> {
    /// Names the cause from run to run: 16 hexadecimal digits, no line number and no generated value in it.
    pub id: String,
    /// What is wrong, in one sentence: the message of the only finding, or what they have in common with their
    /// number.
    pub title: String,
    /// What its findings have in common, without a number.
    pub summary: String,
    /// What would mend it: the node of the document, the header, or the service.
    pub mend: String,
    /// The worst severity of its findings.
    pub severity: Severity,
    /// How sure it is: as the surest of its findings of that severity.
    pub certainty: Certainty,
    /// The findings with how often each was seen, the best example first.
    pub findings: Vec<(&'f Finding, u64)>,
    /// The operations that it touches, by id, in alphabetical order.
    pub operations: Vec<&'f str>,
}

impl Cause<'_> {
    /// The finding that shows the cause best.
    pub fn example(&self) -> &Finding {
        // A cause is made of at least one finding.
        self.findings[0].0
    }

    /// How often its findings were seen, all together.
    pub fn seen(&self) -> u64 {
        self.findings.iter().map(|(_, seen)| seen).sum()
    }
}

/// The causes of findings, the most important first: by severity, by the kind of harm, by the number of
/// operations, by how sure they are, by how often they were seen.
pub fn causes<'f>(findings: &'f Findings, document: &Document) -> Vec<Cause<'f>> {
    of(findings.sorted(), document)
}

/// Findings of one cause, each with how often it was seen.
type Members<'f> = Vec<(&'f Finding, u64)>;

/// The causes of findings in this order, each with how often it was seen.
pub fn of<'f>(findings: Vec<(&'f Finding, u64)>, document: &Document) -> Vec<Cause<'f>> {
    let mut groups: IndexMap<String, (key::Key, Members<'_>)> = IndexMap::new();
    for (finding, seen) in findings {
        let key = kinds::of(finding, document);
        groups
            .entry(key.id.clone())
            .or_insert_with(|| (key, Vec::new()))
            .1
            .push((finding, seen));
    }
    let mut causes: Vec<_> = groups
        .into_values()
        .map(|(key, members)| cause(key, members))
        .collect();
    causes.sort_by_cached_key(importance::of_cause);
    causes
}

fn cause(key: key::Key, mut members: Vec<(&Finding, u64)>) -> Cause<'_> {
    members.sort_by_cached_key(|(finding, seen)| importance::of_member(finding, *seen));
    let severity = members
        .iter()
        .map(|(finding, _)| finding.severity)
        .max()
        .unwrap_or(Severity::Note);
    let certainty = members
        .iter()
        .filter(|(finding, _)| finding.severity == severity)
        .map(|(finding, seen)| check::certainty(&finding.rule, *seen))
        .min()
        .unwrap_or(Certainty::Stated);
    let operations: BTreeSet<&str> = members
        .iter()
        .filter_map(|(finding, _)| finding.operation.as_deref())
        .collect();
    let title = match members.as_slice() {
        [(only, _)] => only.message.clone(),
        several => key.title(several.len(), &operations),
    };
    Cause {
        id: format!("{:016x}", stable_hash(&key.id)),
        title,
        summary: key.what,
        mend: key.mend,
        severity,
        certainty,
        findings: members,
        operations: operations.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests;
