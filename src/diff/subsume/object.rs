//! Keywords of objects.

use std::{cmp::Ordering, collections::BTreeSet};

use serde_json::Value;

use super::{
    Depth, Goal, MAX_DEPTH, Node, Parts, Prover,
    evaluated::{Evaluated, has_patterns},
    scalar::is_ordered,
    types::Types,
};
use crate::contract::texts::{Language, Member, Pattern};

static NEVER: Value = Value::Bool(false);

impl<'d> Prover<'d> {
    /// Whether a keyword of objects follows; `None` for another one.
    pub(super) fn object(&mut self, parts: &Parts<'d>, goal: Goal<'d>) -> Option<bool> {
        let value = goal.value;
        Some(match goal.keyword {
            "required" => names(value).all(|name| self.is_required(parts, name)),
            "properties" => {
                let schemas = value.as_object()?;
                schemas.iter().all(|(name, schema)| {
                    self.property(parts, name, goal.node.at(schema), goal.depth)
                })
            }
            "additionalProperties" => {
                let mut others = Evaluated::default();
                others.add(goal.members);
                self.rest(parts, &others, goal)
            }
            "unevaluatedProperties" => match self.surely_evaluated(parts, goal) {
                Some(others) => self.rest(parts, &others, goal),
                None => true,
            },
            "patternProperties" => {
                let schemas = value.as_object()?;
                schemas.iter().all(|(pattern, schema)| {
                    self.matching(parts, pattern, goal.node.at(schema), goal.depth)
                })
            }
            "propertyNames" => {
                let known: Vec<_> = parts
                    .all
                    .iter()
                    .filter_map(|part| part.child("propertyNames"))
                    .collect();
                !known.is_empty() && self.contained(&known, goal.schema(), goal.depth.below())
            }
            "minProperties" => {
                let required: BTreeSet<&str> = parts.values("required").flat_map(names).collect();
                value
                    .as_u64()
                    .is_some_and(|least| least <= required.len() as u64)
                    || parts.values("minProperties").any(|other| {
                        is_ordered(other, value, &[Ordering::Greater, Ordering::Equal])
                    })
            }
            "maxProperties" => {
                parts
                    .values("maxProperties")
                    .any(|other| is_ordered(other, value, &[Ordering::Less, Ordering::Equal]))
                    || self.named_alone(parts).is_some_and(|names| {
                        value
                            .as_u64()
                            .is_some_and(|most| names.len() as u64 <= most)
                    })
            }
            "dependentRequired" => value.as_object()?.iter().all(|(name, needed)| {
                names(needed).all(|other| {
                    self.is_required(parts, other)
                        || parts
                            .values("dependentRequired")
                            .filter_map(|one| one.get(name))
                            .any(|one| names(one).any(|one| one == other))
                        || other == name
                }) || self.property(parts, name, goal.node.at(&NEVER), goal.depth)
            }),
            "dependentSchemas" => value.as_object()?.iter().all(|(name, schema)| {
                let known: Vec<_> = parts
                    .all
                    .iter()
                    .filter_map(|part| {
                        let schema = part.get("dependentSchemas")?.get(name)?;
                        Some(part.node.at(schema))
                    })
                    .collect();
                self.part_with(parts, &known, goal.node.at(schema), goal.depth)
                    || self.property(parts, name, goal.node.at(&NEVER), goal.depth)
            }),
            _ => return None,
        })
    }

    /// Whether what is said of one property follows.
    fn property(
        &mut self,
        parts: &Parts<'d>,
        name: &str,
        consumer: Node<'d>,
        depth: Depth,
    ) -> bool {
        let said = self.said_of(parts, name);
        self.contained(&said, consumer, depth.below())
    }

    /// Whether what is said of all properties but `others` follows.
    fn rest(&mut self, parts: &Parts<'d>, others: &Evaluated<'_>, goal: Goal<'d>) -> bool {
        let consumer = goal.schema();
        for name in known_names(parts) {
            let is_other = others.names.contains(name)
                || others
                    .patterns
                    .iter()
                    .any(|pattern| self.is_match(pattern, name) == Some(true));
            let follows = is_other
                || self.property(parts, name, consumer, goal.depth)
                || goal.keyword == "unevaluatedProperties"
                    && self.is_evaluated_too(parts, name, goal);
            if !follows {
                return false;
            }
        }
        let depth = goal.depth.below();
        let rest = said_of_rest(parts);
        // What a pattern matches is not `additionalProperties`.
        for (pattern, schema) in patterns(parts) {
            let all: Vec<&str> = others.patterns.iter().copied().collect();
            if self.is_pattern_within(pattern, &all) {
                continue;
            }
            let mut nodes = rest.without_patterns.clone();
            nodes.push(schema);
            if !self.contained(&nodes, consumer, depth) {
                return false;
            }
        }
        self.contained(&rest.all, consumer, depth) || self.all_match(parts)
    }

    /// Whether every name is matched by some pattern.
    fn all_match(&mut self, parts: &Parts<'d>) -> bool {
        let mut others = Language::default();
        for (pattern, _) in patterns(parts) {
            if let Some(denied) = self.pattern(pattern).and_then(Pattern::denied) {
                others.keep(&denied);
            }
        }
        others.member() == Member::Never
    }

    /// Whether what is said of all properties that match a pattern follows.
    fn matching(
        &mut self,
        parts: &Parts<'d>,
        pattern: &str,
        consumer: Node<'d>,
        depth: Depth,
    ) -> bool {
        for name in known_names(parts) {
            if self.is_match(pattern, name) != Some(false)
                && !self.property(parts, name, consumer, depth)
            {
                return false;
            }
        }
        let rest = said_of_rest(parts);
        let known = patterns(parts);
        for (own, schema) in &known {
            let mut nodes = rest.without_patterns.clone();
            nodes.push(*schema);
            if self.contained(&nodes, consumer, depth.below()) {
                continue;
            }
            if !self.are_patterns_apart(own, pattern) {
                return false;
            }
        }
        let own: Vec<&str> = known.iter().map(|(own, _)| *own).collect();
        self.is_pattern_within(pattern, &own) || self.contained(&rest.all, consumer, depth.below())
    }

    /// Whether a pattern matches a name; `None` where that is not known.
    fn is_match(&mut self, pattern: &str, name: &str) -> Option<bool> {
        self.pattern(pattern).map(|pattern| pattern.matches(name))
    }

    /// Whether every name that a pattern matches is matched by one of others.
    fn is_pattern_within(&mut self, inner: &str, others: &[&str]) -> bool {
        if others.contains(&inner) {
            return true;
        }
        let Some(mut left) = self.names(inner) else {
            return false;
        };
        for other in others {
            if let Some(denied) = self.pattern(other).and_then(Pattern::denied) {
                left.keep(&denied);
            }
        }
        left.member() == Member::Never
    }

    /// Whether no name is matched by both patterns.
    fn are_patterns_apart(&mut self, one: &str, other: &str) -> bool {
        let Some(mut both) = self.names(one) else {
            return false;
        };
        if let Some(other) = self.pattern(other) {
            both.keep(other);
        }
        both.member() == Member::Never
    }

    /// The names that a pattern matches.
    fn names(&mut self, pattern: &str) -> Option<Language> {
        let mut names = Language::default();
        names.keep(self.pattern(pattern)?);
        Some(names)
    }

    fn is_required(&mut self, parts: &Parts<'d>, name: &str) -> bool {
        let is_named = parts
            .values("required")
            .any(|all| names(all).any(|one| one == name));
        // Where there must be as many as there can be, all must be there.
        is_named
            || parts
                .values("minProperties")
                .filter_map(Value::as_u64)
                .max()
                .is_some_and(|least| {
                    least > 0
                        && self.named_alone(parts).is_some_and(|names| {
                            names.contains(name) && names.len() as u64 <= least
                        })
                })
    }

    /// All names that an object may have, where no other is allowed.
    fn named_alone(&mut self, parts: &Parts<'d>) -> Option<BTreeSet<&'d str>> {
        let never = |node: &Node<'d>| *node.schema == Value::Bool(false);
        if !said_of_rest(parts).without_patterns.iter().any(never) {
            return None;
        }
        let mut all = known_names(parts);
        all.retain(|name| !self.said_of(parts, name).iter().any(never));
        Some(all)
    }

    /// What all parts say of one property.
    fn said_of(&mut self, parts: &Parts<'d>, name: &str) -> Vec<Node<'d>> {
        let mut said = Vec::new();
        for (index, part) in parts.all.iter().enumerate() {
            let own = part
                .get("properties")
                .and_then(|all| all.as_object()?.get(name));
            said.extend(own.map(|schema| part.node.at(schema)));
            let patterns = part.get("patternProperties").and_then(Value::as_object);
            let mut is_other = own.is_none();
            for (pattern, schema) in patterns.into_iter().flatten() {
                let is_match = self.is_match(pattern, name);
                if is_match == Some(true) {
                    said.push(part.node.at(schema));
                }
                is_other &= is_match == Some(false);
            }
            if is_other {
                said.extend(part.child("additionalProperties"));
            }
            if own.is_none()
                && let Some(schema) = part.child("unevaluatedProperties")
                && parts
                    .evaluated(index)
                    .is_some_and(|names| !names.contains(name))
            {
                said.push(schema);
            }
            let is_denied = part
                .get("not")
                .is_some_and(|denied| demands_only(denied, name));
            if is_denied {
                said.push(part.node.at(&NEVER));
            }
        }
        said
    }

    /// Whether something is required that cannot be there.
    pub(super) fn is_empty_object(&mut self, parts: &Parts<'d>, depth: Depth) -> bool {
        if !parts.types().is_within(Types::OBJECT) || depth.steps > MAX_DEPTH {
            return false;
        }
        let required: BTreeSet<&str> = parts.values("required").flat_map(names).collect();
        let cannot_be = required.into_iter().any(|name| {
            let said = self.said_of(parts, name);
            let depth = depth.below();
            self.parts(&said, depth)
                .is_some_and(|said| self.empty(&said, depth))
        });
        cannot_be
            || self.named_alone(parts).is_some_and(|names| {
                parts
                    .values("minProperties")
                    .filter_map(Value::as_u64)
                    .any(|least| least > names.len() as u64)
            })
    }
}

fn names(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Whether a schema demands one property of objects and says nothing else.
fn demands_only(schema: &Value, name: &str) -> bool {
    let Value::Object(members) = schema else {
        return false;
    };
    let mut required = members.get("required").into_iter().flat_map(names);
    let is_alone = required.next() == Some(name) && required.next().is_none();
    is_alone
        && members
            .iter()
            .all(|(keyword, value)| match keyword.as_str() {
                "required" => true,
                "type" => Types::OBJECT.is_within(Types::named(value)),
                _ => false,
            })
}

/// The names of all properties that any part speaks of.
fn properties<'d>(parts: &Parts<'d>) -> impl Iterator<Item = &'d str> {
    parts
        .values("properties")
        .filter_map(Value::as_object)
        .flat_map(|all| all.keys().map(String::as_str))
}

/// The names of all properties about which anything else is said than about those that nobody names: also those that
/// an alternative may evaluate.
fn known_names<'d>(parts: &Parts<'d>) -> BTreeSet<&'d str> {
    let mut names: BTreeSet<&str> = properties(parts).collect();
    for (index, part) in parts.all.iter().enumerate() {
        if part.get("unevaluatedProperties").is_some() {
            names.extend(parts.evaluated(index).into_iter().flatten());
        }
    }
    names
}

/// Each pattern of names that any part speaks of.
fn patterns<'d>(parts: &Parts<'d>) -> Vec<(&'d str, Node<'d>)> {
    let all = parts.all.iter().flat_map(|part| {
        let all = part.get("patternProperties").and_then(Value::as_object);
        all.into_iter()
            .flatten()
            .map(|(pattern, schema)| (pattern.as_str(), part.node.at(schema)))
    });
    all.collect()
}

/// What is said of properties that no part names.
struct Rest<'d> {
    /// Of those that no pattern matches.
    all: Vec<Node<'d>>,
    /// Of those that match or do not.
    without_patterns: Vec<Node<'d>>,
}

fn said_of_rest<'d>(parts: &Parts<'d>) -> Rest<'d> {
    let mut rest = Rest {
        all: Vec::new(),
        without_patterns: Vec::new(),
    };
    for (index, part) in parts.all.iter().enumerate() {
        let said = part.child("additionalProperties").or_else(|| {
            parts.evaluated(index)?;
            part.child("unevaluatedProperties")
        });
        let Some(said) = said else { continue };
        rest.all.push(said);
        if !has_patterns(part.members) {
            rest.without_patterns.push(said);
        }
    }
    rest
}
