//! What the run made that has no path of its own, and that another operation removes: `POST /createGroup` and
//! `POST /deleteGroup?groupID=`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    context::ResourceContext,
    creation_signs::{MIN_RANDOM_NAME, says_it_failed},
    view::{ExchangeView, plain},
};
use crate::{
    contract::{
        OperationIndex,
        graph::{Need, Origin, Removal},
    },
    exchange::Exchange,
    run::Case,
    wire::RequestParts,
};

/// The most removals that are remembered.
const MAX_PENDING: usize = 10_000;

/// A removal that is to be sent in the end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PendingRemoval {
    /// The operation that made the thing.
    pub(crate) creator: OperationIndex,
    /// The operation that removes it.
    pub(crate) remover: OperationIndex,
    /// What it is sent.
    pub(crate) values: Vec<(Need, Value)>,
}

/// The removals that are to be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingRemovals {
    all: Vec<PendingRemoval>,
    /// How often each operation may have made something under a name that something may have had before the run.
    uncertain: BTreeMap<OperationIndex, usize>,
}

impl PendingRemovals {
    /// Takes in what an exchange made or removed.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        operation: OperationIndex,
        case: &Case,
        exchange: &Exchange,
    ) {
        let is_own = exchange.request.method == case.operation.method;
        if !is_own || !exchange.response.status.is_success() {
            return;
        }
        if context.graph.removals_by(operation).next().is_some() {
            self.all
                .retain(|one| one.remover != operation || !is_sent(&one.values, &case.parts));
        }
        let Some(removal) = context.graph.removal_of(operation) else {
            return;
        };
        if says_it_failed(&ExchangeView::new(exchange, &case.parts)) {
            return;
        }
        match values(removal, case, exchange) {
            Some(values) if values.is_empty() => *self.uncertain.entry(operation).or_default() += 1,
            Some(values) => {
                let pending = PendingRemoval {
                    creator: operation,
                    remover: removal.remover,
                    values,
                };
                if self.all.len() < MAX_PENDING && !self.all.contains(&pending) {
                    self.all.push(pending);
                }
            }
            None => {}
        }
    }

    /// Whether nothing is to be removed or named.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.uncertain.is_empty()
    }

    /// How many requests the removals take.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The removals, the newest first.
    pub(crate) fn newest(&self) -> Vec<PendingRemoval> {
        self.all.iter().rev().cloned().collect()
    }

    /// Takes out what is removed.
    pub(crate) fn remove(&mut self, removed: &PendingRemoval) {
        self.all.retain(|one| one != removed);
    }

    /// How many things each operation made that were not removed, by the operation's place.
    pub(crate) fn left(&self) -> BTreeMap<OperationIndex, usize> {
        let mut left = self.uncertain.clone();
        for one in &self.all {
            *left.entry(one.creator).or_default() += 1;
        }
        left
    }
}

/// What a removal is sent; empty where the name may be that of something else, `None` where nothing was made.
fn values(removal: &Removal, case: &Case, exchange: &Exchange) -> Option<Vec<(Need, Value)>> {
    let came: Value = serde_json::from_slice(exchange.response.body.bytes()).unwrap_or_default();
    let mut values = Vec::new();
    for (need, origin) in &removal.needs {
        match origin {
            // A response without the name tells of no thing.
            Origin::Shown(pointer) => {
                let value = pointer.get(&came).filter(|value| is_name(value))?;
                values.push((need.clone(), value.clone()));
            }
            Origin::Sent(place) => {
                let sent = sent(place, &case.parts).filter(|value| is_name(value));
                if sent.is_some_and(|value| plain(value).len() < MIN_RANDOM_NAME) {
                    return Some(Vec::new());
                }
                values.extend(sent.map(|value| (need.clone(), value.clone())));
            }
        }
    }
    Some(values)
}

fn is_name(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| !text.is_empty())
}

fn sent<'p>(need: &Need, parts: &'p RequestParts) -> Option<&'p Value> {
    match need {
        Need::Parameter(location, name) => parts.get(*location, name),
        _ => need.within(&parts.body.as_ref()?.1).first().copied(),
    }
}

fn is_sent(values: &[(Need, Value)], parts: &RequestParts) -> bool {
    let mut values = values.iter();
    values.all(|(need, value)| sent(need, parts) == Some(value))
}
