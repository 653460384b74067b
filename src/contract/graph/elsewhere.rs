//! Places of requests, other than the paths of its own operations, that name a resource: a parameter or a property
//! of a body called after it.

use std::collections::HashMap;

use jsonschema::{JsonType, JsonTypeSet};
use oasgate_document::Pointer;

use super::{
    Edge, Expression, MessagePart, Need, Resource, ValueSource,
    infer::{Known, node},
    lookup::Edges,
    names::{is_identifier, is_plural_of, words},
};
use crate::contract::{Location, Schema};

/// Names of integers that are no ids, even where a collection is called so.
const NUMBERS: &[&str] = &[
    "count", "day", "hour", "index", "level", "limit", "month", "number", "offset", "order",
    "page", "points", "position", "priority", "rank", "score", "size", "status", "version", "week",
    "year",
];

/// A place in a request that may name a resource.
struct OpenNeed {
    need: Need,
    name: String,
    /// What names one there.
    schema: Schema,
    /// Whether several are named there.
    is_of_array: bool,
}

impl OpenNeed {
    fn types(&self) -> JsonTypeSet {
        self.schema.types()
    }

    /// Whether it can only be an id: an integer, or a UUID.
    fn is_id(&self) -> bool {
        if NUMBERS.contains(&self.name.to_ascii_lowercase().as_str()) {
            return false;
        }
        let types = self.types();
        let is_only = |wanted: JsonType| {
            let mut others = types.iter().filter(|one| *one != JsonType::Null);
            types.contains(wanted) && others.all(|one| one == wanted)
        };
        let target = self.schema.target();
        let format = target.raw().get("format");
        is_only(JsonType::Integer)
            || is_only(JsonType::String) && format.is_some_and(|format| format == "uuid")
    }
}

impl Known<'_> {
    /// Edges to parameters and body properties that name a resource by its whole name, such as
    /// `workspace_token` for `/workspaces/{workspace_token}`, or by its noun where they can only be an id: the
    /// integer `workspace`.
    pub(super) fn elsewhere(&self, resources: &[Resource], edges: &mut Edges) {
        let named = resources.iter().filter_map(|resource| {
            let producers: Vec<_> = self
                .producers_of(resource)
                .into_iter()
                .filter(|(producer, ..)| {
                    !resource
                        .creators
                        .iter()
                        .any(|one| one.operation == *producer && one.named_by_client)
                })
                .collect();
            let noun = words(resource.shape.collection_name()?);
            (!producers.is_empty()).then(|| (resource.shape.clone(), noun, producers))
        });
        let mut by_beginning: HashMap<Beginning, Vec<_>> = HashMap::new();
        for one in named {
            by_beginning.entry(beginning(&one.1)).or_default().push(one);
        }
        for consumer in 0..self.shapes.len() {
            for open in self.open_needs(consumer, edges) {
                let (need, types) = (&open.need, open.types());
                let mut name = words(&open.name);
                let ends_in_identifier = name.last().is_some_and(|last| {
                    is_identifier(last) || last.strip_suffix('s').is_some_and(is_identifier)
                });
                let is_noun_of_id = !ends_in_identifier && open.is_id();
                if is_noun_of_id {
                    name.push("id".to_owned());
                }
                // `tag_ids` holds what `tag_id` names.
                if let Some(last) = name.last_mut()
                    && let Some(one) = last.strip_suffix('s').filter(|one| is_identifier(one))
                {
                    *last = one.to_owned();
                }
                let Some((last, noun)) = name.split_last() else {
                    continue;
                };
                if noun.is_empty() || !is_identifier(last) {
                    continue;
                }
                let fitting: Vec<_> = by_beginning
                    .get(&beginning(noun))
                    .into_iter()
                    .flatten()
                    .filter(|(shape, collection, _)| {
                        let own = &self.shapes[consumer];
                        is_plural_of(collection, noun)
                            // An integer `orders` counts them.
                            && (!is_noun_of_id || open.is_of_array || collection != noun)
                            && !shape.contains(own)
                            // What is made has no name yet.
                            && shape.collection() != *own
                    })
                    .collect();
                // Two resources of one name: which is meant, nobody says.
                let [(_, _, producers)] = fitting.as_slice() else {
                    continue;
                };
                for (producer, sources, role, basis) in producers {
                    let fits = sources
                        .iter()
                        .any(|source| self.ends_in(*producer, source, last, types));
                    if *producer != consumer && fits {
                        edges.add_new(Edge {
                            producer: *producer,
                            consumer,
                            need: need.clone(),
                            sources: sources.clone(),
                            role: *role,
                            basis: basis.clone(),
                        });
                    }
                }
            }
        }
    }

    /// Query parameters, path parameters that nothing leads to, and properties of the body.
    fn open_needs(&self, consumer: usize, edges: &Edges) -> Vec<OpenNeed> {
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
                    schema: schema.clone(),
                    is_of_array: false,
                });
            }
        }
        let body = operation
            .request_body
            .iter()
            .find_map(|body| body.content.media_types.first()?.schema.as_ref());
        if let Some(body) = body.filter(|body| body.types().contains(JsonType::Object)) {
            for (name, property) in body.properties() {
                let types = property.types();
                let items = property.items().filter(|_| {
                    types.contains(JsonType::Array) && !types.contains(JsonType::String)
                });
                needs.push(OpenNeed {
                    need: Need::Body(Pointer::root().join(&name)),
                    name,
                    is_of_array: items.is_some(),
                    schema: items.unwrap_or(property),
                });
            }
        }
        needs
    }

    /// Whether a path parameter follows the name of its own collection, so that the things of another
    /// collection of that name are others.
    fn is_of_own_collection(&self, consumer: usize, need: &Need) -> bool {
        self.item_named(consumer, need).is_some_and(|item| {
            let name = words(need.name());
            let noun = name.split_last().map_or(&[][..], |(_, noun)| noun);
            item.collection_name()
                .is_some_and(|collection| is_plural_of(&words(collection), noun))
        })
    }

    /// Whether a value's last name is the identifier that is wanted, and can be of the types.
    fn ends_in(
        &self,
        producer: usize,
        source: &ValueSource,
        wanted: &str,
        types: JsonTypeSet,
    ) -> bool {
        let (pointer, schema) = match source {
            ValueSource::Expression(Expression::Response(MessagePart::Body(pointer))) => (
                pointer.clone(),
                self.success_schemas(producer)
                    .iter()
                    .find_map(|schema| node(schema, pointer)),
            ),
            ValueSource::Each { array, value } => (
                value.clone(),
                self.success_schemas(producer)
                    .iter()
                    .find_map(|schema| node(&node(schema, array)?.items()?, value)),
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
                        node(schema, array).and_then(|array| array.items())
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

/// What a noun and its plural have in common: the words before the last, and how that begins.
type Beginning = (Vec<String>, String);

fn beginning(noun: &[String]) -> Beginning {
    let (last, before) = noun
        .split_last()
        .map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
    (before.to_vec(), last.chars().take(2).collect())
}
