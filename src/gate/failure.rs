//! Findings whose case is made small and kept, before and after.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    check::{Part, ids},
    finding::{Finding, Fingerprint, Severity},
    run::Case,
};

/// The most findings of one run that are made small.
const MAX_SHRUNK: usize = 40;

/// The most further cases of one finding that are kept, each of other parts.
const MAX_OTHERS: usize = 8;

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
    /// Further cases that gave a finding that was queued, the first of each set of parts.
    others: BTreeMap<Fingerprint, Vec<Case>>,
    /// The newest further case of each.
    newest: BTreeMap<Fingerprint, Case>,
}

impl Failures {
    /// Keeps the case of a new finding, where there is room and the finding is worth it.
    pub(crate) fn queue(&mut self, case: &Case, finding: &Finding) {
        let is_worth_it = case.has_values() || may_be_chance(case, finding);
        if finding.severity >= Severity::Warning && is_worth_it && self.queued < MAX_SHRUNK {
            self.queued += 1;
            self.waiting.push_back(Failure {
                case: case.clone(),
                finding: finding.clone(),
            });
        }
    }

    /// Keeps a further case of a finding: as the newest, and where none of the same parts is kept.
    pub(crate) fn note_other(&mut self, case: &Case, finding: &Finding) {
        let fingerprint = finding.fingerprint();
        let is_known = self.newest.contains_key(&fingerprint);
        if !case.has_values() || !is_known && self.newest.len() >= MAX_SHRUNK {
            return;
        }
        self.newest.insert(fingerprint, case.clone());
        let others = self.others.entry(fingerprint).or_default();
        let parts = optional_parts(case);
        let is_new = others.iter().all(|one| optional_parts(one) != parts);
        if is_new && others.len() < MAX_OTHERS {
            others.push(case.clone());
        }
    }

    /// The case that gave a finding last, where that was not the first.
    pub(crate) fn newest(&self, finding: &Finding) -> Option<Case> {
        self.newest.get(&finding.fingerprint()).cloned()
    }

    /// The cases that gave a finding without a part that its smallest case needs, those of the fewest parts
    /// first, each with that part.
    pub(crate) fn without_a_part_of(
        &self,
        smallest: &Case,
        finding: &Finding,
    ) -> Vec<(Case, String)> {
        let needed = optional_parts(smallest);
        let others = self.others.get(&finding.fingerprint());
        let mut found: Vec<(usize, Case, String)> = Vec::new();
        for case in others.into_iter().flatten() {
            let parts = optional_parts(case);
            if let Some(lacking) = needed.difference(&parts).next() {
                found.push((parts.len(), case.clone(), lacking.clone()));
            }
        }
        found.sort_by_key(|(count, ..)| *count);
        let found = found.into_iter();
        found.map(|(_, case, lacking)| (case, lacking)).collect()
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next one, in the order of the findings.
    pub(crate) fn next(&mut self) -> Option<Failure> {
        self.waiting.pop_front()
    }
}

/// Whether a case that has nothing to be made smaller is to be sent again, since its failure may have been one of chance.
pub(crate) fn may_be_chance(case: &Case, finding: &Finding) -> bool {
    finding.rule.as_str() == ids::SERVER_ERROR && case.request.method.is_safe()
}

/// The parameters that a case could leave out, and the properties of its body.
fn optional_parts(case: &Case) -> BTreeSet<String> {
    let parameters = case.parts.parameters.iter();
    let optional = parameters.filter(|(location, name, _)| {
        let mut declared = case.operation.parameters_in(*location);
        !declared.any(|one| one.name == *name && one.required)
    });
    let body = case.parts.body.iter();
    let properties = body.filter_map(|(_, value)| value.as_object());
    let properties = properties.flat_map(|object| object.keys());
    optional
        .map(|(location, name, _)| Part::Parameter(*location, name.clone()).to_string())
        .chain(properties.map(|name| format!("property `{name}` of the body")))
        .collect()
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
