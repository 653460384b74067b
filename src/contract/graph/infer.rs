//! The graph put together: links as they stand, then what paths, names and responses say.

use std::{collections::HashSet, iter};

use indexmap::IndexMap;
use jsonschema::{JsonType, JsonTypeSet};
use oasgate_document::Pointer;

use super::{
    Basis, Creator, Edge, Expression, Graph, MessagePart, Need, Resource, Role, Shape, ValueSource,
    claims,
    creation::{CREATES, declares_created, is_called_a_creation},
    identity::{PropertyNames, ResourceKey},
    lookup::{Edges, Lookup},
    names::words,
    removal,
    shape::places_of,
    successes,
};
use crate::contract::{Contract, Location, Operation, OperationIndex, Schema};

/// Last segments of paths that answer with a thing and make none.
const ACTIONS: &[&str] = &[
    "bulk",
    "batch",
    "calculate",
    "check",
    "count",
    "estimate",
    "export",
    "find",
    "lookup",
    "preview",
    "query",
    "search",
    "test",
    "validate",
    "verify",
];

/// How many things one path names at most, the deepest first: what is above them in a path that a machine has written is
/// left out.
const MAX_NESTED: usize = 64;

/// The most operations without a place of their own that are taken to make a resource.
const MAX_LOCATED: usize = 32;

/// The graph of a contract.
pub(super) fn graph(contract: &Contract) -> Graph {
    let known = Known::of(contract).with_composites();
    let items = known.items.keys();
    let mut resources: Vec<Resource> = items.map(|shape| known.resource(shape)).collect();
    for resource in &mut resources {
        resource.search = known.searched(resource).map(|(search, _)| search);
    }
    let mut edges = Edges::default();
    known.links(&mut resources, &mut edges);
    for resource in &mut resources {
        known.infer_creators(resource);
    }
    claims::of_composites(&mut resources);
    known.infer_located(&mut resources);
    known.called_creations(&mut resources);
    let producers: Vec<_> = resources
        .iter()
        .map(|one| known.producers_of(one))
        .collect();
    for (resource, producers) in resources.iter().zip(&producers) {
        known.edges_of(resource, producers, &mut edges);
    }
    known.by_other_key(&resources, &producers, &mut edges);
    known.elsewhere(&resources, &producers, &mut edges);
    known.of_same_collection(&resources, &producers, &mut edges);
    let removals = removal::pairs(contract, &resources);
    removal::edges(contract, &removals, &mut edges);
    let mut edges = edges.all;
    edges.sort_by(|a, b| (a.producer, a.consumer, &a.need).cmp(&(b.producer, b.consumer, &b.need)));
    resources.retain(|one| one.read.is_some() || one.delete.is_some() || !one.updates.is_empty());
    let below = resources.iter().map(|one| known.below(&one.shape));
    let below = below.collect();
    let keys_in_updates = resources
        .iter()
        .flat_map(|one| known.keys_in_updates(one))
        .collect();
    Graph::new(edges, below, resources, removals, keys_in_updates)
}

/// An operation that makes or lists the things of a resource, where it names them, and how that is known.
pub(super) type Producer = (OperationIndex, Vec<ValueSource>, Role, Basis);

pub(super) struct Known<'c> {
    contract: &'c Contract,
    pub(super) shapes: Vec<Shape>,
    /// Each path that names a thing, with the operations at it and below it.
    pub(super) items: IndexMap<Shape, Vec<OperationIndex>>,
    pub(super) lookup: Lookup<'c>,
    pub(super) names: PropertyNames,
}

impl<'c> Known<'c> {
    fn of(contract: &'c Contract) -> Self {
        let shapes: Vec<Shape> = contract
            .operations()
            .iter()
            .map(|one| Shape::of(one))
            .collect();
        let mut items: IndexMap<Shape, Vec<OperationIndex>> = IndexMap::new();
        for (index, shape) in OperationIndex::number(&shapes) {
            let items_above = (1..=shape.len())
                .rev()
                .filter(|length| shape.is_item_at(*length));
            let lengths: Vec<usize> = items_above.take(MAX_NESTED).collect();
            for length in lengths.into_iter().rev() {
                let prefix = shape.prefix(length);
                items.entry(prefix).or_default().push(index);
            }
        }
        Self {
            contract,
            lookup: Lookup::of(contract, &shapes, &items),
            names: PropertyNames::default(),
            shapes,
            items,
        }
    }

    pub(super) fn operation(&self, index: OperationIndex) -> &'c Operation {
        self.contract.operation_at(index)
    }

    /// The path of an operation.
    pub(super) fn shape(&self, index: OperationIndex) -> &Shape {
        &self.shapes[index.place()]
    }

    /// The operation with a method at a path.
    pub(super) fn at(&self, shape: &Shape, method: &str) -> Option<OperationIndex> {
        self.lookup.at(shape, method)
    }

    /// The operations at paths below an item.
    fn below(&self, item: &Shape) -> Vec<OperationIndex> {
        let all = self.items.get(item).into_iter().flatten();
        all.copied()
            .filter(|index| self.shape(*index) != item)
            .collect()
    }

    fn resource(&self, shape: &Shape) -> Resource {
        Resource {
            shape: shape.clone(),
            creators: Vec::new(),
            read: self.at(shape, "GET"),
            updates: ["PUT", "PATCH"]
                .into_iter()
                .filter_map(|method| self.at(shape, method))
                .collect(),
            delete: self.at(shape, "DELETE"),
            list: self.at(&self.lookup.collection_of(shape), "GET"),
            search: None,
        }
    }

    /// Where the bodies of the operations that change a thing say its key.
    fn keys_in_updates(&self, resource: &Resource) -> Vec<(OperationIndex, Pointer)> {
        let Some(wanted) = self.wanted(&resource.shape) else {
            return Vec::new();
        };
        let updates = resource.updates.iter();
        let keys = updates.filter_map(|update| {
            let sent = self.sent(*update)?;
            let at = wanted.in_one(&sent, &self.names);
            let at = at.or_else(|| wanted.noun_in(&sent, &self.names))?;
            Some((*update, at))
        });
        keys.collect()
    }

    /// What a resource's key is called and must be.
    pub(super) fn wanted(&self, shape: &Shape) -> Option<ResourceKey> {
        self.key_of(shape, self.items.get(shape)?)
    }

    /// What the key of a resource is called by its users and must be.
    pub(super) fn key_of(&self, shape: &Shape, users: &[OperationIndex]) -> Option<ResourceKey> {
        let mut names: Vec<&str> = Vec::new();
        let mut types = JsonTypeSet::empty();
        for index in users {
            let operation = self.operation(*index);
            let name = shape.key(operation)?;
            if !names.contains(&name) {
                names.push(name);
            }
            let declared = operation
                .parameters_in(Location::Path)
                .find(|parameter| parameter.name == name)
                .and_then(|parameter| parameter.value.schema());
            let own = declared.map_or(JsonTypeSet::all(), Schema::types);
            types = own.iter().fold(types, JsonTypeSet::insert);
        }
        Some(ResourceKey::new(&names, shape.collection_name()?, types))
    }

    /// What links say.
    fn links(&self, resources: &mut [Resource], edges: &mut Edges) {
        for (producer, operation) in self.contract.indexed_operations() {
            for link in successes(operation).flat_map(|response| &response.links) {
                let Some(consumer) = link
                    .operation
                    .as_ref()
                    .and_then(|id| self.lookup.named(id.as_str()))
                else {
                    continue;
                };
                let target = self.operation(consumer);
                for (name, value) in &link.parameters {
                    let (Some(need), Some(expression)) =
                        (parameter(target, name), Expression::of(value))
                    else {
                        continue;
                    };
                    let item = self.item_named(consumer, &need);
                    // An operation on the thing itself cannot have made it.
                    let makes = item.as_ref().is_some_and(|item| {
                        operation.method == "POST"
                            && matches!(expression, Expression::Response(_))
                            && !item.contains(self.shape(producer))
                            && !self.names_another(producer, item, &expression)
                    });
                    let basis = Basis::Link(link.name.clone());
                    let source = ValueSource::Expression(expression);
                    if let Some(item) = item.filter(|_| makes)
                        && let Some(at) = self.items.get_index_of(&item)
                        && let Some(resource) = resources.get_mut(at)
                        && !resource
                            .creators
                            .iter()
                            .any(|one| one.operation == producer)
                    {
                        resource.creators.push(Creator {
                            operation: producer,
                            sources: vec![source.clone()],
                            basis: basis.clone(),
                            named_by_client: false,
                            assumed: None,
                            key_in_body: None,
                        });
                    }
                    edges.add(Edge {
                        producer,
                        consumer,
                        need,
                        sources: vec![source],
                        role: if makes { Role::Creates } else { Role::Names },
                        basis,
                    });
                }
                if let Some(expression) = link.request_body.as_ref().and_then(Expression::of) {
                    edges.add(Edge {
                        producer,
                        consumer,
                        need: Need::Body(Pointer::root()),
                        sources: vec![ValueSource::Expression(expression)],
                        role: Role::Names,
                        basis: Basis::Link(link.name.clone()),
                    });
                }
            }
        }
    }

    /// Whether what an operation answers, and a link takes, names something that it has not made: it makes what its own
    /// path collects, or the request has said it.
    fn names_another(
        &self,
        producer: OperationIndex,
        item: &Shape,
        expression: &Expression,
    ) -> bool {
        let own = self.shape(producer);
        if self.lookup.collection_of(item) == *own {
            return false;
        }
        let collects = |other: &Shape| self.lookup.collection_of(other) == *own;
        let is_sent = match expression {
            Expression::Response(MessagePart::Body(at)) => self.is_sent(producer, at),
            _ => false,
        };
        is_sent || self.items.keys().any(collects)
    }

    /// The item that a path parameter names.
    pub(super) fn item_named(&self, consumer: OperationIndex, need: &Need) -> Option<Shape> {
        let Need::Parameter(Location::Path, name) = need else {
            return None;
        };
        let shape = self.shape(consumer);
        places_of(self.operation(consumer), name)
            .map(|at| shape.prefix(at + 1))
            .find(|item| self.items.contains_key(item))
    }

    /// Adds the operations that make a resource as far as paths and responses say so.
    fn infer_creators(&self, resource: &mut Resource) {
        let shape = resource.shape.clone();
        let Some(mut wanted) = self.wanted(&shape) else {
            return;
        };
        let collection = self.lookup.collection_of(&shape);
        let thing = resource.read.and_then(|read| self.answered(read));
        let parent = shape
            .parent()
            .and_then(|parent| self.at(&parent, "GET"))
            .and_then(|read| self.answered(read));
        let mut found = Vec::new();
        for producer in self.lookup.makers(&collection) {
            let path = self.shape(producer);
            if shape.contains(path) {
                continue;
            }
            let is_collection = *path == collection;
            // Elsewhere under the same name, as `POST /costs/data_exports` for `/data_exports/{}`:
            // only where nothing else in the path would have to be known, and where it collects nothing
            // else.
            let same_end = path.last_literal().is_some()
                && path.last_literal() == collection.last_literal()
                && !collection.has_parameters()
                && is_used(resource);
            // `POST /integrations/gcp` beside `POST /integrations`.
            let is_kind_of = path.len() == collection.len() + 1
                && collection.contains(path)
                && path.last_literal().is_some_and(|last| {
                    !ACTIONS
                        .iter()
                        .any(|action| words(last).iter().any(|word| word == action))
                });
            if !is_collection && !same_end && !is_kind_of {
                continue;
            }
            // `POST /networks/create` is what `POST /networks` is elsewhere.
            let is_collection = is_collection
                || is_kind_of
                    && path
                        .last_literal()
                        .is_some_and(|last| CREATES.contains(&last));
            let answered = self.answered(producer);
            let is_thing = match (&answered, &thing) {
                (None, None) => resource.read.is_some_and(|read| {
                    is_collection && self.show_alike(producer, read)
                        || same_end && self.show_the_same(producer, read)
                }),
                (answered, thing) => answered.is_some() && answered == thing,
            };
            // `POST /orders/{}/lines` that answers with the order names no line.
            if !is_thing && answered.is_some() && answered == parent {
                continue;
            }
            wanted.is_the_thing = is_thing;
            let shown = self.success_schemas(producer);
            let shown = shown.iter().filter(|_| is_collection || is_thing);
            let in_body = shown
                .clone()
                .find_map(|schema| wanted.in_one(schema, &self.names))
                .or_else(|| {
                    let mut only = shown.filter_map(|schema| wanted.only_name(schema, &self.names));
                    only.find(|at| is_collection && !self.is_sent(producer, at))
                });
            // PUT at a collection replaces all of it, unless it answers with one thing.
            let is_put = self.operation(producer).method == "PUT";
            if is_put && !(is_thing && in_body.is_some()) {
                continue;
            }
            // What no response names, a list shows afterwards, or the client has named it itself.
            let is_listed = || is_collection && self.listed(resource, false).is_some();
            let is_located = !is_kind_of && self.says_location(producer);
            // What the document does not describe may name it all the same.
            let may_be_undescribed = is_collection && is_used(resource) && !shape.is_composite();
            let key_in_body = is_collection
                .then(|| wanted.in_one(&self.sent(producer)?, &self.names))
                .flatten();
            let is_assumed = in_body.is_none() && resource.read.is_some();
            let assumed = key_in_body.clone().filter(|_| is_assumed);
            let is_described = in_body.is_some() || is_located || assumed.is_some() || is_listed();
            if !is_described && !may_be_undescribed {
                continue;
            }
            let mut sources: Vec<ValueSource> = in_body
                .into_iter()
                .map(|at| ValueSource::Expression(Expression::Response(MessagePart::Body(at))))
                .collect();
            // It is read by the path it leads to, so that it is never wrong.
            sources.push(ValueSource::Location);
            if may_be_undescribed {
                sources.push(ValueSource::Undescribed(wanted.clone()));
            }
            let rank = (!is_described, !is_collection, !is_kind_of, is_put);
            found.push((rank, producer, sources, (assumed, key_in_body)));
        }
        found.sort_by_key(|(rank, producer, ..)| (*rank, *producer));
        for ((is_undescribed, ..), operation, sources, (assumed, key_in_body)) in found {
            // That the client chooses the name is surer than what no document describes.
            if is_undescribed && resource.creators.is_empty() {
                self.add_client_named(resource);
            }
            if !resource
                .creators
                .iter()
                .any(|one| one.operation == operation)
            {
                resource.creators.push(Creator {
                    operation,
                    sources,
                    basis: Basis::Inferred,
                    named_by_client: false,
                    assumed,
                    key_in_body,
                });
            }
        }
        if resource.creators.is_empty() {
            self.add_client_named(resource);
        } else if let Some(post) = self.creating_post(resource) {
            self.add_named_by(post, resource);
        }
    }

    /// `POST /notices` whose `Location` leads to `/board/{slug}`: what nothing else makes may be made by
    /// a POST that makes nothing else. Which resource it is, its response says.
    fn infer_located(&self, resources: &mut [Resource]) {
        let creators = resources.iter().flat_map(|one| &one.creators);
        let known: HashSet<OperationIndex> = creators.map(|one| one.operation).collect();
        let operations = self.contract.indexed_operations();
        let makers = operations.filter(|(index, operation)| {
            operation.method == "POST" && !known.contains(index) && self.says_location(*index)
        });
        let makers: Vec<OperationIndex> = makers.map(|(index, _)| index).collect();
        for resource in resources {
            if !is_used(resource)
                || !resource.creators.is_empty()
                || resource.shape.parent().is_some()
            {
                continue;
            }
            let fitting = makers
                .iter()
                .filter(|index| !resource.shape.contains(self.shape(**index)));
            resource.creators = fitting
                .take(MAX_LOCATED)
                .map(|index| Creator {
                    operation: *index,
                    sources: vec![ValueSource::Location],
                    basis: Basis::Inferred,
                    named_by_client: false,
                    assumed: None,
                    key_in_body: None,
                })
                .collect();
        }
    }

    /// `PUT /things/{name}` that declares a 201, or a POST there that declares one or is called a creation: the client
    /// chooses the name.
    fn add_client_named(&self, resource: &mut Resource) {
        let put = self.at(&resource.shape, "PUT");
        let put = put.filter(|put| declares_created(self.operation(*put)));
        if let Some(creator) = put.or_else(|| self.creating_post(resource)) {
            self.add_named_by(creator, resource);
        }
    }

    /// The POST at the path of a thing that makes it.
    fn creating_post(&self, resource: &Resource) -> Option<OperationIndex> {
        let post = self.at(&resource.shape, "POST");
        post.filter(|post| {
            let operation = self.operation(*post);
            is_used(resource) && (declares_created(operation) || is_called_a_creation(operation))
        })
    }

    /// Adds an operation that makes what its own path names.
    fn add_named_by(&self, creator: OperationIndex, resource: &mut Resource) {
        let operation = self.operation(creator);
        if let Some(key) = resource.shape.key(operation) {
            resource.creators.push(Creator {
                operation: creator,
                sources: vec![ValueSource::Expression(Expression::Request(
                    MessagePart::Path(key.to_owned()),
                ))],
                basis: Basis::Inferred,
                named_by_client: true,
                assumed: None,
                key_in_body: None,
            });
        }
    }

    /// Edges from what makes and lists a resource to every operation at or below it.
    fn edges_of(&self, resource: &Resource, producers: &[Producer], edges: &mut Edges) {
        let users = self
            .items
            .get(&resource.shape)
            .map_or(&[][..], Vec::as_slice);
        for (producer, sources, role, basis) in producers {
            for consumer in users.iter().filter(|consumer| *consumer != producer) {
                let Some(name) = resource.shape.key(self.operation(*consumer)) else {
                    continue;
                };
                let last = (name.to_owned(), sources.clone());
                let others = self.beside(resource, *consumer, sources);
                for (name, sources) in iter::once(last).chain(others) {
                    edges.add_new(Edge {
                        producer: *producer,
                        consumer: *consumer,
                        need: Need::Parameter(Location::Path, name),
                        sources,
                        role: *role,
                        basis: basis.clone(),
                    });
                }
            }
        }
    }

    fn producers_of(&self, resource: &Resource) -> Vec<Producer> {
        let mut producers: Vec<_> = resource
            .creators
            .iter()
            .map(|creator| {
                (
                    creator.operation,
                    creator.sources.clone(),
                    Role::Creates,
                    creator.basis.clone(),
                )
            })
            .collect();
        let listed = self.listed(resource, true);
        if let Some((list, source)) = listed.or_else(|| self.searched(resource)) {
            producers.push((list, vec![source], Role::Lists, Basis::Inferred));
        }
        producers
    }

    /// The operation that lists the things of a resource, and where it names them. With `is_element` a plain
    /// identifier of an element will do, which a read has to prove.
    fn listed(
        &self,
        resource: &Resource,
        is_element: bool,
    ) -> Option<(OperationIndex, ValueSource)> {
        let list = resource.list?;
        let mut wanted = self.wanted(&resource.shape)?;
        wanted.is_element = is_element && resource.read.is_some();
        let schemas = self.success_schemas(list);
        if let Some((array, value)) = schemas
            .iter()
            .find_map(|schema| wanted.in_list(schema, &self.names))
        {
            return Some((list, ValueSource::Each { array, value }));
        }
        if schemas.iter().any(|schema| self.maps(schema, resource)) {
            return Some((list, ValueSource::Names(Pointer::root())));
        }
        // Elements may well have an `id` that the document does not speak of, which a read has to prove.
        let is_described = schemas.iter().any(|schema| {
            let names_elements = || {
                let items = schema.items();
                items.is_some_and(|items| !items.property_names().is_empty())
            };
            !schema.types().contains(JsonType::Array)
                || !schema.property_names().is_empty()
                || resource.read.is_none() && names_elements()
        });
        // Where the document shows the element of the list, what comes may be the list all the same.
        let element = self
            .lookup
            .at(&self.lookup.collection_of(&resource.shape), "POST");
        let element = element.and_then(|post| self.sent(post)?.name());
        let element = element.or_else(|| self.answered(resource.read?));
        let shows_one = element.is_some() && schemas.iter().any(|schema| schema.name() == element);
        ((!is_described || shows_one) && is_used(resource))
            .then(|| (list, ValueSource::EachUndescribed(wanted)))
    }

    /// The POST that looks for the things of a resource that no GET lists, and where it names them.
    fn searched(&self, resource: &Resource) -> Option<(OperationIndex, ValueSource)> {
        if resource.list.is_some() || !is_used(resource) {
            return None;
        }
        let mut wanted = self.wanted(&resource.shape)?;
        wanted.is_element = resource.read.is_some();
        let collection = self.lookup.collection_of(&resource.shape);
        let mut posts = self.lookup.posts_below(&collection).iter();
        posts.find_map(|post| {
            let schemas = self.success_schemas(*post);
            let looks = self.operation(*post).is_called_a_look();
            let mut lists = schemas.iter().filter(|_| looks);
            let (array, value) = lists.find_map(|schema| wanted.in_list(schema, &self.names))?;
            Some((*post, ValueSource::Each { array, value }))
        })
    }

    /// Whether a schema is of objects whose members are what the read of a resource shows, each under
    /// its name.
    fn maps(&self, schema: &Schema, resource: &Resource) -> bool {
        let shown = resource.read.and_then(|read| self.answered(read));
        schema.property_names().is_empty()
            && schema
                .additional_properties()
                .is_some_and(|member| shown.is_some() && member.name() == shown)
    }

    pub(super) fn success_schemas(&self, index: OperationIndex) -> Vec<Schema> {
        successes(self.operation(index))
            .flat_map(|response| &response.content.media_types)
            .filter_map(|media_type| media_type.schema.clone())
            .collect()
    }

    /// The schema of what an operation is sent.
    pub(super) fn sent(&self, index: OperationIndex) -> Option<Schema> {
        let body = self.operation(index).request_body.as_ref()?;
        body.content.media_types.first()?.schema.clone()
    }

    /// Whether an operation may be sent a property.
    fn is_sent(&self, index: OperationIndex, at: &Pointer) -> bool {
        let sent = self.sent(index);
        sent.is_some_and(|sent| sent.property_at(at).is_some())
    }

    /// The name of the schema that an operation answers with.
    pub(super) fn answered(&self, index: OperationIndex) -> Option<String> {
        self.success_schemas(index).iter().find_map(Schema::name)
    }

    /// Whether two operations answer with objects that are written where they stand and have the same
    /// properties, or one all of the other's.
    fn show_alike(&self, one: OperationIndex, other: OperationIndex) -> bool {
        let (one, other) = (self.shown_names(one), self.shown_names(other));
        one.len().min(other.len()) >= 2 && (one.is_subset(&other) || other.is_subset(&one))
    }

    /// Whether two operations answer with objects that are written where they stand and have the same
    /// properties, two at least.
    fn show_the_same(&self, one: OperationIndex, other: OperationIndex) -> bool {
        let (one, other) = (self.shown_names(one), self.shown_names(other));
        one.len() >= 2 && one == other
    }

    /// The names of the properties that an operation answers with.
    fn shown_names(&self, index: OperationIndex) -> HashSet<String> {
        let schemas = self.success_schemas(index).into_iter();
        schemas.flat_map(|schema| schema.property_names()).collect()
    }

    /// Whether a success declares `Location`, or its description speaks of it.
    fn says_location(&self, index: OperationIndex) -> bool {
        successes(self.operation(index)).any(|response| {
            response
                .headers
                .iter()
                .any(|header| header.name.eq_ignore_ascii_case("location"))
                || response.description.contains("Location header")
                || response.description.contains("`Location`")
        })
    }
}

/// Whether one of a resource can be read or deleted.
pub(super) fn is_used(resource: &Resource) -> bool {
    resource.read.is_some() || resource.delete.is_some()
}

/// The parameter that a link names: `id`, or `path.id` where two locations share the name.
fn parameter(operation: &Operation, name: &str) -> Option<Need> {
    let qualified = name.split_once('.').and_then(|(location, name)| {
        operation
            .parameters
            .iter()
            .find(|one| one.location.as_str() == location && one.name == name)
    });
    let found = qualified.or_else(|| operation.parameters.iter().find(|one| one.name == name))?;
    Some(Need::Parameter(found.location, found.name.clone()))
}
