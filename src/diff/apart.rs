//! Whether an alternative can be asked about by itself: whether its values fit no other one, on either side.
//!
//! A schema is looked at in outline, which accepts no less than the schema: by its types, by what it requires and by
//! the values that properties list. So what outlines tell apart is apart.

use std::collections::HashSet;

use oasgate_document::Address;
use serde_json::{Map, Value, json};

use super::{
    body::Bodies,
    close::Definitions,
    link::Link,
    subsume::{self, Node},
};
use crate::contract::{Direction, is_alone};

/// How deep parts and references are followed for an outline.
const MAX_DEPTH: usize = 12;

/// How many schemas one outline is made of.
const MAX_PARTS: usize = 64;

/// The longest lists of alternatives that are laid beside each other: each is held against each.
const MAX_BRANCHES: usize = 64;

/// One list of alternatives, in outline.
pub(super) struct Outlines {
    all: Vec<Value>,
    /// The alternatives that refer to nothing, as they are written.
    whole: Vec<Option<Value>>,
}

impl Outlines {
    /// Those of one side.
    pub(super) fn of(
        branches: &[Value],
        references: &[Address],
        bodies: &Bodies<'_>,
        direction: Direction,
    ) -> Self {
        let outlined = branches.iter().map(|branch| {
            let mut drawing = Drawing {
                bodies,
                direction,
                seen: HashSet::new(),
                left: MAX_PARTS,
            };
            drawing.outline(branch, references, 0)
        });
        let whole = branches
            .iter()
            .map(|branch| (!refers(branch)).then(|| branch.clone()));
        Self {
            all: outlined.collect(),
            whole: whole.collect(),
        }
    }
}

/// How an alternative that is a reference on both sides counts, given all alternatives and the numbers of this one.
pub(super) fn link(keyword: &str, sides: [&Outlines; 2], numbers: [usize; 2], apart: Link) -> Link {
    if sides.iter().any(|side| side.all.len() > MAX_BRANCHES) {
        return Link::InPlace;
    }
    let own = [0, 1].map(|side| &sides[side].all[numbers[side]]);
    let others = || {
        [0, 1].into_iter().flat_map(|side| {
            let all = sides[side].all.iter().enumerate();
            all.filter(move |(number, _)| *number != numbers[side])
                .map(|(_, outline)| outline)
        })
    };
    let text = json!({ "type": "string" });
    // A text stands for it, which must be no other alternative of which one alone may fit.
    let is_apart = others().all(|other| {
        own.iter().all(|one| are_apart(one, other))
            && (keyword == "anyOf" || are_apart(&text, other))
    });
    if is_apart {
        return apart;
    }
    // What another alternative takes anyway may change as it likes.
    let is_taken = |producer: usize| {
        let reader = 1 - producer;
        let all = sides[reader].whole.iter().enumerate();
        all.filter(|(number, _)| *number != numbers[reader])
            .filter_map(|(_, whole)| whole.as_ref())
            .any(|whole| is_within(own[producer], whole))
    };
    if keyword == "anyOf" && is_taken(0) && is_taken(1) {
        return Link::Idle;
    }
    Link::InPlace
}

fn are_apart(one: &Value, other: &Value) -> bool {
    let none = Definitions::new();
    subsume::are_apart(Node::of(&none, one), Node::of(&none, other))
}

fn is_within(inner: &Value, outer: &Value) -> bool {
    let none = Definitions::new();
    subsume::is_contained(Node::of(&none, inner), Node::of(&none, outer))
}

/// Whether a schema refers to another one anywhere.
fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.contains_key("$ref")
                || members.contains_key("$dynamicRef")
                || members.values().any(refers)
        }
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

/// Draws one outline.
struct Drawing<'o, 'c> {
    bodies: &'o Bodies<'c>,
    direction: Direction,
    seen: HashSet<Address>,
    left: usize,
}

impl Drawing<'_, '_> {
    /// A schema that accepts all that another one does: what is left out says less.
    fn outline(&mut self, schema: &Value, references: &[Address], depth: usize) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        if self.left == 0 || depth > MAX_DEPTH {
            return Value::Bool(true);
        }
        self.left -= 1;
        let mut out = listed(members);
        if let Some(required) = members.get("required") {
            out.insert("required".to_owned(), required.clone());
        }
        if let Some(Value::Object(properties)) = members.get("properties") {
            let outlined = properties.iter().filter_map(|(name, one)| {
                let said = match one {
                    Value::Object(members) => Value::Object(listed(members)),
                    one => one.clone(),
                };
                (said != json!({})).then(|| (name.clone(), said))
            });
            let outlined: Map<String, Value> = outlined.collect();
            out.insert("properties".to_owned(), Value::Object(outlined));
        }
        let mut parts: Vec<Value> = Vec::new();
        if let Some(Value::Array(all)) = members.get("allOf") {
            for one in all {
                parts.push(self.outline(one, references, depth + 1));
            }
        }
        if let Some(target) = target(members, references)
            && self.seen.insert(target.clone())
        {
            let body = self.bodies.get(target, self.direction);
            parts.push(self.outline(&body.schema, &body.references, depth + 1));
        }
        if !parts.is_empty() {
            if out.is_empty() && parts.len() == 1 {
                return parts.remove(0);
            }
            out.insert("allOf".to_owned(), Value::Array(parts));
        }
        Value::Object(out)
    }
}

/// What a schema says of types and values.
fn listed(members: &Map<String, Value>) -> Map<String, Value> {
    ["type", "enum", "const"]
        .into_iter()
        .filter_map(|keyword| Some((keyword.to_owned(), members.get(keyword)?.clone())))
        .collect()
}

fn target<'r>(members: &Map<String, Value>, references: &'r [Address]) -> Option<&'r Address> {
    let text = members.get("$ref")?.as_str()?;
    references.get(text.strip_prefix('#')?.parse::<usize>().ok()?)
}

/// The longest lists whose entries are looked for in each other.
const MAX_PAIRED: usize = 512;

/// Which entries of two lists stand for each other: references of the same name first, then what is written alike, then
/// what is left, in order.
pub(super) fn paired(lists: [&[Value]; 2], references: [&[Address]; 2]) -> Vec<(usize, usize)> {
    if lists.iter().any(|list| list.len() > MAX_PAIRED) {
        let both = lists[0].len().min(lists[1].len());
        return (0..both).map(|number| (number, number)).collect();
    }
    let names = [0, 1].map(|side: usize| -> Vec<Option<String>> {
        let name = |one: &Value| {
            let members = one.as_object().filter(|_| is_alone(one))?;
            target(members, references[side])?.pointer.last()
        };
        lists[side].iter().map(name).collect()
    });
    let same_name =
        |one: usize, other: usize| names[0][one].is_some() && names[0][one] == names[1][other];
    let alike = |one: usize, other: usize| {
        names[0][one].is_none() && lists[0][one] == lists[1][other] && !refers(&lists[0][one])
    };
    let same_kind = |one: usize, other: usize| names[0][one].is_some() == names[1][other].is_some();
    let rules: [&dyn Fn(usize, usize) -> bool; 3] = [&same_name, &alike, &same_kind];
    let mut waiting: Vec<usize> = (0..lists[0].len()).collect();
    let mut free: Vec<usize> = (0..lists[1].len()).collect();
    let mut pairs = Vec::new();
    for is_pair in rules {
        waiting.retain(|one| {
            let found = free.iter().position(|other| is_pair(*one, *other));
            if let Some(index) = found {
                pairs.push((*one, free.remove(index)));
            }
            found.is_none()
        });
    }
    pairs
}
