//! Something in the document that keeps part of it from being understood.

use oasgate_document::Address;

/// Something in the document that keeps part of it from being understood; the rest still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The id of the lint rule that speaks of it: `malformed-object`, `unresolved-reference`,
    /// `invalid-schema`, `invalid-pattern`, `duplicate-operation-id`, `duplicate-key`.
    pub rule: &'static str,
    /// The node.
    pub address: Address,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}
