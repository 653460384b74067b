//! What was held for each operation, counted.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use http::StatusCode;
use indexmap::IndexMap;

use super::knowledge::coverage::shares;
use crate::{
    contract::{Contract, Operation, OperationIndex, StatusKey},
    finding::{Findings, Severity},
    run::{Account, Coverage, OperationAccount, OperationSummary, Unreached, Witness},
};

/// Counts by operation, in the document's order.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    counts: IndexMap<String, Count>,
}

#[derive(Clone, Debug, Default)]
struct Count {
    held: u64,
    statuses: BTreeMap<u16, u64>,
    elapsed: Duration,
    left_out: Option<Unreached>,
    /// How many requests were not sent for what was there before.
    kept: u64,
    /// What came back to requests that obey, sent with the credential of the run, and how often.
    obeyed: BTreeMap<u16, u64>,
}

/// Refusals that say nothing of a request but that it may not be sent, or is about nothing.
const SAY_NOTHING: [u16; 5] = [401, 403, 404, 405, 410];

/// Statuses that refuse the credential.
const REFUSALS: [u16; 2] = [401, 403];

impl Count {
    /// Whether every request that obeys was refused for its credential. What came back to others, such as a 422
    /// to JSON that cannot be read, says nothing of that.
    fn is_refused(&self) -> bool {
        !self.obeyed.is_empty() && self.obeyed.keys().all(|status| REFUSALS.contains(status))
    }

    /// Why requests were not sent, where that is why nothing succeeded.
    fn left_out(&self) -> Option<&Unreached> {
        let left_out = self.left_out.as_ref()?;
        let is_why = match left_out {
            // What was asked speaks for itself.
            Unreached::Budget => self.held == 0,
            // What a request about the run's own was refused for is more than what was not sent, and so are many
            // requests more than few.
            Unreached::Existing => {
                let says_something =
                    |status: &u16| (400..500).contains(status) && !SAY_NOTHING.contains(status);
                let sent: u64 = self.obeyed.values().sum();
                !self.obeyed.keys().any(says_something) && self.kept >= sent
            }
            _ => true,
        };
        is_why.then_some(left_out)
    }
}

impl Tally {
    pub(crate) fn new(contract: &Contract) -> Self {
        let ids = contract
            .operations()
            .iter()
            .map(|operation| operation.id.as_str().to_owned());
        Self {
            counts: ids.map(|id| (id, Count::default())).collect(),
        }
    }

    /// Counts an exchange, with the time that the response took where it is known.
    pub(crate) fn held(
        &mut self,
        operation: &Operation,
        status: Option<StatusCode>,
        elapsed: Option<Duration>,
    ) {
        if let Some(count) = self.counts.get_mut(operation.id.as_str()) {
            count.held += 1;
            // Whole microseconds, so that a sum of parts is the sum of the whole.
            let elapsed = elapsed.unwrap_or_default().as_micros();
            count.elapsed += Duration::from_micros(u64::try_from(elapsed).unwrap_or_default());
            if let Some(status) = status {
                *count.statuses.entry(status.as_u16()).or_default() += 1;
            }
        }
    }

    /// Notes what a request was answered that obeys and has the credential of the run.
    pub(crate) fn note_obeying(&mut self, operation: &Operation, status: StatusCode) {
        if let Some(count) = self.counts.get_mut(operation.id.as_str()) {
            *count.obeyed.entry(status.as_u16()).or_default() += 1;
        }
    }

    /// Whether an operation answered nothing but 401 and 403.
    pub(crate) fn is_refused(&self, operation: &Operation) -> bool {
        let count = self.counts.get(operation.id.as_str());
        let is_refusal = |status: &u16| REFUSALS.contains(status);
        count.is_some_and(|count| {
            !count.statuses.is_empty() && count.statuses.keys().all(is_refusal)
        })
    }

    pub(crate) fn left_out(&mut self, operation: &Operation, why: Unreached) {
        if let Some(count) = self.counts.get_mut(operation.id.as_str()) {
            count.kept += u64::from(why == Unreached::Existing);
            count.left_out = Some(why);
        }
    }

    /// Whether a reason is known why requests to an operation were not sent.
    pub(crate) fn is_left_out(&self, operation: &Operation) -> bool {
        let count = self.counts.get(operation.id.as_str());
        count.is_some_and(|count| count.left_out.is_some())
    }

    /// The counts of an account.
    pub(crate) fn of(contract: &Contract, account: &Account) -> Self {
        let mut tally = Self::new(contract);
        for (id, seen) in &account.operations {
            if let Some(count) = tally.counts.get_mut(id) {
                count.held = seen.held;
                count.elapsed = Duration::from_micros(seen.elapsed_us);
                count.statuses.clone_from(&seen.statuses);
                count.left_out.clone_from(&seen.left_out);
            }
        }
        tally
    }

    /// What an account says of an operation, without its witnesses.
    pub(crate) fn account(&self, operation: OperationIndex) -> OperationAccount {
        let count = self
            .counts
            .get_index(operation.place())
            .map(|(_, count)| count);
        let count = count.cloned().unwrap_or_default();
        let refused = count.is_refused().then_some(Unreached::Refused);
        let left_out = count.left_out().cloned().or(refused);
        OperationAccount {
            held: count.held,
            elapsed_us: u64::try_from(count.elapsed.as_micros()).unwrap_or(u64::MAX),
            statuses: count.statuses,
            left_out,
            ..OperationAccount::default()
        }
    }

    /// What was seen of each operation. `witnesses` are asked for of those that were called.
    pub(crate) fn summaries(
        &self,
        contract: &Contract,
        findings: &Findings,
        witnesses: impl Fn(OperationIndex) -> Vec<Witness>,
    ) -> Vec<OperationSummary> {
        let mut found: HashMap<&str, usize> = HashMap::new();
        for finding in findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
        {
            if let Some(operation) = &finding.operation {
                *found.entry(operation).or_default() += 1;
            }
        }
        let count = |operation: &Operation| {
            found
                .get(operation.id.as_str())
                .copied()
                .unwrap_or_default()
        };
        contract
            .indexed_operations()
            .map(|(index, operation)| {
                let summary = self.summary(operation, count(operation));
                let is_held = summary.held > 0;
                // Of what was never called nothing was expected.
                let witnesses = if is_held {
                    witnesses(index)
                } else {
                    Vec::new()
                };
                OperationSummary {
                    coverage: shares(&witnesses, is_held),
                    witnesses,
                    ..summary
                }
            })
            .collect()
    }

    /// Which operation of the contract has this id.
    pub(crate) fn index(&self, operation: &Operation) -> Option<OperationIndex> {
        let place = self.counts.get_index_of(operation.id.as_str());
        place.map(OperationIndex::new)
    }

    fn summary(&self, operation: &Arc<Operation>, findings: usize) -> OperationSummary {
        let id = operation.id.as_str();
        let count = self.counts.get(id).cloned().unwrap_or_default();
        let seen = |key: StatusKey| {
            count
                .statuses
                .keys()
                .filter_map(|status| StatusCode::from_u16(*status).ok())
                .any(|status| {
                    operation
                        .responses
                        .get(status)
                        .is_some_and(|response| response.key == key)
                })
        };
        let unseen = operation
            .responses
            .declared
            .iter()
            .filter(|response| !seen(response.key))
            .map(|response| response.key.to_string())
            .collect();
        OperationSummary {
            id: id.to_owned(),
            method: operation.method.to_string(),
            path: operation.path.to_string(),
            held: count.held,
            elapsed: count.elapsed,
            findings,
            unseen,
            coverage: Coverage::default(),
            witnesses: Vec::new(),
            unreached: unreached(operation, &count),
            statuses: count.statuses.into_iter().collect(),
        }
    }
}

/// What was held of all operations together.
pub(crate) fn together(operations: &[OperationSummary]) -> Coverage {
    let mut all = Coverage::default();
    for one in operations {
        all.add(&one.coverage);
    }
    all
}

/// Why no declared success was seen; `None` when one was.
fn unreached(operation: &Operation, count: &Count) -> Option<Unreached> {
    let is_success = |status: &u16| {
        StatusCode::from_u16(*status).is_ok_and(|status| {
            operation
                .responses
                .get(status)
                .is_some_and(|response| match response.key {
                    StatusKey::Exact(_) | StatusKey::Range(_) => {
                        status.is_success() || status.is_redirection()
                    }
                    StatusKey::Default => status.is_success(),
                })
        })
    };
    if count.statuses.keys().any(is_success) {
        return None;
    }
    if let Some(left_out) = count.left_out() {
        return Some(left_out.clone());
    }
    // What came back to broken requests and to other methods says nothing of what a right one would meet.
    let seen: Vec<u16> = if count.obeyed.is_empty() {
        count.statuses.keys().copied().collect()
    } else {
        count.obeyed.keys().copied().collect()
    };
    let only =
        |wanted: &[u16]| !seen.is_empty() && seen.iter().all(|status| wanted.contains(status));
    Some(match () {
        () if count.held == 0 => Unreached::NotSeen,
        () if only(&REFUSALS) || count.is_refused() => Unreached::Refused,
        () if only(&[401, 404, 410]) => Unreached::NotFound,
        () => Unreached::NoSuccess(seen),
    })
}
