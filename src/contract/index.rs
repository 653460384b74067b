//! Places that stand for things: which operation of a contract, which resource of its graph.
//!
//! Both are numbers, and what is kept of a run speaks of both side by side. A type for each keeps one
//! from being taken for the other, and either from being taken for a count. [`OperationIndex`] is for
//! [`Contract::operation_at`](super::Contract::operation_at), [`ResourceIndex`] for
//! [`Graph::resource`](super::graph::Graph::resource).

use std::iter::{Enumerate, Map};

/// What an iterator gives, each with an index of a type of its own.
type Numbered<I, Index> =
    Map<Enumerate<I>, fn((usize, <I as Iterator>::Item)) -> (Index, <I as Iterator>::Item)>;

/// The place of an operation among [`Contract::operations`](super::Contract::operations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationIndex(usize);

impl OperationIndex {
    /// The index of the operation at a place, counted from zero.
    pub const fn new(place: usize) -> Self {
        Self(place)
    }

    /// Each of what stands in the order of the operations, one for each, with the index of the operation.
    pub(crate) fn number<I: IntoIterator>(all: I) -> Numbered<I::IntoIter, Self> {
        all.into_iter().enumerate().map(|(at, one)| (Self(at), one))
    }

    /// The place, counted from zero.
    pub const fn place(self) -> usize {
        self.0
    }
}

/// The place of a resource among [`Graph::resources`](super::graph::Graph::resources).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceIndex(usize);

impl ResourceIndex {
    /// The index of the resource at a place, counted from zero.
    pub const fn new(place: usize) -> Self {
        Self(place)
    }

    /// Each of what stands in the order of the resources, one for each, with the index of the resource.
    pub(crate) fn number<I: IntoIterator>(all: I) -> Numbered<I::IntoIter, Self> {
        all.into_iter().enumerate().map(|(at, one)| (Self(at), one))
    }

    /// The place, counted from zero.
    pub const fn place(self) -> usize {
        self.0
    }
}
