//! `became-write-only`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};
use crate::contract::Direction;

documented! {
    /// A property no longer comes.
    ///
    /// # What it checks
    ///
    /// `writeOnly` that is new on a property of a response.
    ///
    /// # Why
    ///
    /// Clients that read it where it is there wait in vain. Where it was required, `widened-output` tells.
    ///
    /// # Not a finding when
    ///
    /// - it stands in a request alone.
    pub BecameWriteOnly = "became-write-only", Warning;
}

impl SchemaRule for BecameWriteOnly {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        if pair.direction == Direction::Response && pair.gained("writeOnly") {
            changes.push(pair.change(&Self::RULE, "writeOnly", "it no longer comes"));
        }
    }
}
