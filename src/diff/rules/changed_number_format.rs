//! `changed-number-format`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};
use crate::diff::body::bounds;

documented! {
    /// A number's format is another.
    ///
    /// # What it checks
    ///
    /// `format` of numbers: `int64`, `float`, `double` and the like, added, removed or changed.
    ///
    /// # Why
    ///
    /// Clients that are generated from the document choose a type by it. Values that a wider type would lose
    /// hardly occur, so it is a warning.
    ///
    /// # Not a finding when
    ///
    /// - the format is one of texts, or of whole numbers up to 32 bits: these change what is accepted, and
    ///   are told with an instance.
    pub ChangedNumberFormat = "changed-number-format", Warning;
}

impl SchemaRule for ChangedNumberFormat {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        let [old, new] = [pair.old, pair.new].map(|members| {
            let format = members.get("format").and_then(|value| value.as_str());
            format.unwrap_or("none")
        });
        let is_told = |format: &str| NUMERIC.contains(&format);
        let is_asserted = |format: &str| bounds(format).is_some();
        if old != new && (is_told(old) || is_told(new)) && !is_asserted(old) && !is_asserted(new) {
            changes.push(pair.change(
                &Self::RULE,
                "format",
                &format!("the format was {old}, now it is {new}"),
            ));
        }
    }
}

/// Formats of numbers in the registry of OpenAPI.
const NUMERIC: &[&str] = &[
    "decimal",
    "decimal128",
    "double",
    "double-int",
    "float",
    "int64",
    "uint64",
];
