//! Where schemas stand in a schema, and which of them speak of the same value.

use serde_json::{Map, Value};

/// What a schema inside another one speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// The same value, and what it names counts as declared: `allOf`, `anyOf`, `then`.
    InPlace,
    /// A value inside it: a property, an element.
    Below,
    /// A question about the value: `not`, `if`, `contains`, `propertyNames`.
    Question,
}

/// Keywords whose value is a map from names to schemas.
const MAPS: &[&str] = &["dependentSchemas", "patternProperties", "properties"];

/// What the schemas under a keyword speak of; `None` for a keyword that holds none.
pub(super) fn position(keyword: &str) -> Option<Position> {
    Some(match keyword {
        "allOf" | "anyOf" | "dependentSchemas" | "else" | "oneOf" | "then" => Position::InPlace,
        "additionalProperties"
        | "items"
        | "patternProperties"
        | "prefixItems"
        | "properties"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Position::Below,
        "contains" | "if" | "not" | "propertyNames" => Position::Question,
        _ => return None,
    })
}

/// Whether a keyword holds a map from names to schemas.
pub(super) fn is_map(keyword: &str) -> bool {
    MAPS.contains(&keyword)
}

/// A schema with each schema inside it replaced; `change` is given the keyword, and the name where
/// the keyword holds a map.
pub(super) fn rebuilt(
    members: &Map<String, Value>,
    change: &mut dyn FnMut(&str, Option<&str>, &Value) -> Value,
) -> Map<String, Value> {
    let mut out = Map::new();
    for (keyword, value) in members {
        let changed = match value {
            _ if position(keyword).is_none() => value.clone(),
            Value::Object(map) if is_map(keyword) => Value::Object(
                map.iter()
                    .map(|(name, one)| (name.clone(), change(keyword, Some(name), one)))
                    .collect(),
            ),
            Value::Array(list) => list.iter().map(|one| change(keyword, None, one)).collect(),
            one => change(keyword, None, one),
        };
        out.insert(keyword.clone(), changed);
    }
    out
}

/// Hands over each schema inside a schema, with its keyword, and its name in a map.
pub(super) fn each<'s>(
    members: &'s Map<String, Value>,
    visit: &mut dyn FnMut(&'s str, Option<&'s str>, &'s Value),
) {
    for (keyword, value) in members {
        match value {
            _ if position(keyword).is_none() => {}
            Value::Object(map) if is_map(keyword) => {
                map.iter()
                    .for_each(|(name, one)| visit(keyword, Some(name), one));
            }
            Value::Array(list) => list.iter().for_each(|one| visit(keyword, None, one)),
            one => visit(keyword, None, one),
        }
    }
}
