//! What a sequence has sent so far, and what the checks on sequences say of it.

use crate::{
    check::{SEQUENCE_CHECKS, Step},
    contract::Contract,
    exchange::{Before, Exchange},
    finding::Finding,
    gate::extract::Given,
    wire::RequestParts,
};

/// One exchange of a sequence.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The operation, by its place in the contract.
    pub(super) operation: usize,
    pub(super) exchange: Exchange,
    /// The values that the request was written from.
    pub(super) parts: RequestParts,
    /// Who asked; empty for the one who always does.
    pub(super) asker: String,
    /// The path of what was made.
    pub(super) made: Option<String>,
    pub(super) is_made_up: bool,
    pub(super) is_polled: bool,
}

impl Record {
    /// The exchange, to take values from.
    pub(super) fn given(&self) -> Given<'_> {
        Given::new(&self.exchange, &self.parts)
    }
}

/// What the checks say of the last of some records.
pub(super) fn breaches(contract: &Contract, records: &[Record]) -> Vec<Finding> {
    let steps: Vec<Step<'_>> = records
        .iter()
        .map(|record| Step {
            operation: &contract.operations()[record.operation],
            exchange: &record.exchange,
            asker: &record.asker,
            made: record.made.clone(),
            is_made_up: record.is_made_up,
            is_polled: record.is_polled,
        })
        .collect();
    SEQUENCE_CHECKS
        .iter()
        .filter_map(|check| check.breach(&steps))
        .collect()
}

/// What was sent, as evidence shows it.
pub(super) fn before(records: &[Record]) -> Vec<Before> {
    records
        .iter()
        .map(|record| Before::of(&record.exchange))
        .collect()
}
