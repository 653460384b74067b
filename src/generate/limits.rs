//! What generation may spend: on one value, and on the copies of a value that are changed a little.
//!
//! Limits are counted in steps and nodes, never in time, so that a seed gives the same values on every
//! machine.

use oasgate_document::{Allowance, Budget};

use crate::contract::{
    Schema,
    effort::{self, Effort},
};

/// The most elements or properties that are made of one value at all.
pub(super) const MAX_SIZE: usize = 20_000;

/// The longest string that is made, in characters.
pub(super) const MAX_TEXT: usize = 100_000;

/// How many members of all copies together are made of one value.
const MAX_COPIED: usize = 200_000;

/// Steps for one value, over all attempts at it.
const STEPS: u64 = 100_000;

/// Steps where values of the schema used up theirs before.
const FEW_STEPS: u64 = 2_000;

/// Steps for one value where many schemas have to give some, and none has to.
const HASTY_STEPS: u64 = 8_000;

/// What it costs to ask a judge, in steps.
pub(super) const JUDGE: u64 = 20;

/// How many values of one schema may use up their steps before the next ones get few.
pub(super) const MAX_FAILURES: usize = 2;

/// Steps for the values around those of one schema. One costs as many steps as the value has nodes and
/// the schema has rules for them.
const STEPS_AROUND: u64 = 2_000_000;

/// How many steps of a pattern one step of generation is worth.
const STEPS_OF_A_PATTERN: u64 = 32;

/// What a validator says of a value, paid for by what its patterns cost; `None` where a pattern was not tried because
/// that would have cost too much. What is overdrawn ends the work behind it.
pub(super) fn spend_effort(budget: &Budget, judge: impl FnOnce() -> bool) -> Option<bool> {
    let (said, effort) = effort::during(judge);
    if effort.steps >= STEPS_OF_A_PATTERN {
        // Whoever spends next is told.
        let _ = budget.spend_steps(effort.steps / STEPS_OF_A_PATTERN);
    }
    effort.undecided.is_empty().then_some(said)
}

/// Whether the patterns of one value cost more than all the rest of it may.
pub(super) fn is_dear(effort: &Effort) -> bool {
    effort.steps / STEPS_OF_A_PATTERN > STEPS
}

/// A budget for the values around those of a schema.
pub(super) fn for_neighbours(schema: &Schema) -> Budget {
    let allowance = Allowance {
        steps: STEPS_AROUND,
        ..Allowance::UNLIMITED
    };
    Budget::new(allowance, schema.document().stop())
}

/// How much is spent on the values of one schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As much as a value is worth.
    Usual,
    /// Little: there are many schemas, and none has to give a value.
    Hasty,
}

/// A budget for one value of a schema, of which so many values were not found before.
pub(super) fn for_value(schema: &Schema, failures: usize, pace: Pace) -> Budget {
    let steps = match (failures < MAX_FAILURES, pace) {
        (true, Pace::Usual) => STEPS,
        (true, Pace::Hasty) => HASTY_STEPS,
        (false, _) => FEW_STEPS,
    };
    let allowance = Allowance {
        steps,
        ..Allowance::UNLIMITED
    };
    Budget::new(allowance, schema.document().stop())
}

/// How many copies are made of a collection with so many members: few of what is large.
pub(super) fn copies(members: usize) -> usize {
    (MAX_COPIED / members.max(1)).max(2)
}
