//! Keywords of arrays.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Node, Parts, Prover, Side, scalar::is_ordered, types::Types};

impl Prover {
    /// Whether a keyword of arrays follows; `None` for another one.
    pub(super) fn array(
        &mut self,
        parts: &Parts<'_>,
        keyword: &str,
        value: &Value,
        side: Side<'_>,
    ) -> Option<bool> {
        let depth = side.depth.below();
        Some(match keyword {
            "prefixItems" => value
                .as_array()?
                .iter()
                .enumerate()
                .all(|(index, schema)| self.element(parts, index, side.node.at(schema), side)),
            "items" => {
                let skipped = side
                    .members
                    .get("prefixItems")
                    .and_then(Value::as_array)
                    .map_or(0, Vec::len);
                let named = parts
                    .values("prefixItems")
                    .filter_map(Value::as_array)
                    .map(Vec::len)
                    .max()
                    .unwrap_or_default();
                let consumer = side.node.at(value);
                // The last stands for all that follow.
                (skipped..=named.max(skipped))
                    .all(|index| self.element(parts, index, consumer, side))
            }
            "contains" => self.contains(parts, side.node.at(value), side),
            // Read with `contains`.
            "minContains" | "maxContains" => true,
            "unevaluatedItems" => {
                value.as_bool() == Some(true)
                    || !side
                        .members
                        .keys()
                        .any(|one| super::combined::is_in_place(one) || one == "contains")
                        && {
                            let skipped = side
                                .members
                                .get("prefixItems")
                                .and_then(Value::as_array)
                                .map_or(0, Vec::len);
                            side.members.contains_key("items")
                                || !is_longer(parts, skipped)
                                || parts.values("prefixItems").next().is_none()
                                    && self.contained(
                                        &elements(parts, usize::MAX),
                                        side.node.at(value),
                                        depth,
                                    )
                        }
            }
            "minItems" => {
                value.as_u64() == Some(0)
                    || parts.values("minItems").any(|other| {
                        is_ordered(other, value, &[Ordering::Greater, Ordering::Equal])
                    })
            }
            "maxItems" => parts
                .values("maxItems")
                .any(|other| is_ordered(other, value, &[Ordering::Less, Ordering::Equal])),
            "uniqueItems" => {
                value.as_bool() == Some(false)
                    || parts
                        .values("uniqueItems")
                        .any(|one| one.as_bool() == Some(true))
                    || !is_longer(parts, 1)
            }
            _ => return None,
        })
    }

    fn element(
        &mut self,
        parts: &Parts<'_>,
        index: usize,
        consumer: Node<'_>,
        side: Side<'_>,
    ) -> bool {
        !is_longer(parts, index)
            || self.contained(&elements(parts, index), consumer, side.depth.below())
    }

    fn contains(&mut self, parts: &Parts<'_>, consumer: Node<'_>, side: Side<'_>) -> bool {
        let bound = |keyword: &str| side.members.get(keyword).and_then(Value::as_u64);
        let least = bound("minContains").unwrap_or(1);
        let depth = side.depth.below();
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
        let Some(most) = side.members.get("maxContains") else {
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

/// Whether an array may have more elements than a number.
fn is_longer(parts: &Parts<'_>, number: usize) -> bool {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    !parts
        .values("maxItems")
        .filter_map(Value::as_u64)
        .any(|most| most <= number)
}

/// Whether both bounds leave nothing of the only type.
pub(super) fn is_empty(parts: &Parts<'_>) -> bool {
    parts.types().is_within(Types::ARRAY)
        && parts.values("minItems").any(|least| {
            parts
                .values("maxItems")
                .any(|most| is_ordered(least, most, &[Ordering::Greater]))
        })
}
