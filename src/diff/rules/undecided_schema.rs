//! `undecided-schema`

use super::documented;

documented! {
    /// A schema changed, and it is not known whether anybody loses.
    ///
    /// # What it checks
    ///
    /// Schemas that differ, where containment could be neither proved nor refuted within the bounds. How many values were
    /// tried is told.
    ///
    /// # Why
    ///
    /// Look at it; `--fail-on unknown` makes it fail a run.
    ///
    /// # Not a finding when
    ///
    /// - an instance was found, or containment was proved.
    pub UndecidedSchema = "undecided-schema", Warning;
}
