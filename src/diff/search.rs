//! Where values are looked for that one side sends and the other refuses, and how one is made small.

use std::collections::HashSet;

use oasgate_document::Pointer;
use serde_json::{Value, json};

use super::keywords::each;
use crate::{
    contract::{
        Constraint, Schema,
        texts::{Language, Member, Pattern},
    },
    generate,
};

/// The most values that break, on purpose, a rule of the consumer's own.
const MAX_AIMED: usize = 1_500;

/// How many bytes of values, written out, are tried against one question.
const MAX_TRIED: usize = 1 << 20;

/// What a value costs besides its length.
const EACH: usize = 64;

/// Values that are tried against one question: each once, and no more than a bound of bytes.
pub(super) struct Tries<'t> {
    refutes: &'t dyn Fn(&Value) -> bool,
    seen: HashSet<String>,
    left: usize,
}

impl<'t> Tries<'t> {
    pub(super) fn new(refutes: &'t dyn Fn(&Value) -> bool) -> Self {
        Self {
            refutes,
            seen: HashSet::new(),
            left: MAX_TRIED,
        }
    }

    /// Whether a value refutes; not, where it was tried before or nothing more is.
    pub(super) fn refutes(&mut self, value: &Value) -> bool {
        if self.is_over() {
            return false;
        }
        let text = value.to_string();
        self.left = self.left.saturating_sub(text.len() + EACH);
        self.seen.insert(text) && (self.refutes)(value)
    }

    /// Whether nothing more is tried.
    pub(super) const fn is_over(&self) -> bool {
        self.left == 0
    }

    /// How many values were tried.
    pub(super) fn count(&self) -> usize {
        self.seen.len()
    }

    /// How many bytes of them.
    pub(super) const fn bytes(&self) -> usize {
        MAX_TRIED - self.left
    }

    /// The first of some values that refutes.
    pub(super) fn first(&mut self, values: impl IntoIterator<Item = Value>) -> Option<Value> {
        for value in values {
            if self.refutes(&value) {
                return Some(value);
            }
            if self.is_over() {
                break;
            }
        }
        None
    }
}

/// Looks among valid values of the producer, each changed at one node: beyond a rule that the consumer alone has, or
/// to a listed value that the consumer does not list. Rules that both have are left alone.
pub(super) fn aimed(
    producer: &Schema,
    consumer: &Schema,
    bases: &[Value],
    tries: &mut Tries<'_>,
) -> Option<Value> {
    // In a short one little is left to take out.
    let mut bases: Vec<&Value> = bases.iter().collect();
    bases.sort_by_cached_key(|base| base.to_string().len());
    if let Some(found) = bases.iter().find(|value| tries.refutes(value)) {
        return Some((*found).clone());
    }
    let mut left = MAX_AIMED;
    for base in bases {
        let (sent, read) = (producer.constraints(base), consumer.constraints(base));
        let rules = |all: &[Constraint]| -> HashSet<String> { all.iter().map(rule).collect() };
        let (known, opposite) = (rules(&sent), rules(&read));
        let own = read.iter().filter(|one| !known.contains(&rule(one)));
        let broken = own.flat_map(|one| generate::broken(base, one));
        let listed = sent
            .iter()
            .filter(|one| one.keyword == "enum" && !opposite.contains(&rule(one)))
            .flat_map(|one| {
                let values = one.argument.as_array().map(Vec::as_slice);
                values
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|value| with(base, &one.instance, value.clone()))
            });
        for value in listed.chain(broken) {
            if left == 0 || tries.is_over() {
                return None;
            }
            left -= 1;
            if tries.refutes(&value) {
                return Some(value);
            }
        }
    }
    None
}

/// A rule about a node of a value, as a text to compare.
fn rule(one: &Constraint) -> String {
    format!("{} {} {}", one.instance, one.keyword, one.bound())
}

/// The value with another node.
fn with(base: &Value, at: &Pointer, value: Value) -> Option<Value> {
    let mut whole = base.clone();
    *whole.pointer_mut(at.as_str())? = value;
    Some(whole)
}

/// The values that differ from one in one text.
pub(super) fn with_text(value: &Value, text: &str) -> Vec<Value> {
    changed(value, &|node| match node {
        Value::String(_) => vec![Value::from(text)],
        _ => Vec::new(),
    })
}

/// The most names of properties that are tried in each object.
const MAX_NAMES: usize = 16;

/// A shortest name that a pattern matches.
fn matched(pattern: &str) -> Option<String> {
    let mut names = Language::default();
    names.keep(&Pattern::read(pattern)?);
    match names.member() {
        Member::Found(name) => Some(name),
        Member::Never | Member::Unknown => None,
    }
}

/// Adds the names of the properties in a schema, one for each pattern of them, up to a bound.
pub(super) fn property_names(schema: &Value, names: &mut Vec<String>) {
    let Value::Object(members) = schema else {
        return;
    };
    each(members, &mut |keyword, name, below| {
        let found = match keyword {
            _ if names.len() >= MAX_NAMES => None,
            "properties" => name.map(str::to_owned),
            "patternProperties" => name.and_then(matched),
            _ => None,
        };
        if let Some(name) = found.filter(|name| !names.contains(name)) {
            names.push(name);
        }
        property_names(below, names);
    });
}

/// The values that have one property more: of each name, one of each type.
pub(super) fn with_more(value: &Value, names: &[String]) -> Vec<Value> {
    changed(value, &|node| match node {
        Value::Object(members) => {
            let fresh = names.iter().filter(|name| !members.contains_key(*name));
            let more = fresh.flat_map(|name| {
                let kinds = [json!(null), json!(0), json!(""), json!([]), json!({})];
                kinds.into_iter().map(move |kind| {
                    let mut members = members.clone();
                    members.insert(name.clone(), kind);
                    Value::Object(members)
                })
            });
            more.collect()
        }
        _ => Vec::new(),
    })
}

/// The values in which one property has another name.
pub(super) fn renamed(value: &Value, names: &[String]) -> Vec<Value> {
    changed(value, &|node| match node {
        Value::Object(members) => {
            let fresh = names.iter().filter(|name| !members.contains_key(*name));
            let all = fresh.flat_map(|name| {
                members.iter().map(move |(old, member)| {
                    let mut members = members.clone();
                    members.shift_remove(old);
                    members.insert(name.clone(), member.clone());
                    Value::Object(members)
                })
            });
            all.collect()
        }
        _ => Vec::new(),
    })
}

/// The values that differ from one in one node, which `change` replaces.
fn changed(value: &Value, change: &dyn Fn(&Value) -> Vec<Value>) -> Vec<Value> {
    let mut all = change(value);
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                all.extend(changed(item, change).into_iter().map(|item| {
                    let mut items = items.clone();
                    items[index] = item;
                    Value::Array(items)
                }));
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                all.extend(changed(member, change).into_iter().map(|member| {
                    let mut members = members.clone();
                    members.insert(name.clone(), member);
                    Value::Object(members)
                }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    all
}

/// The longest value, written out, that is made smaller as a whole: each step is a copy of it.
const MAX_STEPWISE: usize = 400;

/// The smallest value like this one that refutes; no more than `left` are tried.
pub(super) fn smallest(
    value: Value,
    mut left: usize,
    refutes: &mut dyn FnMut(&Value) -> bool,
) -> Value {
    let mut best = plain(pruned(value, &mut left, refutes), &mut left, refutes);
    if best.to_string().len() > MAX_STEPWISE {
        return best;
    }
    'again: loop {
        for simpler in generate::simpler(&best) {
            if left == 0 {
                return best;
            }
            left -= 1;
            if refutes(&simpler) {
                best = simpler;
                continue 'again;
            }
        }
        return best;
    }
}

/// The value without each member and element that it refutes without: once through it, where a step at a time
/// begins anew after each one. What is taken out is put back where it must stay, so that nothing long is copied.
fn pruned(value: Value, left: &mut usize, refutes: &mut dyn FnMut(&Value) -> bool) -> Value {
    let mut best = value;
    let mut open = vec![Pointer::root()];
    while let Some(at) = open.pop() {
        let parts: Vec<Part> = match at.get(&best) {
            Some(Value::Object(members)) => members.keys().cloned().map(Part::Member).collect(),
            // From the end, so that what is left keeps its place.
            Some(Value::Array(items)) => (0..items.len()).rev().map(Part::Item).collect(),
            _ => Vec::new(),
        };
        for part in parts {
            if *left == 0 {
                return best;
            }
            *left -= 1;
            let Some(taken) = best
                .pointer_mut(at.as_str())
                .and_then(|node| part.take(node))
            else {
                continue;
            };
            if refutes(&best) {
                continue;
            }
            if let Some(node) = best.pointer_mut(at.as_str()) {
                part.put(node, taken);
            }
            if let Part::Member(name) = &part {
                open.push(at.join(name));
            }
        }
        if let Some(Value::Array(items)) = at.get(&best) {
            open.extend((0..items.len()).map(|index| at.join(&index.to_string())));
        }
    }
    best
}

/// The value with each text, number and boolean inside it as plain as it refutes with, changed in place.
fn plain(value: Value, left: &mut usize, refutes: &mut dyn FnMut(&Value) -> bool) -> Value {
    let mut best = value;
    let mut open = vec![Pointer::root()];
    while let Some(at) = open.pop() {
        match at.get(&best) {
            Some(Value::Object(members)) => open.extend(members.keys().map(|name| at.join(name))),
            Some(Value::Array(items)) => {
                open.extend((0..items.len()).map(|index| at.join(&index.to_string())));
            }
            Some(_) => plainer(&mut best, &at, left, refutes),
            None => {}
        }
        if *left == 0 {
            break;
        }
    }
    best
}

/// Makes one node plainer for as long as the whole refutes.
fn plainer(
    whole: &mut Value,
    at: &Pointer,
    left: &mut usize,
    refutes: &mut dyn FnMut(&Value) -> bool,
) {
    'again: loop {
        let steps = at.get(whole).map(generate::simpler).unwrap_or_default();
        for step in steps {
            if *left == 0 {
                return;
            }
            *left -= 1;
            let Some(node) = whole.pointer_mut(at.as_str()) else {
                return;
            };
            let before = std::mem::replace(node, step);
            if refutes(whole) {
                continue 'again;
            }
            if let Some(node) = whole.pointer_mut(at.as_str()) {
                *node = before;
            }
        }
        return;
    }
}

/// A part of an object or of an array.
enum Part {
    Member(String),
    Item(usize),
}

impl Part {
    /// Takes it out; gives its place as well.
    fn take(&self, node: &mut Value) -> Option<(usize, Value)> {
        match (self, node) {
            (Self::Member(name), Value::Object(members)) => {
                let at = members.keys().position(|key| key == name)?;
                Some((at, members.shift_remove(name)?))
            }
            (Self::Item(at), Value::Array(items)) => {
                (*at < items.len()).then(|| (*at, items.remove(*at)))
            }
            _ => None,
        }
    }

    /// Puts it back in its place.
    fn put(&self, node: &mut Value, (at, value): (usize, Value)) {
        match (self, node) {
            (Self::Member(name), Value::Object(members)) => {
                members.shift_insert(at, name.clone(), value);
            }
            (Self::Item(_), Value::Array(items)) => items.insert(at, value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_loses_what_it_refutes_without() {
        let value = json!({ "a": 1, "b": { "c": [1, 2, 3], "d": "text" }, "e": [] });
        let mut refutes = |value: &Value| value.pointer("/b/c/0").is_some();
        assert_eq!(
            smallest(value, 100, &mut refutes),
            json!({ "b": { "c": [0] } })
        );
    }

    #[test]
    fn what_must_stay_becomes_plain_where_it_stands() {
        let long = |text: &str| json!({ "kept": "x".repeat(MAX_STEPWISE), "a": [text, 77] });
        let mut refutes = |value: &Value| {
            let kept = value["kept"]
                .as_str()
                .is_some_and(|text| text.len() >= MAX_STEPWISE);
            kept && value["a"][0]
                .as_str()
                .is_some_and(|text| text.contains('b'))
        };
        let small = smallest(long("aabaa"), 400, &mut refutes);
        assert_eq!(small["a"], json!(["b"]));
    }

    #[test]
    fn each_object_gets_a_property_that_nothing_names() {
        let names = ["undeclared".to_owned(), "a".to_owned()];
        let all = with_more(&json!({ "a": [{}] }), &names);
        assert!(all.contains(&json!({ "a": [{}], "undeclared": null })));
        assert!(all.contains(&json!({ "a": [{ "undeclared": 0 }] })));
        assert!(all.contains(&json!({ "a": [{ "a": "" }] })));
        assert_eq!(all.len(), 15);
        assert_eq!(
            renamed(&json!([{ "b": 1 }]), &names),
            [json!([{ "undeclared": 1 }]), json!([{ "a": 1 }])]
        );
    }
}
