//! Values by their type alone: one of each type, and those that services stumble over.

use serde_json::{Map, Value};

/// One plain value of each type.
pub(super) fn kinds() -> Vec<(Value, &'static str)> {
    vec![
        (Value::from("text"), "a string"),
        (Value::from(7), "an integer"),
        (Value::from(0.5), "a number"),
        (Value::Bool(true), "a boolean"),
        (Value::Null, "null"),
        (Value::Array(Vec::new()), "an array"),
        (Value::Object(Map::new()), "an object"),
    ]
}

const TEXTS: &[(&str, &str)] = &[
    ("", "empty"),
    ("漢", "not ASCII"),
    ("a\0b", "a NUL"),
    ("a/b", "a slash"),
    ("😀", "astral"),
    ("100%", "a percent sign"),
    (" ", "a space"),
    ("e\u{301}", "combining"),
    ("a&b=c+d", "signs of a query"),
    ("null", "the word null"),
    ("раураl", "look-alikes"),
    ("\u{202e}a", "right to left"),
    ("0", "a digit"),
    ("a\nb", "two lines"),
    ("%41", "a percent escape"),
    ("<b>&amp;", "markup"),
    ("'\"\\`$(a)", "quotes"),
];

fn numbers() -> Vec<(Value, &'static str)> {
    vec![
        (Value::from(0), "zero"),
        (Value::from(-1), "minus one"),
        (Value::from(i64::from(i32::MAX) + 1), "one beyond int32"),
        (Value::from(1e20), "beyond 64 bits"),
        (Value::from(1), "one"),
        (Value::from(i64::MAX), "the greatest int64"),
        (Value::from(0.1), "a tenth"),
        (Value::from((1_i64 << 53) - 1), "the greatest exact integer"),
        (Value::from((1_i64 << 53) + 1), "one beyond exact integers"),
        (Value::from(-0.0), "minus zero"),
        (Value::from(i32::MAX), "the greatest int32"),
        (Value::from(i32::MIN), "the least int32"),
        (Value::from(i64::MIN), "the least int64"),
        (Value::from(f64::from(f32::MAX)), "the greatest float"),
        (Value::from(f64::MAX), "the greatest double"),
        (Value::from(f64::MIN_POSITIVE), "the least double"),
    ]
}

/// What services stumble over, by the type of a node, the most telling first.
pub(super) fn of_its_type(node: &Value) -> Vec<(Value, &'static str)> {
    match node {
        Value::String(_) => TEXTS
            .iter()
            .map(|(text, name)| (Value::from(*text), *name))
            .chain([(Value::from("a".repeat(255)), "255 characters")])
            .collect(),
        Value::Number(_) => numbers(),
        Value::Array(items) => {
            let mut found = vec![(Value::Array(Vec::new()), "no items")];
            if let Some(first) = items.first() {
                found.push((Value::Array(vec![first.clone()]), "one item"));
                if let Some(two) = items.get(..2) {
                    found.push((Value::Array(two.to_vec()), "two items"));
                }
                found.push((
                    Value::Array(vec![first.clone(), first.clone()]),
                    "an item twice",
                ));
            }
            found
        }
        Value::Bool(flag) => vec![(Value::Bool(!flag), if *flag { "false" } else { "true" })],
        Value::Object(_) => vec![(Value::Object(Map::new()), "no properties")],
        Value::Null => Vec::new(),
    }
}
