//! Which property of a response is the name of the thing that a path parameter wants.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use jsonschema::{JsonType, JsonTypeSet};
use oasgate_document::{Address, Pointer};
use serde_json::{Map, Value};

use super::names::{is_identifier, is_plural_of, words};
use crate::contract::Schema;

/// Objects that wrap the thing itself.
const WRAPPERS: &[&str] = &[
    "data", "result", "response", "item", "object", "payload", "resource", "value", "entity",
    "record", "body", "embedded", "metadata",
];

/// Arrays that hold the things themselves.
const LISTS: &[&str] = &[
    "data",
    "items",
    "results",
    "records",
    "values",
    "entries",
    "list",
    "content",
    "rows",
    "objects",
    "resources",
    "elements",
];

/// What the name of a thing is called where the parameter is called after the thing: `/pets/{pet}`.
const USUAL: &[&str] = &["id", "uuid", "guid", "sid", "token", "key", "slug", "name"];

/// How deep wrappers are looked into.
const MAX_WRAPPERS: usize = 2;

/// What the name of a resource may be called in a response, and what it must be.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceKey {
    /// The names that operations give to the parameter, as words.
    names: Vec<Vec<String>>,
    /// The words of the collection: `data_exports`.
    collection: Vec<String>,
    /// The types that the parameter takes.
    types: JsonTypeSet,
    /// Whether the thing itself is known to be answered, so that its `id` is the one that is wanted
    /// whatever the parameter is called.
    pub(super) is_the_thing: bool,
    /// Whether elements of the collection's own list are looked at: one template stands below the list, so that
    /// a plain identifier of an element is the one that is wanted, whatever the parameter is called
    /// (`/items/{featureId}`), unless a property fits better.
    pub(super) is_element: bool,
}

/// A property of a schema, by its name, with the words of it.
type NamedProperty = (String, Vec<String>);

/// The properties of schemas, each schema looked through once: a document may answer thousands of requests with the
/// same one.
#[derive(Debug, Default)]
pub(super) struct PropertyNames(RefCell<HashMap<Address, Rc<[NamedProperty]>>>);

impl PropertyNames {
    /// The properties of a schema.
    pub(super) fn of(&self, schema: &Schema) -> Rc<[NamedProperty]> {
        let target = schema.target();
        if let Some(known) = self.0.borrow().get(target.address()) {
            return Rc::clone(known);
        }
        let names = target.property_names().into_iter();
        let found: Rc<[NamedProperty]> = names
            .map(|name| {
                let words = words(&name);
                (name, words)
            })
            .collect();
        let mut known = self.0.borrow_mut();
        known.insert(target.address().clone(), Rc::clone(&found));
        found
    }
}

/// The names that one name stands for: `id` and `name` for `id_or_name`.
fn either(words: Vec<String>) -> Vec<Vec<String>> {
    let parts: Vec<&[String]> = words.split(|word| word == "or").collect();
    if parts.iter().any(|part| part.is_empty()) {
        return vec![words];
    }
    parts.into_iter().map(<[String]>::to_vec).collect()
}

/// Words for what identifies a thing, whatever that is called where the thing is shown.
const GENERAL: [&str; 4] = ["identifier", "pk", "ref", "reference"];

/// Words for whatever a collection holds: `{row_id}` is the id of one of the directors.
const ANYTHING: [&str; 8] = [
    "element", "entity", "entry", "item", "obj", "object", "record", "row",
];

/// How long a name is that stands alone, in bytes.
const MAX_NAME: usize = 128;

impl ResourceKey {
    pub(super) fn new(names: &[&str], collection: &str, types: JsonTypeSet) -> Self {
        Self {
            names: names.iter().flat_map(|name| either(words(name))).collect(),
            collection: words(collection),
            types,
            is_the_thing: false,
            is_element: false,
        }
    }

    /// Whether words are the singular of the collection, or of the end of it, or end in it.
    fn is_of_collection(&self, noun: &[String]) -> bool {
        let collection = self.collection.as_slice();
        !noun.is_empty()
            && ((0..collection.len()).any(|from| is_plural_of(&collection[from..], noun))
                || (0..noun.len()).any(|from| is_plural_of(collection, &noun[from..])))
    }

    /// How well a property fits, 0 best; `None` when it does not.
    fn rank(&self, property: &[String]) -> Option<usize> {
        let (last, before) = property.split_last()?;
        self.names
            .iter()
            .filter_map(|name| {
                let (wanted, prefix) = name.split_last()?;
                // `{jobid}` is `job_id`.
                if name == property || name.concat() == property.concat() {
                    return Some(0);
                }
                // `/promotion_codes/{promotion_code}` is called after the thing, not after its code.
                let is_the_noun = is_plural_of(&self.collection, name);
                if is_identifier(wanted) && !is_the_noun {
                    // The primary key of Django and of what is made like it, and whatever else identifies a thing, is
                    // `id` in bodies.
                    let is_primary_key = GENERAL.contains(&wanted.as_str()) && last == "id";
                    // What proves who asks is called so where it is handed out.
                    let is_secret = wanted == "token" && last == "secret";
                    if last != wanted && !is_primary_key && !is_secret {
                        return None;
                    }
                    let is_general = prefix.len() == 1 && ANYTHING.contains(&prefix[0].as_str());
                    let is_short = before.is_empty()
                        && (prefix.is_empty()
                            || is_general
                            || self.is_of_collection(prefix)
                            || self.is_the_thing);
                    let is_long = prefix.is_empty() && is_plural_of(&self.collection, before);
                    if is_short || is_long {
                        return Some(1);
                    }
                    let is_plain = before.is_empty() && self.is_element;
                    return is_plain.then_some(2 + USUAL.len());
                }
                let is_usual = USUAL.iter().position(|usual| usual == last);
                let is_named_after_the_thing = self.is_of_collection(name) || self.is_the_thing;
                (before.is_empty() && is_named_after_the_thing)
                    .then_some(is_usual)?
                    .map(|at| 2 + at)
            })
            .min()
    }

    fn takes(&self, property: &Schema) -> bool {
        let offered = property.types();
        let is_number = |types: &JsonTypeSet| {
            types.contains(JsonType::Integer) || types.contains(JsonType::Number)
        };
        // A text takes a number too, since a path is text.
        (self.types.contains(JsonType::String)
            && (offered.contains(JsonType::String) || is_number(&offered)))
            || (is_number(&self.types) && is_number(&offered))
    }

    fn takes_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => !text.is_empty() && self.types.contains(JsonType::String),
            Value::Number(_) => [JsonType::String, JsonType::Integer, JsonType::Number]
                .into_iter()
                .any(|one| self.types.contains(one)),
            _ => false,
        }
    }

    /// The name of the thing in a value that shows one, whatever the document says of it.
    pub(crate) fn in_value<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        // One thing in a list of one is the thing.
        let one = match value {
            Value::Array(items) if items.len() == 1 => &items[0],
            other => other,
        };
        self.alone_in(value)
            .next()
            .or_else(|| self.value_below(one, 0))
    }

    /// The names of things in a value that is one of them, or a list of them, and nothing else: `["7", "8"]`.
    pub(crate) fn alone_in<'v>(&self, value: &'v Value) -> impl Iterator<Item = &'v Value> {
        let all = match value {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        // A word such as `ok` names nothing.
        let is_name = |value: &Value| match value {
            Value::String(text) => {
                text.len() <= MAX_NAME
                    && text.contains(|one: char| one.is_ascii_digit())
                    && !text.contains(char::is_whitespace)
            }
            other => other.is_u64(),
        };
        let is_all = all.iter().all(|one| is_name(one) && self.takes_value(one));
        let all = if is_all { all } else { &[] };
        all.iter()
    }

    fn value_below<'v>(&self, value: &'v Value, depth: usize) -> Option<&'v Value> {
        let members = value.as_object()?;
        let fitting = members
            .iter()
            .filter(|(_, value)| self.takes_value(value))
            .filter_map(|(name, value)| Some((self.rank(&words(name))?, value)));
        if let Some((_, value)) = fitting.min_by_key(|(rank, _)| *rank) {
            return Some(value);
        }
        if depth >= MAX_WRAPPERS {
            return None;
        }
        self.wrapped(members)
            .find_map(|inner| self.value_below(inner, depth + 1))
    }

    fn wrapped<'v>(&self, members: &'v Map<String, Value>) -> impl Iterator<Item = &'v Value> {
        let wrappers = members.iter().filter(|(name, _)| self.wraps(&words(name)));
        wrappers.map(|(_, inner)| inner)
    }

    /// The array of things in a value that lists them, whatever the document says of it.
    pub(crate) fn list_in<'v>(&self, value: &'v Value) -> Option<&'v Vec<Value>> {
        self.list_value_below(value, 0)
    }

    fn list_value_below<'v>(&self, value: &'v Value, depth: usize) -> Option<&'v Vec<Value>> {
        if let Value::Array(items) = value {
            return Some(items);
        }
        let members = value.as_object().filter(|_| depth <= MAX_WRAPPERS)?;
        let mut lists = members.iter().filter(|(name, _)| self.lists(&words(name)));
        let found = lists.find_map(|(_, inner)| inner.as_array());
        let found = found.or_else(|| {
            let mut objects = self.wrapped(members).filter(|inner| inner.is_object());
            objects.find_map(|inner| self.list_value_below(inner, depth + 1))
        });
        found.or_else(|| {
            let arrays = members.values().filter_map(Value::as_array);
            let is_of_objects = |items: &&Vec<Value>| items.iter().any(Value::is_object);
            only(arrays.filter(is_of_objects)).filter(|_| self.is_element)
        })
    }

    /// Whether a property of this name holds the thing itself.
    fn wraps(&self, name: &[String]) -> bool {
        name.len() == 1 && WRAPPERS.contains(&name[0].as_str())
            || is_plural_of(&self.collection, name)
    }

    /// Whether a property of this name holds the things.
    fn lists(&self, name: &[String]) -> bool {
        name == self.collection
            || name.len() == 1 && LISTS.contains(&name[0].as_str())
            || self.is_element && self.names_elements(name)
    }

    /// Whether a name is the plural of what the parameter is called after: `features` of `featureId`.
    fn names_elements(&self, name: &[String]) -> bool {
        let mut nouns = self.names.iter().filter_map(|one| one.split_last());
        nouns.any(|(last, noun)| is_identifier(last) && is_plural_of(name, noun))
    }

    /// The property of an object that fits best.
    fn among(&self, schema: &Schema, known: &PropertyNames) -> Option<String> {
        let names = known.of(schema);
        let ranked = names
            .iter()
            .filter_map(|(name, words)| Some((self.rank(words)?, name)));
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let fitting = ranked.into_iter().find(|(_, name)| {
            let property = schema.property(name);
            property.is_some_and(|property| self.takes(&property))
        });
        fitting.map(|(_, name)| name.clone())
    }

    /// Where the name of the thing stands in a response that shows one.
    pub(super) fn in_one(&self, schema: &Schema, known: &PropertyNames) -> Option<Pointer> {
        self.below(schema, known, &Pointer::root(), 0)
    }

    /// Where a body that changes a thing calls it by what the parameter is called after: `pool` for `{pool_name}`.
    pub(super) fn noun_in(&self, schema: &Schema, known: &PropertyNames) -> Option<Pointer> {
        let nouns = self.names.iter().filter_map(|name| {
            let (last, noun) = name.split_last()?;
            (is_identifier(last) && !noun.is_empty()).then_some(noun)
        });
        let nouns: Vec<&[String]> = nouns.collect();
        let names = known.of(schema);
        let mut called = names
            .iter()
            .filter(|(_, words)| nouns.contains(&words.as_slice()));
        let (name, _) = called.next()?;
        let property = schema.property(name)?;
        self.takes(&property).then(|| Pointer::root().join(name))
    }

    /// Where the one name of the thing stands in a response that shows it: `name` or the like, where nothing else is
    /// an identifier, as in `{"name": "3"}` for `/terminals/{terminal_id}`.
    pub(super) fn only_name(&self, schema: &Schema, known: &PropertyNames) -> Option<Pointer> {
        let names = known.of(schema);
        let ends_in_identifier =
            |words: &[String]| words.last().is_some_and(|last| is_identifier(last));
        let mut naming = names.iter().filter(|(_, words)| ends_in_identifier(words));
        let (name, words) = naming.next()?;
        let is_usual = words.len() == 1 && USUAL.contains(&words[0].as_str());
        let is_only = self.is_the_thing && is_usual && naming.next().is_none();
        let property = schema.property(name).filter(|_| is_only)?;
        self.takes(&property).then(|| Pointer::root().join(name))
    }

    fn below(
        &self,
        schema: &Schema,
        known: &PropertyNames,
        at: &Pointer,
        depth: usize,
    ) -> Option<Pointer> {
        if !schema.types().contains(JsonType::Object) {
            return None;
        }
        if let Some(name) = self.among(schema, known) {
            return Some(at.join(&name));
        }
        if depth >= MAX_WRAPPERS {
            return None;
        }
        let below =
            |(name, inner): &(String, Schema)| self.below(inner, known, &at.join(name), depth + 1);
        self.wrappers(schema, known).iter().find_map(below)
    }

    fn wrappers(&self, schema: &Schema, known: &PropertyNames) -> Vec<(String, Schema)> {
        let names = known.of(schema);
        let wrappers = names.iter().filter(|(_, words)| self.wraps(words));
        wrappers
            .filter_map(|(name, _)| Some((name.clone(), schema.property(name)?)))
            .collect()
    }

    /// Where the names of things stand in a response that lists them: the array, and the place in
    /// each element.
    pub(super) fn in_list(
        &self,
        schema: &Schema,
        known: &PropertyNames,
    ) -> Option<(Pointer, Pointer)> {
        self.list_below(schema, known, &Pointer::root(), 0)
    }

    fn list_below(
        &self,
        schema: &Schema,
        known: &PropertyNames,
        at: &Pointer,
        depth: usize,
    ) -> Option<(Pointer, Pointer)> {
        let types = schema.types();
        if types.contains(JsonType::Array)
            && !types.contains(JsonType::String)
            && let Some(items) = schema.items()
            && let Some(value) = self.in_one(&items, known)
        {
            return Some((at.clone(), value));
        }
        if depth > MAX_WRAPPERS || !types.contains(JsonType::Object) {
            return None;
        }
        let names = known.of(schema);
        let mut lists = names.iter().filter(|(_, words)| self.lists(words));
        let found = lists.find_map(|(name, _)| {
            let inner = schema.property(name)?;
            let is_array = inner.types().contains(JsonType::Array);
            is_array.then(|| self.list_below(&inner, known, &at.join(name), depth + 1))?
        });
        let found = found.or_else(|| {
            self.wrappers(schema, known)
                .into_iter()
                .filter(|(_, inner)| inner.types().contains(JsonType::Object))
                .find_map(|(name, inner)| {
                    self.list_below(&inner, known, &at.join(&name), depth + 1)
                })
        });
        found.or_else(|| {
            let arrays = names.iter().filter_map(|(name, _)| {
                let inner = schema.property(name).filter(|_| self.is_element)?;
                is_list_of_objects(&inner).then_some((name, inner))
            });
            let (name, inner) = only(arrays)?;
            self.list_below(&inner, known, &at.join(name), depth + 1)
        })
    }
}

/// What comes, where it comes alone.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

fn is_list_of_objects(schema: &Schema) -> bool {
    let types = schema.types();
    let items = schema.items();
    types.contains(JsonType::Array)
        && !types.contains(JsonType::String)
        && items.is_some_and(|items| items.types().contains(JsonType::Object))
}
