//! All schemas that hold of one value.

use std::{
    cell::{Cell, OnceCell},
    collections::{BTreeSet, HashSet},
};

use serde_json::{Map, Value};

use super::{Node, evaluated::evaluated, types::Types};

/// The most schemas in place of one value that are gathered.
pub(super) const MAX_PARTS: usize = 128;

/// An object schema of the producer, and where its references lead.
#[derive(Clone, Copy)]
pub(super) struct Part<'d> {
    pub(super) node: Node<'d>,
    pub(super) members: &'d Map<String, Value>,
}

impl<'d> Part<'d> {
    pub(super) fn get(&self, keyword: &str) -> Option<&'d Value> {
        self.members.get(keyword)
    }

    pub(super) fn child(&self, keyword: &str) -> Option<Node<'d>> {
        self.get(keyword).map(|schema| self.node.at(schema))
    }
}

/// All schemas that hold of one value of the producer.
pub(super) struct Parts<'d> {
    pub(super) all: Vec<Part<'d>>,
    pub(super) is_never: bool,
    /// The alternatives of a `oneOf` that this value is taken to fit, by where they lie.
    pub(super) chosen: Vec<(usize, usize)>,
    /// The names that the schemas in place of each part may evaluate, once they were asked for.
    evaluated: Vec<OnceCell<Option<BTreeSet<&'d str>>>>,
    /// Whether no value is accepted, once that was asked.
    pub(super) is_empty: Cell<Option<bool>>,
}

impl<'d> Parts<'d> {
    /// `None` where there are too many.
    pub(super) fn of(nodes: &[Node<'d>], chosen: Vec<(usize, usize)>) -> Option<Self> {
        let mut parts = Self {
            all: Vec::new(),
            is_never: false,
            chosen,
            evaluated: Vec::new(),
            is_empty: Cell::new(None),
        };
        let mut seen = HashSet::new();
        let mut open: Vec<Node<'d>> = nodes.to_vec();
        while let Some(node) = open.pop() {
            if !seen.insert(node.identity()) {
                continue;
            }
            if seen.len() > MAX_PARTS {
                return None;
            }
            match node.schema {
                Value::Bool(false) => parts.is_never = true,
                Value::Object(members) => {
                    parts.all.push(Part { node, members });
                    open.extend(node.target(members));
                    let all_of = members.get("allOf").and_then(Value::as_array);
                    open.extend(all_of.into_iter().flatten().map(|one| node.at(one)));
                    if let Some(denied) = members.get("not") {
                        demanded(node.at(denied), 0, &mut open);
                    }
                }
                _ => {}
            }
        }
        parts.evaluated = vec![OnceCell::new(); parts.all.len()];
        Some(parts)
    }

    /// The names that the schemas in place of a part's value may evaluate; `None` where they may evaluate
    /// others too.
    pub(super) fn evaluated(&self, part: usize) -> Option<&BTreeSet<&'d str>> {
        self.evaluated[part]
            .get_or_init(|| evaluated(self.all[part], &self.chosen))
            .as_ref()
    }

    pub(super) fn types(&self) -> Types {
        self.all
            .iter()
            .map(|part| Types::of(part.members))
            .fold(Types::ALL, Types::and)
    }

    pub(super) fn values(&self, keyword: &str) -> impl Iterator<Item = &'d Value> {
        self.all.iter().filter_map(move |part| part.get(keyword))
    }

    /// Alternatives that are left to tell apart, with their keyword.
    pub(super) fn alternatives(
        &self,
    ) -> impl Iterator<Item = (Part<'d>, &'static str, &'d [Value])> {
        self.all.iter().flat_map(|part| {
            ["anyOf", "oneOf"].into_iter().filter_map(|keyword| {
                let branches = part.get(keyword)?.as_array()?;
                Some((*part, keyword, branches.as_slice()))
            })
        })
    }
}

/// How deep denials of denials are looked at.
const MAX_DENIALS: usize = 16;

/// Adds what a value must fit that does not fit `denied`: who denies a denial demands.
fn demanded<'d>(denied: Node<'d>, depth: usize, all: &mut Vec<Node<'d>>) {
    let Value::Object(members) = denied.schema else {
        return;
    };
    if depth > MAX_DENIALS || members.len() != 1 {
        return;
    }
    if let Some(target) = denied.target(members) {
        demanded(target, depth + 1, all);
    }
    all.extend(members.get("not").map(|one| denied.at(one)));
    let any_of = members.get("anyOf").and_then(Value::as_array);
    for one in any_of.into_iter().flatten() {
        demanded(denied.at(one), depth + 1, all);
    }
}
