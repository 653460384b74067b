//! Keywords that combine schemas in place.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{
    super::keywords::{Position, position},
    Depth, Goal, MAX_DEPTH, Node, Parts, Prover,
    scalar::listed,
    types::Types,
};

/// A schema for each type, to tell values of several types apart.
static EACH_TYPE: LazyLock<Vec<Value>> = LazyLock::new(|| {
    ["null", "boolean", "number", "string", "array", "object"]
        .into_iter()
        .map(|name| json!({ "type": name }))
        .collect()
});

/// Whether a keyword speaks of the same value.
pub(super) fn is_in_place(keyword: &str) -> bool {
    keyword == "$ref" || keyword == "if" || position(keyword) == Some(Position::InPlace)
}

impl<'d> Prover<'d> {
    /// Whether a keyword that combines schemas follows; `None` for another one.
    pub(super) fn combined(&mut self, parts: &Parts<'d>, goal: Goal<'d>) -> Option<bool> {
        let branches = || goal.value.as_array().map(Vec::as_slice).unwrap_or_default();
        Some(match goal.keyword {
            "allOf" => branches()
                .iter()
                .all(|one| self.part(parts, goal.node.at(one), goal.depth)),
            "anyOf" => {
                branches()
                    .iter()
                    .any(|one| self.part(parts, goal.node.at(one), goal.depth))
                    || self.each_type(parts, branches(), goal)
            }
            "oneOf" => {
                self.exactly_one(parts, branches(), goal)
                    || self.same_branches(parts, branches(), goal)
            }
            "not" => self.denied(parts, goal.schema(), goal.depth),
            "if" => self.condition(parts, goal),
            // Read with `if`.
            "then" | "else" => true,
            _ => return None,
        })
    }

    /// Whether no value fits what is denied.
    fn denied(&mut self, parts: &Parts<'d>, denied: Node<'d>, depth: Depth) -> bool {
        if depth.steps > MAX_DEPTH {
            return false;
        }
        let inside = depth.in_place();
        // What stands in a `not` by itself is turned round: who denies a denial demands.
        let alone = match denied.schema {
            Value::Object(members) if members.len() == 1 => members.iter().next(),
            _ => None,
        };
        let turned = match alone.map(|(keyword, value)| (keyword.as_str(), value)) {
            Some(("not", value)) => self.part(parts, denied.at(value), depth),
            Some(("$ref", _)) => {
                let members = denied.schema.as_object();
                members
                    .and_then(|members| denied.target(members))
                    .is_some_and(|target| self.denied(parts, target, inside))
            }
            Some(("anyOf", Value::Array(branches))) => branches
                .iter()
                .all(|one| self.denied(parts, denied.at(one), inside)),
            Some(("allOf", Value::Array(branches))) => branches
                .iter()
                .any(|one| self.denied(parts, denied.at(one), inside)),
            _ => false,
        };
        turned
            || parts.all.iter().any(|part| {
                part.child("not")
                    .is_some_and(|known| self.contained(&[denied], known, inside))
            })
            || self.disjoint(parts, denied, inside)
    }

    /// Whether the values of each type fit one of the branches.
    fn each_type(&mut self, parts: &Parts<'d>, branches: &'d [Value], goal: Goal<'d>) -> bool {
        let types = parts.types();
        let kinds: Vec<_> = EACH_TYPE
            .iter()
            .filter(|kind| {
                let kind = kind.get("type").map_or(Types::ALL, Types::named);
                !kind.and(types).is_empty()
            })
            .collect();
        if kinds.len() < 2 || goal.depth.splits > 0 {
            return false;
        }
        let depth = Depth {
            splits: goal.depth.splits + 1,
            ..goal.depth
        };
        let definitions = goal.node.definitions;
        kinds.into_iter().all(|kind| {
            let kind = Node {
                definitions,
                schema: kind,
            };
            branches
                .iter()
                .any(|one| self.part_with(parts, &[kind], goal.node.at(one), depth))
        })
    }

    /// Whether all values fit one branch and no other.
    fn exactly_one(&mut self, parts: &Parts<'d>, branches: &'d [Value], goal: Goal<'d>) -> bool {
        let fitting = branches
            .iter()
            .position(|one| self.part(parts, goal.node.at(one), goal.depth));
        fitting.is_some_and(|fitting| {
            branches.iter().enumerate().all(|(index, other)| {
                let other = goal.node.at(other);
                index == fitting
                    || self.disjoint(parts, other, goal.depth.in_place())
                    || self.is_excluded(parts, other, goal.depth)
            })
        })
    }

    /// Whether what fits a schema as well would fit an alternative of the producer that was not taken, which excludes it.
    fn is_excluded(&mut self, parts: &Parts<'d>, other: Node<'d>, depth: Depth) -> bool {
        parts.all.iter().any(|part| {
            let known = part.get("oneOf").and_then(Value::as_array);
            known.is_some_and(|known| {
                let number = known.as_ptr().addr();
                let taken = parts.chosen.iter().find(|(all, _)| *all == number);
                taken.is_some_and(|(_, taken)| {
                    let left = known.iter().map(|one| part.node.at(one));
                    left.filter(|one| one.identity() != *taken)
                        .any(|one| self.part_with(parts, &[other], one, depth))
                })
            })
        })
    }

    /// Whether the producer tells the same branches apart.
    fn same_branches(&mut self, parts: &Parts<'d>, branches: &'d [Value], goal: Goal<'d>) -> bool {
        let depth = goal.depth.in_place();
        parts.all.iter().any(|part| {
            let known = part.get("oneOf").and_then(Value::as_array);
            known.is_some_and(|known| {
                let mut left: Vec<Node<'d>> = known.iter().map(|one| part.node.at(one)).collect();
                left.len() == branches.len()
                    && branches.iter().all(|one| {
                        let one = goal.node.at(one);
                        let same = left.iter().position(|other| {
                            self.contained(&[*other], one, depth)
                                && self.contained(&[one], *other, depth)
                        });
                        same.map(|index| left.swap_remove(index)).is_some()
                    })
            })
        })
    }

    /// Whether what a condition leads to follows.
    fn condition(&mut self, parts: &Parts<'d>, goal: Goal<'d>) -> bool {
        let Some(condition) = goal.child("if") else {
            return true;
        };
        let depth = goal.depth.in_place();
        let then = goal.child("then").is_none_or(|then| {
            let mut more = vec![condition];
            for part in &parts.all {
                if let (Some(known), Some(leads_to)) = (part.child("if"), part.child("then"))
                    && self.contained(&[condition], known, depth)
                {
                    more.push(leads_to);
                }
            }
            self.part_with(parts, &more, then, goal.depth)
        });
        then && goal.child("else").is_none_or(|otherwise| {
            let mut more = Vec::new();
            for part in &parts.all {
                if let (Some(known), Some(leads_to)) = (part.child("if"), part.child("else"))
                    && self.contained(&[known], condition, depth)
                {
                    more.push(leads_to);
                }
            }
            self.part_with(parts, &more, otherwise, goal.depth)
        })
    }

    /// Whether no value of the producer fits a schema.
    fn disjoint(&mut self, parts: &Parts<'d>, other: Node<'d>, depth: Depth) -> bool {
        let nodes: Vec<Node<'d>> = parts
            .all
            .iter()
            .map(|part| part.node)
            .chain([other])
            .collect();
        self.is_never(&nodes, depth)
    }

    /// Whether no value fits all of some schemas.
    pub(super) fn is_never(&mut self, nodes: &[Node<'d>], depth: Depth) -> bool {
        self.parts(nodes, depth)
            .is_some_and(|all| self.empty(&all, depth) || are_told_apart(&all))
    }
}

/// Whether the value, or a required property, is listed twice with no value in both lists.
fn are_told_apart(parts: &Parts<'_>) -> bool {
    let is_apart = |lists: &[Vec<Value>]| {
        lists.iter().enumerate().any(|(index, one)| {
            lists[index + 1..].iter().any(|other| {
                one.iter()
                    .all(|value| other.iter().all(|opposite| surely_differ(value, opposite)))
            })
        })
    };
    let own: Vec<_> = parts
        .all
        .iter()
        .filter_map(|part| listed(part.node.schema))
        .collect();
    if is_apart(&own) {
        return true;
    }
    let required = parts.values("required").filter_map(Value::as_array);
    parts.types().is_within(Types::OBJECT)
        && required.flatten().filter_map(Value::as_str).any(|name| {
            let lists: Vec<_> = parts
                .values("properties")
                .filter_map(|all| listed(all.get(name)?))
                .collect();
            is_apart(&lists)
        })
}

/// Whether two values are different in JSON Schema too, where `1` is `1.0`.
fn surely_differ(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64(), other.as_f64());
            one.is_some() && other.is_some() && one != other
        }
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => false,
        (one, other) => one != other,
    }
}
