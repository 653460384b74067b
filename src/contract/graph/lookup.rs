//! What inference asks of a contract, found without a look at every operation: a document with tens of
//! thousands of paths takes as long as its size says.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;

use super::{
    Edge, Need, Shape,
    names::{is_plural_of, words},
};
use crate::contract::{Contract, OperationIndex};

/// The most paths elsewhere, with the name of a collection, that are looked at as what may make its things.
const MAX_ELSEWHERE: usize = 32;

/// The operations of a contract by their paths.
pub(super) struct Lookup<'c> {
    /// The operations at each path.
    at: HashMap<Shape, Vec<OperationIndex>>,
    /// Each path of a POST without its last segment, with those operations.
    posts_below: HashMap<Shape, Vec<OperationIndex>>,
    /// POST at paths that collect nothing, by the last segment.
    posts_elsewhere: HashMap<String, Vec<OperationIndex>>,
    /// Each path that ends in a text and has a GET or a POST, by what stands before that text.
    siblings: HashMap<Shape, Vec<Shape>>,
    /// By id, and as `GET /path`.
    ids: HashMap<String, OperationIndex>,
    contract: &'c Contract,
}

impl<'c> Lookup<'c> {
    pub(super) fn of(
        contract: &'c Contract,
        shapes: &[Shape],
        items: &IndexMap<Shape, Vec<OperationIndex>>,
    ) -> Self {
        let collections: HashSet<Shape> = items.keys().map(Shape::collection).collect();
        let mut lookup = Self {
            at: HashMap::new(),
            posts_below: HashMap::new(),
            posts_elsewhere: HashMap::new(),
            siblings: HashMap::new(),
            ids: HashMap::new(),
            contract,
        };
        for ((index, operation), shape) in contract.indexed_operations().zip(shapes) {
            let long = format!("{} {}", operation.method, operation.path);
            lookup.ids.entry(long).or_insert(index);
            lookup.at.entry(shape.clone()).or_default().push(index);
            let may_collect = ["GET", "POST"].contains(&operation.method.as_str());
            if may_collect && shape.last_literal().is_some() {
                let siblings = lookup.siblings.entry(shape.above()).or_default();
                if siblings.last() != Some(shape) {
                    siblings.push(shape.clone());
                }
            }
            if operation.method != "POST" {
                continue;
            }
            let above = lookup.posts_below.entry(shape.above());
            above.or_default().push(index);
            if let Some(last) = shape.last_literal()
                && !collections.contains(shape)
            {
                let same_end = lookup.posts_elsewhere.entry(last.to_owned()).or_default();
                same_end.push(index);
            }
        }
        // An id counts before what another operation is called without one.
        for (index, operation) in contract.indexed_operations().rev() {
            lookup.ids.insert(operation.id.as_str().to_owned(), index);
        }
        lookup
    }

    /// The first operation with a method at a path.
    pub(super) fn at(&self, shape: &Shape, method: &str) -> Option<OperationIndex> {
        let mut all = self.at.get(shape)?.iter().copied();
        all.find(|index| self.contract.operation_at(*index).method.as_str() == method)
    }

    /// The path that things of a shape are collected under: where there is none at `/silence` of `/silence/{}`, what
    /// is beside it and called by its plural, `/silences`.
    pub(super) fn collection_of(&self, item: &Shape) -> Shape {
        let own = item.collection();
        let Some(name) = own.last_literal().filter(|_| !self.at.contains_key(&own)) else {
            return own;
        };
        let singular = words(name);
        let siblings = self.siblings.get(&own.above());
        let mut siblings = siblings.into_iter().flatten();
        let plural = siblings.find(|sibling| {
            let name = sibling.last_literal().unwrap_or_default();
            is_plural_of(&words(name), &singular)
        });
        plural.cloned().unwrap_or(own)
    }

    /// POST at the paths right below one.
    pub(super) fn posts_below(&self, path: &Shape) -> &[OperationIndex] {
        self.posts_below.get(path).map_or(&[], Vec::as_slice)
    }

    /// The operation that a link names.
    pub(super) fn named(&self, id: &str) -> Option<OperationIndex> {
        self.ids.get(id).copied()
    }

    /// The operations that may make what a collection holds, as far as their paths say so: POST and PUT at it, POST
    /// right below it, and at paths elsewhere that end as it does and collect nothing.
    pub(super) fn makers(&self, collection: &Shape) -> BTreeSet<OperationIndex> {
        let own = self.at.get(collection).into_iter().flatten();
        let own = own.filter(|index| {
            let operation = self.contract.operation_at(**index);
            ["POST", "PUT"].contains(&operation.method.as_str())
        });
        let below = self.posts_below(collection).iter();
        let elsewhere = collection
            .last_literal()
            .and_then(|last| self.posts_elsewhere.get(last));
        let elsewhere = elsewhere.into_iter().flatten().take(MAX_ELSEWHERE);
        own.chain(below).chain(elsewhere).copied().collect()
    }
}

/// The edges found so far.
#[derive(Default)]
pub(super) struct Edges {
    pub(super) all: Vec<Edge>,
    known: HashSet<(OperationIndex, OperationIndex, Need)>,
    led_to: HashSet<(OperationIndex, Need)>,
}

impl Edges {
    /// Adds what a link says.
    pub(super) fn add(&mut self, edge: Edge) {
        self.led_to.insert((edge.consumer, edge.need.clone()));
        let key = (edge.producer, edge.consumer, edge.need.clone());
        self.known.insert(key);
        self.all.push(edge);
    }

    /// Adds an edge unless a link or a better producer already says where the value comes from.
    pub(super) fn add_new(&mut self, edge: Edge) {
        let key = (edge.producer, edge.consumer, edge.need.clone());
        if !self.known.contains(&key) {
            self.add(edge);
        }
    }

    /// Whether anything makes or lists what an operation needs.
    pub(super) fn lead_to(&self, consumer: OperationIndex, need: &Need) -> bool {
        self.led_to.contains(&(consumer, need.clone()))
    }
}
