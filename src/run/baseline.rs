//! Findings that are known and accepted, so that a gate fails on new ones alone.
//!
//! A [`Baseline`] is a file of fingerprints. Neither a reformatted document nor a new seed changes
//! one, so that the file changes when a fault is made or mended, and at no other time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    info::RunKind,
    known::{BaselineSummary, KnownFinding},
    outcome::Outcome,
    status::RunStatus,
};
use crate::finding::{Finding, Severity};

/// The version of the form.
const VERSION: u32 = 1;

/// What is known and accepted, by fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<String, KnownFinding>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<KnownFinding>,
}

/// A file that is no baseline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It has another form.
    #[error("{file}:{line}:{column}: not a baseline: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A later version wrote it.
    #[error("{file}: a baseline of version {version}; this oasgate knows version {VERSION}")]
    Version {
        /// The file.
        file: String,
        /// Its version.
        version: u32,
    },
}

/// How far a run looked: what it did not look for cannot have gone away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Some operations were left alone.
    pub leaves_operations: bool,
    /// Some phases were left alone.
    pub leaves_phases: bool,
}

/// Whether findings may be added to a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// What is new is taken in.
    Allowed,
    /// What is new stays new: the baseline can only become smaller.
    Refused,
}

impl Baseline {
    /// Reads the text of a file; `name` stands for it in messages.
    ///
    /// # Errors
    ///
    /// When it is no baseline.
    pub fn parse(name: &str, text: &str) -> Result<Self, BaselineError> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let reason = error.to_string();
            let place = format!(" at line {line} column {column}");
            BaselineError::Malformed {
                file: name.to_owned(),
                line,
                column,
                reason: reason.strip_suffix(&place).unwrap_or(&reason).to_owned(),
            }
        })?;
        if file.version != VERSION {
            return Err(BaselineError::Version {
                file: name.to_owned(),
                version: file.version,
            });
        }
        Ok(Self {
            known: file
                .findings
                .into_iter()
                .map(|known| (known.fingerprint.clone(), known))
                .collect(),
        })
    }

    /// The text of the file, in an order that diffs well: by operation, rule and fingerprint.
    pub fn render(&self) -> Vec<u8> {
        let mut findings: Vec<_> = self.known.values().cloned().collect();
        findings.sort_by(|a, b| {
            let key = |one: &KnownFinding| {
                let parts = (one.operation.clone(), one.check.clone());
                (one.run, parts, one.fingerprint.clone())
            };
            key(a).cmp(&key(b))
        });
        let file = File {
            version: VERSION,
            findings,
        };
        // Texts and numbers always serialise.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// How many findings are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether a finding is known.
    pub fn knows(&self, finding: &Finding) -> bool {
        self.known.contains_key(&finding.fingerprint().to_string())
    }

    /// Takes what is known out of the findings of a run, and names what went away.
    pub fn settle(&self, outcome: &mut Outcome, scope: Scope) {
        let gone = self.gone(outcome, scope).cloned().collect();
        let findings = std::mem::take(&mut outcome.findings);
        let (known, new) =
            findings.split(|fingerprint| self.known.contains_key(&fingerprint.to_string()));
        for operation in &mut outcome.operations {
            operation.findings = new
                .iter()
                .filter(|finding| finding.severity > Severity::Note)
                .filter(|finding| finding.operation.as_deref() == Some(operation.id.as_str()))
                .count();
        }
        outcome.findings = new;
        outcome.baseline = Some(BaselineSummary { known, gone });
    }

    /// What is known after a run: what went away is taken out, and what is new is taken in where
    /// that is allowed.
    #[must_use]
    pub fn updated(&self, outcome: &Outcome, scope: Scope, growth: Growth) -> Self {
        let mut known = self.known.clone();
        for gone in self.gone(outcome, scope) {
            known.remove(&gone.fingerprint);
        }
        let new = outcome
            .findings
            .iter()
            .filter(|finding| growth == Growth::Allowed && finding.severity > Severity::Note);
        for finding in new {
            let found = KnownFinding::of(finding, outcome.header.kind);
            known.entry(found.fingerprint.clone()).or_insert(found);
        }
        Self { known }
    }

    /// What this run looked for and did not find.
    fn gone(&self, outcome: &Outcome, scope: Scope) -> impl Iterator<Item = &KnownFinding> {
        let found: std::collections::HashSet<String> = outcome
            .findings
            .iter()
            .chain(outcome.baseline.iter().flat_map(|one| one.known.iter()))
            .map(|finding| finding.fingerprint().to_string())
            .collect();
        let looked = looked_for(outcome, scope);
        self.known
            .values()
            .filter(move |known| looked(known) && !found.contains(&known.fingerprint))
    }
}

/// Tells whether a run would have found a finding, had it been there.
fn looked_for(outcome: &Outcome, scope: Scope) -> impl Fn(&KnownFinding) -> bool + use<> {
    let kind = outcome.header.kind;
    let is_complete = outcome.end == RunStatus::Complete && !scope.leaves_phases;
    let held: BTreeMap<String, bool> = outcome
        .operations
        .iter()
        .map(|operation| (operation.id.clone(), operation.held > 0))
        .collect();
    move |known| {
        is_complete
            && known.run == kind
            && match &known.operation {
                Some(id) if kind != RunKind::Lint => {
                    // An operation that is not in the document any more takes its faults with it.
                    held.get(id).copied().unwrap_or(!scope.leaves_operations)
                }
                _ => !scope.leaves_operations,
            }
    }
}
