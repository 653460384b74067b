//! What a case showed goes to the recorder, and the case of a new finding is kept.

use super::{Driver, MAX_SAID};
use crate::{
    check::{self, ids},
    exchange::Before,
    finding::{Finding, Severity},
    run::Case,
    transport::Transport,
};

impl<T: Transport> Driver<'_, T> {
    /// Reports what a case showed, and keeps the case when the finding is new.
    pub(crate) fn report(&mut self, case: &Case, mut finding: Finding, before: &[Before]) {
        if !self.context.settings.includes(&case.operation) {
            return;
        }
        if let Some(evidence) = &mut finding.evidence {
            evidence.case = Some(case.reason());
            if evidence.before.is_empty() {
                evidence.before = before.to_vec();
            }
        }
        let Some(mut finding) = self.judge.finalize(finding) else {
            return;
        };
        // An operation that fails whatever it is sent does not fail for a NUL, and neither does one of which the service
        // says what it says of others.
        let plain = check::whatever_was_sent(&finding);
        if let Some(plain) = plain.filter(|one| self.is_told(one)) {
            finding = plain;
        }
        if let Some(general) = self.beyond_count(&finding) {
            finding = general;
        }
        if self.recorder.account.findings().is_new(&finding) {
            self.failures.queue(case, &finding);
        } else if finding.rule.as_str() == ids::SERVER_ERROR {
            self.failures.note_other(case, &finding);
        }
        self.record(&finding);
    }

    /// Whether a failure was told before, of its operation or, in the same words, of another.
    fn is_told(&self, finding: &Finding) -> bool {
        let findings = self.recorder.account.findings();
        let has_words = finding.discriminator.contains(' ');
        let is_same =
            |one: &Finding| one.rule == finding.rule && one.discriminator == finding.discriminator;
        !findings.is_new(finding) || has_words && findings.iter().any(is_same)
    }

    /// A failure of an operation that has been told in many words already, whatever is said of it now.
    fn beyond_count(&self, finding: &Finding) -> Option<Finding> {
        let general = check::whatever_was_said(finding)?;
        let findings = self.recorder.account.findings();
        let of_operation = findings
            .iter()
            .filter(|one| one.rule == finding.rule && one.operation == finding.operation);
        let is_beyond = findings.is_new(finding) && of_operation.count() >= MAX_SAID;
        is_beyond.then_some(general)
    }

    /// Reports what no case is kept of.
    pub(crate) fn add(&mut self, finding: Finding) {
        if let Some(finding) = self.judge.finalize(finding) {
            self.record(&finding);
        }
    }

    /// Shows a finding in another request than the one that was told first.
    pub(crate) fn replace_evidence(&mut self, finding: Finding) {
        if let Some(finding) = self.judge.finalize(finding) {
            self.recorder.replace_evidence(finding);
        }
    }

    fn record(&mut self, finding: &Finding) {
        if self.recorder.record(finding) {
            let is_error = finding.severity == Severity::Error;
            let is_known = self.context.settings.known.knows(finding);
            self.new_errors += usize::from(is_error && !is_known);
        }
    }
}
