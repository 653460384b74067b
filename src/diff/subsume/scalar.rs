//! Keywords of numbers and strings, and lists of values.

use std::cmp::Ordering;

use serde_json::Value;

use super::{super::body::bounds, Parts, pattern::is_included, types::Types};

/// Whether a keyword of numbers, of strings or of listed values follows; `None` for another one.
pub(super) fn follows(parts: &Parts<'_>, keyword: &str, value: &Value) -> Option<bool> {
    let any = |keyword: &str, fits: &dyn Fn(&Value) -> bool| parts.values(keyword).any(fits);
    let at_least = |other: &Value| is_ordered(other, value, &[Ordering::Greater, Ordering::Equal]);
    let above = |other: &Value| is_ordered(other, value, &[Ordering::Greater]);
    let at_most = |other: &Value| is_ordered(other, value, &[Ordering::Less, Ordering::Equal]);
    let under = |other: &Value| is_ordered(other, value, &[Ordering::Less]);
    Some(match keyword {
        "enum" => value
            .as_array()
            .is_some_and(|allowed| is_listed(parts, allowed)),
        "const" => is_listed(parts, std::slice::from_ref(value)),
        "minimum" => any("minimum", &at_least) || any("exclusiveMinimum", &at_least),
        "exclusiveMinimum" => any("exclusiveMinimum", &at_least) || any("minimum", &above),
        "maximum" => any("maximum", &at_most) || any("exclusiveMaximum", &at_most),
        "exclusiveMaximum" => any("exclusiveMaximum", &at_most) || any("maximum", &under),
        "multipleOf" => {
            let is_whole = parts.types().and(Types::NUMBER).is_within(Types::INTEGER);
            is_whole && value.as_f64() == Some(1.0)
                || any("multipleOf", &|other| is_multiple(other, value))
        }
        "minLength" => value.as_u64() == Some(0) || any("minLength", &at_least),
        "maxLength" => any("maxLength", &at_most),
        "format" if value.as_str().and_then(bounds).is_some() => is_bounded(parts, value),
        "format" => any("format", &|other| other == value),
        "pattern" => any("pattern", &|other| {
            other == value
                || other
                    .as_str()
                    .zip(value.as_str())
                    .is_some_and(|(inner, outer)| is_included(inner, outer))
        }),
        _ => return None,
    })
}

/// Whether every number is within a format's bounds.
fn is_bounded(parts: &Parts<'_>, format: &Value) -> bool {
    let Some((least, greatest)) = format.as_str().and_then(bounds) else {
        return false;
    };
    let narrower = parts
        .values("format")
        .filter_map(|other| other.as_str().and_then(bounds))
        .any(|(from, to)| from >= least && to <= greatest);
    let (least, greatest) = (Value::from(least), Value::from(greatest));
    narrower
        || follows(parts, "minimum", &least) == Some(true)
            && follows(parts, "maximum", &greatest) == Some(true)
}

/// Whether every value is one of a list.
fn is_listed(parts: &Parts<'_>, allowed: &[Value]) -> bool {
    let types = parts.types();
    let is_allowed = |value: &Value| allowed.iter().any(|one| is_equal(one, value));
    let lists = parts.values("enum").filter_map(Value::as_array);
    let all = |values: &mut dyn Iterator<Item = &Value>| {
        values
            .filter(|value| Types::value(value).is_within(types))
            .all(is_allowed)
    };
    lists
        .into_iter()
        .any(|values| all(&mut values.iter()))
        || parts.values("const").any(|value| all(&mut std::iter::once(value)))
        // Some types have few values.
        || types.is_within(Types::NULL) && is_allowed(&Value::Null)
        || types.is_within(Types::BOOLEAN)
            && [true, false].into_iter().all(|one| is_allowed(&Value::Bool(one)))
}

/// Whether both bounds leave nothing of the only type.
pub(super) fn is_empty(parts: &Parts<'_>) -> bool {
    let types = parts.types();
    let crossed = |least: &str, most: &str, orders: &[Ordering]| {
        parts.values(least).any(|least| {
            parts
                .values(most)
                .any(|most| is_ordered(least, most, orders))
        })
    };
    let (greater, from) = (
        [Ordering::Greater].as_slice(),
        [Ordering::Greater, Ordering::Equal].as_slice(),
    );
    types.is_within(Types::STRING) && crossed("minLength", "maxLength", greater)
        || types.is_within(Types::NUMBER)
            && (crossed("minimum", "maximum", greater)
                || crossed("exclusiveMinimum", "maximum", from)
                || crossed("minimum", "exclusiveMaximum", from)
                || crossed("exclusiveMinimum", "exclusiveMaximum", from))
}

/// The greatest number up to which doubles tell whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a number stands to another in one of some orders, for sure.
pub(super) fn is_ordered(one: &Value, other: &Value, orders: &[Ordering]) -> bool {
    let order = match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) if one.abs() <= EXACT && other.abs() <= EXACT => {
                one.partial_cmp(&other)
            }
            _ if one == other && one.is_number() => Some(Ordering::Equal),
            _ => None,
        },
    };
    order.is_some_and(|order| orders.contains(&order))
}

fn is_multiple(one: &Value, of: &Value) -> bool {
    one == of
        || match (one.as_i64(), of.as_i64()) {
            (Some(one), Some(of)) => of > 0 && one % of == 0,
            _ => false,
        }
}

/// Equality as JSON Schema has it: `1` is `1.0`.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => is_ordered(one, other, &[Ordering::Equal]),
        _ => one == other,
    }
}
