//! Findings whose case is made small and kept, before and after.

use std::collections::VecDeque;

use crate::{
    finding::{Finding, Severity},
    run::Case,
};

/// The most findings of one run that are made small.
const MAX_SHRUNK: usize = 40;

/// A finding to be made small, and the case that showed it first.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) case: Case,
    pub(crate) finding: Finding,
}

/// Failures that wait for being made small and kept.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    waiting: VecDeque<Failure>,
    /// How many were queued, those that wait no more included.
    queued: usize,
}

impl Failures {
    /// Keeps the case of a new finding, where there is room and the finding is worth it.
    pub(crate) fn queue(&mut self, case: &Case, finding: &Finding) {
        if finding.severity >= Severity::Warning && case.has_values() && self.queued < MAX_SHRUNK {
            self.queued += 1;
            self.waiting.push_back(Failure {
                case: case.clone(),
                finding: finding.clone(),
            });
        }
    }

    /// The next one, in the order of the findings.
    pub(crate) fn next(&mut self) -> Option<Failure> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gate::fixture::{case, contract},
        run::Phase,
    };

    fn finding(severity: Severity) -> Finding {
        Finding::new("a-rule", severity, "something is wrong")
    }

    #[test]
    fn failures_come_in_the_order_of_their_findings_and_not_without_end() {
        let case = case(&contract(), "listPets", Phase::Random);
        let mut failures = Failures::default();
        for number in 0..MAX_SHRUNK + 5 {
            let mut finding = finding(Severity::Error);
            finding.message = number.to_string();
            failures.queue(&case, &finding);
        }
        let mut count = 0;
        while let Some(next) = failures.next() {
            assert_eq!(next.finding.message, count.to_string());
            count += 1;
        }
        assert_eq!(count, MAX_SHRUNK);
    }

    #[test]
    fn notes_and_cases_without_values_are_not_kept() {
        let contract = contract();
        let mut failures = Failures::default();
        let random = case(&contract, "listPets", Phase::Random);
        failures.queue(&random, &finding(Severity::Note));
        let framing = case(&contract, "listPets", Phase::Framing);
        failures.queue(&framing, &finding(Severity::Error));
        assert!(failures.next().is_none());
    }
}
