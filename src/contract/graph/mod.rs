//! Which operations make the values that others need: the graph of producers and consumers.
//!
//! [`Graph::of`] reads a contract. What `links` say is taken as it stands; where there are none, edges
//! are inferred from paths, names and responses: `POST /orders` answers with an `id` that
//! `/orders/{order_id}` wants. An edge that is wrong costs a false alarm and one that is missing only a
//! request, so that nothing is inferred from a name alone where the path does not say it too.

mod called;
mod claims;
mod composite;
mod creation;
mod elsewhere;
mod expression;
mod identity;
mod infer;
mod lookup;
pub(super) mod names;
mod need;
mod other_key;
mod removal;
mod same_collection;
mod shape;
mod write;

use std::{collections::HashMap, fmt};

use oasgate_document::Pointer;

use super::{Contract, Operation, OperationIndex, ResourceIndex};

pub use expression::{Expression, MessagePart, Piece};
pub use identity::ResourceKey;
pub(crate) use names::{NAMED_BY, is_plural_of, names_something, words};
pub use need::Need;
pub(crate) use removal::{Origin, Removal};
pub use shape::Shape;
pub(crate) use shape::{last_key, segment_of_path};
pub use write::GraphFormat;

/// The producers and consumers of a contract, and the resources that they speak of. Operations are
/// named by their [`OperationIndex`] in the contract, resources by their [`ResourceIndex`].
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// In the order of the producers, then of the consumers.
    pub edges: Vec<Edge>,
    /// Things with a path of their own, in the document's order.
    pub resources: Vec<Resource>,
    /// The operations at paths below each resource.
    below: Vec<Vec<OperationIndex>>,
    /// The edges that lead to an operation.
    needs: HashMap<OperationIndex, Vec<usize>>,
    /// The resource that an operation makes, and by which of its creators.
    made: HashMap<OperationIndex, (ResourceIndex, usize)>,
    /// What removes the things that have no path.
    removals: Vec<Removal>,
    /// Where the body of an operation that changes a thing says the key of it.
    keys_in_updates: HashMap<OperationIndex, Pointer>,
}

/// One operation makes a value that another needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The operation that makes it.
    pub producer: OperationIndex,
    /// The operation that needs it.
    pub consumer: OperationIndex,
    /// Where it goes.
    pub need: Need,
    /// Where it comes from, best first: the first that gives a value counts.
    pub sources: Vec<ValueSource>,
    /// What the producer does with the thing that the value names.
    pub role: Role,
    /// How the edge is known.
    pub basis: Basis,
}

/// A place in an exchange that a value comes from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueSource {
    /// What a runtime expression gives.
    Expression(Expression),
    /// A node of each element of an array in the response body.
    Each {
        /// The array.
        array: Pointer,
        /// The node inside an element.
        value: Pointer,
    },
    /// The names of the members of an object in the response body, each of which is a resource.
    Names(Pointer),
    /// What fits the name of the resource in a response body that the document does not describe.
    Undescribed(ResourceKey),
    /// As [`ValueSource::Undescribed`], in each element of the array that the body is or wraps.
    EachUndescribed(ResourceKey),
    /// The value at the parameter's place in the path that `Location` names.
    Location,
}

/// What a producer does with the thing that its value names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// It makes it.
    Creates,
    /// It shows things that are there.
    Lists,
    /// It names it; no more is known.
    Names,
}

/// How an edge is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The document's link of this name.
    Link(String),
    /// Inferred from paths, names and responses.
    Inferred,
}

/// A thing with a path of its own, such as `/orders/{order_id}`, and the operations on it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its path with the names of parameters left out: `/orders/{}`.
    pub shape: Shape,
    /// The operations that make one, best first.
    pub creators: Vec<Creator>,
    /// The operation that shows one.
    pub read: Option<OperationIndex>,
    /// The operations that change one.
    pub updates: Vec<OperationIndex>,
    /// The operation that removes one.
    pub delete: Option<OperationIndex>,
    /// The operation that shows those that are there.
    pub list: Option<OperationIndex>,
    /// The POST that looks for them, where nothing else shows those that are there: `POST /flows/filter`.
    pub search: Option<OperationIndex>,
}

/// An operation that makes a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Creator {
    /// The operation.
    pub operation: OperationIndex,
    /// Where the name of what was made is found, best first.
    pub sources: Vec<ValueSource>,
    /// How that is known.
    pub basis: Basis,
    /// Whether the client chooses the name, as with `PUT /things/{name}`.
    pub named_by_client: bool,
    /// Where the request's body may name what is made, as with `POST /things` of `{"name": "a"}` whose
    /// response says nothing of it. Only a read can tell.
    pub assumed: Option<Pointer>,
    /// Where the request's body may say the key of what is made, whatever the response says of it.
    pub key_in_body: Option<Pointer>,
}

impl Resource {
    /// Whether an operation shows those that are there.
    pub(crate) fn is_shown_by(&self, operation: OperationIndex) -> bool {
        [self.list, self.search].contains(&Some(operation))
    }
}

impl Graph {
    /// The graph of a contract.
    pub fn of(contract: &Contract) -> Self {
        infer::graph(contract)
    }

    /// The resource with an index.
    ///
    /// # Panics
    ///
    /// When the graph has no such resource: the index is of another one.
    pub fn resource(&self, index: ResourceIndex) -> &Resource {
        &self.resources[index.place()]
    }

    /// The resources, in the document's order, each with what names it among them.
    pub fn indexed_resources(&self) -> impl DoubleEndedIterator<Item = (ResourceIndex, &Resource)> {
        ResourceIndex::number(&self.resources)
    }

    fn new(
        edges: Vec<Edge>,
        below: Vec<Vec<OperationIndex>>,
        resources: Vec<Resource>,
        removals: Vec<Removal>,
        keys_in_updates: HashMap<OperationIndex, Pointer>,
    ) -> Self {
        let mut needs: HashMap<OperationIndex, Vec<usize>> = HashMap::new();
        for (at, edge) in edges.iter().enumerate() {
            needs.entry(edge.consumer).or_default().push(at);
        }
        let mut made = HashMap::new();
        for (at, resource) in ResourceIndex::number(&resources) {
            for (number, creator) in resource.creators.iter().enumerate() {
                made.entry(creator.operation).or_insert((at, number));
            }
        }
        Self {
            edges,
            resources,
            below,
            needs,
            made,
            removals,
            keys_in_updates,
        }
    }

    /// Where the body of an operation that changes a thing says the key of it, which its path names.
    pub(crate) fn key_in_update(&self, operation: OperationIndex) -> Option<&Pointer> {
        self.keys_in_updates.get(&operation)
    }

    /// What removes the thing without a path that an operation makes.
    pub(crate) fn removal_of(&self, creator: OperationIndex) -> Option<&Removal> {
        self.removals.iter().find(|one| one.creator == creator)
    }

    /// The things without a path that an operation removes.
    pub(crate) fn removals_by(&self, remover: OperationIndex) -> impl Iterator<Item = &Removal> {
        self.removals
            .iter()
            .filter(move |one| one.remover == remover)
    }

    /// The edges that lead to one operation.
    pub fn needs_of(&self, consumer: OperationIndex) -> impl Iterator<Item = &Edge> {
        let needs = self.needs.get(&consumer).into_iter().flatten();
        needs.map(|at| &self.edges[*at])
    }

    /// The operations at paths below a resource, in the document's order.
    pub(crate) fn below(&self, resource: ResourceIndex) -> &[OperationIndex] {
        self.below.get(resource.place()).map_or(&[], Vec::as_slice)
    }

    /// The resource that an operation makes, and how.
    pub fn made_by(&self, operation: OperationIndex) -> Option<(&Resource, &Creator)> {
        let (resource, creator) = *self.made.get(&operation)?;
        let resource = self.resource(resource);
        Some((resource, &resource.creators[creator]))
    }

    /// The index of the resource that an operation makes.
    pub(crate) fn index_of_made(&self, operation: OperationIndex) -> Option<ResourceIndex> {
        Some(self.made.get(&operation)?.0)
    }
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression(expression) => expression.fmt(f),
            Self::Each { array, value } => {
                write!(f, "$response.body#{}/*{}", array.as_str(), value.as_str())
            }
            Self::Names(map) => write!(f, "names in $response.body#{}", map.as_str()),
            Self::Undescribed(_) => f.write_str("name in $response.body"),
            Self::EachUndescribed(_) => f.write_str("names in the list $response.body"),
            Self::Location => f.write_str("$response.header.Location"),
        }
    }
}

/// The declared success responses of an operation.
fn successes(operation: &Operation) -> impl Iterator<Item = &super::DeclaredResponse> {
    use super::StatusKey;
    operation
        .responses
        .declared
        .iter()
        .filter(|response| match response.key {
            StatusKey::Exact(status) => status.is_success(),
            StatusKey::Range(class) => class == 2,
            StatusKey::Default => false,
        })
}
