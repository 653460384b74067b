//! Many findings as few: the same breach a thousand times is one entry with a count.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Finding, Fingerprint, RuleId, Severity, Wording};
use crate::infer::Came;

/// How many breaches of one rule are kept, so that memory does not grow with a recording in which each
/// exchange breaks something else. Those with the least fingerprints are, so that what is kept does not
/// depend on the order: what is among the least of the whole is among the least of each part.
const MAX_OF_A_RULE: usize = 5_000;

/// Where a breach was seen: the recording, by name, and which entry of it. The least one is the example
/// that is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The recording, or the run.
    #[serde(with = "shared")]
    pub source: Arc<str>,
    /// Which entry of it, from 1.
    pub entry: u64,
}

/// A shared text as a text.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Arc::from)
    }
}

/// Findings grouped by fingerprint. Each entry keeps one example and a count: the example of the worst
/// severity, of these the one with the least [`Position`], or the first where positions are not told.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    entries: IndexMap<Fingerprint, Group>,
    kept: BTreeMap<RuleId, BTreeSet<Fingerprint>>,
    beyond: BTreeMap<RuleId, u64>,
    order: Order,
}

#[derive(Clone, Debug)]
struct Group {
    example: Finding,
    at: Position,
    count: u64,
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

    /// Takes in one finding that was seen at a position.
    pub fn add_at(&mut self, finding: Finding, at: Position) -> bool {
        self.add_group(Group {
            example: finding,
            at,
            count: 1,
        })
    }

    /// Says every remedy in the words of whoever shows it.
    pub(crate) fn phrase(&mut self, wording: Wording) {
        let groups = self.entries.values_mut();
        let help = groups.flat_map(|group| &mut group.example.help);
        help.for_each(|help| help.phrase(wording));
    }

    /// Whether no finding of this kind was taken in yet.
    pub fn is_new(&self, finding: &Finding) -> bool {
        !self.entries.contains_key(&finding.fingerprint())
    }

    /// Takes in a finding that was seen `count` times.
    pub fn add_counted(&mut self, finding: Finding, count: u64) -> bool {
        self.add_group(Group {
            example: finding,
            at: Position::default(),
            count,
        })
    }

    fn add_group(&mut self, group: Group) -> bool {
        let fingerprint = group.example.fingerprint();
        if let Some(known) = self.entries.get_mut(&fingerprint) {
            known.take(group);
            return false;
        }
        let rule = group.example.rule.clone();
        let kept = self.kept.entry(rule.clone()).or_default();
        if kept.len() >= MAX_OF_A_RULE {
            let last = kept.last().copied();
            let Some(last) = last.filter(|last| fingerprint < *last) else {
                *self.beyond.entry(rule).or_default() += group.count;
                return false;
            };
            kept.remove(&last);
            if let Some(gone) = self.entries.shift_remove(&last) {
                *self.beyond.entry(rule).or_default() += gone.count;
            }
        }
        kept.insert(fingerprint);
        self.entries.insert(fingerprint, group);
        true
    }

    /// Takes in all that another collection has. The order in which collections are joined does not matter
    /// where positions are told.
    pub fn absorb(&mut self, other: Self) {
        for group in other.entries.into_values() {
            self.add_group(group);
        }
        for (rule, count) in other.beyond {
            *self.beyond.entry(rule).or_default() += count;
        }
    }

    /// The same groups as those of one source, whose entries are numbered as they came.
    #[must_use]
    pub fn placed(mut self, source: &Arc<str>) -> Self {
        for (entry, group) in (1..).zip(self.entries.values_mut()) {
            group.at = Position {
                source: Arc::clone(source),
                entry,
            };
        }
        self
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
            .map(|(fingerprint, group)| (fingerprint, &group.example, group.count))
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

    /// The example of each group, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.entries.values().map(|group| &group.example)
    }

    /// Two collections: what `belongs` answers for, and the rest.
    pub fn split(self, belongs: impl Fn(Fingerprint) -> bool) -> (Self, Self) {
        let (mut ours, mut rest) = (Self::default(), Self::default());
        rest.beyond = self.beyond;
        for (fingerprint, group) in self.entries {
            let side = if belongs(fingerprint) {
                &mut ours
            } else {
                &mut rest
            };
            side.add_group(group);
        }
        (ours, rest)
    }

    /// How many groups have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.entries
            .values()
            .filter(|group| group.example.severity == severity)
            .count()
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Puts a finding in the place of the one with its fingerprint, whose count stays.
    pub fn replace(&mut self, finding: Finding) {
        if let Some(known) = self.entries.get_mut(&finding.fingerprint()) {
            let came = both(known.example.came.take(), finding.came.clone());
            known.example = Finding { came, ..finding };
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Group {
    /// Takes in what was seen of the same breach elsewhere.
    fn take(&mut self, mut other: Self) {
        self.count += other.count;
        let came = both(self.example.came.take(), other.example.came.take());
        let severity = |one: &Self| std::cmp::Reverse(one.example.severity);
        // What is worse is told, so that no note hides it.
        if (severity(&other), &other.at) < (severity(self), &self.at) {
            self.example = other.example;
            self.at = other.at;
        }
        self.example.came = came;
    }
}

/// A group as a file has it.
#[derive(Serialize, Deserialize)]
struct Written {
    fingerprint: String,
    count: u64,
    at: Position,
    example: Finding,
}

/// A collection as a file has it: sorted, so that equal collections are equal files.
#[derive(Serialize, Deserialize)]
struct WrittenFindings {
    groups: Vec<Written>,
    /// How often rules were broken beyond what is kept.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    beyond: BTreeMap<RuleId, u64>,
}

impl Serialize for Findings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut groups: Vec<_> = self.entries.iter().collect();
        groups.sort_by_key(|(fingerprint, _)| **fingerprint);
        let groups = groups.into_iter().map(|(fingerprint, group)| Written {
            fingerprint: fingerprint.to_string(),
            count: group.count,
            at: group.at.clone(),
            example: group.example.clone(),
        });
        WrittenFindings {
            groups: groups.collect(),
            beyond: self.beyond.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Findings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = WrittenFindings::deserialize(deserializer)?;
        let mut findings = Self::default();
        for one in written.groups {
            findings.add_group(Group {
                example: one.example,
                at: one.at,
                count: one.count,
            });
        }
        for (rule, count) in written.beyond {
            *findings.beyond.entry(rule).or_default() += count;
        }
        Ok(findings)
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
        let mut all = findings(Findings::default(), MAX_OF_A_RULE + 3);
        assert_eq!(all.len(), MAX_OF_A_RULE);
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
