//! What rules look at: the contract, with what several of them need worked out once.

use oasgate_document::{Address, Document};
use serde_json::{Map, Value};

use super::structure::{self, Problem};
use crate::contract::{Contract, Defect, Operation};

/// A contract to be looked at.
pub struct Subject<'c> {
    /// The contract.
    pub contract: &'c Contract,
    /// What keeps parts of the document from being understood; every schema has been compiled.
    pub defects: Vec<Defect>,
    /// The operations that no request to the service has: webhooks, callbacks, spare path items.
    pub hooks: Vec<Operation>,
    /// Every schema object, once each.
    pub schemas: Vec<(Address, &'c Map<String, Value>)>,
    /// What is wrong with how the document is built.
    pub(super) structure: Vec<Problem>,
}

impl<'c> Subject<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        let defects = contract.all_defects();
        let mut schemas = Vec::new();
        contract.each_schema_object(&mut |at, members| schemas.push((at.clone(), members)));
        Self {
            contract,
            defects,
            hooks: contract.hooks(),
            schemas,
            structure: structure::problems(contract.document()),
        }
    }

    /// The document.
    pub fn document(&self) -> &'c Document {
        self.contract.document()
    }

    /// Whether schemas are those of OpenAPI 3.0 or Swagger 2.0.
    pub fn is_before_3_1(&self) -> bool {
        !self.document().version().has_2020_12_schemas()
    }
}
