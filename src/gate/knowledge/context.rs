//! What resources are named with: the contract, its graph, and where the service is.

use std::borrow::Cow;

use http::{Method, StatusCode};
use jsonschema::JsonType;
use oasgate_document::Pointer;
use serde_json::Value;
use url::Url;

use super::{
    instance::ResourceInstance,
    view::{self, ExchangeView, Place},
};
use crate::{
    contract::{
        Contract, Location, Operation, OperationIndex, Parameter, ResourceIndex, Schema, StatusKey,
        graph::{Creator, Edge, Graph, Need, Resource, Role, Shape, ValueSource, last_key},
    },
    run::LiveSettings,
    wire::{RequestParts, sendable, write_request},
};

/// What is needed to name things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceContext<'n> {
    pub(crate) contract: &'n Contract,
    pub(crate) graph: &'n Graph,
    pub(crate) settings: &'n LiveSettings,
}

impl<'n> ResourceContext<'n> {
    pub(crate) fn operation(&self, index: OperationIndex) -> &'n std::sync::Arc<Operation> {
        self.contract.operation_at(index)
    }

    pub(crate) fn index(&self, operation: &Operation) -> Option<OperationIndex> {
        let id = operation.id.as_str();
        let mut all = self.contract.indexed_operations();
        all.find(|(_, one)| one.id.as_str() == id)
            .map(|(index, _)| index)
    }

    pub(crate) fn base_path(&self) -> &'n str {
        self.settings.base.path().trim_end_matches('/')
    }

    /// What an exchange made, if it made something that can be named.
    pub(crate) fn made(
        &self,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) -> Option<ResourceInstance> {
        let request = &given.exchange.request;
        if !given.exchange.response.status.is_success()
            || request.method != self.operation(operation).method
        {
            return None;
        }
        // What `Location` leads to is never wrong, while a body may show another name too.
        let located = self.located(given);
        for (at, resource) in self.graph.indexed_resources() {
            let mut creators = resource.creators.iter();
            let Some(creator) = creators.find(|one| one.operation == operation) else {
                continue;
            };
            if let Some(thing) = located.as_ref().filter(|thing| thing.resource == at) {
                return Some(thing.clone());
            }
            if let Some(thing) = self.named(at, creator, given) {
                return Some(thing);
            }
        }
        let is_created = given.exchange.response.status == StatusCode::CREATED;
        let is_above = |thing: &ResourceInstance| {
            let rest = path_of(&request.url).strip_prefix(thing.path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        located
            .filter(|thing| is_created && request.method == Method::POST && !is_above(thing))
            .or_else(|| {
                self.copied(operation, given)
                    .filter(|thing| !is_above(thing))
            })
    }

    /// What an action on one thing made besides, as `POST /features/{name}/clone` that answers with another of them.
    fn copied(
        &self,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) -> Option<ResourceInstance> {
        let action = self.operation(operation);
        let answered = answered(action).filter(|_| action.method == Method::POST)?;
        let shape = Shape::of(action);
        let mut resources = self.graph.indexed_resources();
        let (at, resource) = resources.find(|(_, resource)| {
            let read = resource.read.map(|read| self.operation(read));
            resource.shape != shape
                && resource.shape.contains(&shape)
                && read.and_then(|read| self::answered(read)).as_ref() == Some(&answered)
        })?;
        let mut creators = resource.creators.iter();
        creators.find_map(|creator| self.named(at, creator, given))
    }

    /// What a creator makes if it takes the name that the request gives.
    pub(crate) fn assumed(
        &self,
        creator: OperationIndex,
        parts: &RequestParts,
    ) -> Option<ResourceInstance> {
        let mut resources = self.graph.indexed_resources();
        let (at, pointer) = resources.find_map(|(at, resource)| {
            let mut creators = resource.creators.iter();
            let creator = creators.find(|one| one.operation == creator)?;
            Some((at, creator.assumed.as_ref()?))
        })?;
        let sent = &parts.body.as_ref()?.1;
        let name = pointer.get(sent)?;
        let is_name =
            name.as_str().is_some_and(|text| !text.is_empty()) || name.is_i64() || name.is_u64();
        let beside = pointer.parent().and_then(|above| above.get(sent));
        self.thing(at, parts, name, beside).filter(|_| is_name)
    }

    /// What a creation makes, or replaces, by the key that its body gives it, and where that stands.
    pub(crate) fn named_in_body(
        &self,
        creator: OperationIndex,
        parts: &RequestParts,
    ) -> Option<(&Pointer, ResourceInstance)> {
        let (at, pointer) = self.key_in_body(creator)?;
        let body = &parts.body.as_ref()?.1;
        let key = pointer.get(body)?;
        let is_key = key.is_string() || key.is_number();
        let beside = pointer.parent().and_then(|above| above.get(body));
        let thing = self.thing(at, parts, key, beside).filter(|_| is_key)?;
        Some((pointer, thing))
    }

    /// Where the body of a creation says the key of what it makes, and of which resource that is.
    pub(crate) fn key_in_body(&self, creator: OperationIndex) -> Option<(ResourceIndex, &Pointer)> {
        // Most operations make nothing, and each case asks.
        self.graph.index_of_made(creator)?;
        let mut resources = self.graph.indexed_resources();
        resources.find_map(|(at, resource)| {
            let mut creators = resource.creators.iter();
            let creator = creators.find(|one| one.operation == creator)?;
            Some((at, creator.key_in_body.as_ref()?))
        })
    }

    /// The path parameter by which the client names what an operation creates.
    pub(crate) fn named_by_client<'o>(&self, operation: &'o Operation) -> Option<&'o str> {
        let index = self.index(operation)?;
        let mut resources = self.graph.resources.iter();
        let resource = resources.find(|resource| {
            let mut creators = resource.creators.iter();
            creators.any(|one| one.operation == index && one.named_by_client)
        })?;
        resource.shape.key(operation)
    }

    /// The thing that a request at the very path of a resource is about.
    pub(crate) fn at_path(
        &self,
        operation: OperationIndex,
        parts: &RequestParts,
    ) -> Option<ResourceInstance> {
        let operation = self.operation(operation);
        let shape = Shape::of(operation);
        let mut resources = self.graph.indexed_resources();
        let (at, _) = resources.find(|(_, resource)| resource.shape == shape)?;
        self.instance(at, |segment| {
            let name = shape.key_at(operation, segment)?;
            parts.get(Location::Path, name).cloned()
        })
    }

    /// The thing that `Location` leads to, in whatever collection it is.
    fn located(&self, given: &ExchangeView<'_>) -> Option<ResourceInstance> {
        let route = view::located(self.contract, self.base_path(), given.exchange)?;
        let shape = Shape::of(route.operation);
        let mut resources = self.graph.indexed_resources();
        let (at, _) = resources.find(|(_, resource)| resource.shape == shape)?;
        self.instance(at, |segment| {
            view::path_value(&route, shape.key_at(route.operation, segment)?)
        })
    }

    /// What a thing that the run created is from now on, where what it was sent gave it another name: as `Location`
    /// says, or the response shows under the name that was sent.
    pub(crate) fn renamed(
        &self,
        thing: &ResourceInstance,
        given: &ExchangeView<'_>,
    ) -> Option<ResourceInstance> {
        let at = thing.resource;
        let is_another = |one: &ResourceInstance| one.resource == at && one.path != thing.path;
        if let Some(located) = self.located(given).filter(is_another) {
            return Some(located);
        }
        let sent = given.parts.body.as_ref()?.1.as_object()?;
        let mut creators = self.graph.resource(at).creators.iter();
        creators
            .find_map(|creator| self.named(at, creator, given))
            .filter(is_another)
            .filter(|one| {
                let key = one.values.last();
                // A service may keep a name in lower case.
                key.is_some_and(|(_, key)| sent.values().any(|value| is_alike(value, key)))
            })
    }

    /// The paths of the things that an operation lists, of whatever resource.
    pub(crate) fn all_listed(
        &self,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) -> Vec<String> {
        if !given.exchange.response.status.is_success() {
            return Vec::new();
        }
        let resources = self.graph.indexed_resources();
        resources
            .filter(|(_, resource)| resource.is_shown_by(operation))
            .flat_map(|(at, _)| self.listed(at, given))
            .map(|(_, thing)| thing.path)
            .collect()
    }

    /// Of some things the one that has most of the names in the path of an operation, the first of several: these names,
    /// with their values as `read` takes them.
    pub(crate) fn most_named<'o, 't, V>(
        &self,
        operation: &'o Operation,
        things: impl Iterator<Item = &'t ResourceInstance>,
        read: impl Fn(&str, &'t Value) -> Option<V>,
    ) -> Vec<(&'o str, V)> {
        let own = Shape::of(operation);
        let names: Vec<&str> = operation.path.parameters().collect();
        let mut best = Vec::new();
        for thing in things {
            let shape = &self.graph.resource(thing.resource).shape;
            if !shape.contains(&own) {
                continue;
            }
            let named = names.iter().filter_map(|name| {
                let value = thing.value_for(shape, operation, name)?;
                Some((*name, read(name, value)?))
            });
            let named: Vec<_> = named.collect();
            if named.len() > best.len() {
                best = named;
            }
            if best.len() == names.len() {
                break;
            }
        }
        best
    }

    /// Whether an operation lists parts of what its path names, and shows none.
    pub(crate) fn shows_no_part(
        &self,
        operation: OperationIndex,
        given: &ExchangeView<'_>,
    ) -> bool {
        let mut resources = self.graph.indexed_resources();
        let has_parent = self.operation(operation).path.parameters().next().is_some();
        has_parent
            && given.exchange.response.status.is_success()
            && resources.any(|(at, resource)| {
                resource.list == Some(operation) && self.listed(at, given).is_empty()
            })
    }

    /// The things that a list shows, each with the element that shows it.
    pub(crate) fn listed<'v>(
        &self,
        at: ResourceIndex,
        given: &'v ExchangeView<'_>,
    ) -> Vec<(&'v Value, ResourceInstance)> {
        let resource = self.graph.resource(at);
        let Some(list) = resource.list.or(resource.search) else {
            return Vec::new();
        };
        let is_of_key = |edge: &&Edge| match &edge.need {
            Need::Parameter(Location::Path, name) => {
                resource.shape.key(self.operation(edge.consumer)) == Some(name)
            }
            _ => false,
        };
        let listed = self.graph.edges.iter();
        let listed = listed.filter(|edge| edge.producer == list && edge.role == Role::Lists);
        let mut of_key = listed.clone().filter(is_of_key).chain(listed);
        let source = of_key.next().and_then(|edge| edge.sources.first());
        let shown = source.map(|source| given.each(source)).unwrap_or_default();
        shown
            .into_iter()
            .filter_map(|(item, key)| Some((item, self.thing(at, given.parts, &key, Some(item))?)))
            .collect()
    }

    /// The things that a response names and says nothing else of, as `["7", "8"]` to a request that makes two.
    pub(crate) fn named_alone(
        &self,
        at: ResourceIndex,
        given: &ExchangeView<'_>,
    ) -> Vec<ResourceInstance> {
        let sources = self
            .graph
            .resource(at)
            .creators
            .iter()
            .flat_map(|one| &one.sources);
        let keys = sources.filter_map(|source| match source {
            ValueSource::Undescribed(key) => Some(key),
            _ => None,
        });
        let named = keys.flat_map(|key| given.alone(key));
        named
            .filter_map(|value| self.thing(at, given.parts, value, None))
            .collect()
    }

    fn named(
        &self,
        at: ResourceIndex,
        creator: &Creator,
        given: &ExchangeView<'_>,
    ) -> Option<ResourceInstance> {
        let resource = self.graph.resource(at);
        let shape = &resource.shape;
        let place = Place {
            contract: self.contract,
            base: self.base_path(),
            segment: shape.len().checked_sub(1)?,
            shape: Cow::Borrowed(shape),
        };
        let key = given.name(&creator.sources, Some(&place))?;
        self.thing(at, given.parts, &key, given.beside(&creator.sources))
    }

    /// The thing of a resource with a key, below what a request named. Where several values name it, what shows
    /// the key shows the others.
    pub(crate) fn thing(
        &self,
        at: ResourceIndex,
        parts: &RequestParts,
        key: &Value,
        shown: Option<&Value>,
    ) -> Option<ResourceInstance> {
        let resource = self.graph.resource(at);
        let user = self.operation(user_of(resource)?);
        let last = resource.shape.len().checked_sub(1)?;
        self.instance(at, |segment| {
            if segment == last {
                return Some(key.clone());
            }
            let beside = shown.and_then(|shown| resource.shape.member(user, segment, shown));
            let beside = beside.cloned();
            beside.or_else(|| self.of_parent(resource, segment, parts))
        })
    }

    /// The thing of a resource with these values in its path.
    fn instance(
        &self,
        at: ResourceIndex,
        value: impl Fn(usize) -> Option<Value>,
    ) -> Option<ResourceInstance> {
        let resource = self.graph.resource(at);
        let shape = &resource.shape;
        let user = self.operation(user_of(resource)?);
        let mut own = RequestParts::default();
        let mut values = Vec::new();
        for segment in 0..shape.len() {
            let Some(name) = shape.key_at(user, segment) else {
                continue;
            };
            let value = value(segment)?;
            values.push((segment, value.clone()));
            own.set(Location::Path, name, value);
        }
        let url = write_request(user, &self.settings.base, &own).ok()?.url;
        Some(ResourceInstance {
            resource: at,
            values,
            path: path_of(&url).to_owned(),
        })
    }

    /// The parameter whose value names what an operation is about: the last one of its path.
    pub(crate) fn key_of(operation: &Operation) -> Option<&str> {
        last_key(operation)
    }

    /// The same parameter, as it is declared.
    pub(crate) fn key_parameter(operation: &Operation) -> Option<&Parameter> {
        let key = Self::key_of(operation)?;
        let mut path = operation.parameters_in(Location::Path);
        path.find(|one| one.name == key)
    }

    /// Whether something makes what a parameter of a path names.
    pub(crate) fn can_be_made(&self, operation: &Operation, name: &str) -> bool {
        let shape = Shape::of(operation);
        let mut resources = self.graph.resources.iter();
        resources.any(|resource| {
            let mut keys = resource.shape.keys();
            resource.shape.contains(&shape)
                && keys.any(|segment| resource.shape.key_at(operation, segment) == Some(name))
                && !resource.creators.is_empty()
        })
    }

    /// The resource that the last name in the path of an operation names, and the operation
    /// that shows one.
    pub(crate) fn read_of(&self, operation: &Operation) -> Option<(ResourceIndex, OperationIndex)> {
        let shape = Shape::of(operation);
        let key = Self::key_of(operation)?;
        let mut resources = self.graph.indexed_resources();
        let (at, resource) = resources.find(|(_, resource)| {
            resource.shape.contains(&shape) && resource.shape.key(operation) == Some(key)
        })?;
        Some((at, resource.read?))
    }

    /// Whether a read or a list shows what a name in the path of an operation names.
    pub(crate) fn is_looked_up(&self, operation: &Operation, name: &str) -> bool {
        let shape = Shape::of(operation);
        let mut resources = self.graph.resources.iter();
        resources.any(|resource| {
            (resource.list.is_some() || resource.read.is_some())
                && resource.shape.contains(&shape)
                && resource.shape.key(operation) == Some(name)
        })
    }

    /// Whether an operation is sent to the path of a collection: what it changes is all of it.
    pub(crate) fn is_of_a_collection(&self, operation: &Operation) -> bool {
        let mut lists = self.graph.resources.iter().filter_map(|one| one.list);
        lists.any(|list| self.operation(list).path.as_str() == operation.path.as_str())
    }

    /// Whether an operation adds a part to what its path names, as far as the document says: it creates a
    /// resource, or what it is sent to can be listed.
    pub(crate) fn adds_a_part(&self, operation: &Operation) -> bool {
        let index = self.index(operation);
        let is_creator = index.is_some_and(|index| self.graph.made_by(index).is_some());
        let mut operations = self.contract.indexed_operations();
        let list = operations.find(|(_, one)| {
            one.method == Method::GET && one.path.as_str() == operation.path.as_str()
        });
        let is_of_one = || self.changes_one(operation);
        is_creator || list.is_some_and(|(at, list)| self.may_list(at, list)) && !is_of_one()
    }

    /// Whether the path of an operation ends in the name of something that is changed or deleted there.
    fn changes_one(&self, operation: &Operation) -> bool {
        let path = operation.path.as_str();
        let changes = [Method::PUT, Method::PATCH, Method::DELETE];
        let mut operations = self.contract.operations().iter();
        path.ends_with('}')
            && operations.any(|one| one.path.as_str() == path && changes.contains(&one.method))
    }

    /// Whether a request only adds a part to what its path names, and nothing makes what it could be added to instead.
    pub(crate) fn only_adds_a_part(&self, operation: &Operation, method: &Method) -> bool {
        *method == Method::POST
            && self.adds_a_part(operation)
            && Self::key_of(operation).is_some_and(|key| !self.can_be_made(operation, key))
    }

    /// Whether a GET may show several things: `GET /history/{id}/undo` beside a POST shows none, whatever that does.
    fn may_list(&self, at: OperationIndex, read: &Operation) -> bool {
        let is_list = self.graph.resources.iter().any(|one| one.list == Some(at));
        let schemas = read.responses.declared.iter().flat_map(|one| {
            let media_types = one.content.media_types.iter();
            media_types.filter_map(|one| one.schema.as_ref())
        });
        let mut schemas = schemas.peekable();
        let is_array = |schema: &Schema| schema.types().contains(JsonType::Array);
        let holds_array = |schema: &Schema| {
            let names = schema.property_names().into_iter();
            let mut properties = names.filter_map(|name| schema.property(&name));
            properties.any(|property| is_array(&property))
        };
        is_list
            || schemas.peek().is_none()
            || schemas.any(|schema| is_array(schema) || holds_array(schema))
    }

    /// The places in an operation's body that name other things.
    pub(crate) fn body_needs(&self, index: OperationIndex) -> Vec<Need> {
        let mut needs: Vec<Need> = Vec::new();
        for edge in self.graph.needs_of(index) {
            if edge.need.is_in_body() && !needs.contains(&edge.need) {
                needs.push(edge.need.clone());
            }
        }
        needs
    }

    /// The places in the body and the query of an operation that name other things, each with the resource that these
    /// are of.
    pub(crate) fn references(&self, index: OperationIndex) -> Vec<(&Need, ResourceIndex)> {
        let mut references: Vec<(&Need, ResourceIndex)> = Vec::new();
        for edge in self.graph.needs_of(index) {
            let is_beside = match &edge.need {
                Need::Parameter(location, _) => *location == Location::Query,
                _ => true,
            };
            let mut resources = self.graph.indexed_resources();
            let named = self.graph.index_of_made(edge.producer);
            let named = named.or_else(|| {
                let shown = resources.find(|(_, one)| one.is_shown_by(edge.producer));
                shown.map(|(index, _)| index)
            });
            if let Some(named) = named.filter(|_| is_beside)
                && !references.contains(&(&edge.need, named))
            {
                references.push((&edge.need, named));
            }
        }
        references
    }

    pub(crate) fn body_schema(&self, index: OperationIndex) -> Option<Schema> {
        let body = self.operation(index).request_body.as_ref()?;
        sendable(&body.content).first()?.schema.clone()
    }

    /// The value at a segment above the thing, from the request that made or listed it.
    fn of_parent(
        &self,
        resource: &Resource,
        segment: usize,
        parts: &RequestParts,
    ) -> Option<Value> {
        let makers = resource.creators.iter().map(|one| one.operation);
        makers.chain(resource.list).find_map(|index| {
            let operation = self.operation(index);
            let name = resource.shape.key_at(operation, segment)?;
            parts.get(Location::Path, name).cloned()
        })
    }
}

/// Whether two values are the same but for the case of their letters.
fn is_alike(one: &Value, other: &Value) -> bool {
    one == other
        || one
            .as_str()
            .zip(other.as_str())
            .is_some_and(|(one, other)| {
                !one.is_empty() && one.to_lowercase() == other.to_lowercase()
            })
}

/// The name of the schema that an operation answers with.
fn answered(operation: &Operation) -> Option<String> {
    let successes =
        operation.responses.declared.iter().filter(
            |response| matches!(response.key, StatusKey::Exact(status) if status.is_success()),
        );
    let schemas = successes
        .flat_map(|response| &response.content.media_types)
        .filter_map(|one| one.schema.as_ref());
    schemas.into_iter().find_map(Schema::name)
}

/// An operation at the very path of a resource.
fn user_of(resource: &Resource) -> Option<OperationIndex> {
    resource
        .read
        .or(resource.delete)
        .or_else(|| resource.updates.first().copied())
}

/// Whether a response says that something was made, and not that it was there before.
pub(crate) fn is_new(operation: &Operation, method: &Method, status: StatusCode) -> bool {
    let declares_created = operation
        .responses
        .declared
        .iter()
        .any(|response| response.key == StatusKey::Exact(StatusCode::CREATED));
    match status {
        StatusCode::CREATED => true,
        // PUT and PATCH answer 200 for what they changed.
        _ if [Method::PUT, Method::PATCH].contains(method) => false,
        _ => status.is_success() && !declares_created,
    }
}

/// Whether a status says that what a path names is not there.
pub(crate) fn says_absent(status: StatusCode) -> bool {
    [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status)
}

/// The path of a URL as things are compared by.
pub(crate) fn path_of(url: &Url) -> &str {
    let path = url.path();
    path.strip_suffix('/').unwrap_or(path)
}
