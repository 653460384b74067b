//! Something in the document that keeps part of it from being understood.

use std::collections::{HashMap, HashSet};

use oasgate_document::Address;

/// Something in the document that keeps part of it from being understood; the rest still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What kind of defect it is.
    pub kind: DefectKind,
    /// The node.
    pub address: Address,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// The kinds of defects. For each there is a lint rule of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DefectKind {
    /// More than a document may have, in memory or depth.
    DocumentLimit,
    /// A key that an object has twice.
    DuplicateKey,
    /// An `operationId` that is given twice.
    DuplicateOperationId,
    /// A `pattern` that is no regular expression.
    InvalidPattern,
    /// A schema that breaks its dialect.
    InvalidSchema,
    /// An object that is not what its place wants.
    MalformedObject,
    /// A `$ref` that leads out of the document's folder, to where no file may be read.
    OutsideReference,
    /// A `$ref` that leads over the network, where none is followed.
    RemoteReference,
    /// A `$ref` that leads nowhere.
    UnresolvedReference,
}

/// In the order of their places, each once: a reference that is met at its holder and at its `$ref`
/// is one.
pub(super) fn settle(mut defects: Vec<Defect>) -> Vec<Defect> {
    defects.sort_by(|a, b| (&a.address, a.kind, &a.message).cmp(&(&b.address, b.kind, &b.message)));
    defects.dedup_by(|a, b| a.address == b.address && a.message == b.message);
    let mut kinds = HashMap::new();
    for defect in &defects {
        let told = (defect.address.clone(), defect.message.clone());
        kinds.entry(told).or_insert(defect.kind);
    }
    let mut at_references = HashSet::new();
    for defect in &mut defects {
        let holder = (defect.address.pointer.last().as_deref() == Some("$ref"))
            .then(|| defect.address.parent())
            .flatten();
        if let Some(holder) = holder {
            let told = (holder, defect.message.clone());
            // Whoever read the file knows best why it could not be.
            defect.kind =
                (kinds.get(&told).copied()).map_or(defect.kind, |kind| kind.min(defect.kind));
            at_references.insert(told);
        }
    }
    defects.retain(|defect| {
        !at_references.contains(&(defect.address.clone(), defect.message.clone()))
    });
    defects
}
