//! What a sequence has sent so far, and what the checks on sequences say of it.

use super::view::ExchangeView;
use crate::{
    check::{SEQUENCE_CHECKS, Step},
    contract::{Contract, OperationIndex},
    exchange::{Before, Exchange},
    finding::Finding,
    wire::RequestParts,
};

/// One exchange of a sequence.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeRecord {
    /// The operation.
    pub(crate) operation: OperationIndex,
    pub(crate) exchange: Exchange,
    /// The values that the request was written from.
    pub(crate) parts: RequestParts,
    /// Who asked; empty for the one who always does.
    pub(crate) asker: String,
    /// The path of what was made.
    pub(crate) made: Option<String>,
    /// The paths of what was listed.
    pub(crate) listed: Vec<String>,
    pub(crate) is_synthetic: bool,
    pub(crate) is_polled: bool,
}

impl ExchangeRecord {
    /// An exchange of the one who always asks, of which nothing is known but what was sent.
    pub(crate) fn new(operation: OperationIndex, exchange: Exchange, parts: RequestParts) -> Self {
        Self {
            operation,
            exchange,
            parts,
            asker: String::new(),
            made: None,
            listed: Vec::new(),
            is_synthetic: false,
            is_polled: false,
        }
    }

    /// The exchange, to take values from.
    pub(crate) fn given(&self) -> ExchangeView<'_> {
        ExchangeView::new(&self.exchange, &self.parts)
    }

    /// Whether another is a copy of this one: no two exchanges take the same time to the nanosecond.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (own, others) = (&self.exchange, &other.exchange);
        self.operation == other.operation
            && own.request.url == others.request.url
            && own.response.status == others.response.status
            && own.response.elapsed == others.response.elapsed
    }
}

/// What the checks say of the last of some records.
pub(crate) fn breaches(contract: &Contract, records: &[ExchangeRecord]) -> Vec<Finding> {
    let steps: Vec<Step<'_>> = records
        .iter()
        .map(|record| Step {
            operation: contract.operation_at(record.operation),
            exchange: &record.exchange,
            asker: &record.asker,
            made: record.made.clone(),
            listed: record.listed.clone(),
            is_made_up: record.is_synthetic,
            is_polled: record.is_polled,
        })
        .collect();
    SEQUENCE_CHECKS
        .iter()
        .filter_map(|check| check.breach(&steps))
        .collect()
}

/// What was sent, as evidence shows it.
pub(crate) fn before(records: &[ExchangeRecord]) -> Vec<Before> {
    records
        .iter()
        .map(|record| Before::of(&record.exchange))
        .collect()
}
