//! `changed-number-format`

use super::{Change, Rule, SchemaPair, SchemaRule, documented};

documented! {
    /// A number's format is another.
    ///
    /// # What it checks
    ///
    /// `format` of numbers: `int32`, `int64`, `float`, `double` and the like, added, removed or changed.
    ///
    /// # Why
    ///
    /// Clients that are generated from the document choose a type by it: what was an `int32` and comes as an `int64` overflows.
    /// JSON Schema validators do not assert these formats, so it is a warning.
    ///
    /// # Not a finding when
    ///
    /// - the format is one of texts: that changes what is accepted, and is told with an instance.
    pub ChangedNumberFormat = "changed-number-format", Warning;
}

impl SchemaRule for ChangedNumberFormat {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, pair: &SchemaPair<'_>, changes: &mut Vec<Change>) {
        let format = |members: &serde_json::Map<String, serde_json::Value>| {
            members
                .get("format")
                .and_then(|value| value.as_str())
                .filter(|format| NUMERIC.contains(format))
                .map(str::to_owned)
        };
        let (old, new) = (format(pair.old), format(pair.new));
        if old != new {
            let words = |format: Option<String>| format.unwrap_or("none".to_owned());
            changes.push(pair.change(
                &Self::RULE,
                "format",
                &format!("the format was {}, now it is {}", words(old), words(new)),
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
    "int16",
    "int32",
    "int64",
    "int8",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
];
