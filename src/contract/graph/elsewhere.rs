//! Places of requests, other than the paths of its own operations, that name a resource: a parameter or a property
//! of a body called after it.

use std::collections::HashMap;

use jsonschema::{JsonType, JsonTypeSet};
use oasgate_document::Pointer;
use serde_json::Value;

use super::{
    Edge, Expression, MessagePart, Need, Resource, ValueSource,
    infer::{Known, Producer},
    lookup::Edges,
    names::{PLAIN_IDS, is_identifier, is_plain_id, is_plural_of, words},
    shape::Shape,
};
use crate::contract::{Location, OperationIndex, Schema};

/// Names of integers that are no ids, even where a collection is called so.
const NUMBERS: &[&str] = &[
    "count", "day", "hour", "index", "level", "limit", "month", "number", "offset", "order",
    "page", "points", "position", "priority", "rank", "score", "size", "status", "version", "week",
    "year",
];

/// Formats of texts that are URLs.
const URLS: [&str; 4] = ["uri", "uri-reference", "iri", "iri-reference"];

/// What people are called for what they do: `author_id` is the id of one of the users.
const ROLES: &[&str] = &[
    "approver",
    "assignee",
    "attendee",
    "author",
    "borrower",
    "buyer",
    "creator",
    "editor",
    "host",
    "lead",
    "maintainer",
    "manager",
    "moderator",
    "organizer",
    "owner",
    "participant",
    "recipient",
    "reporter",
    "requester",
    "reviewer",
    "seller",
    "sender",
    "submitter",
    "supervisor",
];

/// What people are called where they are listed.
const PEOPLE: &[&str] = &[
    "account", "contact", "customer", "employee", "member", "people", "person", "user",
];

/// How many objects within one body are looked through for places that name a resource.
const MAX_HOLDERS: usize = 48;

/// How deep within a body such an object may stand.
const MAX_DEPTH: usize = 3;

/// A place in a request that may name a resource.
struct OpenNeed<'o> {
    need: Need,
    name: String,
    /// The words of the name.
    words: Vec<String>,
    holder: Holder<'o>,
}

/// What declares an [`OpenNeed`].
enum Holder<'o> {
    Parameter(&'o Schema),
    Body(Schema),
}

/// What names a resource in a request.
struct Naming {
    /// What names one.
    schema: Schema,
    /// Whether several are named there.
    is_of_array: bool,
}

impl OpenNeed<'_> {
    /// What the document says of it, which takes a while for a property of a large body.
    fn naming(&self) -> Option<Naming> {
        let property = match &self.holder {
            Holder::Parameter(schema) => {
                return Some(Naming {
                    schema: (*schema).clone(),
                    is_of_array: false,
                });
            }
            Holder::Body(holder) => holder.property(&self.name)?,
        };
        let types = property.types();
        let is_array = types.contains(JsonType::Array) && !types.contains(JsonType::String);
        let items = is_array.then(|| property.items()).flatten();
        Some(Naming {
            is_of_array: items.is_some(),
            schema: items.unwrap_or(property),
        })
    }
}

/// How a place that is called after a resource, and not after its key, names one.
enum Form {
    /// By its key: an integer, or a UUID.
    Key,
    /// By an object with a key in it: `{"location": {"id": 7}}`. The name of that property, and what it may be.
    Object(String, JsonTypeSet),
    /// By its URL, as it is shown beside its key.
    Url,
}

impl Naming {
    fn types(&self) -> JsonTypeSet {
        self.schema.types()
    }

    /// How it names a resource, if it can be nothing else.
    fn form(&self) -> Option<Form> {
        let types = self.types();
        let is_only = |wanted: JsonType| {
            let mut others = types.iter().filter(|one| *one != JsonType::Null);
            types.contains(wanted) && others.all(|one| one == wanted)
        };
        let target = self.schema.target();
        let format = target.raw().get("format").and_then(Value::as_str);
        if is_only(JsonType::Integer) {
            return Some(Form::Key);
        }
        if is_only(JsonType::String) {
            return match format? {
                "uuid" => Some(Form::Key),
                format if URLS.contains(&format) => Some(Form::Url),
                _ => None,
            };
        }
        if !is_only(JsonType::Object) {
            return None;
        }
        PLAIN_IDS.iter().find_map(|name| {
            let types = self.schema.property(name)?.types();
            let is_plain = [JsonType::Integer, JsonType::String]
                .into_iter()
                .any(|one| types.contains(one));
            is_plain.then(|| Form::Object((*name).to_owned(), types))
        })
    }
}

impl Form {
    /// The very place of the name, where the request says it at a place, or in each element of an array there.
    fn within(&self, need: Need, is_of_array: bool) -> Option<Need> {
        match self {
            Self::Key | Self::Url => Some(need),
            Self::Object(..) if !need.is_in_body() => None,
            Self::Object(name, _) if is_of_array => Some(need.in_each()?.below(name)),
            Self::Object(name, _) => Some(need.below(name)),
        }
    }
}

/// Where a thing shows its URL, by where it shows its key.
fn beside_key(source: &ValueSource, name: &str) -> Option<ValueSource> {
    let sibling = |key: &Pointer| Some(key.parent()?.join(name));
    match source {
        ValueSource::Expression(Expression::Response(MessagePart::Body(key))) => {
            let part = MessagePart::Body(sibling(key)?);
            Some(ValueSource::Expression(Expression::Response(part)))
        }
        ValueSource::Each { array, value } => Some(ValueSource::Each {
            array: array.clone(),
            value: sibling(value)?,
        }),
        _ => None,
    }
}

/// Whether a property of this name has the URL of what it stands in: `url`, `pulp_href`, `resource_uri`.
fn is_called_a_url(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map_or("", String::as_str);
    words.len() <= 2 && ["href", "self", "uri", "url"].contains(&last)
}

/// The words of a name that may name a resource, singular and with the identifier at the end, and whether that is
/// written there: `tag_ids` and `tag` are both `tag_id`.
fn as_identifier(mut words: Vec<String>) -> (Vec<String>, bool) {
    let is_written = words.last().is_some_and(|last| {
        is_identifier(last) || last.strip_suffix('s').is_some_and(is_identifier)
    });
    if !is_written {
        words.push("id".to_owned());
    }
    // `tag_ids` holds what `tag_id` names.
    if let Some(last) = words.last_mut()
        && let Some(one) = last.strip_suffix('s').filter(|one| is_identifier(one))
    {
        *last = one.to_owned();
    }
    (words, is_written)
}

/// Other nouns for what a noun may stand for: one of a kind (`billing_address`), or people for what they do (`author`).
fn otherwise_called(noun: &[String]) -> Vec<Vec<String>> {
    let Some(last) = noun.last() else {
        return Vec::new();
    };
    if is_a_role(noun) {
        return PEOPLE.iter().map(|one| vec![(*one).to_owned()]).collect();
    }
    if noun.len() > 1 {
        return vec![vec![last.clone()]];
    }
    Vec::new()
}

fn is_a_role(noun: &[String]) -> bool {
    noun.last()
        .is_some_and(|last| ROLES.contains(&last.as_str()))
}

fn is_a_number(name: &str) -> bool {
    NUMBERS.contains(&name.to_ascii_lowercase().as_str())
}

impl Known<'_> {
    /// Edges to parameters and body properties that name a resource by its whole name, such as
    /// `workspace_token` for `/workspaces/{workspace_token}`, or by its noun where they can only be an id: the
    /// integer `workspace`.
    pub(super) fn elsewhere(
        &self,
        resources: &[Resource],
        producers: &[Vec<Producer>],
        edges: &mut Edges,
    ) {
        let mut by_beginning: HashMap<Beginning, Vec<_>> = HashMap::new();
        for one in named_by_service(resources, producers) {
            by_beginning.entry(beginning(&one.1)).or_default().push(one);
        }
        for (consumer, own) in OperationIndex::number(&self.shapes) {
            for mut open in self.open_needs(consumer, edges) {
                let (name, is_written) = as_identifier(std::mem::take(&mut open.words));
                let Some((last, noun)) = name.split_last() else {
                    continue;
                };
                if noun.is_empty() || !is_written && is_a_number(&open.name) {
                    continue;
                }
                let called = |noun: &[String]| -> Vec<_> {
                    let all = by_beginning.get(&beginning(noun)).into_iter().flatten();
                    let fitting = all.filter(|(shape, collection, _)| {
                        is_plural_of(collection, noun)
                            && !shape.contains(own)
                            // What is made has no name yet.
                            && self.lookup.collection_of(shape) != *own
                    });
                    fitting.collect()
                };
                let mut fitting = called(noun);
                let is_otherwise_called = fitting.is_empty();
                if is_otherwise_called && is_plain_id(last) {
                    fitting = otherwise_called(noun)
                        .iter()
                        .flat_map(|noun| called(noun))
                        .collect();
                }
                if fitting.is_empty() {
                    continue;
                }
                let Some(naming) = open.naming() else {
                    continue;
                };
                let form = if is_written {
                    Form::Key
                } else {
                    let Some(form) = naming.form() else { continue };
                    form
                };
                // An integer `max_orders` counts them.
                let may_count = matches!(form, Form::Key) && !is_written && !is_a_role(noun);
                if is_otherwise_called && may_count {
                    continue;
                }
                // An integer `orders` counts them.
                fitting.retain(|(_, collection, _)| {
                    is_written || naming.is_of_array || collection != noun
                });
                let Some(producers) = nearest(&fitting, own) else {
                    continue;
                };
                let Some(need) = form.within(open.need, naming.is_of_array) else {
                    continue;
                };
                for (producer, sources, role, basis) in producers {
                    let sources = match &form {
                        Form::Key => self.keys(*producer, sources, last, naming.types()),
                        Form::Object(name, types) => self.keys(*producer, sources, name, *types),
                        Form::Url => self.urls(*producer, sources),
                    };
                    if *producer != consumer && !sources.is_empty() {
                        edges.add_new(Edge {
                            producer: *producer,
                            consumer,
                            need: need.clone(),
                            sources,
                            role: *role,
                            basis: basis.clone(),
                        });
                    }
                }
            }
        }
    }

    /// Query parameters, path parameters that nothing leads to, and properties of the body.
    fn open_needs(&self, consumer: OperationIndex, edges: &Edges) -> Vec<OpenNeed<'_>> {
        let operation = self.operation(consumer);
        let mut needs = Vec::new();
        for parameter in &operation.parameters {
            let need = Need::Parameter(parameter.location, parameter.name.clone());
            let is_open = match parameter.location {
                Location::Query | Location::Header => true,
                Location::Path => {
                    !edges.lead_to(consumer, &need) && !self.is_of_own_collection(consumer, &need)
                }
                Location::Cookie | Location::QueryString => false,
            };
            if is_open && let Some(schema) = parameter.value.schema() {
                needs.push(OpenNeed {
                    need,
                    name: parameter.name.clone(),
                    words: words(&parameter.name),
                    holder: Holder::Parameter(schema),
                });
            }
        }
        let body = operation
            .request_body
            .iter()
            .find_map(|body| body.content.media_types.first()?.schema.as_ref());
        for (holder, place) in body.map(objects_within).unwrap_or_default() {
            let names = self.names.of(&holder);
            needs.extend(names.iter().map(|(name, words)| OpenNeed {
                need: place.below(name),
                name: name.clone(),
                words: words.clone(),
                holder: Holder::Body(holder.clone()),
            }));
        }
        needs
    }

    /// Whether a path parameter follows the name of its own collection, so that the things of another
    /// collection of that name are others.
    fn is_of_own_collection(&self, consumer: OperationIndex, need: &Need) -> bool {
        self.item_named(consumer, need).is_some_and(|item| {
            let name = words(need.name());
            let noun = name.split_last().map_or(&[][..], |(_, noun)| noun);
            item.collection_name()
                .is_some_and(|collection| is_plural_of(&words(collection), noun))
        })
    }

    /// The sources, where one of them gives the identifier that is wanted, of the types.
    fn keys(
        &self,
        producer: OperationIndex,
        sources: &[ValueSource],
        wanted: &str,
        types: JsonTypeSet,
    ) -> Vec<ValueSource> {
        let mut all = sources.iter();
        let fits = all.any(|source| self.ends_in(producer, source, wanted, types));
        if fits { sources.to_vec() } else { Vec::new() }
    }

    /// Where a producer shows the URLs of the things whose keys the sources give.
    fn urls(&self, producer: OperationIndex, sources: &[ValueSource]) -> Vec<ValueSource> {
        let shown = self.success_schemas(producer);
        let all = sources.iter().filter_map(|source| {
            let holder = |schema: &Schema| match source {
                ValueSource::Each { array, value } => {
                    let element = schema.property_at(array)?.items()?;
                    element.property_at(&value.parent()?)
                }
                ValueSource::Expression(Expression::Response(MessagePart::Body(key))) => {
                    schema.property_at(&key.parent()?)
                }
                _ => None,
            };
            let holder = shown.iter().find_map(holder)?;
            let names = self.names.of(&holder);
            let mut names = names.iter().map(|(name, _)| name);
            let url = names.find(|name| {
                let is_text = |schema: Schema| schema.types().contains(JsonType::String);
                is_called_a_url(name) && holder.property(name).is_some_and(is_text)
            })?;
            beside_key(source, url)
        });
        all.collect()
    }

    /// Whether a value's last name is the identifier that is wanted, and can be of the types.
    fn ends_in(
        &self,
        producer: OperationIndex,
        source: &ValueSource,
        wanted: &str,
        types: JsonTypeSet,
    ) -> bool {
        let (pointer, schema) = match source {
            ValueSource::Expression(Expression::Response(MessagePart::Body(pointer))) => (
                pointer.clone(),
                self.success_schemas(producer)
                    .iter()
                    .find_map(|schema| schema.property_at(pointer)),
            ),
            ValueSource::Each { array, value } => (
                value.clone(),
                self.success_schemas(producer)
                    .iter()
                    .find_map(|schema| schema.property_at(array)?.items()?.property_at(value)),
            ),
            _ => return false,
        };
        let same_name = pointer
            .last()
            .is_some_and(|name| words(&name).last().is_some_and(|last| last == wanted));
        // `team_id` is the key of a team, whatever that is called, unless a team has an id beside it.
        let is_only_key = wanted == "id" && {
            let success = self.success_schemas(producer);
            !success.iter().any(|schema| {
                let holder = match source {
                    ValueSource::Each { array, .. } => {
                        schema.property_at(array).and_then(|array| array.items())
                    }
                    _ => Some(schema.clone()),
                };
                holder.is_some_and(|holder| holder.property("id").is_some())
            })
        };
        (same_name || is_only_key)
            && schema.is_some_and(|schema| schema.types().iter().any(|one| types.contains(one)))
    }
}

/// A resource whose things others may name: its path, the words of its collection, and what makes and lists them.
pub(super) type Named = (Shape, Vec<String>, Vec<Producer>);

/// The resources to whose things a service gives names, which it makes or lists: the name that a client chooses for one
/// leads nobody to it.
pub(super) fn named_by_service(
    resources: &[Resource],
    producers: &[Vec<Producer>],
) -> impl Iterator<Item = Named> {
    let all = resources.iter().zip(producers);
    all.filter_map(|(resource, producers)| {
        let is_by_client = |producer: &Producer| {
            let mut creators = resource.creators.iter();
            creators.any(|one| one.operation == producer.0 && one.named_by_client)
        };
        let producers = producers.iter().filter(|one| !is_by_client(one));
        let producers: Vec<Producer> = producers.cloned().collect();
        let noun = words(resource.shape.collection_name()?);
        (!producers.is_empty()).then(|| (resource.shape.clone(), noun, producers))
    })
}

/// The objects that a body is and holds, the shallow ones first.
fn objects_within(body: &Schema) -> Vec<(Schema, Need)> {
    let mut found: Vec<(Schema, Need)> = Vec::new();
    let mut level = vec![(body.clone(), Need::Body(Pointer::root()))];
    for _ in 0..MAX_DEPTH {
        let mut objects = Vec::new();
        for (schema, place) in level {
            let types = schema.types();
            if types.contains(JsonType::Object) {
                objects.push((schema, place));
            } else if types.contains(JsonType::Array)
                && let Some(each) = place.in_each()
                && let Some(items) = schema.items()
                && items.types().contains(JsonType::Object)
            {
                objects.push((items, each));
            }
        }
        objects.truncate(MAX_HOLDERS.saturating_sub(found.len()));
        let below = objects.iter().flat_map(|(schema, place)| {
            let names = schema.property_names().into_iter();
            names.filter_map(|name| Some((schema.property(&name)?, place.below(&name))))
        });
        level = below.collect();
        found.extend(objects);
    }
    found
}

/// Of several resources of one name that whose path begins as a request's does, as `/v2/projects` to `/v2/datasets`, and
/// where none is a part of anything, the plainest of those. `None` where there are two: which is meant, nobody says.
pub(super) fn nearest<'f>(fitting: &[&'f Named], own: &Shape) -> Option<&'f [Producer]> {
    let is_of_a_whole = fitting
        .iter()
        .any(|(shape, ..)| shape.collection().has_parameters());
    let near = |shape: &Shape| {
        let (shared, length) = shape.nearness(own);
        (shared, (!is_of_a_whole).then_some(length))
    };
    let best = fitting.iter().map(|(shape, ..)| near(shape)).max()?;
    let mut all = fitting.iter().filter(|(shape, ..)| near(shape) == best);
    let (_, _, producers) = all.next()?;
    all.next().is_none().then_some(producers.as_slice())
}

/// What a noun and its plural have in common: the words before the last, and how that begins.
type Beginning = (Vec<String>, String);

fn beginning(noun: &[String]) -> Beginning {
    let (last, before) = noun
        .split_last()
        .map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    (before.to_vec(), last.chars().take(2).collect())
}
