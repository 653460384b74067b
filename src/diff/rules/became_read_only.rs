//! `became-read-only`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};
use crate::contract::Direction;

documented! {
    /// A property can no longer be sent.
    ///
    /// # What it checks
    ///
    /// `readOnly` that is new on a property of a request.
    ///
    /// # Why
    ///
    /// What clients send for it is ignored, or refused.
    ///
    /// # Not a finding when
    ///
    /// - it stands in a response alone.
    pub BecameReadOnly = "became-read-only", Warning;
}

impl SchemaRule for BecameReadOnly {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        if pair.direction == Direction::Request && pair.gained("readOnly") {
            changes.push(pair.change(&Self::RULE, "readOnly", "it can no longer be sent"));
        }
    }
}
