//! What sequences have learned, kept for those that a run sends later.

use std::collections::{HashMap, HashSet};

use super::{history::ExchangeRecord, instance::ResourceInstance};
use crate::{
    contract::{OperationIndex, ResourceIndex, graph::Need},
    gate::identity::Identity,
};

/// Something that is there for all sequences that need it, and how it was made.
#[derive(Clone, Debug)]
pub(crate) struct SharedFixture {
    pub(crate) thing: ResourceInstance,
    pub(crate) records: Vec<ExchangeRecord>,
}

/// What sequences have learned, kept for those that a run sends later.
#[derive(Debug, Default)]
pub(crate) struct SequenceMemory {
    /// Requests that were refused, by what tells them apart on the wire.
    pub(crate) refused: HashSet<Identity>,
    /// Operations that were sent the body that the document shows.
    pub(crate) shown: HashSet<OperationIndex>,
    /// How many values were drawn for each operation.
    pub(crate) draws: HashMap<OperationIndex, usize>,
    /// What sequences share, by resource; `None` where it cannot be made.
    pub(crate) fixtures: HashMap<ResourceIndex, Option<SharedFixture>>,
    /// Values that lists named.
    pub(crate) listed: Vec<(OperationIndex, Need, serde_json::Value)>,
    /// Breaches that were seen once and are told when they are seen again, by rule and operation.
    pub(crate) suspected: HashSet<(String, String)>,
    /// Creations that were sent a second time, word for word.
    pub(crate) repeated: HashSet<OperationIndex>,
    /// Whether a creator makes a resource under the name that its request gives it.
    pub(crate) takes_names: HashMap<OperationIndex, bool>,
    /// Where the way through all sequences has been.
    pub(crate) progress: SequenceProgress,
}

/// Where the way through all sequences has been, by operation.
#[derive(Debug, Default)]
pub(crate) struct SequenceProgress {
    /// How often the lives of all resources were gone through.
    pub(crate) rounds: usize,
    /// Operations that created nothing.
    pub(crate) fruitless: HashSet<OperationIndex>,
    /// Operations that succeeded.
    pub(crate) reached: HashSet<OperationIndex>,
    /// Lists that were asked for.
    pub(crate) asked: HashSet<OperationIndex>,
    /// Reads that were sent twice in a row.
    pub(crate) steady: HashSet<OperationIndex>,
}
