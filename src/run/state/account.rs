//! What exchanges came to: counts, findings, witnesses and shapes, each of which merges in any order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    finding::Findings,
    run::status::Unreached,
    snapshot::{Key, Observed},
};

/// How many hosts that the document does not name are told: the first by name.
const MAX_HOSTS: usize = 20;

/// How sure it is that an exchange is of the service, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Its host is named, or nobody names hosts.
    Named,
    /// Its host is one of a local network, where services are tried out.
    Local,
    /// Its host is some other one.
    Other,
}

impl Claim {
    /// All of them, the surest first.
    pub const ALL: [Self; 3] = [Self::Named, Self::Local, Self::Other];

    /// Its place among all.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What the exchanges of one claim came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// How many exchanges were checked.
    pub held: u64,
    /// How many of them belong to no operation.
    pub unmatched: u64,
    /// Hosts that the document does not name, the first few by name.
    pub hosts: BTreeSet<String>,
    /// What was seen of each operation, by id.
    pub operations: BTreeMap<String, OperationAccount>,
    /// The breaches.
    pub findings: Findings,
    /// What bodies looked like, where snapshots were asked for.
    #[serde(with = "shapes")]
    pub shapes: BTreeMap<Key, Observed>,
}

/// What was seen of one operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationAccount {
    /// How many exchanges were checked.
    pub held: u64,
    /// How many microseconds the responses took together, as far as that is known.
    pub elapsed_us: u64,
    /// How many came with each status.
    pub statuses: BTreeMap<u16, u64>,
    /// Why it was left out of a run that could have called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<Unreached>,
    /// What the contract declares and was seen, by the pointers of [`Witness::id`](crate::run::Witness::id).
    pub witnesses: BTreeSet<String>,
}

impl Account {
    /// Whether no exchange was taken in.
    pub fn is_empty(&self) -> bool {
        self.held == 0 && self.operations.is_empty() && self.findings.is_empty()
    }

    /// Notes a host that the document does not name.
    pub fn note_host(&mut self, host: String) {
        self.hosts.insert(host);
        if self.hosts.len() > MAX_HOSTS {
            self.hosts.pop_last();
        }
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.held += other.held;
        self.unmatched += other.unmatched;
        for host in other.hosts {
            self.note_host(host);
        }
        for (id, theirs) in other.operations {
            match self.operations.get_mut(&id) {
                Some(ours) => ours.absorb(theirs),
                None => {
                    self.operations.insert(id, theirs);
                }
            }
        }
        self.findings.absorb(other.findings);
        for (key, seen) in other.shapes {
            self.observe(key, seen);
        }
    }

    /// Takes in what bodies of one kind looked like.
    pub fn observe(&mut self, key: Key, seen: Observed) {
        match self.shapes.get_mut(&key) {
            Some(known) => known.absorb(seen),
            None => {
                self.shapes.insert(key, seen);
            }
        }
    }
}

impl OperationAccount {
    fn absorb(&mut self, other: Self) {
        self.held += other.held;
        self.elapsed_us = self.elapsed_us.saturating_add(other.elapsed_us);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.witnesses.extend(other.witnesses);
        // Who left it out by order knows nothing of it; who did not leave it out knows best.
        self.left_out = match (self.left_out.take(), other.left_out) {
            (Some(Unreached::Excluded), why) | (why, Some(Unreached::Excluded)) => why,
            (Some(ours), Some(theirs)) => Some(ours.max(theirs)),
            (None, _) | (_, None) => None,
        };
    }
}

/// A map whose keys are no texts, as a list.
mod shapes {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::snapshot::{Key, Observed};

    #[derive(Serialize)]
    struct Written<'a> {
        of: &'a Key,
        seen: &'a Observed,
    }

    #[derive(Deserialize)]
    struct Read {
        of: Key,
        seen: Observed,
    }

    pub(super) fn serialize<S: Serializer>(
        shapes: &BTreeMap<Key, Observed>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(shapes.iter().map(|(of, seen)| Written { of, seen }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<Key, Observed>, D::Error> {
        let list = Vec::<Read>::deserialize(from)?;
        Ok(list.into_iter().map(|one| (one.of, one.seen)).collect())
    }
}
