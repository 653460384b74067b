//! Values on both sides of each constraint: edges, which are valid, and mutations, each of which
//! breaks one rule on purpose and names it.
//!
//! Both start from a few valid values, the bases: with everything optional, with nothing, and one for
//! each alternative of the schema. What is changed is one node of a base at a time.

mod edges;
mod kinds;
mod mutations;

use std::fmt;

use oasgate_document::{Budget, Pointer};
use serde_json::Value;

use super::{Generator, Values, limits};
use crate::contract::{Constraint, Schema};

pub use edges::edges;
pub(crate) use edges::edges_of;
pub(crate) use mutations::{broken, mutations_of};
pub use mutations::{mutations, type_mutations};

/// A valid value at an edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The value.
    pub value: Value,
    /// How much it tells; edges come in this order.
    pub rank: Rank,
    /// Which edge: `maximum 100`, `/name: empty`.
    pub name: String,
}

impl Edge {
    /// Which part of the value is at its edge, as a pointer; empty for the whole.
    pub(crate) fn slot(&self) -> &str {
        let named = self.name.split_once(": ").map(|(slot, _)| slot);
        named
            .filter(|slot| slot.starts_with('/'))
            .unwrap_or_default()
    }
}

/// How much an edge tells about a service, most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// What is there and what is left out.
    Presence,
    /// A value that meets a keyword exactly.
    Constraint,
    /// A value that services stumble over, whatever the schema says.
    Kind,
}

/// An invalid value that breaks one rule on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The value.
    pub value: Value,
    /// Where in the value the rule is broken.
    pub at: Pointer,
    /// The keyword of the rule.
    pub keyword: String,
    /// The rule: `maximum 100`, `required token`.
    pub rule: String,
}

/// As in `maximum 100` and `/files/0: type string`.
impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&named(&self.at, &self.rule))
    }
}

/// The most alternatives that each get a base of their own.
pub(super) const MAX_ALTERNATIVES: usize = 8;

/// The longest string that is made to pass a length.
const MAX_LENGTH: u64 = 100_000;

/// The longest array that is made to pass a length.
const MAX_ITEMS: u64 = 10_000;

/// Valid values that have much in them, and little; then one for each alternative.
pub(crate) fn bases(strategy: &Values, generator: &mut Generator) -> Vec<Value> {
    bases_with(strategy, &[], generator)
}

/// As [`bases`], with one of each of these alternatives too, by their numbers.
pub(crate) fn bases_with(
    strategy: &Values,
    more: &[usize],
    generator: &mut Generator,
) -> Vec<Value> {
    let alternatives = strategy.alternatives().max(1);
    let first = alternatives.min(MAX_ALTERNATIVES);
    let more = more
        .iter()
        .copied()
        .filter(|turn| (first..alternatives).contains(turn));
    let turns: Vec<usize> = (0..first).chain(more).collect();
    let each = |strategy: &Values, generator: &mut Generator| -> Vec<Value> {
        turns
            .iter()
            .filter_map(|turn| generator.draw(&strategy.with_alternative(*turn)))
            .collect()
    };
    let size = |value: &&Value| value.to_string().len();
    let full = each(&strategy.with_all(), generator);
    let bare = each(&strategy.with_none(), generator);
    let mut bases: Vec<Value> = Vec::new();
    // What is everything, and what is nothing, may depend on the alternative.
    let ends = [full.iter().max_by_key(size), bare.iter().min_by_key(size)];
    let usual = generator.draw(strategy);
    let drawn: Vec<&Value> = ends
        .into_iter()
        .flatten()
        .chain(&usual)
        .chain(&full)
        .collect();
    let accepted = drawn.iter().filter_map(|base| strategy.as_accepted(base));
    // What was accepted may lack what a rule is about.
    for base in accepted.chain(drawn.iter().copied().cloned()) {
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    bases
}

/// What values around those of a schema cost, each by what it is made from.
struct Spending {
    budget: Budget,
    /// What one value costs.
    each: u64,
    is_over: bool,
    /// Whether it ever was over.
    is_cut: bool,
}

impl Spending {
    fn new(schema: &Schema) -> Self {
        Self {
            budget: limits::for_neighbours(schema),
            each: 1,
            is_over: false,
            is_cut: false,
        }
    }

    /// From now on values are made from this one, for which there are these rules.
    fn on(&mut self, base: &Value, rules: &[Constraint]) {
        let steps: usize = rules.iter().map(|rule| rule.steps).sum();
        self.each = (nodes(base) + steps) as u64;
        // What is simpler may still be paid for.
        self.is_over = false;
    }

    /// Whether there is enough left for one more.
    fn spend(&mut self) -> bool {
        self.is_over |= self.budget.spend_steps(self.each).is_err();
        self.is_cut |= self.is_over;
        !self.is_over
    }

    /// What a validator says of a value, paid for beside the value itself; `None` where it would cost too much.
    fn judge(&self, judge: impl FnOnce() -> bool) -> Option<bool> {
        limits::spend_effort(&self.budget, judge)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether anything was left out for want of what it costs.
    fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// How many nodes a value has.
fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        _ => 0,
    }
}

fn named(at: &Pointer, rule: &str) -> String {
    if at.is_root() {
        rule.to_owned()
    } else {
        format!("{at}: {rule}")
    }
}

/// A pointer in which every index is `*`: the elements of an array are all alike.
fn alike(at: &Pointer) -> Pointer {
    at.tokens().fold(Pointer::root(), |pointer, token| {
        let is_index = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        pointer.join(if is_index { "*" } else { &token })
    })
}

fn replaced(base: &Value, at: &Pointer, value: Value) -> Value {
    let mut whole = base.clone();
    if let Some(node) = whole.pointer_mut(at.as_str()) {
        *node = value;
    }
    whole
}

/// A number as an integer where it has no fraction.
fn decimal(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only where it has no fraction"
    )]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

fn with_length(node: &Value, length: Option<u64>) -> Option<Value> {
    let text = node.as_str()?;
    let length = usize::try_from(length.filter(|length| *length <= MAX_LENGTH)?).ok()?;
    let filler = text.chars().next_back().unwrap_or('a');
    let characters = text.chars().chain(std::iter::repeat(filler)).take(length);
    Some(Value::from(characters.collect::<String>()))
}

fn with_items(node: &Value, length: Option<u64>) -> Option<Value> {
    let items = node.as_array()?;
    let length = usize::try_from(length.filter(|length| *length <= MAX_ITEMS)?).ok()?;
    if items.is_empty() && length > 0 {
        return None;
    }
    let longer = items.iter().cycle().take(length).cloned();
    Some(Value::Array(longer.collect()))
}

/// A value short enough to stand in a name.
fn brief(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= 40 {
        return text;
    }
    let start: String = text.chars().take(39).collect();
    format!("{start}…")
}
