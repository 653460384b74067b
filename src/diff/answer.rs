//! What is known about a question, and what refutes.

use oasgate_document::Address;
use serde_json::Value;

use super::{isolate::Reach, units::UnitIx};
use crate::contract::Violation;

/// What is known about a question.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The schemas themselves do not differ; what is asked apart may.
    Same,
    /// Both schemas accept the same, under either lens.
    Equal(Reach),
    /// Containment is proved: with [`Reach::Local`] if it holds for what is asked apart.
    Proved(Reach),
    /// Each keyword that refuses something, with an instance.
    Refuted(Vec<Refutation>),
    /// So many values were tried, and none was refused.
    Searched {
        tried: usize,
        /// Whether a bound was reached before all was tried.
        is_bounded: bool,
    },
    /// Something that takes part was not read, of which nothing can be said.
    Unread,
}

impl Answer {
    /// Whether there is something to tell.
    pub(super) const fn is_told(&self) -> bool {
        !matches!(self, Self::Same | Self::Equal(_) | Self::Unread)
    }
}

/// A value that the producer sends and the consumer refuses.
#[derive(Clone, Debug)]
pub(super) struct Refutation {
    /// The value.
    pub(super) instance: Value,
    /// The keyword of the consumer that refuses it.
    pub(super) violation: Violation,
    /// That keyword in the consumer's document.
    pub(super) consumer: Address,
    /// What the producer's document says of the same node.
    pub(super) producer: Address,
    /// The unit to whose change it is owed.
    pub(super) origin: UnitIx,
    /// The unit's schema in the producer's document.
    pub(super) unit: Address,
}
