//! References that only a refusal tells: a request that is answered `no such album` names an album somewhere,
//! whatever that parameter or property is called.

use std::collections::BTreeMap;

use http::StatusCode;
use oasgate_document::Pointer;
use serde_json::Value;

use super::{
    context::ResourceContext, created::CreatedResources, existing::ExistingResources,
    instance::ResourceInstance, pool::fitting, refusal::Hint,
};
use crate::{
    check::{self, Part},
    contract::{
        Location, OperationIndex, ResourceIndex, Schema,
        graph::{Need, Shape, is_plural_of, words},
    },
    run::Case,
};

/// What may be said of something that is not there, and of other things.
const MAY_BE_ABSENT: [&str; 4] = ["must exist", "no matching", "not a known", "unknown"];

/// How many words of a sentence are looked through for what it speaks of.
const MAX_WORDS: usize = 60;

/// How many places of a body are looked through for what names something.
const MAX_PLACES: usize = 200;

/// How deep in a body such a place may stand.
const MAX_DEPTH: usize = 4;

/// What refusals have said to be references, with the resource that each names.
#[derive(Debug, Default)]
pub(crate) struct RefusedReferences {
    known: BTreeMap<(OperationIndex, Need), ResourceIndex>,
}

/// What a run knows to be there.
#[derive(Clone, Copy)]
pub(crate) struct Things<'k> {
    pub(crate) created: &'k CreatedResources,
    pub(crate) existing: &'k ExistingResources,
}

impl<'k> Things<'k> {
    /// Something of a resource that is there: the run's own before what a list showed.
    pub(crate) fn any_of(&self, resource: ResourceIndex) -> Option<&'k ResourceInstance> {
        let own = self.created.usable(resource);
        own.or_else(|| self.existing.shown(resource))
    }

    /// Whether a value is the key of something that is there.
    pub(crate) fn holds(&self, resource: ResourceIndex, value: &Value) -> bool {
        let own = self.created.present();
        let mut all = own.chain(self.existing.shown(resource));
        all.any(|thing| thing.resource == resource && thing.has_key(value))
    }
}

impl RefusedReferences {
    /// What is known to be named by an operation, and which resource that is of.
    pub(crate) fn of(
        &self,
        operation: OperationIndex,
    ) -> impl Iterator<Item = (&Need, ResourceIndex)> {
        let known = self.known.iter();
        let own = known.filter(move |((index, _), _)| *index == operation);
        own.map(|((_, need), resource)| (need, *resource))
    }

    /// Learns from a refusal of a request that obeys the contract.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        things: Things<'_>,
        case: &Case,
        status: StatusCode,
        said: &[Hint],
    ) {
        let says_absent = [
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND,
            StatusCode::CONFLICT,
            StatusCode::GONE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ];
        let Some(index) = context.index(&case.operation) else {
            return;
        };
        if !says_absent.contains(&status) {
            return;
        }
        for hint in said {
            let text = hint.text.to_lowercase();
            let may_be = MAY_BE_ABSENT.iter().any(|phrase| text.contains(phrase));
            if !may_be && !check::says_absent(&text) {
                continue;
            }
            let Some((resource, noun)) = spoken_of(context, case, &hint.text) else {
                continue;
            };
            let Some(key) = things.any_of(resource).and_then(ResourceInstance::key) else {
                continue;
            };
            let mut open = open_needs(context, index, case, key);
            if open.is_empty() && case.parts.body.is_none() {
                open.extend(own_key(case, key));
            }
            for need in chosen(open, &noun, hint, case) {
                self.known.insert((index, need), resource);
            }
        }
    }
}

/// The resource that a sentence speaks of, and the word for one of them; not what the path of the request names. Of
/// several that are called so, the one whose path is nearest: the next answer tells whether it was meant.
fn spoken_of(
    context: &ResourceContext<'_>,
    case: &Case,
    text: &str,
) -> Option<(ResourceIndex, Vec<String>)> {
    let mut spoken = words(text);
    spoken.truncate(MAX_WORDS);
    let own = Shape::of(&case.operation);
    let resources = context.graph.indexed_resources();
    let named = resources.filter_map(|(at, resource)| {
        let collection = words(resource.shape.collection_name()?);
        let mut phrases = spoken.windows(collection.len().max(1));
        let phrase = phrases.find(|phrase| is_plural_of(&collection, phrase))?;
        (!resource.shape.contains(&own)).then(|| (at, phrase.to_vec()))
    });
    let near = |at: ResourceIndex| context.graph.resource(at).shape.nearness(&own);
    let named: Vec<_> = named.collect();
    let best = named.iter().map(|(at, _)| near(*at)).max()?;
    let mut nearest = named.into_iter().filter(|(at, _)| near(*at) == best);
    let only = nearest.next()?;
    nearest.next().is_none().then_some(only)
}

/// The parts of a request that nothing gives a value to and that could be a key.
fn open_needs(
    context: &ResourceContext<'_>,
    index: OperationIndex,
    case: &Case,
    key: &Value,
) -> Vec<Need> {
    let is_filled = |need: &Need| context.graph.needs_of(index).any(|edge| edge.need == *need);
    let is_open = |need: &Need, name: &str, value: &Value, schema: Option<&Schema>| {
        (value.is_string() || value.is_number())
            && context.settings.given(name).is_empty()
            && !is_filled(need)
            && schema.is_some_and(|schema| fitting(key, Some(schema)).is_some())
    };
    let mut needs = Vec::new();
    for (location, name, value) in &case.parts.parameters {
        let need = Need::Parameter(*location, name.clone());
        let mut declared = case.operation.parameters_in(*location);
        let parameter = declared.find(|one| one.name == *name);
        let schema = parameter.and_then(|one| one.value.schema());
        if *location != Location::Cookie && is_open(&need, name, value, schema) {
            needs.push(need);
        }
    }
    if let Some(((_, body), schema)) = case.parts.body.as_ref().zip(context.body_schema(index)) {
        for (need, value) in places_in(body) {
            if is_open(
                &need,
                &need.last_name(),
                value,
                need.schema_within(&schema).as_ref(),
            ) {
                needs.push(need);
            }
        }
    }
    needs
}

/// The places in a body that have a text or a number, each by its first value: properties of the body, of objects in it,
/// and of the elements of an array.
fn places_in(body: &Value) -> Vec<(Need, &Value)> {
    let mut found: Vec<(Need, &Value)> = Vec::new();
    let mut level = vec![(Need::Body(Pointer::root()), body)];
    for _ in 0..MAX_DEPTH {
        let mut below = Vec::new();
        for (place, value) in level {
            match value {
                Value::Object(members) => {
                    let members = members.iter();
                    below.extend(members.map(|(name, value)| (place.below(name), value)));
                }
                Value::Array(items) => {
                    let items = items.iter().filter(|item| item.is_object());
                    let each = place.in_each();
                    below.extend(items.filter_map(|item| Some((each.clone()?, item))));
                }
                _ => {}
            }
        }
        below.truncate(MAX_PLACES.saturating_sub(found.len()));
        for (place, value) in &below {
            let is_known = || found.iter().any(|(known, _)| known == place);
            if !value.is_object() && !value.is_array() && !is_known() {
                found.push((place.clone(), value));
            }
        }
        level = below;
    }
    found
}

/// The last name of the path, which may be that of something else: the recipe of `PUT /favorites/{slug}`.
fn own_key(case: &Case, key: &Value) -> Option<Need> {
    let name = ResourceContext::key_of(&case.operation)?;
    let mut path = case.operation.parameters_in(Location::Path);
    let schema = path.find(|one| one.name == name)?.value.schema();
    fitting(key, schema)?;
    Some(Need::Parameter(Location::Path, name.to_owned()))
}

/// Which of the open parts a refusal is about: those that are called after the thing, else the one that the refusal
/// names, else the only one there is.
fn chosen(open: Vec<Need>, noun: &[String], hint: &Hint, case: &Case) -> Vec<Need> {
    let is_called_so = |need: &&Need| {
        let called = words(&need.last_name());
        called.windows(noun.len().max(1)).any(|part| part == noun)
    };
    let called: Vec<Need> = open.iter().filter(is_called_so).cloned().collect();
    if !called.is_empty() {
        return called;
    }
    if let Some(named) = hint.speaks_of(&case.parts) {
        let name = named.property.as_deref();
        let is_named = |need: &Need| match (need, name) {
            (Need::Body(_) | Need::Each { .. }, Some(name)) => need.last_name() == name,
            (Need::Parameter(location, own), None) => {
                named.part == Part::Parameter(*location, own.clone())
            }
            _ => false,
        };
        return open.into_iter().filter(is_named).collect();
    }
    if open.len() == 1 { open } else { Vec::new() }
}
