//! Keywords of arrays.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Depth, Goal, MAX_DEPTH, Node, Parts, Prover, scalar::is_ordered, types::Types};

/// Up to how many elements are compared with each other.
const MAX_COMPARED: u64 = 12;

impl<'d> Prover<'d> {
    /// Whether a keyword of arrays follows; `None` for another one.
    pub(super) fn array(&mut self, parts: &Parts<'d>, goal: Goal<'d>) -> Option<bool> {
        let value = goal.value;
        Some(match goal.keyword {
            "prefixItems" => value
                .as_array()?
                .iter()
                .enumerate()
                .all(|(index, schema)| self.element(parts, index, goal.node.at(schema), goal)),
            "items" => {
                let skipped = named(goal.members.get("prefixItems"));
                self.following(parts, skipped, goal)
            }
            "contains" => self.contains(parts, goal.schema(), goal),
            // Read with `contains`.
            "minContains" | "maxContains" => true,
            "unevaluatedItems" => {
                let is_involved = |keyword: &String| {
                    super::combined::is_in_place(keyword) || keyword == "contains"
                };
                value.as_bool() == Some(true)
                    || goal.members.contains_key("items")
                    || !goal.members.keys().any(is_involved)
                        && self.following(parts, named(goal.members.get("prefixItems")), goal)
            }
            "minItems" => {
                value.as_u64() == Some(0)
                    || parts.values("minItems").any(|other| {
                        is_ordered(other, value, &[Ordering::Greater, Ordering::Equal])
                    })
                    || parts.all.iter().any(|part| {
                        let least = part.get("minContains").map_or(Some(1), Value::as_u64);
                        part.get("contains").is_some()
                            && least
                                .zip(value.as_u64())
                                .is_some_and(|(own, least)| own >= least)
                    })
            }
            "maxItems" => longest(parts)
                .is_some_and(|most| value.as_u64().is_some_and(|allowed| most <= allowed)),
            "uniqueItems" => {
                value.as_bool() == Some(false)
                    || parts
                        .values("uniqueItems")
                        .any(|one| one.as_bool() == Some(true))
                    || self.is_unique(parts, goal)
            }
            _ => return None,
        })
    }

    /// Whether the elements from an index on are as the goal wants them.
    fn following(&mut self, parts: &Parts<'d>, skipped: usize, goal: Goal<'d>) -> bool {
        let named = parts
            .values("prefixItems")
            .map(|all| named(Some(all)))
            .max()
            .unwrap_or_default();
        // The last stands for all that follow.
        (skipped..=named.max(skipped)).all(|index| self.element(parts, index, goal.schema(), goal))
    }

    fn element(
        &mut self,
        parts: &Parts<'d>,
        index: usize,
        consumer: Node<'d>,
        goal: Goal<'d>,
    ) -> bool {
        !is_longer(parts, index)
            || self.contained(&elements(parts, index), consumer, goal.depth.below())
    }

    /// Whether no two elements can be equal.
    fn is_unique(&mut self, parts: &Parts<'d>, goal: Goal<'d>) -> bool {
        let Some(number) = longest(parts).filter(|most| *most <= MAX_COMPARED) else {
            return false;
        };
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        (0..number).all(|index| {
            (0..index).all(|before| {
                let nodes = [elements(parts, before), elements(parts, index)].concat();
                self.is_never(&nodes, goal.depth.below())
            })
        })
    }

    /// Whether an array must have more elements than it can, or one that nothing can be.
    pub(super) fn is_empty_array(&mut self, parts: &Parts<'d>, depth: Depth) -> bool {
        if !parts.types().is_within(Types::ARRAY) || depth.steps > MAX_DEPTH {
            return false;
        }
        let least = parts
            .values("minItems")
            .filter_map(Value::as_u64)
            .max()
            .unwrap_or_default();
        if longest(parts).is_some_and(|most| least > most) {
            return true;
        }
        let number = usize::try_from(least.min(MAX_COMPARED)).unwrap_or_default();
        let named = parts
            .values("prefixItems")
            .map(|all| named(Some(all)))
            .max();
        (0..number.min(named.unwrap_or(0) + 1)).any(|index| {
            let elements = elements(parts, index);
            self.is_never(&elements, depth.below())
        })
    }

    fn contains(&mut self, parts: &Parts<'d>, consumer: Node<'d>, goal: Goal<'d>) -> bool {
        let bound = |keyword: &str| goal.members.get(keyword).and_then(Value::as_u64);
        let least = bound("minContains").unwrap_or(1);
        let depth = goal.depth.below();
        let has_enough = least == 0
            || parts.all.iter().any(|part| {
                let own = part.get("minContains").map_or(Some(1), Value::as_u64);
                own.is_some_and(|own| own >= least)
                    && part
                        .child("contains")
                        .is_some_and(|known| self.contained(&[known], consumer, depth))
            })
            || parts.values("prefixItems").next().is_none()
                && parts
                    .values("minItems")
                    .filter_map(Value::as_u64)
                    .any(|number| number >= least)
                && self.contained(&elements(parts, usize::MAX), consumer, depth);
        let Some(most) = goal.members.get("maxContains") else {
            return has_enough;
        };
        has_enough
            && (parts
                .values("maxItems")
                .any(|own| is_ordered(own, most, &[Ordering::Less, Ordering::Equal]))
                || parts.all.iter().any(|part| {
                    part.get("maxContains").is_some_and(|own| {
                        is_ordered(own, most, &[Ordering::Less, Ordering::Equal])
                    }) && part
                        .child("contains")
                        .is_some_and(|known| self.contained(&[consumer], known, depth))
                }))
    }
}

/// What all parts say of the element at an index.
fn elements<'d>(parts: &Parts<'d>, index: usize) -> Vec<Node<'d>> {
    let said = parts.all.iter().filter_map(|part| {
        let prefix = part.get("prefixItems").and_then(Value::as_array);
        let own = prefix.and_then(|all| all.get(index));
        own.map(|schema| part.node.at(schema))
            .or_else(|| part.child("items"))
    });
    said.collect()
}

/// How many elements a `prefixItems` speaks of.
fn named(prefix: Option<&Value>) -> usize {
    prefix.and_then(Value::as_array).map_or(0, Vec::len)
}

/// The most elements that an array may have: where `maxItems` says so, or nothing can follow.
fn longest(parts: &Parts<'_>) -> Option<u64> {
    let bounds = parts.values("maxItems").filter_map(Value::as_u64);
    let ends = parts.all.iter().filter_map(|part| {
        let prefix = part.get("prefixItems").and_then(Value::as_array);
        let never = |schema: &Value| *schema == Value::Bool(false);
        let end = prefix.and_then(|all| all.iter().position(never));
        let is_closed = part.get("items").is_some_and(never);
        end.or_else(|| is_closed.then(|| named(part.get("prefixItems"))))
            .and_then(|end| u64::try_from(end).ok())
    });
    bounds.chain(ends).min()
}

/// Whether an array may have more elements than a number.
fn is_longer(parts: &Parts<'_>, number: usize) -> bool {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    longest(parts).is_none_or(|most| most > number)
}
