//! Schemas that nobody can read: their `type` is none that JSON Schema knows, or their reference leads nowhere. What
//! they stand for is not known, so that `oneOf`, `not` and `if` decide nothing where they ask one.

use std::collections::HashSet;

use oasgate_document::{Address, Document};
use serde_json::{Map, Value, json};

use super::{
    dialect::Dialect,
    for_generation::also,
    translate::{Purpose, Translation},
    type_names::{is_type, no_type},
};
use crate::contract::DefectKind;

/// How many schema objects are looked at for one question.
const MAX_LOOKED_AT: usize = 256;

impl Translation<'_> {
    /// Whether `oneOf`, `not` or `if` asks a schema that cannot be read, which is told. What of `oneOf` can be read is
    /// still generated from.
    pub(super) fn decides_nothing(
        &mut self,
        at: &Address,
        (keyword, value): (&str, &Value),
        dialect: Dialect,
        out: &mut Map<String, Value>,
    ) -> bool {
        let asks = matches!(keyword, "oneOf" | "not" | "if");
        if !asks || self.purpose == Purpose::Publication {
            return false;
        }
        let Some((place, message)) = unreadable(self.document, at, keyword, value) else {
            return false;
        };
        if let Some(message) = message {
            (self.complain)(place, DefectKind::InvalidSchema, message);
        }
        if self.purpose == Purpose::Generation && keyword == "oneOf" {
            let at = at.join(keyword);
            let list = self.list(&at, value, dialect);
            also(out, json!({ "anyOf": readable(self.document, &at, list) }));
        }
        true
    }
}

/// The `type` or `$ref` that cannot be read in one of the schemas that a keyword of the schema object at `at` asks,
/// with what is wrong with a `type`; `None` where the keyword can decide.
fn unreadable(
    document: &Document,
    at: &Address,
    keyword: &str,
    value: &Value,
) -> Option<(Address, Option<String>)> {
    let at = at.join(keyword);
    let mut search = Search {
        document,
        seen: HashSet::new(),
    };
    let place = match value {
        Value::Array(branches) => {
            (0..branches.len()).find_map(|index| search.in_place(&at.index(index)))
        }
        _ => search.in_place(&at),
    }?;
    let is_type = place.pointer.last().as_deref() == Some("type");
    let name = document.get(&place).and_then(Value::as_str);
    let message = name.filter(|_| is_type).map(no_type);
    Some((place, message))
}

/// The alternatives of a list, written as JSON Schema, without those that nobody can read by themselves: nothing is
/// generated from them. None are left out where all would be.
fn readable(document: &Document, at: &Address, list: Value) -> Value {
    let Value::Array(branches) = list else {
        return list;
    };
    let is_readable = |index: usize| {
        let mut target = at.index(index);
        for _ in 0..MAX_LOOKED_AT {
            let Some(members) = document.get(&target).and_then(Value::as_object) else {
                return true;
            };
            let reference = members.get("$ref").and_then(Value::as_str);
            match reference.map(|reference| document.resolve_at(&target, reference)) {
                Some(Ok(next)) => target = next,
                Some(Err(_)) => return false,
                None => return members.get("type").is_none_or(is_type),
            }
        }
        true
    };
    let kept: Vec<Value> = branches
        .iter()
        .enumerate()
        .filter(|(index, _)| is_readable(*index))
        .map(|(_, branch)| branch.clone())
        .collect();
    Value::Array(if kept.is_empty() { branches } else { kept })
}

struct Search<'d> {
    document: &'d Document,
    seen: HashSet<Address>,
}

impl Search<'_> {
    /// What cannot be read of the schema object at an address, and of those that speak of the same value.
    fn in_place(&mut self, at: &Address) -> Option<Address> {
        if self.seen.len() >= MAX_LOOKED_AT || !self.seen.insert(at.clone()) {
            return None;
        }
        let members = self.document.get(at)?.as_object()?.clone();
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            match self.document.resolve_at(at, reference) {
                Ok(target) => {
                    if let Some(found) = self.in_place(&target) {
                        return Some(found);
                    }
                }
                Err(_) => return Some(at.join("$ref")),
            }
        }
        if members.get("type").is_some_and(|types| !is_type(types)) {
            return Some(at.join("type"));
        }
        ["allOf", "anyOf", "oneOf"].iter().find_map(|keyword| {
            let branches = members.get(*keyword)?.as_array()?.len();
            let list = at.join(keyword);
            (0..branches).find_map(|index| self.in_place(&list.index(index)))
        })
    }
}
