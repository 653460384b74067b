//! Which values the places outside a body can carry.

use serde_json::Value;

/// Whether a path can carry a value: an empty segment, `.` and `..` make another path.
pub(super) fn can_stand_in_a_path(value: &Value) -> bool {
    !matches!(value, Value::String(text) if matches!(text.as_str(), "" | "." | ".."))
        && !matches!(value, Value::Array(items) if items.is_empty())
        && !matches!(value, Value::Object(members) if members.is_empty())
}

/// Whether a header field or a cookie can carry a value: visible ASCII, no white space at the ends.
pub(super) fn can_stand_in_a_field(value: &Value) -> bool {
    let text_can =
        |text: &str| text.trim() == text && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match value {
        Value::String(text) => text_can(text),
        Value::Array(items) => items.iter().all(can_stand_in_a_field),
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| text_can(name) && can_stand_in_a_field(member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}
