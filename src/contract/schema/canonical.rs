//! The one place that speaks to `jsonschema::canonical`, which is experimental.

use jsonschema::canonical::{self, Satisfiability};
use serde_json::Value;

/// Whether it is proved that a self-contained schema accepts nothing.
pub(super) fn is_impossible(schema: &Value) -> bool {
    canonical::options()
        .offline()
        .should_validate_formats(false)
        .canonicalize(schema)
        .is_ok_and(|canonical| canonical.satisfiability() == Satisfiability::No)
}
