//! Which properties `unevaluatedProperties` says nothing of: on the producer's side those that anything in place may
//! evaluate, on the consumer's those that are evaluated for sure.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    super::keywords::{Position, each, position},
    Goal, MAX_PARTS, Node, Part, Parts, Prover,
};

impl<'d> Prover<'d> {
    /// What the consumer evaluates of every value: by what it always demands, and by alternatives that all values
    /// are proved to fit. `None` where that is every property.
    pub(super) fn surely_evaluated(
        &mut self,
        parts: &Parts<'d>,
        goal: Goal<'d>,
    ) -> Option<Evaluated<'d>> {
        let mut all = Evaluated::surely(goal.node)?;
        for alternative in alternatives(goal.node) {
            if self.part(parts, alternative, goal.depth) {
                let more = Evaluated::surely(alternative)?;
                all.names.extend(more.names);
                all.patterns.extend(more.patterns);
            }
        }
        Some(all)
    }

    /// Whether the consumer evaluates a property wherever an alternative of the producer does: what fits that fits an
    /// alternative of the consumer that names it as well.
    pub(super) fn is_evaluated_too(
        &mut self,
        parts: &Parts<'d>,
        name: &str,
        goal: Goal<'d>,
    ) -> bool {
        let is_own = |part: &Part<'d>| {
            let own = part.get("properties").and_then(Value::as_object);
            own.is_some_and(|own| own.contains_key(name))
        };
        if parts.all.iter().any(is_own) {
            return false;
        }
        let closed = parts.all.iter();
        let closed = closed.filter(|part| part.get("unevaluatedProperties").is_some());
        let mut senders: Vec<Node<'d>> = Vec::new();
        for part in closed {
            let Some(all) = conditional(part.node, &parts.chosen) else {
                return false;
            };
            let naming = all.into_iter().filter(|(_, names)| names.contains(name));
            senders.extend(naming.map(|(node, _)| node));
        }
        let readers: Vec<Node<'d>> = alternatives(goal.node)
            .into_iter()
            .filter(|node| Evaluated::surely(*node).is_none_or(|all| all.names.contains(name)))
            .collect();
        !senders.is_empty()
            && senders.into_iter().all(|sender| {
                readers
                    .iter()
                    .any(|reader| self.part_with(parts, &[sender], *reader, goal.depth))
            })
    }
}

/// The schemas of a consumer that evaluate wherever they fit: nothing else must fit for it, or the value is refused.
fn alternatives(consumer: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![consumer];
    while let Some(node) = open.pop() {
        let Value::Object(members) = node.schema else {
            continue;
        };
        if !seen.insert(node.identity()) || seen.len() > MAX_PARTS {
            continue;
        }
        open.extend(node.target(members));
        each(members, &mut |keyword, _, schema| match keyword {
            "allOf" => open.push(node.at(schema)),
            "anyOf" | "if" | "oneOf" => found.push(node.at(schema)),
            _ => {}
        });
    }
    found
}

/// Each schema in place of a producer's value that need not fit, with the names that it evaluates if it does. `None` where
/// there are too many.
fn conditional<'d>(
    root: Node<'d>,
    chosen: &[(usize, usize)],
) -> Option<Vec<(Node<'d>, BTreeSet<&'d str>)>> {
    let mut found: Vec<(Node<'d>, BTreeSet<&'d str>)> = Vec::new();
    let mut seen = BTreeSet::new();
    // A schema, and the number of the one that must fit for it.
    let mut open = vec![(root, None::<usize>)];
    while let Some((node, owner)) = open.pop() {
        if !seen.insert((node.identity(), owner)) {
            continue;
        }
        if seen.len() > MAX_PARTS {
            return None;
        }
        let Value::Object(members) = node.schema else {
            continue;
        };
        if let Some(owner) = owner {
            let own = members.get("properties").and_then(Value::as_object);
            let own = own.into_iter().flat_map(Map::keys).map(String::as_str);
            found[owner].1.extend(own);
        }
        open.extend(node.target(members).map(|target| (target, owner)));
        let chosen = chosen_of(members, chosen);
        each(members, &mut |keyword, _, schema| {
            let below = node.at(schema);
            if keyword == "oneOf" && chosen.is_some_and(|one| below.identity() != one) {
                return;
            }
            if keyword == "allOf" {
                open.push((below, owner));
            } else if keyword == "if" || position(keyword) == Some(Position::InPlace) {
                open.push((below, Some(found.len())));
                found.push((below, BTreeSet::new()));
            }
        });
    }
    Some(found)
}

/// The alternative of a schema's `oneOf` that the value is taken to fit.
fn chosen_of(members: &Map<String, Value>, chosen: &[(usize, usize)]) -> Option<usize> {
    let branches = members.get("oneOf")?.as_array()?;
    let number = branches.as_ptr().addr();
    let known = chosen.iter().find(|(all, _)| *all == number);
    known.map(|(_, branch)| *branch)
}

/// The properties of which a consumer's keywords speak already, so that `additionalProperties` or
/// `unevaluatedProperties` says nothing of them.
#[derive(Default)]
pub(super) struct Evaluated<'c> {
    pub(super) names: BTreeSet<&'c str>,
    pub(super) patterns: BTreeSet<&'c str>,
}

impl<'c> Evaluated<'c> {
    pub(super) fn add(&mut self, members: &'c Map<String, Value>) {
        let keys = |keyword: &str| {
            let all = members.get(keyword).and_then(Value::as_object);
            all.into_iter().flat_map(Map::keys).map(String::as_str)
        };
        self.names.extend(keys("properties"));
        self.patterns.extend(keys("patternProperties"));
    }

    /// What is evaluated whichever branches a value fits: only by the schema itself and what it always
    /// demands. `None` where that is every property.
    pub(super) fn surely(consumer: Node<'c>) -> Option<Self> {
        let mut evaluated = Self::default();
        let mut seen = BTreeSet::new();
        let mut open = vec![(consumer, true)];
        while let Some((node, is_first)) = open.pop() {
            let Value::Object(members) = node.schema else {
                continue;
            };
            if !seen.insert(node.identity()) || seen.len() > MAX_PARTS {
                continue;
            }
            let takes_rest = members.contains_key("additionalProperties")
                || !is_first && members.contains_key("unevaluatedProperties");
            if takes_rest {
                return None;
            }
            evaluated.add(members);
            open.extend(node.target(members).map(|target| (target, false)));
            let all_of = members.get("allOf").and_then(Value::as_array);
            let parts = all_of.into_iter().flatten();
            open.extend(parts.map(|one| (node.at(one), false)));
        }
        Some(evaluated)
    }
}

pub(super) fn has_patterns(members: &Map<String, Value>) -> bool {
    members
        .get("patternProperties")
        .and_then(Value::as_object)
        .is_some_and(|all| !all.is_empty())
}

/// The names that the schemas in place of a part's value may evaluate; `None` where they may evaluate
/// others too. Of a `oneOf` the alternative alone that the value is taken to fit.
pub(super) fn evaluated<'d>(
    part: Part<'d>,
    chosen: &[(usize, usize)],
) -> Option<BTreeSet<&'d str>> {
    let mut names = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(part.node, true)];
    while let Some((node, is_first)) = open.pop() {
        if !seen.insert(node.identity()) {
            continue;
        }
        if seen.len() > MAX_PARTS {
            return None;
        }
        let Value::Object(members) = node.schema else {
            continue;
        };
        let is_vague = members.contains_key("additionalProperties")
            || has_patterns(members)
            || members.contains_key("$dynamicRef")
            || !is_first && members.contains_key("unevaluatedProperties");
        if is_vague {
            return None;
        }
        let own = members.get("properties").and_then(Value::as_object);
        names.extend(own.into_iter().flat_map(Map::keys).map(String::as_str));
        open.extend(node.target(members).map(|target| (target, false)));
        let chosen = chosen_of(members, chosen);
        each(members, &mut |keyword, _, schema| {
            let is_other = chosen.is_some_and(|branch| node.at(schema).identity() != branch);
            if keyword == "oneOf" && is_other {
                return;
            }
            // A condition evaluates too; what is denied does not.
            if position(keyword) == Some(Position::InPlace) || keyword == "if" {
                open.push((node.at(schema), false));
            }
        });
    }
    Some(names)
}
