//! `compatible-schema`

use super::documented;

documented! {
    /// A schema changed, and it is proved that nobody loses.
    ///
    /// # What it checks
    ///
    /// Schemas that differ, where everything that is sent is accepted by who reads it.
    ///
    /// # Why
    ///
    /// It belongs in a changelog.
    ///
    /// # Not a finding when
    ///
    /// - both schemas accept the same values, written in another way.
    pub CompatibleSchema = "compatible-schema", Note;
}
