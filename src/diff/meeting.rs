//! Whether what stands for a unit could meet other rules than its own: then nothing is proved with it.
//!
//! A text stands for a unit where the unit is all that is said of a value. That holds of the unit's own schema; where this
//! takes part in another one, a second part may speak of the same value, and a text that is no object would prove
//! that no such value exists.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    close::{Definitions, shared_names},
    keywords::{Position, each, position},
    overlap, stand_in,
};

/// Keywords that speak of elements.
const OF_ELEMENTS: &[&str] = &["contains", "items", "prefixItems", "unevaluatedItems"];

/// Keywords that speak of properties without naming them.
const OF_ANY_PROPERTY: &[&str] = &[
    "additionalProperties",
    "patternProperties",
    "unevaluatedProperties",
];

/// Whether anything in the definitions that stands for a unit could meet other rules than its own.
pub(super) fn meets(definitions: &Definitions) -> bool {
    let meeting = Meeting::of(definitions);
    let mut open: Vec<&Value> = definitions.values().collect();
    while let Some(schema) = open.pop() {
        let Value::Object(members) = schema else {
            continue;
        };
        each(members, &mut |_, _, one| open.push(one));
        if meeting.holds(schema) && meeting.at(members) {
            return true;
        }
    }
    false
}

/// Whether a value may fit one alternative more where what stands for a unit accepts more.
pub(super) fn overlaps(definitions: &Definitions) -> bool {
    let meeting = Meeting::of(definitions);
    overlap::overlaps(definitions, &|schema| meeting.holds(schema))
}

/// Whether a schema that accepts less makes another one accept more anywhere, by what it refers to.
pub(super) fn turns(definitions: &Definitions) -> bool {
    let mut open: Vec<(&Value, bool)> = definitions.values().map(|one| (one, false)).collect();
    while let Some((schema, is_turned)) = open.pop() {
        let Value::Object(members) = schema else {
            continue;
        };
        if is_turned && members.contains_key("$ref") {
            return true;
        }
        each(members, &mut |keyword, _, one| {
            let turns = keyword == "oneOf" || position(keyword) == Some(Position::Question);
            open.push((one, is_turned || turns));
        });
    }
    false
}

struct Meeting<'d> {
    definitions: &'d Definitions,
    /// The definitions in which something stands for a unit, or in what they refer to.
    holding: HashSet<&'d str>,
}

impl<'d> Meeting<'d> {
    fn of(definitions: &'d Definitions) -> Self {
        let mut holding = HashSet::new();
        let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut waiting = Vec::new();
        for (name, schema) in definitions {
            let mut open = vec![schema];
            while let Some(schema) = open.pop() {
                if stand_in::is_schema(schema) {
                    waiting.push(name.as_str());
                }
                let Value::Object(members) = schema else {
                    continue;
                };
                if let Some(target) = reference(members) {
                    users.entry(target).or_default().push(name);
                }
                each(members, &mut |_, _, one| open.push(one));
            }
        }
        while let Some(name) = waiting.pop() {
            if holding.insert(name) {
                waiting.extend(users.get(name).into_iter().flatten());
            }
        }
        Self {
            definitions,
            holding,
        }
    }

    /// Whether something stands for a unit in a schema or in what it refers to.
    fn holds(&self, schema: &Value) -> bool {
        let Value::Object(members) = schema else {
            return false;
        };
        let mut found = stand_in::is_schema(schema)
            || reference(members).is_some_and(|name| self.holding.contains(name));
        each(members, &mut |_, _, one| found = found || self.holds(one));
        found
    }

    /// Whether two rules may meet in a schema, in which something stands for a unit.
    fn at(&self, members: &Map<String, Value>) -> bool {
        if stand_in::are_members(members) {
            return false;
        }
        if let (1, Some((keyword, value))) = (members.len(), members.iter().next()) {
            match (keyword.as_str(), value) {
                // It says no more than what it leads to.
                ("$ref" | "anyOf", _) => return false,
                ("allOf", Value::Array(parts)) if parts.len() == 1 => return false,
                // What stands for a unit may fit one alternative more, or less.
                ("oneOf", Value::Array(branches)) => {
                    return branches
                        .iter()
                        .any(|one| !stand_in::is_schema(one) && self.stands_in_place(one));
                }
                _ => {}
            }
        }
        let group = self.group(members);
        let has = |keywords: &[&str]| {
            let speaking = group
                .iter()
                .filter(|part| keywords.iter().any(|keyword| part.contains_key(*keyword)));
            speaking.count()
        };
        let speaks_of_any = |part: &Map<String, Value>| {
            OF_ANY_PROPERTY
                .iter()
                .any(|keyword| part.get(*keyword).is_some_and(Value::is_object))
        };
        group.iter().any(|part| stand_in::are_members(part))
            || has(OF_ELEMENTS) > 1
            || has(&["contains", "patternProperties"]) > 0
            || group.len() > 1 && group.iter().any(|part| speaks_of_any(part))
            || group.iter().any(|part| asks_inside(part))
            || self.shares(members, &group)
    }

    /// Whether two parts speak of one property in other words, in which something stands for a unit.
    fn shares(&self, members: &Map<String, Value>, group: &[&Map<String, Value>]) -> bool {
        let shared = shared_names(self.definitions, members);
        shared.iter().any(|name| {
            let mut said = group
                .iter()
                .filter_map(|part| part.get("properties")?.get(name));
            let Some(first) = said.next() else {
                return false;
            };
            let others: Vec<&Value> = said.collect();
            let is_alike = stand_in::is_schema(first) && others.iter().all(|one| *one == first);
            !is_alike && (self.holds(first) || others.into_iter().any(|one| self.holds(one)))
        })
    }

    /// The schemas that speak of the value that a schema speaks of.
    fn group<'m>(&'m self, members: &'m Map<String, Value>) -> Vec<&'m Map<String, Value>> {
        let mut group = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![members];
        while let Some(members) = open.pop() {
            group.push(members);
            if let Some(name) = reference(members)
                && seen.insert(name)
                && let Some(Value::Object(target)) = self.definitions.get(name)
            {
                open.push(target);
            }
            each(members, &mut |keyword, _, one| {
                if let (Some(Position::InPlace), Value::Object(one)) = (position(keyword), one) {
                    open.push(one);
                }
            });
        }
        group
    }

    /// Whether something stands for a unit in place of a schema's own value.
    fn stands_in_place(&self, schema: &Value) -> bool {
        let members = schema.as_object();
        members.is_some_and(|members| {
            let group = self.group(members);
            group.into_iter().any(stand_in::are_members)
        })
    }
}

/// Whether a schema asks about what is inside a value, or lists whole values.
fn asks_inside(members: &Map<String, Value>) -> bool {
    let lists = |keyword: &str| {
        let values = match (keyword, members.get(keyword)) {
            ("enum", Some(Value::Array(values))) => values.as_slice(),
            (_, Some(value)) => std::slice::from_ref(value),
            (_, None) => &[],
        };
        values
            .iter()
            .any(|value| value.is_object() || value.is_array())
    };
    let asks = ["not", "if"]
        .iter()
        .filter_map(|keyword| members.get(*keyword));
    lists("enum") || lists("const") || asks.into_iter().any(looks_inside)
}

/// Whether a schema speaks of what is inside a value.
fn looks_inside(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return false;
    };
    let mut found = asks_inside(members)
        || members.keys().any(|keyword| {
            matches!(keyword.as_str(), "$ref" | "$dynamicRef" | "uniqueItems")
                || position(keyword) == Some(Position::Below)
                || keyword == "contains"
        });
    each(members, &mut |_, _, one| found = found || looks_inside(one));
    found
}

fn reference(members: &Map<String, Value>) -> Option<&str> {
    members.get("$ref")?.as_str()
}
