//! Something in the document that keeps part of it from being understood.

use oasgate_document::Address;

/// Something in the document that keeps part of it from being understood; the rest still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// The id of the lint rule that speaks of it: `malformed-object`, `unresolved-reference`,
    /// `invalid-schema`, `invalid-pattern`, `duplicate-operation-id`, `duplicate-key`, `document-limit`.
    pub rule: &'static str,
    /// The node.
    pub address: Address,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// In the order of their places, each once: a reference that is met at its holder and at its `$ref`
/// is one.
pub(super) fn settle(mut defects: Vec<Defect>) -> Vec<Defect> {
    defects.sort_by(|a, b| (&a.address, a.rule, &a.message).cmp(&(&b.address, b.rule, &b.message)));
    defects.dedup();
    let at_references: std::collections::HashSet<(Address, String)> = defects
        .iter()
        .filter(|defect| defect.address.pointer.last().as_deref() == Some("$ref"))
        .filter_map(|defect| Some((defect.address.parent()?, defect.message.clone())))
        .collect();
    defects.retain(|defect| {
        !at_references.contains(&(defect.address.clone(), defect.message.clone()))
    });
    defects
}
