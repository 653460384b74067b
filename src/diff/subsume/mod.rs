//! Containment of schemas by their keywords: a proof where each keyword of the consumer follows from what
//! the producer says of the same value.
//!
//! The canonical form decides more about single values, but declines schemas that refer to themselves,
//! use `unevaluatedProperties` or are long. This prover walks both schemas side by side, follows
//! references, and stops within a number of steps. It is sound and incomplete: `true` is a proof, `false`
//! says nothing.

mod alike;
mod array;
mod combined;
mod evaluated;
mod object;
mod parts;
mod scalar;
mod types;

use std::{collections::HashMap, rc::Rc};

use serde_json::{Map, Value};

use super::close::Definitions;
use crate::contract::texts::Pattern;
use alike::identical;
use parts::{MAX_PARTS, Part, Parts};
use types::Types;

/// The most steps of one proof.
const MAX_STEPS: usize = 20_000;

/// How deep schemas are walked.
const MAX_DEPTH: usize = 48;

/// How many alternatives of the producer are told apart inside each other.
const MAX_SPLITS: usize = 3;

/// A schema with the definitions that its references name.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    definitions: &'d Definitions,
    schema: &'d Value,
}

impl<'d> Node<'d> {
    /// The definition of a name; what is not defined allows everything.
    pub(super) fn named(definitions: &'d Definitions, name: &str) -> Self {
        Self {
            definitions,
            schema: definitions.get(name).unwrap_or(&Value::Bool(true)),
        }
    }

    /// A schema whose references name definitions.
    pub(super) const fn of(definitions: &'d Definitions, schema: &'d Value) -> Self {
        Self {
            definitions,
            schema,
        }
    }

    fn at(self, schema: &'d Value) -> Self {
        Self { schema, ..self }
    }

    /// What tells a schema from every other one: where it lies.
    fn identity(self) -> usize {
        std::ptr::from_ref(self.schema).addr()
    }

    /// What is behind a schema that is nothing but a reference.
    fn resolved(mut self) -> Self {
        for _ in 0..MAX_DEPTH {
            let members = self.schema.as_object().filter(|one| one.len() == 1);
            match members.and_then(|members| self.target(members)) {
                Some(target) => self = target,
                None => break,
            }
        }
        self
    }

    fn target(self, members: &Map<String, Value>) -> Option<Self> {
        let name = members.get("$ref")?.as_str()?;
        Some(Self::named(self.definitions, name))
    }
}

/// Whether it is proved that `consumer` accepts every value that `producer` accepts.
pub(super) fn is_contained(producer: Node<'_>, consumer: Node<'_>) -> bool {
    let mut prover = Prover::new();
    prover.contained(&[producer], consumer, Depth::default())
}

/// As [`is_contained`]; where it is not proved, texts that the producer allows somewhere and the consumer refuses
/// there, as far as the proof came upon them.
pub(super) fn contained(producer: Node<'_>, consumer: Node<'_>) -> Result<(), Vec<String>> {
    let mut prover = Prover::new();
    if prover.contained(&[producer], consumer, Depth::default()) {
        Ok(())
    } else {
        Err(prover.texts)
    }
}

/// All values of a schema that lists them, and perhaps more.
pub(super) fn listed(schema: Node<'_>) -> Option<Vec<&Value>> {
    let parts = Parts::of(&[schema], Vec::new())?;
    let enums = parts
        .values("enum")
        .filter_map(|all| Some(all.as_array()?.iter().collect()));
    let constants = parts.values("const").map(|one| vec![one]);
    enums.chain(constants).min_by_key(Vec::len)
}

/// Whether it is proved that nothing is accepted.
pub(super) fn is_empty(schema: Node<'_>) -> bool {
    let mut prover = Prover::new();
    let parts = Parts::of(&[schema], Vec::new());
    parts.is_some_and(|parts| prover.empty(&parts, Depth::default()))
}

/// Whether it is proved that no value fits both of two schemas.
pub(super) fn are_apart(one: Node<'_>, other: Node<'_>) -> bool {
    Prover::new().is_never(&[one, other], Depth::default())
}

/// How far a proof has come.
#[derive(Clone, Copy, Default)]
struct Depth {
    /// Steps in place and below.
    steps: usize,
    /// How far below the first value.
    below: usize,
    /// How many alternatives were told apart.
    splits: usize,
}

impl Depth {
    fn in_place(self) -> Self {
        Self {
            steps: self.steps + 1,
            ..self
        }
    }

    fn below(self) -> Self {
        Self {
            steps: self.steps + 1,
            below: self.below + 1,
            splits: 0,
        }
    }
}

/// Where schemas lie, in order, and the alternatives that a value is taken to fit.
type PartsKey = (Vec<usize>, Vec<(usize, usize)>);

/// That all who fit some schemas fit another one, by where these lie.
type Claimed = (Vec<usize>, usize);

struct Prover<'d> {
    left: usize,
    /// What is being proved, and how far below; it may be used further below.
    assumed: Vec<(Vec<usize>, usize, usize)>,
    /// What was proved while what is being proved was used, and how far below; it holds as far below and further.
    proved: HashMap<Claimed, usize>,
    /// What was added to it, and what stood there before, so that it is taken back where what was used fails.
    trail: Vec<(Claimed, Option<usize>)>,
    /// What could not be proved, and how far below; further below more may be used.
    failed: HashMap<Claimed, usize>,
    /// Alternatives that are told apart, and how far below the value is.
    split: Vec<(usize, usize)>,
    /// Which alternative of a `oneOf` a value is taken to fit, where both lie, and how far below the value is. The
    /// others do not fit it, and evaluate nothing of it.
    chosen: Vec<(usize, usize, usize)>,
    /// What holds of one value, by the schemas that say it and the alternatives that are taken.
    parts: HashMap<PartsKey, Option<Rc<Parts<'d>>>>,
    /// Patterns that were read; those that cannot be are `None`.
    patterns: HashMap<String, Option<Pattern>>,
    /// Texts that broke a rule.
    texts: Vec<String>,
}

impl<'d> Prover<'d> {
    fn new() -> Self {
        Self {
            left: MAX_STEPS,
            assumed: Vec::new(),
            proved: HashMap::new(),
            trail: Vec::new(),
            failed: HashMap::new(),
            split: Vec::new(),
            chosen: Vec::new(),
            parts: HashMap::new(),
            patterns: HashMap::new(),
            texts: Vec::new(),
        }
    }

    fn pattern(&mut self, text: &str) -> Option<&Pattern> {
        if !self.patterns.contains_key(text) {
            self.patterns.insert(text.to_owned(), Pattern::read(text));
        }
        self.patterns.get(text)?.as_ref()
    }

    /// What holds of one value, with what is known of it so far.
    fn parts(&mut self, nodes: &[Node<'d>], depth: Depth) -> Option<Rc<Parts<'d>>> {
        let here = self
            .chosen
            .iter()
            .filter(|(.., below)| *below == depth.below);
        let chosen: Vec<(usize, usize)> = here.map(|(all, one, _)| (*all, *one)).collect();
        let known = self.parts.entry((identities(nodes), chosen));
        let chosen = known.key().1.clone();
        known
            .or_insert_with(|| Parts::of(nodes, chosen).map(Rc::new))
            .clone()
    }

    /// Whether every value that all of `producer` accept is accepted by `consumer`.
    fn contained(&mut self, producer: &[Node<'d>], consumer: Node<'d>, depth: Depth) -> bool {
        if self.left == 0 || depth.steps > MAX_DEPTH {
            return false;
        }
        self.left -= 1;
        let producer: Vec<Node<'d>> = producer.iter().map(|node| node.resolved()).collect();
        let producer = producer.as_slice();
        let consumer = consumer.resolved();
        let members = match consumer.schema {
            Value::Bool(true) => return true,
            Value::Object(members) if members.is_empty() => return true,
            Value::Object(members) => Some(members),
            _ => None,
        };
        let Some(parts) = self.parts(producer, depth) else {
            return false;
        };
        if self.empty(&parts, depth) {
            return true;
        }
        let Some(members) = members else {
            return false;
        };
        let goal = (identities(producer), consumer.identity());
        // A value inside is smaller, so that what is being proved may be used of it.
        let is_assumed = self
            .assumed
            .iter()
            .any(|(one, other, below)| (one, other) == (&goal.0, &goal.1) && *below < depth.below);
        if is_assumed || producer.iter().any(|node| identical(*node, consumer)) {
            return true;
        }
        // What an alternative is taken for holds of this value alone.
        let is_free = !self.chosen.iter().any(|(.., below)| *below == depth.below);
        if is_free {
            if self.proved.get(&goal).is_some_and(|at| *at <= depth.below) {
                return true;
            }
            if self.failed.get(&goal).is_some_and(|at| depth.below <= *at) {
                return false;
            }
        }
        let known = self.trail.len();
        self.assumed.push((goal.0.clone(), goal.1, depth.below));
        // Alternatives of both sides are laid beside each other first.
        let is_choice = members.contains_key("anyOf") || members.contains_key("oneOf");
        let is_told_apart = is_choice && self.each_alternative(producer, &parts, consumer, depth);
        let proved = is_told_apart
            || self.follows(&parts, consumer, members, depth)
            || !is_choice && self.each_alternative(producer, &parts, consumer, depth);
        self.assumed.pop();
        if !proved {
            self.take_back(known);
            let is_whole = !self.split.iter().any(|(_, below)| *below == depth.below);
            let has_room = is_whole && depth.steps < MAX_DEPTH / 2 && self.left > 0;
            if is_free && has_room {
                self.failed.insert(goal, depth.below);
            }
        } else if is_free {
            let before = self.proved.insert(goal.clone(), depth.below);
            self.trail.push((goal, before));
        }
        proved
    }

    /// Forgets what was proved since the trail was as long.
    fn take_back(&mut self, length: usize) {
        while self.trail.len() > length {
            let Some((claimed, before)) = self.trail.pop() else {
                break;
            };
            match before {
                Some(at) => self.proved.insert(claimed, at),
                None => self.proved.remove(&claimed),
            };
        }
    }

    /// Whether each keyword of the consumer follows.
    fn follows(
        &mut self,
        parts: &Parts<'d>,
        consumer: Node<'d>,
        members: &'d Map<String, Value>,
        depth: Depth,
    ) -> bool {
        let types = parts.types();
        // What is known at once comes first.
        let at_once = |keyword: &str| matches!(keyword, "const" | "enum" | "required" | "type");
        let first = members.iter().filter(|(keyword, _)| at_once(keyword));
        let rest = members.iter().filter(|(keyword, _)| !at_once(keyword));
        first.chain(rest).all(|(keyword, value)| {
            // A keyword says nothing about values of other types.
            if let Some(about) = Types::about(keyword)
                && types.and(about).is_empty()
            {
                return true;
            }
            let goal = Goal {
                keyword,
                value,
                node: consumer,
                members,
                depth,
            };
            match keyword.as_str() {
                "readOnly" | "writeOnly" | "$comment" | "$defs" => true,
                "$ref" => match consumer.target(members) {
                    Some(target) => self.part(parts, target, depth),
                    None => false,
                },
                "type" => types.is_within(Types::named(value)),
                _ => self
                    .scalar(parts, goal)
                    .or_else(|| self.object(parts, goal))
                    .or_else(|| self.array(parts, goal))
                    .or_else(|| self.combined(parts, goal))
                    .unwrap_or(false),
            }
        })
    }

    /// Whether a schema in place of the consumer follows from the same parts.
    fn part(&mut self, parts: &Parts<'d>, consumer: Node<'d>, depth: Depth) -> bool {
        let nodes: Vec<Node<'d>> = parts.all.iter().map(|part| part.node).collect();
        self.contained(&nodes, consumer, depth.in_place())
    }

    /// The same with one more schema that holds.
    fn part_with(
        &mut self,
        parts: &Parts<'d>,
        more: &[Node<'d>],
        consumer: Node<'d>,
        depth: Depth,
    ) -> bool {
        let nodes: Vec<Node<'d>> = parts
            .all
            .iter()
            .map(|part| part.node)
            .chain(more.iter().copied())
            .collect();
        self.contained(&nodes, consumer, depth.in_place())
    }

    /// Whether the consumer follows from each of some alternatives of the producer.
    fn each_alternative(
        &mut self,
        producer: &[Node<'d>],
        parts: &Parts<'d>,
        consumer: Node<'d>,
        depth: Depth,
    ) -> bool {
        if depth.splits >= MAX_SPLITS {
            return false;
        }
        let depth = Depth {
            splits: depth.splits + 1,
            ..depth.in_place()
        };
        for (part, keyword, branches) in parts.alternatives() {
            let number = branches.as_ptr().addr();
            if branches.is_empty() || self.split.contains(&(number, depth.below)) {
                continue;
            }
            self.split.push((number, depth.below));
            let proved = branches.iter().all(|branch| {
                let branch = part.node.at(branch);
                let mut nodes = producer.to_vec();
                if keyword == "anyOf" && part.members.len() == 1 {
                    // The alternative says it all.
                    nodes.retain(|node| node.identity() != part.node.identity());
                }
                nodes.push(branch);
                let known = self.chosen.len();
                if keyword == "oneOf" {
                    self.chosen.push((number, branch.identity(), depth.below));
                }
                let proved = self.contained(&nodes, consumer, depth);
                self.chosen.truncate(known);
                proved
            });
            self.split.pop();
            if proved {
                return true;
            }
        }
        false
    }

    /// Whether no value is accepted.
    fn empty(&mut self, parts: &Parts<'d>, depth: Depth) -> bool {
        if let Some(known) = parts.is_empty.get() {
            return known;
        }
        if self.left == 0 || depth.steps > MAX_DEPTH {
            return false;
        }
        self.left -= 1;
        // What leads back to itself is not known to be empty.
        parts.is_empty.set(Some(false));
        let is_empty = parts.is_never
            || parts.types().is_empty()
            || self.is_empty_object(parts, depth)
            || self.is_empty_array(parts, depth)
            || self.is_empty_scalar(parts);
        // Far inside less is looked at.
        let is_settled = is_empty || depth.steps < MAX_DEPTH / 2;
        parts.is_empty.set(is_settled.then_some(is_empty));
        is_empty
    }
}

/// One keyword of the consumer's schema object, which is to follow from what the producer says.
#[derive(Clone, Copy)]
struct Goal<'c> {
    keyword: &'c str,
    value: &'c Value,
    /// The schema object.
    node: Node<'c>,
    members: &'c Map<String, Value>,
    depth: Depth,
}

impl<'c> Goal<'c> {
    /// The schema of a keyword beside it.
    fn child(&self, keyword: &str) -> Option<Node<'c>> {
        self.members.get(keyword).map(|one| self.node.at(one))
    }

    /// The keyword's own schema.
    fn schema(&self) -> Node<'c> {
        self.node.at(self.value)
    }
}

/// Where schemas lie, in order.
fn identities(nodes: &[Node<'_>]) -> Vec<usize> {
    let mut all: Vec<usize> = nodes.iter().map(|node| node.identity()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contained(producer: Value, consumer: Value) -> bool {
        let producer = Definitions::from([("p".to_owned(), producer)]);
        let consumer = Definitions::from([("c".to_owned(), consumer)]);
        is_contained(Node::named(&producer, "p"), Node::named(&consumer, "c"))
    }

    #[test]
    fn what_is_contained() {
        let table = [
            (json!({ "type": "integer" }), json!({ "type": "number" })),
            (
                json!({ "allOf": [{ "type": "string" }] }),
                json!({ "type": "string" }),
            ),
            (
                json!({ "type": "object", "required": ["a", "b"] }),
                json!({ "required": ["b"] }),
            ),
            (
                json!({ "type": "array", "items": { "enum": [1] } }),
                json!({ "items": { "enum": [1, 2] }, "minLength": 3 }),
            ),
            (
                json!({ "properties": { "a": { "const": 1 } }, "additionalProperties": false }),
                json!({ "additionalProperties": { "type": "integer" } }),
            ),
            (
                json!({ "properties": { "self": { "$ref": "p" } }, "maxProperties": 1 }),
                json!({ "properties": { "self": { "$ref": "c" } } }),
            ),
            (
                json!({ "required": ["x"], "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "type": "string" }),
            ),
            (
                json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
                json!({ "anyOf": [{ "type": "number" }, { "type": "string" }] }),
            ),
            (
                json!({ "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "allOf": [{ "properties": { "a": {} } }], "unevaluatedProperties": false }),
            ),
            // Of a `oneOf` only the alternative that fits evaluates.
            (
                json!({
                    "type": "object", "unevaluatedProperties": false,
                    "oneOf": [
                        { "properties": { "a": {}, "more": {} }, "required": ["a"] },
                        { "properties": { "b": {}, "more": {} }, "required": ["b"] },
                    ],
                }),
                json!({ "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] }),
            ),
            // Who denies a denial demands.
            (
                json!({ "enum": [[1], null] }),
                json!({ "not": { "not": { "not": { "allOf": [{ "not": { "enum": [null, [1]] } }] } } } }),
            ),
            (
                json!({ "type": "number" }),
                json!({ "not": { "anyOf": [{ "not": { "type": "number" } }, { "type": "string" }] } }),
            ),
            (
                json!({ "not": { "not": { "type": "number" } } }),
                json!({ "type": "number" }),
            ),
            (
                json!({ "not": { "anyOf": [{ "type": "string" }, { "not": { "minimum": 3 } }] } }),
                json!({ "minimum": 3 }),
            ),
        ];
        for (producer, consumer) in table {
            let is_object = producer.get("required").is_none() || producer.get("type").is_some();
            // Without a type, other values are left.
            assert_eq!(
                contained(producer.clone(), consumer.clone()),
                is_object,
                "{producer} in {consumer}"
            );
        }
    }

    #[test]
    fn what_is_not_contained() {
        let table = [
            (json!({ "type": "number" }), json!({ "type": "integer" })),
            (json!({}), json!({ "type": "string" })),
            (
                json!({ "properties": { "a": { "type": "string" } } }),
                json!({ "additionalProperties": false }),
            ),
            (
                json!({ "not": { "type": "string" } }),
                json!({ "not": { "type": ["string", "null"] } }),
            ),
            (
                json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
                json!({ "type": "string" }),
            ),
            // One of two may be all that is denied.
            (
                json!({ "not": { "allOf": [{ "not": { "minimum": 3 } }, { "maximum": 9 }] } }),
                json!({ "minimum": 3 }),
            ),
            (
                json!({ "not": { "not": { "type": "number" }, "maximum": 9 } }),
                json!({ "type": "number" }),
            ),
            (
                json!({ "type": "string" }),
                json!({ "oneOf": [{ "type": "string" }, { "minLength": 1 }] }),
            ),
            (
                json!({ "properties": { "next": { "$ref": "p" } } }),
                json!({ "properties": { "next": { "$ref": "c" } }, "required": ["next"] }),
            ),
            // What an alternative evaluates may be there, whether it is told apart or not.
            (
                json!({ "type": "object", "anyOf": [{ "properties": { "x": {} } }], "unevaluatedProperties": false }),
                json!({ "additionalProperties": false }),
            ),
            (
                json!({ "type": "object", "dependentSchemas": { "y": { "properties": { "x": {}, "y": {} } } }, "unevaluatedProperties": false }),
                json!({ "maxProperties": 0 }),
            ),
            (
                json!({ "type": "object", "anyOf": [{ "properties": { "x": {} } }, { "properties": { "y": {} } }], "unevaluatedProperties": false }),
                json!({ "patternProperties": { "^x$": false } }),
            ),
            (
                json!({ "type": "object", "anyOf": [{ "properties": { "x": {} } }, { "properties": { "y": {} }, "required": ["y"] }], "unevaluatedProperties": false }),
                json!({ "oneOf": [{ "required": ["x"] }, { "required": ["y"] }] }),
            ),
            // What a branch evaluates is evaluated only where the branch fits.
            (
                json!({ "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "anyOf": [{ "properties": { "a": { "type": "string" } } }, {}], "unevaluatedProperties": false }),
            ),
            (
                json!({ "type": "array", "prefixItems": [{ "type": "string" }] }),
                json!({ "items": { "type": "string" } }),
            ),
            (
                json!({ "if": { "type": "string" }, "then": { "minLength": 2 } }),
                json!({ "minLength": 2 }),
            ),
        ];
        for (producer, consumer) in table {
            assert!(
                !contained(producer.clone(), consumer.clone()),
                "{producer} in {consumer}"
            );
        }
    }
}
