//! An operation that was asked for by name, together with the contract that it belongs to.

use std::{ops::Deref, sync::Arc};

use super::{Contract, Operation};

/// An operation and its contract: what [`Contract::operation`] finds.
///
/// It reads as the [`Operation`] that it is. What can be done with one in a test (`check`,
/// `requests`, `responses`) is added by [`crate::testing`].
#[derive(Clone, Copy, Debug)]
pub struct OperationIn<'c> {
    contract: &'c Contract,
    operation: &'c Arc<Operation>,
}

impl<'c> OperationIn<'c> {
    pub(super) fn new(contract: &'c Contract, operation: &'c Arc<Operation>) -> Self {
        Self {
            contract,
            operation,
        }
    }

    /// The contract.
    pub fn contract(self) -> &'c Contract {
        self.contract
    }

    /// The operation, for as long as the contract lives.
    pub fn operation(self) -> &'c Arc<Operation> {
        self.operation
    }
}

impl Deref for OperationIn<'_> {
    type Target = Arc<Operation>;

    fn deref(&self) -> &Arc<Operation> {
        self.operation
    }
}
