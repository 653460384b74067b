//! What a gate is told beside its service, as `oasgate.toml` tells the command line: severities, statuses
//! that are allowed, a baseline, which operations.

use std::path::Path;

use http::StatusCode;

use super::{Gate, GateError};
use crate::{
    check,
    contract::{Operation, StatusKey},
    did_you_mean::hint,
    finding::Severity,
    gate::{Baseline, SeverityRule},
};

impl Gate<'_> {
    /// Gives a rule another severity: only errors fail a test. May be given again.
    pub fn severity(self, rule: &str, severity: Severity) -> Self {
        self.with_severity(rule, Some(severity))
    }

    /// Switches a rule off; may be given again.
    pub fn off(self, rule: &str) -> Self {
        self.with_severity(rule, None)
    }

    fn with_severity(mut self, rule: &str, severity: Option<Severity>) -> Self {
        if !check::rules().any(|known| known.id == rule) {
            self.refuse(GateError::Rule {
                rule: rule.to_owned(),
                hint: hint(rule, check::rules().map(|known| known.id)),
            });
        }
        self.settings.common.severities.0.push(SeverityRule {
            rule: rule.to_owned(),
            operation: None,
            status: None,
            severity,
        });
        self
    }

    /// Allows a status that the document does not declare: `401`, or a class as `5XX`; may be given again.
    pub fn allow_status(mut self, status: &str) -> Self {
        match key(status) {
            Some(key) => {
                let rules = &mut self.settings.common.severities.0;
                rules.extend(SeverityRule::allowing(key));
            }
            None => self.refuse(GateError::Status(status.to_owned())),
        }
        self
    }

    /// Accepts the findings of a file that `oasgate check --baseline-update` wrote, so that the test fails on
    /// new ones only. The path is from the folder in which the test runs, which is the package's.
    pub fn baseline(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.display().to_string();
        let read = std::fs::read_to_string(path).map_err(|source| GateError::Baseline {
            path: name.clone(),
            reason: source.to_string(),
        });
        let parsed = read.and_then(|text| {
            Baseline::parse(&name, &text).map_err(|error| GateError::Baseline {
                path: name.clone(),
                reason: error.to_string(),
            })
        });
        match parsed {
            Ok(baseline) => self.settings.known = baseline,
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Holds the operations with a tag alone; of several tags, those with any.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Holds the operations alone that a function says yes to: by path, method, or whatever they declare.
    /// May be given again; all of them have to say yes.
    pub fn matching(mut self, is_meant: impl Fn(&Operation) -> bool) -> Self {
        let others = (self.contract.operations().iter())
            .filter(|operation| !is_meant(operation))
            .map(|operation| operation.id.to_string());
        self.settings.excluded.extend(others);
        self
    }

    /// Leaves out what no chosen tag has.
    pub(super) fn settle_tags(&mut self) {
        let tags = std::mem::take(&mut self.tags);
        if tags.is_empty() {
            return;
        }
        let others = (self.contract.operations().iter())
            .filter(|operation| !operation.tags.iter().any(|tag| tags.contains(tag)))
            .map(|operation| operation.id.to_string());
        self.settings.excluded.extend(others);
    }
}

/// A status, or a class of statuses, as the configuration writes it.
fn key(text: &str) -> Option<StatusKey> {
    match text.strip_suffix("XX") {
        Some(class) => {
            let class = class.parse().ok()?;
            (1..=5).contains(&class).then_some(StatusKey::Range(class))
        }
        None => {
            let number: u16 = text.parse().ok().filter(|number| *number < 600)?;
            StatusCode::from_u16(number).ok().map(StatusKey::Exact)
        }
    }
}
