//! Many findings as few: the same breach a thousand times is one entry with a count.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::{Finding, Fingerprint, RuleId, Severity};
use crate::infer::Came;

/// How many breaches of one rule and severity are kept, so that memory does not grow with a
/// recording in which each exchange breaks something else.
const MOST_OF_A_RULE: usize = 5_000;

/// Findings grouped by fingerprint. Each entry keeps the first finding it saw and a count.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    entries: IndexMap<Fingerprint, (Finding, u64)>,
    kept: BTreeMap<(RuleId, Severity), usize>,
    beyond: BTreeMap<RuleId, u64>,
    order: Order,
}

/// How the groups are told, after their severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    ByOperation,
    AsTheyCame,
}

impl Findings {
    /// Findings that are told in the order in which they come: those of a document, line by line.
    pub fn in_order() -> Self {
        Self {
            order: Order::AsTheyCame,
            ..Self::default()
        }
    }

    /// Takes one finding in; answers whether it is the first of its kind.
    pub fn add(&mut self, finding: Finding) -> bool {
        self.add_counted(finding, 1)
    }

    /// Whether no finding of this kind was taken in yet.
    pub fn is_new(&self, finding: &Finding) -> bool {
        !self.entries.contains_key(&finding.fingerprint())
    }

    /// Takes in a finding that was seen `count` times.
    pub fn add_counted(&mut self, finding: Finding, count: u64) -> bool {
        let fingerprint = finding.fingerprint();
        if let Some((known, seen)) = self.entries.get_mut(&fingerprint) {
            *seen += count;
            known.came = both(known.came.take(), finding.came);
            return false;
        }
        let kept = self
            .kept
            .entry((finding.rule.clone(), finding.severity))
            .or_default();
        if *kept == MOST_OF_A_RULE {
            *self.beyond.entry(finding.rule).or_default() += count;
            return false;
        }
        *kept += 1;
        self.entries.insert(fingerprint, (finding, count));
        true
    }

    /// The rules of which more was found than is kept, and how often they were broken beyond that.
    pub fn beyond(&self) -> impl Iterator<Item = (&RuleId, u64)> {
        self.beyond.iter().map(|(rule, count)| (rule, *count))
    }

    /// The groups: worst severity first, then by operation, rule and fingerprint, so that the
    /// order does not depend on which worker was faster; or [as they came](Self::in_order).
    pub fn sorted(&self) -> Vec<(&Finding, u64)> {
        let mut all: Vec<_> = self
            .entries
            .iter()
            .map(|(fingerprint, (finding, count))| (fingerprint, finding, *count))
            .collect();
        all.sort_by(|(a_print, a, _), (b_print, b, _)| {
            let worst_first = b.severity.cmp(&a.severity);
            if self.order == Order::AsTheyCame {
                return worst_first;
            }
            worst_first
                .then_with(|| a.operation.cmp(&b.operation))
                .then_with(|| a.rule.cmp(&b.rule))
                .then_with(|| a_print.cmp(b_print))
        });
        all.into_iter()
            .map(|(_, finding, count)| (finding, count))
            .collect()
    }

    /// The first finding of each group, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.entries.values().map(|(finding, _)| finding)
    }

    /// Two collections: what `belongs` answers for, and the rest.
    pub fn split(self, belongs: impl Fn(Fingerprint) -> bool) -> (Self, Self) {
        let (mut ours, mut rest) = (Self::default(), Self::default());
        for (fingerprint, entry) in self.entries {
            let side = if belongs(fingerprint) {
                &mut ours
            } else {
                &mut rest
            };
            side.entries.insert(fingerprint, entry);
        }
        (ours, rest)
    }

    /// How many groups have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.entries
            .values()
            .filter(|(finding, _)| finding.severity == severity)
            .count()
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Puts a finding in the place of the one with its fingerprint, whose count stays.
    pub fn replace(&mut self, finding: Finding) {
        if let Some((known, _)) = self.entries.get_mut(&finding.fingerprint()) {
            let came = both(known.came.take(), finding.came.clone());
            *known = Finding { came, ..finding };
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn both(ours: Option<Came>, theirs: Option<Came>) -> Option<Came> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(ours.merge(theirs)),
        (ours, theirs) => ours.or(theirs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(all: Findings, count: usize) -> Findings {
        (0..count).fold(all, |mut all, number| {
            let finding = Finding::new("undeclared-status", Severity::Error, "no")
                .with_discriminator(number.to_string());
            all.add(finding);
            all
        })
    }

    #[test]
    fn what_is_kept_of_one_rule_is_bounded_and_the_rest_is_counted() {
        let mut all = findings(Findings::default(), MOST_OF_A_RULE + 3);
        assert_eq!(all.len(), MOST_OF_A_RULE);
        let beyond: Vec<_> = all
            .beyond()
            .map(|(rule, count)| (rule.as_str(), count))
            .collect();
        assert_eq!(beyond, [("undeclared-status", 3)]);
        assert!(all.add(Finding::new(
            "server-error",
            Severity::Error,
            "another rule"
        )));
    }

    #[test]
    fn findings_of_a_document_keep_their_order_within_a_severity() {
        let mut all = findings(Findings::in_order(), 20);
        all.add(Finding::new("no-error-response", Severity::Note, "late"));
        all.add(Finding::new("ambiguous-paths", Severity::Error, "later"));
        let told: Vec<_> = all
            .sorted()
            .iter()
            .map(|(finding, _)| finding.discriminator.clone())
            .collect();
        let expected: Vec<_> = (0..20)
            .map(|number| number.to_string())
            .chain([String::new(), String::new()])
            .collect();
        assert_eq!(told, expected);
    }
}
