//! `deprecated-property`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};

documented! {
    /// A property is deprecated.
    ///
    /// # What it checks
    ///
    /// `deprecated` that is new on a schema.
    ///
    /// # Why
    ///
    /// Clients should know before it goes.
    ///
    /// # Not a finding when
    ///
    /// - it was deprecated before.
    pub DeprecatedProperty = "deprecated-property", Note;
}

impl SchemaRule for DeprecatedProperty {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        if pair.gained("deprecated") {
            changes.push(pair.change(&Self::RULE, "deprecated", "it is deprecated"));
        }
    }
}
