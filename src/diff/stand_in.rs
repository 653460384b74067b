//! What stands for a unit that is asked about by itself: texts that nothing else accepts or names, the same on both
//! sides.

use serde_json::{Map, Value, json};

use super::units::UnitIx;

const OPAQUE: &str = "\u{e000}unit";

/// The schema of the texts that stand for a unit.
pub(super) fn schema(unit: UnitIx) -> Value {
    json!({ "type": "string", "pattern": format!("^{OPAQUE} {unit}:") })
}

/// Whether a schema is one that stands for a unit.
pub(super) fn is_schema(schema: &Value) -> bool {
    schema.as_object().is_some_and(are_members)
}

/// The same of a schema's keywords.
pub(super) fn are_members(members: &Map<String, Value>) -> bool {
    let pattern = members.get("pattern").and_then(Value::as_str);
    pattern
        .and_then(|pattern| pattern.strip_prefix('^'))
        .is_some_and(|pattern| pattern.starts_with(OPAQUE))
}

/// Whether a value holds a text that stands for a unit.
pub(super) fn is_in(value: &Value) -> bool {
    value.to_string().contains(OPAQUE)
}

/// The unit that a text stands for.
pub(super) fn unit(text: &str) -> Option<UnitIx> {
    let rest = text.strip_prefix(OPAQUE)?.strip_prefix(' ')?;
    rest.split_once(':')?.0.parse().ok()
}
