//! Keywords of objects.

use std::{cmp::Ordering, collections::BTreeSet};

use serde_json::{Map, Value};

use super::{
    super::keywords::{Position, each, position},
    Depth, MOST_DEPTH, Node, Part, Parts, Prover, Side,
    scalar::is_ordered,
    types::Types,
};

static NEVER: Value = Value::Bool(false);

impl Prover {
    /// Whether a keyword of objects follows; `None` for another one.
    pub(super) fn object(
        &mut self,
        parts: &Parts<'_>,
        keyword: &str,
        value: &Value,
        side: Side<'_>,
    ) -> Option<bool> {
        Some(match keyword {
            "required" => names(value).all(|name| is_required(parts, name)),
            "properties" => {
                let schemas = value.as_object()?;
                schemas.iter().all(|(name, schema)| {
                    self.property(parts, name, side.node.at(schema), side.depth)
                })
            }
            "additionalProperties" => {
                let mut others = Evaluated::default();
                others.add(side.members);
                self.rest(parts, &others, side.node.at(value), side)
            }
            "unevaluatedProperties" => match Evaluated::surely(side.node) {
                Some(others) => self.rest(parts, &others, side.node.at(value), side),
                None => true,
            },
            "patternProperties" => {
                let schemas = value.as_object()?;
                schemas.iter().all(|(pattern, schema)| {
                    self.matching(parts, pattern, side.node.at(schema), side.depth)
                })
            }
            "propertyNames" => {
                let known: Vec<_> = parts
                    .all
                    .iter()
                    .filter_map(|part| part.child("propertyNames"))
                    .collect();
                !known.is_empty() && self.contained(&known, side.node.at(value), side.depth.below())
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
                    || named_alone(parts).is_some_and(|names| {
                        value
                            .as_u64()
                            .is_some_and(|most| names.len() as u64 <= most)
                    })
            }
            "dependentRequired" => value.as_object()?.iter().all(|(name, needed)| {
                names(needed).all(|other| {
                    is_required(parts, other)
                        || parts
                            .values("dependentRequired")
                            .filter_map(|one| one.get(name))
                            .any(|one| names(one).any(|one| one == other))
                        || other == name
                }) || self.property(parts, name, side.node.at(&NEVER), side.depth)
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
                self.part_with(parts, &known, side.node.at(schema), side.depth)
                    || self.property(parts, name, side.node.at(&NEVER), side.depth)
            }),
            _ => return None,
        })
    }

    /// Whether what is said of one property follows.
    fn property(
        &mut self,
        parts: &Parts<'_>,
        name: &str,
        consumer: Node<'_>,
        depth: Depth,
    ) -> bool {
        self.contained(&said_of(parts, name), consumer, depth.below())
    }

    /// Whether what is said of all properties but `others` follows.
    fn rest(
        &mut self,
        parts: &Parts<'_>,
        others: &Evaluated<'_>,
        consumer: Node<'_>,
        side: Side<'_>,
    ) -> bool {
        let named: BTreeSet<&str> = properties(parts).collect();
        let fits = named
            .into_iter()
            .filter(|name| !others.names.contains(name))
            .all(|name| self.property(parts, name, consumer, side.depth));
        if !fits {
            return false;
        }
        let depth = side.depth.below();
        let rest = said_of_rest(parts);
        // What a pattern matches is not `additionalProperties`.
        let patterns = parts.all.iter().flat_map(|part| {
            let all = part.get("patternProperties").and_then(Value::as_object);
            all.into_iter()
                .flatten()
                .map(|(pattern, schema)| (pattern, part.node.at(schema)))
        });
        for (pattern, schema) in patterns.collect::<Vec<_>>() {
            if others.patterns.contains(pattern.as_str()) {
                continue;
            }
            let mut nodes = rest.without_patterns.clone();
            nodes.push(schema);
            if !self.contained(&nodes, consumer, depth) {
                return false;
            }
        }
        self.contained(&rest.all, consumer, depth)
    }

    /// Whether what is said of all properties that match a pattern follows.
    fn matching(
        &mut self,
        parts: &Parts<'_>,
        pattern: &str,
        consumer: Node<'_>,
        depth: Depth,
    ) -> bool {
        let same: Vec<_> = parts
            .all
            .iter()
            .filter_map(|part| {
                let schema = part.get("patternProperties")?.get(pattern)?;
                Some(part.node.at(schema))
            })
            .collect();
        if !same.is_empty() && self.contained(&same, consumer, depth.below()) {
            return true;
        }
        let named: BTreeSet<&str> = properties(parts).collect();
        let rest = said_of_rest(parts).without_patterns;
        self.contained(&rest, consumer, depth.below())
            && named
                .into_iter()
                .all(|name| self.property(parts, name, consumer, depth))
    }

    /// Whether something is required that cannot be there.
    pub(super) fn is_empty_object(&mut self, parts: &Parts<'_>, depth: Depth) -> bool {
        if !parts.types().is_within(Types::OBJECT) || depth.steps > MOST_DEPTH {
            return false;
        }
        let required: BTreeSet<&str> = parts.values("required").flat_map(names).collect();
        let cannot_be = required.into_iter().any(|name| {
            let said = said_of(parts, name);
            Parts::of(&said).is_some_and(|said| self.empty(&said, depth.below()))
        });
        cannot_be
            || named_alone(parts).is_some_and(|names| {
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

fn is_required(parts: &Parts<'_>, name: &str) -> bool {
    parts
        .values("required")
        .any(|all| names(all).any(|one| one == name))
}

/// The names of all properties that any part speaks of.
fn properties<'d>(parts: &Parts<'d>) -> impl Iterator<Item = &'d str> {
    parts
        .values("properties")
        .filter_map(Value::as_object)
        .flat_map(|all| all.keys().map(String::as_str))
}

/// All names that an object may have, where no other is allowed.
fn named_alone<'d>(parts: &Parts<'d>) -> Option<BTreeSet<&'d str>> {
    let never = |node: &Node<'_>| *node.schema == Value::Bool(false);
    let closed = said_of_rest(parts).without_patterns.iter().any(never);
    closed.then(|| {
        properties(parts)
            .filter(|name| !said_of(parts, name).iter().any(never))
            .collect()
    })
}

/// What all parts say of one property. What patterns say is left out.
fn said_of<'d>(parts: &Parts<'d>, name: &str) -> Vec<Node<'d>> {
    let mut said = Vec::new();
    for part in &parts.all {
        let own = part
            .get("properties")
            .and_then(|all| all.as_object()?.get(name));
        if let Some(schema) = own {
            said.push(part.node.at(schema));
        } else if !has_patterns(part.members) {
            said.extend(part.child("additionalProperties"));
        }
        if own.is_none()
            && let Some(schema) = part.child("unevaluatedProperties")
            && evaluated(*part).is_some_and(|names| !names.contains(name))
        {
            said.push(schema);
        }
    }
    said
}

/// The properties of which a consumer's keywords speak already, so that `additionalProperties` or
/// `unevaluatedProperties` says nothing of them.
#[derive(Default)]
struct Evaluated<'c> {
    names: BTreeSet<&'c str>,
    patterns: BTreeSet<&'c str>,
}

impl<'c> Evaluated<'c> {
    fn add(&mut self, members: &'c Map<String, Value>) {
        let keys = |keyword: &str| {
            let all = members.get(keyword).and_then(Value::as_object);
            all.into_iter().flat_map(Map::keys).map(String::as_str)
        };
        self.names.extend(keys("properties"));
        self.patterns.extend(keys("patternProperties"));
    }

    /// What is evaluated whichever branches a value fits: only by the schema itself and what it always
    /// demands. `None` where that is every property.
    fn surely(consumer: Node<'c>) -> Option<Self> {
        let mut evaluated = Self::default();
        let mut seen = BTreeSet::new();
        let mut open = vec![(consumer, true)];
        while let Some((node, is_first)) = open.pop() {
            let Value::Object(members) = node.schema else {
                continue;
            };
            if !seen.insert(node.identity()) || seen.len() > super::MOST_PARTS {
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
    for part in &parts.all {
        let said = part.child("additionalProperties").or_else(|| {
            evaluated(*part)?;
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

fn has_patterns(members: &Map<String, Value>) -> bool {
    members
        .get("patternProperties")
        .and_then(Value::as_object)
        .is_some_and(|all| !all.is_empty())
}

/// The names that the schemas in place of a part's value may evaluate; `None` where they may evaluate
/// others too.
fn evaluated(part: Part<'_>) -> Option<BTreeSet<&str>> {
    let mut names = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(part.node, true)];
    while let Some((node, is_first)) = open.pop() {
        if !seen.insert(node.identity()) {
            continue;
        }
        if seen.len() > super::MOST_PARTS {
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
        each(members, &mut |keyword, _, schema| {
            // A condition evaluates too; what is denied does not.
            if position(keyword) == Some(Position::InPlace) || keyword == "if" {
                open.push((node.at(schema), false));
            }
        });
    }
    Some(names)
}
