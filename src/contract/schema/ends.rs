//! The ends that a schema sets to its values: the least and the greatest number, length and size, and the ends of
//! a format.
//!
//! A client whose type is a little too small reads all but the values at an end. A format of whole numbers has the
//! ends of its range; a point in time has none, and stands at an end where a reader of plain seconds in UTC
//! would lose something of it: with a fraction of a second, or with an offset.

use oasgate_document::Address;
use serde_json::{Map, Number, Value};

/// Where a value stands at an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At one of these numbers, as [`digits`] writes them.
    Numbers(Vec<String>),
    /// At this number of characters.
    Length(u64),
    /// At this number of elements.
    Size(u64),
    /// At a time with a fraction of a second or an offset.
    Time,
}

impl End {
    /// Whether a value stands there.
    pub(super) fn has(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Numbers(ends), Value::Number(number)) => ends.contains(&digits(number)),
            (Self::Length(length), Value::String(text)) => length_of(text) == *length,
            (Self::Size(size), Value::Array(items)) => u64::try_from(items.len()) == Ok(*size),
            (Self::Time, Value::String(text)) => is_uncommon_time(text),
            _ => false,
        }
    }
}

/// The ends that a schema object sets itself, each at its keyword.
pub(super) fn ends(at: &Address, members: &Map<String, Value>) -> Vec<(Address, End)> {
    KEYWORDS
        .iter()
        .filter_map(|keyword| Some((at.join(keyword), end(keyword, members)?)))
        .collect()
}

/// Keywords that set an end.
pub(super) const KEYWORDS: [&str; 9] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "format",
];

/// The end that one keyword of a schema object sets; `None` where it sets none that a value can stand at.
pub(super) fn end(keyword: &str, members: &Map<String, Value>) -> Option<End> {
    let value = members.get(keyword)?;
    let is_flagged = |flag: &str| members.get(flag) == Some(&Value::Bool(true));
    match (keyword, value) {
        ("minimum", Value::Number(least)) if is_flagged("exclusiveMinimum") => beside(least, 1),
        ("maximum", Value::Number(most)) if is_flagged("exclusiveMaximum") => beside(most, -1),
        ("minimum" | "maximum", Value::Number(end)) => Some(End::Numbers(vec![digits(end)])),
        ("exclusiveMinimum", Value::Number(least)) => beside(least, 1),
        ("exclusiveMaximum", Value::Number(most)) => beside(most, -1),
        ("minLength" | "maxLength", Value::Number(length)) => length.as_u64().map(End::Length),
        // An empty array is told for itself.
        ("minItems" | "maxItems", Value::Number(size)) => {
            size.as_u64().filter(|size| *size > 0).map(End::Size)
        }
        ("format", Value::String(name)) => of_format(name),
        _ => None,
    }
}

/// The whole number next to a bound that does not belong to the range; of fractions none is next to it.
fn beside(bound: &Number, step: i64) -> Option<End> {
    let next = bound.as_i64()?.checked_add(step)?;
    Some(End::Numbers(vec![next.to_string()]))
}

fn of_format(name: &str) -> Option<End> {
    let range = |least: i128, most: i128| {
        let ends = [least, most].into_iter().filter(|end| *end != 0);
        Some(End::Numbers(ends.map(|end| end.to_string()).collect()))
    };
    match name {
        "int8" => range(i8::MIN.into(), i8::MAX.into()),
        "int16" => range(i16::MIN.into(), i16::MAX.into()),
        "int32" => range(i32::MIN.into(), i32::MAX.into()),
        "int64" => range(i64::MIN.into(), i64::MAX.into()),
        "uint8" => range(0, u8::MAX.into()),
        "uint16" => range(0, u16::MAX.into()),
        "uint32" => range(0, u32::MAX.into()),
        "uint64" => range(0, u64::MAX.into()),
        "date-time" | "time" => Some(End::Time),
        _ => None,
    }
}

/// A number as one text, however it is written: `1.0` is `1`.
pub(super) fn digits(number: &Number) -> String {
    match number.as_f64() {
        Some(double) if number.is_f64() && double.fract() == 0.0 && double.abs() < 1e15 => {
            // Zero has one text, too.
            format!("{:.0}", double + 0.0)
        }
        _ => number.to_string(),
    }
}

/// How many characters a text has.
pub(super) fn length_of(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}

/// Whether a time is more than whole seconds of UTC.
pub(super) fn is_uncommon_time(text: &str) -> bool {
    let time = text.rsplit(['T', 't', ' ']).next().unwrap_or_default();
    time.contains(':') && (time.contains('.') || !time.ends_with(['Z', 'z']))
}

#[cfg(test)]
mod tests {
    use oasgate_document::Address;
    use serde_json::{Value, json};

    use super::ends;

    /// The keywords at whose end a value stands.
    fn reached(schema: &Value, value: &Value) -> Vec<String> {
        let members = schema.as_object().expect("an object");
        ends(&Address::default(), members)
            .into_iter()
            .filter(|(_, end)| end.has(value))
            .filter_map(|(at, _)| at.pointer.last())
            .collect()
    }

    #[test]
    fn a_value_stands_at_the_ends_that_its_schema_sets() {
        for (schema, value, wanted) in [
            (
                json!({"minimum": 1, "maximum": 9}),
                json!(1.0),
                vec!["minimum"],
            ),
            (json!({"minimum": 1, "maximum": 9}), json!(5), vec![]),
            (
                json!({"minimum": 1, "maximum": 1}),
                json!(1),
                vec!["minimum", "maximum"],
            ),
            (
                json!({"exclusiveMaximum": 10}),
                json!(9),
                vec!["exclusiveMaximum"],
            ),
            (
                json!({"maximum": 10, "exclusiveMaximum": true}),
                json!(9),
                vec!["maximum"],
            ),
            (json!({"minimum": 0}), json!(-0.0), vec!["minimum"]),
            (json!({"maxLength": 2}), json!("äö"), vec!["maxLength"]),
            (
                json!({"maxItems": 2, "minItems": 0}),
                json!([1, 2]),
                vec!["maxItems"],
            ),
            (
                json!({"format": "int32"}),
                json!(-2_147_483_648_i64),
                vec!["format"],
            ),
            (json!({"format": "int32"}), json!(7), vec![]),
            (json!({"format": "uint8"}), json!(0), vec![]),
            (
                json!({"format": "date-time"}),
                json!("2026-01-02T03:04:05.5Z"),
                vec!["format"],
            ),
            (
                json!({"format": "date-time"}),
                json!("2026-01-02T03:04:05+01:00"),
                vec!["format"],
            ),
            (
                json!({"format": "date-time"}),
                json!("2026-01-02T03:04:05Z"),
                vec![],
            ),
            (json!({"format": "date-time"}), json!("yesterday"), vec![]),
            (json!({"format": "uuid"}), json!("x"), vec![]),
        ] {
            assert_eq!(reached(&schema, &value), wanted, "{schema} {value}");
        }
    }
}
