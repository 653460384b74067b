//! The one place that speaks to `jsonschema::canonical`, which is experimental.

use jsonschema::canonical::{self, Containment, Satisfiability};
use serde_json::Value;

use super::alternatives;

pub(crate) use jsonschema::canonical::{
    ArrayView, CanonicalSchema, CanonicalView, Distinctness, ObjectView, ObjectViolationView,
    StringView,
};

/// The longest schema, written out, that is canonicalised: what is longer costs too much.
const MOST_TEXT: usize = 2 << 20;

/// How many alternatives the parts of a schema may have when they are put together: each pair of
/// alternatives in an `allOf` doubles them, and with them the time and the memory that it takes.
const MOST_ALTERNATIVES: u64 = 4_096;

/// Whether the canonical form costs more than it may.
fn is_too_costly(schema: &Value) -> bool {
    schema.to_string().len() > MOST_TEXT || alternatives::widest(schema) > MOST_ALTERNATIVES
}

/// The canonical form of a self-contained schema. `None` where it has none, or is too large.
pub(crate) fn canonical(schema: &Value) -> Option<CanonicalSchema> {
    if is_too_costly(schema) {
        return None;
    }
    let canonical = canonical::options()
        .offline()
        .should_validate_formats(true)
        .canonicalize(schema)
        .ok()?;
    (!matches!(canonical.view(), CanonicalView::Raw(_))).then_some(canonical)
}

/// Whether it is proved that a self-contained schema accepts nothing.
pub(super) fn is_impossible(schema: &Value) -> bool {
    if is_too_costly(schema) {
        return false;
    }
    canonical::options()
        .offline()
        .should_validate_formats(false)
        .canonicalize(schema)
        .is_ok_and(|canonical| canonical.satisfiability() == Satisfiability::No)
}

/// Every value that a canonical schema refuses; `None` where that cannot be said exactly.
pub(crate) fn negation(schema: &CanonicalSchema) -> Option<CanonicalSchema> {
    schema
        .negate()
        .ok()
        .filter(|refused| refused.satisfiability() != Satisfiability::No)
}

/// Whether every value is accepted.
pub(crate) fn accepts_all(schema: &CanonicalSchema) -> bool {
    matches!(schema.view(), CanonicalView::True)
}

/// Whether it is proved that `outer` accepts every value that `inner` accepts.
pub(crate) fn covers(outer: &CanonicalSchema, inner: &CanonicalSchema) -> bool {
    matches!(outer.covers(inner), Ok(Containment::Yes))
}

/// Whether it is proved that nothing is accepted.
pub(crate) fn accepts_nothing(schema: &CanonicalSchema) -> bool {
    schema.satisfiability() == Satisfiability::No
}

/// The values that one schema accepts and another does not, as JSON Schema; `None` where that cannot
/// be said exactly, or where there are none.
pub(crate) fn difference(accepts: &CanonicalSchema, refuses: &CanonicalSchema) -> Option<Value> {
    accepts
        .subtract(refuses)
        .ok()
        .filter(|left| !accepts_nothing(left))
        .map(|left| left.to_json_schema())
}
