//! Many findings as few: the same breach a thousand times is one entry with a count.

use indexmap::IndexMap;

use super::{Finding, Fingerprint, Severity};

/// Findings grouped by fingerprint. Each entry keeps the first finding it saw and a count.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    entries: IndexMap<Fingerprint, (Finding, u64)>,
}

impl Findings {
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
        let entry = self
            .entries
            .entry(finding.fingerprint())
            .or_insert((finding, 0));
        let first = entry.1 == 0;
        entry.1 += count;
        first
    }

    /// The groups: worst severity first, then by rule, operation and fingerprint, so that the
    /// order does not depend on which worker was faster.
    pub fn sorted(&self) -> Vec<(&Finding, u64)> {
        let mut all: Vec<_> = self
            .entries
            .iter()
            .map(|(fingerprint, (finding, count))| (fingerprint, finding, *count))
            .collect();
        all.sort_by(|(a_print, a, _), (b_print, b, _)| {
            (b.severity.cmp(&a.severity))
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
            *known = finding;
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
