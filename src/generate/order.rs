//! Pairs of properties that a person would order: a start before its end, a minimum below its maximum.
//!
//! No schema says so, and nearly every service refuses the other order.

use serde_json::{Map, Value};

/// What the lesser and the greater of a pair are called, where the rest of their names is the same.
const PAIRS: [(&str, &str); 10] = [
    ("start", "end"),
    ("starts", "ends"),
    ("started", "ended"),
    ("begin", "end"),
    ("from", "to"),
    ("since", "until"),
    ("not_before", "not_after"),
    ("min", "max"),
    ("minimum", "maximum"),
    ("lower", "upper"),
];

/// The names of the greater ones that a lesser one may have, in lower case.
fn greater_of(name: &str) -> impl Iterator<Item = String> {
    let name = name.to_ascii_lowercase();
    PAIRS.iter().filter_map(move |(lesser, greater)| {
        let at = name.find(lesser)?;
        let (before, after) = (&name[..at], &name[at + lesser.len()..]);
        Some(format!("{before}{greater}{after}"))
    })
}

/// How many properties an object has at most whose pairs are looked for.
const MAX_PROPERTIES: usize = 100;

/// How deep pairs are looked for.
const MAX_DEPTH: usize = 8;

/// The value with the pairs of all its objects in order; `None` where they are.
pub(super) fn in_order(value: &Value) -> Option<Value> {
    let mut ordered = value.clone();
    order(&mut ordered, 0).then_some(ordered)
}

/// Puts pairs in order; whether there were any that were not.
fn order(value: &mut Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match value {
        Value::Array(items) => {
            let mut is_changed = false;
            for item in items {
                is_changed |= order(item, depth + 1);
            }
            is_changed
        }
        Value::Object(members) => {
            let mut is_changed = members.len() <= MAX_PROPERTIES && order_members(members);
            for member in members.values_mut() {
                is_changed |= order(member, depth + 1);
            }
            is_changed
        }
        _ => false,
    }
}

fn order_members(members: &mut Map<String, Value>) -> bool {
    let mut is_changed = false;
    let names: Vec<String> = members.keys().cloned().collect();
    for lesser in &names {
        for wanted in greater_of(lesser) {
            let greater = names.iter().find(|name| name.eq_ignore_ascii_case(&wanted));
            if let Some(greater) = greater
                && is_greater(&members[lesser], &members[greater])
            {
                let value = members[lesser].take();
                let other = std::mem::replace(&mut members[greater], value);
                members[lesser] = other;
                is_changed = true;
            }
        }
    }
    is_changed
}

/// Whether a number, a date or a time comes after another of its kind.
fn is_greater(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() > other.as_f64(),
        (Value::String(one), Value::String(other)) => is_date(one) && is_date(other) && one > other,
        _ => false,
    }
}

/// Whether a text begins as a date does, so that the order of texts is that of times but for their offsets.
fn is_date(text: &str) -> bool {
    let form = "dddd-dd-dd";
    let mut start = text.bytes().take(form.len()).zip(form.bytes());
    text.len() >= form.len()
        && start.all(|(byte, form)| byte == form || form == b'd' && byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pair_is_put_in_order() {
        assert_eq!(
            in_order(
                &json!([{ "endsAt": "2001-01-01T00:00:00Z", "startsAt": "2003-01-01T00:00:00Z" }])
            ),
            Some(json!([{ "endsAt": "2003-01-01T00:00:00Z", "startsAt": "2001-01-01T00:00:00Z" }]))
        );
        assert_eq!(
            in_order(&json!({ "min_age": 9, "max_age": 2 })),
            Some(json!({ "min_age": 2, "max_age": 9 }))
        );
    }

    #[test]
    fn what_is_no_pair_is_left() {
        for value in [
            json!({ "min_age": 9, "max_size": 2 }),
            json!({ "from": "Zed", "to": "Amy" }),
            json!({ "start": 1, "end": 2 }),
            json!({ "start": "2003-01-01", "end": 2 }),
        ] {
            assert_eq!(in_order(&value), None);
        }
    }
}
