//! How values of a schema are made: a tree read once from the canonical form.
//!
//! Each node says which values it makes; references lead to other nodes by number, so that schemas
//! in a circle are finite here too. [`Recipe::least_height`] tells which way out of a circle is
//! shortest.

use std::collections::{HashMap, HashSet};

use jsonschema::JsonType;
use serde_json::{Number, Value};

use super::{format, judge::Judge, one_of::OneOf, open_format, pattern::Pattern};
use crate::contract::canonical::{
    ArrayView, CanonicalSchema, CanonicalView, Distinctness, ObjectView, ObjectViolationView,
    StringView,
};

/// A node that makes values.
#[derive(Debug)]
pub(super) enum Node {
    /// Nothing.
    Never,
    /// Any value at all.
    Any,
    /// One of these.
    Values(Vec<Value>),
    /// Any value of these types.
    Types(Vec<JsonType>),
    /// A string.
    Text(Box<Text>),
    /// A number without a fraction.
    Integer(Span),
    /// A number.
    Number(Span),
    /// An array.
    Array(Box<Items>),
    /// An object.
    Object(Box<Members>),
    /// A value of one of these.
    Choice(Vec<Node>),
    /// A value that must pass a judge of its own, because its parts cannot be put together.
    Judged(Box<Node>, Box<Judge>),
    /// A value of exactly one of several.
    OneOf(Box<OneOf>),
    /// What another node makes, by its number.
    Reference(usize),
    /// The same for a node that stands here as much as anywhere else: it is no step deeper.
    Shared(usize),
}

/// What strings are made.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
    pub(super) patterns: Vec<Pattern>,
    /// What is meant by a format that nobody defines: wanted, and no rule.
    pub(super) meant: Option<Pattern>,
    /// Strings that are likely to do.
    pub(super) samples: Vec<&'static str>,
    /// Whether what is drawn may miss something that only the judge sees.
    pub(super) judge: Option<Judge>,
}

/// What numbers are made.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
    pub(super) excludes_least: bool,
    pub(super) excludes_most: bool,
    pub(super) multiples: Vec<Number>,
    pub(super) not_multiples: Vec<Number>,
}

/// What arrays are made.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
    pub(super) prefix: Vec<Node>,
    pub(super) rest: Node,
    pub(super) contains: Vec<(Node, usize)>,
    pub(super) distinctness: Distinctness,
    pub(super) judge: Option<Judge>,
}

/// What objects are made.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
    pub(super) required: Vec<String>,
    pub(super) properties: Vec<(String, Node)>,
    pub(super) patterns: Vec<(Pattern, Node)>,
    pub(super) rest: Node,
    pub(super) names: Option<Node>,
    /// Entries that must be there to break a rule: names and values.
    pub(super) breaches: Vec<(Node, Node)>,
    pub(super) judge: Option<Judge>,
}

/// The nodes of a schema; the first is where drawing starts.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) nodes: Vec<Node>,
    heights: Vec<u32>,
}

/// The height of what can never be finished.
const ENDLESS: u32 = u32::MAX;

impl Recipe {
    pub(super) fn of(schema: &CanonicalSchema) -> Self {
        let mut reading = Reading {
            root: schema.clone(),
            numbers: HashMap::new(),
            waiting: Vec::new(),
            breaches: 0,
        };
        let mut nodes = vec![reading.node(schema)];
        while let Some((number, uri)) = reading.waiting.pop() {
            let node = match reading.root.definition(&uri) {
                Some(definition) => reading.node(&definition),
                None => Node::Any,
            };
            while nodes.len() <= number {
                nodes.push(Node::Never);
            }
            nodes[number] = node;
        }
        Self::measured(nodes)
    }

    /// Any value at all.
    pub(super) fn any() -> Self {
        Self::measured(vec![Node::Any])
    }

    /// The nodes with their heights.
    pub(super) fn measured(nodes: Vec<Node>) -> Self {
        let mut recipe = Self {
            heights: vec![ENDLESS; nodes.len()],
            nodes,
        };
        recipe.measure();
        recipe
    }

    /// Finds the least heights: each round lets one more level of references be finished.
    fn measure(&mut self) {
        for _ in 0..=self.nodes.len() {
            let next: Vec<u32> = self
                .nodes
                .iter()
                .map(|node| self.least_height(node))
                .collect();
            if next == self.heights {
                break;
            }
            self.heights = next;
        }
    }

    /// Whether no value is ever finished: what is required leads in a circle, or nothing is allowed.
    pub(super) fn is_endless(&self) -> bool {
        self.heights.first() == Some(&ENDLESS)
    }

    /// How many alternatives the widest choice has; 0 where there is none.
    pub(super) fn widest(&self) -> usize {
        self.nodes.iter().map(width).max().unwrap_or(0)
    }

    /// How many levels the lowest value of a node has.
    pub(super) fn least_height(&self, node: &Node) -> u32 {
        let higher = |node: &Node| self.least_height(node).saturating_add(1);
        match node {
            Node::Never => ENDLESS,
            Node::Reference(number) | Node::Shared(number) => self.heights[*number],
            Node::Judged(node, _) => self.least_height(node),
            Node::OneOf(one_of) => self.least_height(&one_of.choice),
            Node::Choice(nodes) => nodes
                .iter()
                .map(|node| self.least_height(node))
                .min()
                .unwrap_or(ENDLESS),
            Node::Array(items) => {
                let prefix = items.prefix.iter().take(items.least).map(higher);
                let rest = (items.least > items.prefix.len()).then(|| higher(&items.rest));
                let contains = items
                    .contains
                    .iter()
                    .filter(|(_, least)| *least > 0)
                    .map(|(node, _)| higher(node));
                prefix.chain(rest).chain(contains).max().unwrap_or(1)
            }
            Node::Object(members) => {
                let required: HashSet<&str> = members.required.iter().map(String::as_str).collect();
                let named = members.properties.iter();
                let named = named.filter(|(name, _)| required.contains(name.as_str()));
                named.map(|(_, node)| higher(node)).max().unwrap_or(1)
            }
            _ => 1,
        }
    }
}

/// How many alternatives the widest choice in a node has.
fn width(node: &Node) -> usize {
    let widest = |nodes: &mut dyn Iterator<Item = &Node>| nodes.map(width).max().unwrap_or(0);
    match node {
        Node::Choice(nodes) => nodes.len().max(widest(&mut nodes.iter())),
        Node::Judged(inner, _) => width(inner),
        Node::OneOf(one_of) => width(&one_of.choice),
        Node::Array(items) => widest(&mut items.prefix.iter().chain([&items.rest])),
        Node::Object(members) => {
            let named = members.properties.iter().map(|(_, node)| node);
            let matching = members.patterns.iter().map(|(_, node)| node);
            widest(&mut named.chain(matching).chain([&members.rest]))
        }
        _ => 0,
    }
}

struct Reading {
    root: CanonicalSchema,
    numbers: HashMap<String, usize>,
    waiting: Vec<(usize, String)>,
    /// How many breaches the node being read stands inside.
    breaches: usize,
}

/// How many breaches may stand inside each other: the complement of a schema in a circle unfolds for
/// ever.
const MAX_BREACHES: usize = 2;

impl Reading {
    fn node(&mut self, schema: &CanonicalSchema) -> Node {
        match schema.view() {
            CanonicalView::True => Node::Any,
            CanonicalView::False => Node::Never,
            CanonicalView::Const(value) => Node::Values(vec![value]),
            CanonicalView::Enum(values) => Node::Values(values),
            CanonicalView::MultiType(types) => Node::Types(types.iter().collect()),
            CanonicalView::TypedGroup(group) => {
                let body = self.node(&group.body);
                Node::Judged(Box::new(body), Box::new(Judge::of(schema)))
            }
            CanonicalView::String(view) => text(schema, &view),
            CanonicalView::Integer(view) => Node::Integer(Span {
                least: view.minimum.as_ref().and_then(Number::as_f64),
                most: view.maximum.as_ref().and_then(Number::as_f64),
                excludes_least: false,
                excludes_most: false,
                multiples: view.multiple_of,
                not_multiples: view.not_multiple_of,
            }),
            CanonicalView::Number(view) => {
                let mut not_multiples = view.not_multiple_of;
                if view.excludes_integers {
                    not_multiples.push(Number::from(1));
                }
                Node::Number(Span {
                    least: view.minimum.as_ref().and_then(Number::as_f64),
                    most: view.maximum.as_ref().and_then(Number::as_f64),
                    excludes_least: view.exclusive_minimum,
                    excludes_most: view.exclusive_maximum,
                    multiples: view.multiple_of,
                    not_multiples,
                })
            }
            CanonicalView::Array(view) => self.items(schema, &view),
            CanonicalView::Object(view) => self.members(schema, view),
            CanonicalView::AnyOf(branches) => {
                Node::Choice(branches.iter().map(|branch| self.node(branch)).collect())
            }
            CanonicalView::OneOf(branches) => Node::OneOf(Box::new(OneOf {
                choice: Node::Choice(branches.iter().map(|branch| self.node(branch)).collect()),
                judges: branches.iter().map(Judge::of).collect(),
                whole: Judge::of(schema),
            })),
            // Each branch makes candidates; the judge knows what all of them say together.
            CanonicalView::AllOf(branches) => {
                let makers: Vec<Node> = branches
                    .iter()
                    .filter(|branch| !matches!(branch.view(), CanonicalView::Not(_)))
                    .map(|branch| self.node(branch))
                    .collect();
                let maker = if makers.is_empty() {
                    Node::Any
                } else {
                    Node::Choice(makers)
                };
                Node::Judged(Box::new(maker), Box::new(Judge::of(schema)))
            }
            CanonicalView::Not(_) => Node::Judged(Box::new(Node::Any), Box::new(Judge::of(schema))),
            CanonicalView::Reference(uri) => Node::Reference(self.number(&uri)),
            CanonicalView::Raw(_) => Node::Any,
        }
    }

    fn number(&mut self, uri: &str) -> usize {
        // Number 0 is the start; a reference to the whole schema gets a node of its own.
        let fresh = self.numbers.len() + 1;
        *self.numbers.entry(uri.to_owned()).or_insert_with(|| {
            self.waiting.push((fresh, uri.to_owned()));
            fresh
        })
    }

    fn items(&mut self, schema: &CanonicalSchema, view: &ArrayView) -> Node {
        let needs_judge =
            !view.contains.is_empty() || view.distinctness != Distinctness::Unconstrained;
        Node::Array(Box::new(Items {
            least: size(view.min_items.as_ref()).unwrap_or(0),
            most: size(view.max_items.as_ref()),
            prefix: view
                .prefix_items
                .iter()
                .map(|item| self.node(item))
                .collect(),
            rest: view
                .items
                .as_ref()
                .map_or(Node::Any, |items| self.node(items)),
            contains: view
                .contains
                .iter()
                .map(|one| {
                    let least = size(one.min_contains.as_ref()).unwrap_or(1);
                    (self.node(&one.schema), least)
                })
                .collect(),
            distinctness: view.distinctness,
            judge: needs_judge.then(|| Judge::of(schema)),
        }))
    }

    fn members(&mut self, schema: &CanonicalSchema, view: ObjectView) -> Node {
        let breaches: Vec<(Node, Node)> = view
            .violations
            .iter()
            .filter_map(|violation| self.breach(violation))
            .collect();
        let needs_judge = !view.violations.is_empty()
            || !view.pattern_properties.is_empty()
            || view.property_names.is_some();
        Node::Object(Box::new(Members {
            least: size(view.min_properties.as_ref()).unwrap_or(0),
            most: size(view.max_properties.as_ref()),
            required: view.required,
            properties: view
                .properties
                .iter()
                .map(|(name, property)| (name.clone(), self.node(property)))
                .collect(),
            patterns: view
                .pattern_properties
                .iter()
                .filter_map(|(pattern, property)| {
                    Some((Pattern::parse(pattern)?, self.node(property)))
                })
                .collect(),
            rest: view
                .additional_properties
                .as_ref()
                .map_or(Node::Any, |rest| self.node(rest)),
            names: view.property_names.as_ref().map(|names| self.node(names)),
            breaches,
            judge: needs_judge.then(|| Judge::of(schema)),
        }))
    }

    fn breach(&mut self, violation: &ObjectViolationView) -> Option<(Node, Node)> {
        if self.breaches >= MAX_BREACHES {
            return None;
        }
        self.breaches += 1;
        let breach = self.entry(violation);
        self.breaches -= 1;
        breach
    }

    /// The name and the value of an entry that breaks a rule.
    fn entry(&mut self, violation: &ObjectViolationView) -> Option<(Node, Node)> {
        Some(match violation {
            ObjectViolationView::NameFails(names) => (self.node(&names.negate().ok()?), Node::Any),
            ObjectViolationView::UndeclaredValueFails { additional, .. } => {
                (Node::Any, self.node(&additional.negate().ok()?))
            }
            ObjectViolationView::PatternValueFails { pattern, schema } => {
                let name = Node::Text(Box::new(Text {
                    least: 0,
                    most: None,
                    patterns: Pattern::parse(pattern).into_iter().collect(),
                    meant: None,
                    samples: Vec::new(),
                    judge: None,
                }));
                (name, self.node(&schema.negate().ok()?))
            }
        })
    }
}

fn text(schema: &CanonicalSchema, view: &StringView) -> Node {
    let formats = view.formats.iter();
    let patterns: Vec<Pattern> = view
        .patterns
        .iter()
        .filter_map(|pattern| Pattern::parse(pattern))
        .chain(
            formats
                .filter_map(|name| format::named(name))
                .filter_map(|format| Pattern::parse(&format!("^(?:{})$", format.pattern))),
        )
        .collect();
    let is_bare = view.patterns.is_empty()
        && view.formats.is_empty()
        && view.excluded_patterns.is_empty()
        && view.excluded_formats.is_empty()
        && view.excluded.is_empty()
        && view.content_encodings.is_empty()
        && view.content_media_types.is_empty();
    Node::Text(Box::new(Text {
        least: size(view.min_length.as_ref()).unwrap_or(0),
        most: size(view.max_length.as_ref()),
        patterns,
        meant: view.formats.iter().find_map(|name| meant(name)),
        samples: view
            .excluded_formats
            .iter()
            .filter_map(|name| format::named(name))
            .flat_map(|format| format.wrong.iter().copied())
            .collect(),
        judge: (!is_bare).then(|| Judge::of(schema)),
    }))
}

/// Strings of what a format means that no validator knows.
pub(super) fn meant(format: &str) -> Option<Pattern> {
    let meaning = open_format::meaning(format).filter(|_| format::named(format).is_none())?;
    Pattern::parse(&format!("^(?:{meaning})$"))
}

fn size(number: Option<&Number>) -> Option<usize> {
    let number = number?;
    number
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
        .or(Some(usize::MAX))
}
