//! Edges: valid values at the border of what a schema takes.

use std::collections::HashSet;

use oasgate_document::Pointer;
use serde_json::{Map, Value};

use super::{
    Edge, Rank, Spending, alike, bases, brief, decimal,
    kinds::{kinds, of_its_type},
    named, replaced, with_items, with_length,
};
use crate::{
    contract::{Constraint, Schema},
    generate::{Generator, Values, format, limits, pattern::Pattern},
};

/// How many values of its type each part has at first.
const FIRST_KINDS: usize = 4;

/// How many refused values are asked for the reason.
const MAX_DOUBTS: usize = 20;

/// Valid values at the edges of a schema: all optional parts, none, and each alone; the near side of
/// each constraint; and the values of each type that services stumble over. Most telling first, and
/// no more than `most`.
pub fn edges(
    schema: &Schema,
    strategy: &Values,
    most: usize,
    generator: &mut Generator,
) -> Vec<Edge> {
    let (edges, is_cut) = collect(schema, &bases(strategy, generator), most);
    generator.is_cut |= is_cut;
    edges
}

/// As [`edges`], from bases that are there: the one that has most comes first, then the one that has least.
pub(crate) fn edges_of(schema: &Schema, bases: &[Value], most: usize) -> Vec<Edge> {
    collect(schema, bases, most).0
}

/// The edges, and whether some were left out because they cost too much.
fn collect(schema: &Schema, bases: &[Value], most: usize) -> (Vec<Edge>, bool) {
    let mut collected = Collected {
        schema,
        most,
        found: Vec::new(),
        values: HashSet::new(),
        names: HashSet::new(),
        spending: Spending::new(schema),
        doubts: MAX_DOUBTS,
    };
    // Where there is much that is optional, each alone is not to be all that is tried.
    let mut alone = collected.presence(bases).into_iter();
    for (value, edge) in alone.by_ref().take(most / 3) {
        collected.add(value, &Pointer::root(), &edge, Rank::Presence);
    }
    // What is required is in every request, and comes first.
    let required_first = bases.iter().skip(1).take(1).chain(bases.iter().take(1));
    let in_turn: Vec<&Value> = required_first.chain(bases.iter().skip(2)).collect();
    // Hundreds of constraints are not to be all that is tried either.
    for base in &in_turn {
        collected.constraints(base, most.div_ceil(3) * 2);
    }
    // Each part of any base has a few, before what one base has gets all.
    let mut shown = HashSet::new();
    for base in &in_turn {
        if !collected.is_full() {
            collected.spending.on(base, &schema.constraints(base));
            let mut new = nodes(base);
            new.retain(|(at, _)| shown.insert(alike(at)));
            collected.kinds(base, &new, FIRST_KINDS);
        }
    }
    for base in &in_turn {
        collected.constraints(base, most);
    }
    for base in in_turn {
        if !collected.is_full() {
            collected.spending.on(base, &schema.constraints(base));
            collected.kinds(base, &nodes(base), usize::MAX);
        }
    }
    for (value, edge) in alone {
        collected.add(value, &Pointer::root(), &edge, Rank::Presence);
    }
    let is_cut = collected.spending.is_cut();
    (collected.found, is_cut)
}

struct Collected<'s> {
    schema: &'s Schema,
    most: usize,
    found: Vec<Edge>,
    values: HashSet<String>,
    names: HashSet<String>,
    spending: Spending,
    /// How often a value that the fast path refuses is still asked about.
    doubts: usize,
}

impl Collected<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.most || self.spending.is_over()
    }

    fn add(&mut self, value: Value, slot: &Pointer, edge: &str, rank: Rank) {
        let name = named(slot, edge);
        if self.is_full() || self.names.contains(&name) || !self.spending.spend() {
            return;
        }
        if !self.accepts(&value) {
            return;
        }
        if self.values.insert(value.to_string()) {
            self.names.insert(name.clone());
            self.found.push(Edge { value, rank, name });
        }
    }

    /// Whether a value is valid. Why one is not is asked a few times only: of a schema with thousands of
    /// rules it costs thousands of reasons.
    fn accepts(&mut self, value: &Value) -> bool {
        match self.spending.judge(|| self.schema.surely_accepts(value)) {
            Some(true) => return true,
            None => return false,
            Some(false) => {}
        }
        if self.doubts == 0 {
            return false;
        }
        let is_valid = self.spending.judge(|| self.schema.is_valid(value)) == Some(true);
        self.doubts -= usize::from(!is_valid);
        is_valid
    }

    /// What meets each constraint on a base exactly, until so many were found.
    fn constraints(&mut self, base: &Value, most: usize) {
        if self.is_full() || self.found.len() >= most {
            return;
        }
        let constraints = self.schema.constraints(base);
        self.spending.on(base, &constraints);
        for constraint in constraints {
            if self.is_full() || self.found.len() >= most {
                return;
            }
            let Some(node) = constraint.instance.get(base) else {
                continue;
            };
            for (value, edge) in at_the_edge(&constraint, node) {
                let whole = replaced(base, &constraint.instance, value);
                self.add(whole, &constraint.slot, &edge, Rank::Constraint);
            }
        }
    }

    /// Everything, nothing optional, and each optional property of the whole alone, which is answered with what it is
    /// called.
    fn presence(&mut self, bases: &[Value]) -> Vec<(Value, String)> {
        let root = Pointer::root();
        for (name, whole) in ["everything", "nothing optional"].iter().zip(bases) {
            if whole.is_object() || whole.is_array() {
                self.add(whole.clone(), &root, name, Rank::Presence);
            }
        }
        let [Value::Object(all), Value::Object(none), ..] = bases else {
            return Vec::new();
        };
        let most = limits::copies(none.len()).min(self.most);
        let optional = all.iter().filter(|(name, _)| !none.contains_key(*name));
        optional
            .take(most)
            .map(|(name, member)| {
                let mut alone = none.clone();
                alone.insert(name.clone(), member.clone());
                (Value::Object(alone), format!("{name} alone"))
            })
            .collect()
    }

    /// Whether the number at a node must be an integer: no neighbour with a fraction is valid.
    fn is_integer(&self, base: &Value, at: &Pointer, node: &Value) -> bool {
        let mut around = node.as_f64().map_or(0.0, f64::trunc);
        // A double this great has no fraction.
        while around.abs() >= FRACTIONAL {
            around = (around / 2.0).trunc();
        }
        ![around + 0.5, around - 0.5].iter().any(|fraction| {
            self.schema
                .is_valid(&replaced(base, at, Value::from(*fraction)))
        })
    }

    /// Whether the schema asks for integers that doubles do not keep: by a format, or by a bound.
    fn is_wide_integer(&self, base: &Value, at: &Pointer) -> bool {
        let constraints = self.schema.constraints(base);
        constraints
            .iter()
            .filter(|constraint| constraint.instance == *at)
            .any(|constraint| match constraint.keyword.as_str() {
                "format" => matches!(constraint.argument.as_str(), Some("int64" | "uint64")),
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => constraint
                    .bound()
                    .as_f64()
                    .is_some_and(|bound| bound.abs() > 9.1e15),
                _ => false,
            })
    }

    /// Each of some nodes in turn with a value of its type, so many at most, each node beginning at another one, so
    /// that a few edges show much of what there is.
    fn kinds(&mut self, base: &Value, nodes: &[(Pointer, &Value)], most: usize) {
        let mut lists = Vec::new();
        for (at, node) in nodes {
            let mut list = of_its_type(node);
            // All rules are looked through for each number.
            if node.is_number() && !self.spending.spend() {
                return;
            }
            if node.is_number() && self.is_integer(base, at, node) {
                let is_wide = self.is_wide_integer(base, at);
                list.retain(|(value, _)| is_digits(value, is_wide));
                // What is written in a path or a query is digits, which no number of the reader need hold.
                if at.is_root() && !is_wide {
                    list.insert(list.len().min(2), (Value::from(u64::MAX), "beyond int64"));
                }
            }
            lists.push((at, list));
        }
        let longest = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
        for round in 0..longest.min(most) {
            for (offset, (at, list)) in lists.iter().enumerate() {
                if self.is_full() {
                    return;
                }
                if round < list.len() {
                    // Of what services stumble over, that which is empty is met most often: each part has it first.
                    let turn = match round.checked_sub(1) {
                        None => 0,
                        Some(turn) => 1 + (turn + offset) % (list.len() - 1),
                    };
                    let (value, edge) = &list[turn];
                    let whole = replaced(base, at, value.clone());
                    self.add(whole, &alike(at), edge, Rank::Kind);
                }
            }
        }
    }
}

/// Beyond this a double does not keep halves: 2^51.
const FRACTIONAL: f64 = 2_251_799_813_685_248.0;

/// Whether a number is written as digits alone, and within what every reader keeps exactly unless more
/// is asked for.
fn is_digits(value: &Value, is_wide: bool) -> bool {
    const EXACT: i64 = 1 << 53;
    match value.as_i64() {
        Some(whole) => is_wide || (-EXACT < whole && whole < EXACT),
        None => is_wide && value.is_u64(),
    }
}

/// Every node of a value, from the root down; of an array the first element stands for all.
fn nodes(base: &Value) -> Vec<(Pointer, &Value)> {
    let mut found = vec![(Pointer::root(), base)];
    let mut next = 0;
    while let Some((at, node)) = found.get(next).cloned() {
        match node {
            Value::Object(members) => {
                found.extend(members.iter().map(|(name, member)| (at.join(name), member)));
            }
            Value::Array(items) => {
                found.extend(items.first().map(|item| (at.index(0), item)));
            }
            _ => {}
        }
        next += 1;
    }
    found
}

/// A whole bound, its neighbour inside, and one with a fraction; exact whatever the size.
fn beside(bound: &Value, inward: i128, fraction: f64) -> Vec<Value> {
    let exact = bound
        .as_i64()
        .map(i128::from)
        .or_else(|| bound.as_u64().map(i128::from));
    let next = exact.map(|exact| exact + inward).and_then(|next| {
        i64::try_from(next)
            .map(Value::from)
            .or_else(|_| u64::try_from(next).map(Value::from))
            .ok()
    });
    let near = bound.as_f64().map(|bound| decimal(bound + fraction));
    [Some(bound.clone()), next, near]
        .into_iter()
        .flatten()
        .collect()
}

/// Values that meet a constraint exactly, or as nearly as a value can.
fn at_the_edge(constraint: &Constraint, node: &Value) -> Vec<(Value, String)> {
    let argument = constraint.bound();
    let label = || format!("{} {}", constraint.keyword, brief(argument));
    let all = |values: Vec<Value>| values.into_iter().map(|value| (value, label())).collect();
    let one = |value: Option<Value>| value.map(|value| (value, label())).into_iter().collect();
    let number = argument.as_f64();
    match constraint.keyword.as_str() {
        // The first that is valid is the edge: an exclusive bound begins behind itself.
        "minimum" | "exclusiveMinimum" if argument.is_i64() || argument.is_u64() => {
            all(beside(argument, 1, 0.01))
        }
        "maximum" | "exclusiveMaximum" if argument.is_i64() || argument.is_u64() => {
            all(beside(argument, -1, -0.01))
        }
        "minimum" | "exclusiveMinimum" => all(number.map_or_else(Vec::new, |bound| {
            vec![decimal(bound), decimal(bound + 1.0), decimal(bound + 0.01)]
        })),
        "maximum" | "exclusiveMaximum" => all(number.map_or_else(Vec::new, |bound| {
            vec![decimal(bound), decimal(bound - 1.0), decimal(bound - 0.01)]
        })),
        "multipleOf" => number.map_or_else(Vec::new, |step| {
            [(0.0, "none of"), (step, "one of"), (-step, "minus one of")]
                .map(|(value, times)| (decimal(value), format!("{times} {}", label())))
                .to_vec()
        }),
        "minLength" | "maxLength" => one(with_length(node, argument.as_u64())),
        "minItems" | "maxItems" => one(with_items(node, argument.as_u64())),
        // What must be contained stands last.
        "minContains" | "maxContains" => one(node
            .as_array()
            .and_then(|items| items.last())
            .and_then(|last| with_items(&Value::Array(vec![last.clone()]), argument.as_u64()))),
        "minProperties" | "maxProperties" => one(with_properties(node, argument.as_u64())),
        "pattern" => {
            Pattern::parse(argument.as_str().unwrap_or_default()).map_or_else(Vec::new, |pattern| {
                let shortest = (pattern.shortest(), format!("shortest {}", label()));
                let longest = (pattern.longest(), format!("longest {}", label()));
                let surrounded = pattern.surrounded().into_iter();
                let surrounded = surrounded.map(|text| {
                    let name = format!("{text:?} of {}", label());
                    (text, name)
                });
                [shortest, longest]
                    .into_iter()
                    .chain(surrounded)
                    .map(|(text, name)| (Value::from(text), name))
                    .collect()
            })
        }
        "enum" => argument
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| (value.clone(), format!("enum {}", brief(value))))
            .collect(),
        "format" => format::named(argument.as_str().unwrap_or_default())
            .into_iter()
            .flat_map(|format| format.edges)
            .map(|text| (Value::from(*text), format!("{} {text}", label())))
            .collect(),
        "type" => kinds()
            .into_iter()
            .filter(|(value, _)| !same_kind(value, node))
            .map(|(value, name)| (value, name.to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}

fn same_kind(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// The first properties of an object; none where it has too few.
fn with_properties(node: &Value, count: Option<u64>) -> Option<Value> {
    let members = node.as_object()?;
    let count = usize::try_from(count?).ok()?;
    let first: Map<String, Value> = members
        .iter()
        .take(count)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (first.len() == count).then_some(Value::Object(first))
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::contract::Contract;

    #[test]
    fn an_integer_is_one_however_great_its_value_is() {
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/things": { "post": {
                "operationId": "make",
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": { "size": { "type": "integer" }, "share": { "type": "number" } },
                } } } },
                "responses": { "201": { "description": "Fine" } },
            } } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let body = contract.operations()[0].request_body.as_ref();
        let content = &body.expect("a body").content;
        let schema = content.media_types[0].schema.clone().expect("a schema");
        let collected = Collected {
            schema: &schema,
            most: 1,
            found: Vec::new(),
            values: HashSet::new(),
            names: HashSet::new(),
            spending: Spending::new(&schema),
            doubts: MAX_DOUBTS,
        };
        let great = 7_582_440_016_475_957_i64;
        let base = json!({ "size": great, "share": great });
        let is_integer = |name: &str| {
            collected.is_integer(&base, &Pointer::root().join(name), &Value::from(great))
        };
        assert!(is_integer("size"));
        assert!(!is_integer("share"));
    }
}
