//! Which schema the value of a property names.
//!
//! A discriminator stands beside `oneOf` or `anyOf`, or in a base schema that others take in by
//! `allOf`. Its names are those of `mapping`, and the names that the schemas have as components
//! (OpenAPI 3.0.4 §4.7.25, 3.1.1 §4.8.25; 3.2 adds `defaultMapping`; in 2.0 it is the property's
//! name alone). Where a schema lists the values of the property itself and its component's name is
//! none of them, the listed values are its names: the document cannot mean any others.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use jsonschema::json::Node as _;
use oasgate_document::{Address, FileId, Pointer};
use serde_json::{Map, Value};

use super::{SchemaStore, standalone::component_name, structure::MAX_STEPS, tape::TapeNode};

/// How many schemas one discriminator may tell apart.
const MAX_SUBTYPES: usize = 4_000;

/// Where generators write the name that a schema goes by, without OpenAPI's own means (Swagger 2.0).
const NAME_EXTENSIONS: [&str; 2] = ["x-ms-discriminator-value", "x-discriminator-value"];

/// A discriminator with the schemas that it can name.
#[derive(Debug)]
pub(super) struct Discriminator {
    /// The property whose value names a schema.
    pub(super) property: String,
    /// Whether it stands beside `oneOf` or `anyOf`.
    pub(super) has_alternatives: bool,
    /// What each value names, those of the mapping first. Several schemas where the document does not
    /// tell them apart; none where the mapping leads to nothing.
    named: IndexMap<String, Vec<Address>>,
    /// How many of the names are the mapping's.
    explicit: usize,
    /// What counts where the property is missing or names nothing (3.2).
    default: Option<Address>,
    /// Whether an alternative has no name that could be known.
    has_unnamed: bool,
    /// The schemas that can be named, each once, in the order of their names, with the places of these.
    targets: IndexMap<Address, Vec<usize>>,
}

/// What a value's discriminator says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Selection<'d> {
    /// Nothing: the value is no object, or the property is missing.
    Nothing,
    /// The value must be of one of these schemas.
    OneOf(&'d [Address]),
    /// The property's value is the name of no schema.
    Unknown,
}

impl Discriminator {
    /// The discriminator of the schema object at `at`; `None` where there is none, or where the
    /// document has no schema that it could name.
    pub(super) fn of(store: &SchemaStore, at: &Address) -> Option<Self> {
        let members = store.document().get(at)?.as_object()?;
        let (property, mapping, default) = match members.get("discriminator")? {
            Value::String(property) => (property, None, None),
            Value::Object(written) => (
                match written.get("propertyName")? {
                    Value::String(property) => property,
                    _ => return None,
                },
                written.get("mapping").and_then(Value::as_object),
                written.get("defaultMapping").and_then(Value::as_str),
            ),
            _ => return None,
        };
        if is_never_a_name(store, at, property) {
            return None;
        }
        let alternatives = alternatives(store, at, members);
        let mut found = Self {
            property: property.clone(),
            has_alternatives: !alternatives.is_empty(),
            named: IndexMap::new(),
            explicit: 0,
            default: default.and_then(|name| meant(store, at.file, name)),
            has_unnamed: false,
            targets: IndexMap::new(),
        };
        let mut explicit: HashSet<Address> = HashSet::new();
        for (name, target) in mapping.into_iter().flatten() {
            let target = target.as_str().and_then(|name| meant(store, at.file, name));
            explicit.extend(target.clone());
            found
                .named
                .insert(name.clone(), target.into_iter().collect());
        }
        found.explicit = found.named.len();
        let mut start = alternatives.clone();
        if alternatives.is_empty() {
            start.push(at.clone());
        }
        start.extend(explicit.iter().cloned());
        start.sort();
        let candidates = with_derived(store, start);
        if candidates.len() == 1 && explicit.is_empty() && alternatives.is_empty() {
            return None;
        }
        for target in &candidates {
            let implicit = found.implicit_names(store, target);
            if implicit.is_empty() && !explicit.contains(target) {
                found.has_unnamed |= alternatives.contains(target) && !is_null(store, target);
            }
            for name in implicit {
                // What the mapping says comes first.
                if !mapping.is_some_and(|mapping| mapping.contains_key(&name)) {
                    let targets = found.named.entry(name).or_default();
                    if !targets.contains(target) {
                        targets.push(target.clone());
                    }
                }
            }
        }
        for (place, targets) in found.named.values().enumerate() {
            for target in targets {
                found.targets.entry(target.clone()).or_default().push(place);
            }
        }
        if let Some(default) = &found.default {
            found.targets.entry(default.clone()).or_default();
        }
        (!found.named.is_empty() || found.default.is_some()).then_some(found)
    }

    /// The names of a schema that no mapping gives it.
    fn implicit_names(&self, store: &SchemaStore, target: &Address) -> Vec<String> {
        let document = store.document();
        let extension = NAME_EXTENSIONS
            .iter()
            .find_map(|key| document.get(target)?.get(key)?.as_str());
        if let Some(name) = extension {
            return vec![name.to_owned()];
        }
        let implicit = store.subtypes().names(target);
        match listed_values(store, target, &self.property) {
            Some(listed) if !implicit.iter().any(|name| listed.contains(name)) => {
                let plain = |name: &str| -> String {
                    let letters = name.chars().filter(|c| c.is_alphanumeric());
                    letters.flat_map(char::to_lowercase).collect()
                };
                let alike =
                    |value: &&String| implicit.iter().any(|name| plain(name) == plain(value));
                let close: Vec<String> = listed.iter().filter(alike).cloned().collect();
                if close.is_empty() { listed } else { close }
            }
            _ => implicit,
        }
    }

    /// What an object's discriminator names.
    pub(super) fn select(&self, value: &Value) -> Selection<'_> {
        match value {
            Value::Object(members) => self.named_by(members.get(&self.property)),
            _ => Selection::Nothing,
        }
    }

    /// What the discriminator of an object on a tape names.
    pub(super) fn select_on_tape(&self, node: TapeNode<'_>) -> Selection<'_> {
        let Some(mut members) = node.as_object() else {
            return Selection::Nothing;
        };
        let name = members.find(|(name, _)| **name == self.property);
        let name = name.map(|(_, name)| {
            // Nothing is asked of a container but that it is no name.
            if name.is_container() {
                Value::Null
            } else {
                name.to_value().into_owned()
            }
        });
        self.named_by(name.as_ref())
    }

    /// What is named by the value of the property.
    fn named_by(&self, name: Option<&Value>) -> Selection<'_> {
        let default = |otherwise| match &self.default {
            Some(target) => Selection::OneOf(std::slice::from_ref(target)),
            None => otherwise,
        };
        let name = match name {
            None => return default(Selection::Nothing),
            Some(Value::String(name)) => name.clone(),
            // Names are strings; a tool may convert what comes (3.1.1 §4.8.25.1).
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(flag)) => flag.to_string(),
            // What else it may be, its own schema says.
            Some(_) => return Selection::Nothing,
        };
        match self.named.get(&name) {
            Some(targets) if targets.is_empty() => Selection::Nothing,
            Some(targets) => Selection::OneOf(targets),
            None if self.has_unnamed => default(Selection::Nothing),
            None => default(Selection::Unknown),
        }
    }

    /// Every name, those of the mapping first.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.named.keys()
    }

    /// The names that a schema goes by: those of the mapping alone where it has any.
    pub(super) fn names_of(&self, target: &Address) -> Vec<String> {
        let places = self.targets.get(target).map_or(&[][..], Vec::as_slice);
        // They are in the order of the names, those of the mapping first.
        let explicit = places.partition_point(|place| *place < self.explicit);
        let places = if explicit > 0 {
            &places[..explicit]
        } else {
            places
        };
        let names = places
            .iter()
            .filter_map(|place| self.named.get_index(*place));
        names.map(|(name, _)| name.clone()).collect()
    }

    /// The schemas that the mapping names; all that can be named, except `base`, where there is none.
    pub(super) fn subtypes(&self, base: &Address) -> Vec<Address> {
        let is_explicit =
            |places: &Vec<usize>| places.first().is_some_and(|place| *place < self.explicit);
        let explicit = self
            .targets
            .iter()
            .filter(|(_, places)| is_explicit(places));
        let explicit: Vec<Address> = explicit.map(|(target, _)| target.clone()).collect();
        if !explicit.is_empty() {
            return explicit;
        }
        let others = self.targets().filter(|target| *target != base);
        others.cloned().collect()
    }

    /// The schemas that can be named, each once, in the order of their names.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Address> {
        self.targets.keys()
    }
}

/// Some schemas with the alternatives inside them and the schemas that take them in by `allOf`.
fn with_derived(store: &SchemaStore, start: Vec<Address>) -> Vec<Address> {
    let mut open = start;
    let mut seen: HashSet<Address> = HashSet::new();
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(target) = open.get(next).cloned() {
        next += 1;
        if found.len() >= MAX_SUBTYPES {
            break;
        }
        if !seen.insert(target.clone()) {
            continue;
        }
        open.extend(store.subtypes().children(&target).iter().cloned());
        if let Some(Value::Object(members)) = store.document().get(&target) {
            open.extend(alternatives(store, &target, members));
        }
        found.push(target);
    }
    found
}

/// The alternatives of a schema, each behind its reference.
fn alternatives(store: &SchemaStore, at: &Address, members: &Map<String, Value>) -> Vec<Address> {
    let mut found = Vec::new();
    for keyword in ["oneOf", "anyOf"] {
        let list = members.get(keyword).and_then(Value::as_array);
        let count = list.map_or(0, Vec::len);
        found.extend((0..count).map(|index| store.target(&at.join(keyword).index(index))));
    }
    found
}

/// Whether a schema says of a property that it is a list or an object, which names nothing.
fn is_never_a_name(store: &SchemaStore, at: &Address, property: &str) -> bool {
    let schema = store.target(&at.join("properties").join(property));
    let kind = store
        .document()
        .get(&schema)
        .and_then(|schema| schema.get("type"));
    kind.is_some_and(|kind| kind == "array" || kind == "object")
}

fn is_null(store: &SchemaStore, at: &Address) -> bool {
    let kind = store
        .document()
        .get(at)
        .and_then(|schema| schema.get("type"));
    kind.and_then(Value::as_str) == Some("null")
}

/// The schema that a value of `mapping` means: a component's name before a reference.
fn meant(store: &SchemaStore, file: FileId, name: &str) -> Option<Address> {
    let document = store.document();
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let named = |file: FileId| {
        ["components/schemas", "definitions"]
            .iter()
            .map(|holder| {
                let holder = holder.split('/').fold(
                    Address {
                        file,
                        pointer: Pointer::default(),
                    },
                    |at, token| at.join(token),
                );
                holder.join(name)
            })
            .find(|at| document.get(at).is_some())
    };
    let found = if is_name {
        named(file).or_else(|| named(FileId::default()))
    } else {
        None
    };
    let found = found.or_else(|| document.resolve(file, name).ok())?;
    Some(store.target(&found))
}

/// The values that a schema lists for a property, where all of them are texts.
fn listed_values(store: &SchemaStore, at: &Address, property: &str) -> Option<Vec<String>> {
    let mut found: Option<Vec<String>> = None;
    let mut open = vec![(at.clone(), 0)];
    let mut seen = HashSet::new();
    while let Some((at, depth)) = open.pop() {
        let at = store.target(&at);
        if depth > MAX_STEPS || !seen.insert(at.clone()) {
            continue;
        }
        let Some(Value::Object(members)) = store.document().get(&at) else {
            continue;
        };
        let all = members.get("allOf").and_then(Value::as_array);
        for index in 0..all.map_or(0, Vec::len) {
            open.push((at.join("allOf").index(index), depth + 1));
        }
        if members
            .get("properties")
            .and_then(|all| all.get(property))
            .is_none()
        {
            continue;
        }
        let of_property = store.target(&at.join("properties").join(property));
        let Some(Value::Object(schema)) = store.document().get(&of_property) else {
            continue;
        };
        let single = schema.get("const").map(std::slice::from_ref);
        let list = single.or_else(|| schema.get("enum")?.as_array().map(Vec::as_slice));
        let texts: Option<Vec<String>> = list.and_then(|list| {
            list.iter()
                .filter(|value| !value.is_null())
                .map(|value| value.as_str().map(str::to_owned))
                .collect()
        });
        if let Some(texts) = texts
            && found.as_ref().is_none_or(|known| texts.len() < known.len())
        {
            found = Some(texts);
        }
    }
    found
}

/// What the components of a document are called, and which of them take in which others.
#[derive(Debug, Default)]
pub(super) struct Subtypes {
    names: HashMap<Address, Vec<String>>,
    children: HashMap<Address, Vec<Address>>,
}

impl Subtypes {
    /// Reads the components of every file.
    pub(super) fn of(store: &SchemaStore) -> Self {
        let mut found = Self::default();
        let document = store.document();
        for (file, _) in document.files() {
            let root = Address {
                file,
                pointer: Pointer::default(),
            };
            for holder in [
                root.join("components").join("schemas"),
                root.join("definitions"),
            ] {
                let Some(Value::Object(schemas)) = document.get(&holder) else {
                    continue;
                };
                for name in schemas.keys() {
                    found.component(store, &holder.join(name), name);
                }
            }
        }
        found
    }

    fn component(&mut self, store: &SchemaStore, at: &Address, name: &str) {
        let target = store.target(at);
        let own = component_name(&target);
        let names = self.names.entry(target.clone()).or_default();
        // An alias of another component is no second name for what it refers to.
        if own.as_deref().is_none_or(|own| own == name) && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
        for base in bases(store, &target) {
            let children = self.children.entry(base).or_default();
            if !children.contains(&target) {
                children.push(target.clone());
            }
        }
    }

    fn names(&self, target: &Address) -> Vec<String> {
        self.names.get(target).cloned().unwrap_or_default()
    }

    fn children(&self, base: &Address) -> &[Address] {
        self.children.get(base).map_or(&[], Vec::as_slice)
    }
}

/// The schemas that a schema takes in by a reference in `allOf`.
pub(super) fn bases(store: &SchemaStore, at: &Address) -> Vec<Address> {
    let document = store.document();
    let Some(parts) = document
        .get(at)
        .and_then(|schema| schema.get("allOf")?.as_array())
    else {
        return Vec::new();
    };
    parts
        .iter()
        .filter_map(|part| part.get("$ref")?.as_str())
        .filter_map(|reference| document.resolve(at.file, reference).ok())
        .map(|base| store.target(&base))
        .collect()
}

/// How a schema that others are told from by a discriminator stands to those bases.
#[derive(Debug)]
pub(super) struct Kinship {
    /// The schemas in its own `allOf` that lead to a base with a discriminator.
    pub(super) parents: HashSet<Address>,
    /// The discriminator's property and the names that this schema goes by there.
    pub(super) tags: Vec<(String, Vec<String>)>,
}

/// The kinship of the schema at `at`; `None` where no base of it has a discriminator.
pub(super) fn kinship(store: &SchemaStore, at: &Address) -> Option<Kinship> {
    let mut found = Kinship {
        parents: HashSet::new(),
        tags: Vec::new(),
    };
    for parent in bases(store, at) {
        let mut open = vec![parent.clone()];
        let mut seen = HashSet::from([at.clone()]);
        while let Some(ancestor) = open.pop() {
            if !seen.insert(ancestor.clone()) || seen.len() > MAX_STEPS {
                continue;
            }
            if let Some(discriminator) = store.discriminator(&ancestor) {
                let names = discriminator.names_of(at);
                if !names.is_empty() {
                    found.parents.insert(parent.clone());
                    found.tags.push((discriminator.property.clone(), names));
                }
            }
            open.extend(bases(store, &ancestor));
        }
    }
    (!found.parents.is_empty()).then_some(found)
}
