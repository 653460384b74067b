//! Resources that several parameters together name: `/routes/{from}/{to}` of what `POST /routes` is sent.
//!
//! Only where all of the names are shown together is it known that they name one thing: `/repos/{owner}/{repo}` is
//! something else than a collection of owners' things.

use indexmap::IndexMap;
use oasgate_document::Pointer;
use serde_json::Value;

use super::{
    Expression, MessagePart, Resource, Shape, ValueSource, creation::declares_created,
    infer::Known, names::words,
};
use crate::contract::{Operation, OperationIndex, Schema};

impl Known<'_> {
    /// Puts each path that ends in several parameters, and that is known to name one thing, in place of the shorter
    /// paths at which nothing is.
    pub(super) fn with_composites(mut self) -> Self {
        let mut found: IndexMap<Shape, Vec<OperationIndex>> = IndexMap::new();
        for shape in self.shapes.iter().filter(|shape| shape.is_composite()) {
            if found.contains_key(shape) || !self.is_named_by_all(shape) {
                continue;
            }
            let above = shape.prefix(shape.keys().start + 1);
            let below = self.items.get(&above).into_iter().flatten().copied();
            let users = below.filter(|user| shape.contains(self.shape(*user)));
            found.insert(shape.clone(), users.collect());
        }
        for (shape, users) in found {
            let above = shape.prefix(shape.keys().start + 1);
            if self
                .items
                .get(&above)
                .is_some_and(|all| all.len() == users.len())
            {
                self.items.shift_remove(&above);
            }
            self.items.insert(shape, users);
        }
        self
    }

    /// Whether all of the parameters that a path ends in stand in what its collection is sent, answers or
    /// lists, or the client chooses them.
    fn is_named_by_all(&self, shape: &Shape) -> bool {
        let mut shapes = OperationIndex::number(&self.shapes);
        let Some((user, _)) = shapes.find(|(_, one)| *one == shape) else {
            return false;
        };
        if self
            .at(shape, "PUT")
            .is_some_and(|put| declares_created(self.operation(put)))
        {
            return true;
        }
        let Some(key) = self.key_of(shape, &[user]) else {
            return false;
        };
        let collection = shape.collection();
        let Some(post) = self.at(&collection, "POST") else {
            return false;
        };
        let operation = self.operation(user);
        let sent = self.sent(post).into_iter();
        let mut single = sent.chain(self.success_schemas(post));
        let is_single = single.any(|schema| {
            let found = key.in_one(&schema, &self.names);
            found.is_some_and(|at| shows_others(&schema, &at, shape, operation))
        });
        is_single
            || self.at(&collection, "GET").is_some_and(|list| {
                self.success_schemas(list).iter().any(|schema| {
                    let items = key.in_list(schema, &self.names).and_then(|(array, value)| {
                        Some((schema.property_at(&array)?.items()?, value))
                    });
                    items.is_some_and(|(items, at)| shows_others(&items, &at, shape, operation))
                })
            })
    }

    /// Where the other parameters of a resource's name stand, by the sources of the last: beside it.
    pub(super) fn beside(
        &self,
        resource: &Resource,
        consumer: OperationIndex,
        sources: &[ValueSource],
    ) -> Vec<(String, Vec<ValueSource>)> {
        let mut keys = resource.shape.keys();
        keys.next_back();
        keys.filter_map(|segment| {
            let name = resource.shape.key_at(self.operation(consumer), segment)?;
            let beside = sources.iter().filter_map(|source| neighbour(source, name));
            let beside: Vec<ValueSource> = beside.collect();
            (!beside.is_empty()).then(|| (name.to_owned(), beside))
        })
        .collect()
    }
}

/// Whether an object shows, beside the last parameter of a path's name, the others.
fn shows_others(schema: &Schema, last: &Pointer, shape: &Shape, operation: &Operation) -> bool {
    let Some(object) = schema.property_at(&last.parent().unwrap_or_default()) else {
        return false;
    };
    let names: Vec<Vec<String>> = object
        .property_names()
        .iter()
        .map(|name| words(name))
        .collect();
    let mut keys = shape.keys();
    keys.next_back();
    keys.into_iter().all(|segment| {
        let key = shape.key_at(operation, segment).map(words);
        key.is_some_and(|key| names.contains(&key))
    })
}

/// The source of a value of this name that stands beside another.
fn neighbour(source: &ValueSource, name: &str) -> Option<ValueSource> {
    let beside = |pointer: &Pointer| Some(pointer.parent()?.join(name));
    match source {
        ValueSource::Each { array, value } => Some(ValueSource::Each {
            array: array.clone(),
            value: beside(value)?,
        }),
        ValueSource::Expression(Expression::Response(MessagePart::Body(pointer))) => Some(
            ValueSource::Expression(Expression::Response(MessagePart::Body(beside(pointer)?))),
        ),
        _ => None,
    }
}

impl Shape {
    /// What an object that shows a thing of this shape has for one of the parameters that name it.
    pub(crate) fn member<'v>(
        &self,
        operation: &Operation,
        segment: usize,
        shown: &'v Value,
    ) -> Option<&'v Value> {
        if !self.keys().contains(&segment) {
            return None;
        }
        let name = words(self.key_at(operation, segment)?);
        let mut members = shown.as_object()?.iter();
        let (_, value) = members.find(|(member, _)| words(member) == name)?;
        (value.is_string() || value.is_number()).then_some(value)
    }
}
