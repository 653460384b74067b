//! Operations that make and remove what has no path of its own, as `POST /createGroup` and
//! `POST /deleteGroup?groupID=`: known by their verbs, and by a name that one gives and the other takes.

use jsonschema::JsonType;
use oasgate_document::Pointer;

use super::{
    Basis, Edge, Expression, MessagePart, Need, Resource, Role, ValueSource,
    lookup::Edges,
    names::{is_identifier, is_plural_of, words},
    successes,
};
use crate::contract::{Contract, Location, Operation, OperationIndex, Schema};

/// Verbs for making something.
const CREATES: &[&str] = &["add", "create", "insert", "make", "new", "register"];

/// Verbs for removing it.
const REMOVES: &[&str] = &["delete", "destroy", "drop", "remove", "unregister"];

/// How deep in a response a name is looked for.
const MAX_DEPTH: usize = 3;

/// What one operation makes, another removes.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    /// The operation that makes it.
    pub(crate) creator: OperationIndex,
    /// The operation that removes it.
    pub(crate) remover: OperationIndex,
    /// What the removal is sent, and where that comes from.
    pub(crate) needs: Vec<(Need, Origin)>,
}

/// Where a name comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// The request that made the thing.
    Sent(Need),
    /// The response to it.
    Shown(Pointer),
}

/// What an operation without parameters in its path does, by its words.
struct Action {
    operation: OperationIndex,
    creates: bool,
    /// The words of what it makes or removes.
    noun: Vec<String>,
}

/// A place of a request with the words of its name.
struct Place {
    need: Need,
    words: Vec<String>,
    required: bool,
}

/// The pairs of a contract, for what no resource has a creator.
pub(super) fn pairs(contract: &Contract, resources: &[Resource]) -> Vec<Removal> {
    let actions: Vec<Action> = contract
        .indexed_operations()
        .filter_map(|(at, operation)| action(at, operation))
        .collect();
    let is_known = |at: OperationIndex| {
        let mut creators = resources.iter().flat_map(|one| &one.creators);
        creators.any(|one| one.operation == at)
    };
    let creators = actions
        .iter()
        .filter(|one| one.creates && !is_known(one.operation));
    let pair = |creator: &Action| {
        let mut removers: Vec<&Action> = actions
            .iter()
            .filter(|one| !one.creates && is_same(&one.noun, &creator.noun))
            .collect();
        removers.sort_by_key(|one| {
            let made = contract.operation_at(creator.operation);
            let removed = contract.operation_at(one.operation);
            (removed.is_safe(), removed.method != made.method)
        });
        removers.into_iter().find_map(|remover| {
            let needs = needs(
                contract.operation_at(creator.operation),
                contract.operation_at(remover.operation),
                &creator.noun,
            )?;
            Some(Removal {
                creator: creator.operation,
                remover: remover.operation,
                needs,
            })
        })
    };
    creators.filter_map(pair).collect()
}

/// Edges from what makes a thing to the queries that name it.
pub(super) fn edges(contract: &Contract, removals: &[Removal], edges: &mut Edges) {
    if removals.is_empty() {
        return;
    }
    let places: Vec<Vec<Place>> = contract
        .operations()
        .iter()
        .map(|one| places(one))
        .collect();
    for removal in removals {
        for (need, origin) in &removal.needs {
            let Origin::Shown(pointer) = origin else {
                continue;
            };
            let name = words(need.name());
            for (consumer, places) in OperationIndex::number(&places) {
                let is_of_remover = consumer == removal.remover;
                let wanted = places.iter().filter(|place| {
                    place.words == name && (is_of_remover || !place.need.is_in_body())
                });
                for place in wanted.filter(|_| consumer != removal.creator) {
                    let part = MessagePart::Body(pointer.clone());
                    edges.add_new(Edge {
                        producer: removal.creator,
                        consumer,
                        need: place.need.clone(),
                        sources: vec![ValueSource::Expression(Expression::Response(part))],
                        role: Role::Names,
                        basis: Basis::Inferred,
                    });
                }
            }
        }
    }
}

fn action(at: OperationIndex, operation: &Operation) -> Option<Action> {
    if operation.path.parameters().next().is_some() {
        return None;
    }
    let mut segments = operation.path.as_str().rsplit('/').map(words);
    let mut last = segments.next().filter(|last| !last.is_empty())?;
    if last.len() == 1 {
        // `/groups/create`
        last = [segments.next()?, last].concat();
    }
    let verb = |word: &String| {
        let creates = CREATES.contains(&word.as_str());
        (creates || REMOVES.contains(&word.as_str())).then_some(creates)
    };
    let (first, rest) = last.split_first()?;
    let (end, before) = last.split_last()?;
    let (creates, noun) = match (verb(first), verb(end)) {
        (Some(creates), _) => (creates, rest),
        (None, Some(creates)) => (creates, before),
        (None, None) => return None,
    };
    (!noun.is_empty()).then(|| Action {
        operation: at,
        creates,
        noun: noun.to_vec(),
    })
}

fn is_same(one: &[String], other: &[String]) -> bool {
    is_plural_of(one, other) || is_plural_of(other, one)
}

/// What a removal needs, and where each of it comes from; `None` where not all that is required does, or nothing of
/// it names a thing.
fn needs(creator: &Operation, remover: &Operation, noun: &[String]) -> Option<Vec<(Need, Origin)>> {
    let sent = places(creator);
    let mut found = Vec::new();
    let mut names_it = false;
    for place in places(remover) {
        let origin = shown(creator, &place.words, noun).or_else(|| {
            let mut same = sent.iter().filter(|one| one.words == place.words);
            same.next().map(|one| Origin::Sent(one.need.clone()))
        });
        match origin {
            Some(origin) => {
                names_it |= is_name_of(&place.words, noun);
                found.push((place.need, origin));
            }
            None if place.required => return None,
            None => {}
        }
    }
    names_it.then_some(found)
}

/// Whether words may be the name of a thing: `group_id` or `group` of a group, or `id`.
fn is_name_of(name: &[String], noun: &[String]) -> bool {
    let Some((last, before)) = name.split_last() else {
        return false;
    };
    is_same(name, noun) || is_identifier(last) && (before.is_empty() || is_same(before, noun))
}

/// Where a response of an operation shows what a name wants.
fn shown(creator: &Operation, name: &[String], noun: &[String]) -> Option<Origin> {
    let schemas = successes(creator)
        .flat_map(|response| &response.content.media_types)
        .filter_map(|one| one.schema.as_ref());
    let fits = |property: &[String]| {
        let is_short = matches!(name.split_last(), Some((last, before))
            if matches!(property, [only] if only == last) && is_same(before, noun));
        property == name || is_short
    };
    schemas
        .into_iter()
        .find_map(|schema| below(schema, &Pointer::root(), &fits, 0))
        .map(Origin::Shown)
}

fn below(
    schema: &Schema,
    at: &Pointer,
    fits: &impl Fn(&[String]) -> bool,
    depth: usize,
) -> Option<Pointer> {
    if depth >= MAX_DEPTH || !schema.types().contains(JsonType::Object) {
        return None;
    }
    let names = schema.property_names();
    let own = names.iter().find(|name| fits(&words(name)));
    if let Some(name) = own {
        return Some(at.join(name));
    }
    names.iter().find_map(|name| {
        let inner = schema.property(name)?;
        below(&inner, &at.join(name), fits, depth + 1)
    })
}

/// The query parameters and the first properties of the JSON body of an operation.
fn places(operation: &Operation) -> Vec<Place> {
    let parameters = operation.parameters_in(Location::Query).map(|one| Place {
        need: Need::Parameter(Location::Query, one.name.clone()),
        words: words(&one.name),
        required: one.required,
    });
    let mut found: Vec<Place> = parameters.collect();
    let body = operation.request_body.as_ref();
    let schema = body.and_then(|body| body.content.media_types.first()?.schema.as_ref());
    if let Some(schema) = schema {
        let target = schema.target();
        let required = target.raw().get("required").and_then(|one| one.as_array());
        let is_required =
            |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
        found.extend(schema.property_names().into_iter().map(|name| Place {
            need: Need::Body(Pointer::root().join(&name)),
            words: words(&name),
            required: is_required(&name),
        }));
    }
    found
}
