//! Values of units that are asked about by themselves, to be put where they stand for themselves in values of others.

use std::{cell::RefCell, collections::HashMap};

use serde_json::{Map, Value};

use super::{Lens, side::Side, stand_in, text::Travel, units::UnitIx};

/// Who sends a unit's values, and how they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asking {
    /// The side that sends.
    pub(super) producer: Side,
    pub(super) lens: Lens,
    pub(super) travel: Travel,
}

/// How many units are put into each other.
const MAX_INSIDE: usize = 32;

/// A value of each unit that was needed so far: one that is sent and accepted.
#[derive(Default)]
pub(super) struct Samples(RefCell<HashMap<(UnitIx, Asking), Option<Value>>>);

impl Samples {
    /// A value with a real one for each that stands for a unit; `draw` gives a value of a unit, in which others may stand
    /// again. `None` where a unit has none.
    pub(super) fn filled(
        &self,
        value: &Value,
        asking: Asking,
        draw: &dyn Fn(UnitIx, Asking) -> Option<Value>,
    ) -> Option<Value> {
        self.inside(value, asking, draw, 0)
    }

    fn inside(
        &self,
        value: &Value,
        asking: Asking,
        draw: &dyn Fn(UnitIx, Asking) -> Option<Value>,
        depth: usize,
    ) -> Option<Value> {
        let below = Asking {
            travel: asking.travel.below(),
            ..asking
        };
        Some(match value {
            Value::String(text) => match stand_in::unit(text) {
                Some(unit) => self.sample(unit, asking, draw, depth)?,
                None => value.clone(),
            },
            Value::Array(items) => {
                let filled = items
                    .iter()
                    .map(|item| self.inside(item, below, draw, depth));
                Value::Array(filled.collect::<Option<_>>()?)
            }
            Value::Object(members) => {
                let filled = members.iter().map(|(name, member)| {
                    Some((name.clone(), self.inside(member, below, draw, depth)?))
                });
                Value::Object(filled.collect::<Option<Map<_, _>>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn sample(
        &self,
        unit: UnitIx,
        asking: Asking,
        draw: &dyn Fn(UnitIx, Asking) -> Option<Value>,
        depth: usize,
    ) -> Option<Value> {
        let key = (unit, asking);
        if let Some(known) = self.0.borrow().get(&key) {
            return known.clone();
        }
        if depth >= MAX_INSIDE {
            return None;
        }
        // What leads back to itself has none meanwhile.
        self.0.borrow_mut().insert(key, None);
        let drawn = draw(unit, asking);
        let sample = drawn.and_then(|value| self.inside(&value, asking, draw, depth + 1));
        self.0.borrow_mut().insert(key, sample.clone());
        sample
    }
}
