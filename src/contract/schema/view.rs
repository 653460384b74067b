//! What of a value decides which branches of a schema it takes.
//!
//! Of values that look the same to a [`View`] one answers for all, so that choices are worked out once for
//! each ([`Sameness`]). Most alternatives are told apart by types, names and a few words (`enum`, `const`, the property of a
//! discriminator); where bounds, patterns or formats may decide, no view is made and each value is looked at.

use std::{
    collections::{HashSet, VecDeque},
    sync::LazyLock,
};

use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber as _, Node as _, Object, SerdeJson},
};
use oasgate_document::{Document, FileId};
use serde_json::{Map, Number, Value};

use super::{
    Schema,
    ends::{self, End},
    tape::{OnTape, Scalar, Tape},
};

/// Its numbers do not leave the program, and nobody who writes a recording knows them.
static HASHER: LazyLock<ahash::RandomState> = LazyLock::new(ahash::RandomState::new);

/// How many nodes of the document are looked at before every value is taken to be different.
const MAX_NODES: usize = 4_000;

/// Keywords whose answer depends on more than types, names and words.
const BEYOND_WORDS: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "contains",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "propertyNames",
    "uniqueItems",
];

/// Members that say nothing about values.
const ANNOTATIONS: &[&str] = &["default", "description", "example", "examples", "title"];

/// What of a value is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Texts and numbers that a schema tells apart.
    words: Words,
    /// Names that a schema has, which an object may leave out.
    names: Words,
    /// Numbers of characters that stand at an end.
    lengths: HashSet<u64>,
    /// Numbers of elements that stand at an end.
    sizes: HashSet<u64>,
    /// Whether times of other than whole seconds of UTC are told apart.
    has_times: bool,
}

/// Texts to be looked up, most of which are told not to be there by their lengths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Words {
    all: HashSet<String, ahash::RandomState>,
    /// One bit for each length, modulo 64.
    lengths: u64,
}

impl Words {
    fn length(word: &str) -> u64 {
        1 << (word.len() % 64)
    }

    fn contains(&self, word: &str) -> bool {
        self.lengths & Self::length(word) != 0 && self.all.contains(word)
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn insert(&mut self, word: String) {
        self.lengths |= Self::length(&word);
        self.all.insert(word);
    }
}

impl Extend<String> for Words {
    fn extend<T: IntoIterator<Item = String>>(&mut self, words: T) {
        words.into_iter().for_each(|word| self.insert(word));
    }
}

/// How it is told whether a value can take a choice that none before it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// By its facts, each for itself: there are no alternatives, so that what is at one place of a value changes
    /// nothing about another.
    Facts(View),
    /// By all that the view sees of it.
    Whole(View),
    /// Not at all, as far as is known.
    Never,
}

impl Sameness {
    /// How it is told for the choices of a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        let document = schema.store.document();
        let mut search = Search {
            document,
            view: View::default(),
            alternatives: VecDeque::new(),
            is_by_index: false,
            nodes: 0,
        };
        let root = document.get(&schema.address);
        let roots = root.map(|root| (schema.address.file, root)).into_iter();
        if !search.each(roots.collect(), Search::outside) || search.is_by_index {
            return Self::Never;
        }
        if search.alternatives.is_empty() {
            return Self::Facts(search.view);
        }
        let alternatives = std::mem::take(&mut search.alternatives);
        if search.each(alternatives, Search::inside) {
            Self::Whole(search.view)
        } else {
            Self::Never
        }
    }

    /// Hands over the numbers of what is to be seen of values; answers whether there are any. A value all of whose
    /// numbers were seen before takes nothing new.
    pub(crate) fn each(&self, values: &[Value], seed: u64, take: &mut dyn FnMut(u64)) -> bool {
        self.each_of::<SerdeJson>(values.iter(), seed, take)
    }

    /// The same for a value on a tape.
    pub(crate) fn each_on_tape(
        &self,
        tape: &Tape<'_>,
        seed: u64,
        take: &mut dyn FnMut(u64),
    ) -> bool {
        self.each_of::<OnTape>(std::iter::once(tape.root()), seed, take)
    }

    /// As [`Sameness::look`], where names and containers are at the same places in the text too. It costs a fraction of
    /// that.
    pub(crate) fn outline(&self, tape: &Tape<'_>, seed: u64) -> Option<u64> {
        match self {
            Self::Facts(view) | Self::Whole(view) => {
                let outline = tape.outline(|scalar| match scalar {
                    Scalar::Number(number) => view.hash_number(number),
                    Scalar::Text(text) => view.hash_text(text),
                });
                Some(HASHER.hash_one((outline, seed)))
            }
            Self::Never => None,
        }
    }

    /// A number that values on tapes have in common of which [`Sameness::each_on_tape`] tells the same numbers; `None`
    /// where it tells none. It costs a fraction of these.
    pub(crate) fn look(&self, tape: &Tape<'_>, seed: u64) -> Option<u64> {
        match self {
            Self::Facts(view) | Self::Whole(view) => {
                Some(HASHER.hash_one((seed, view.look::<OnTape>(&tape.root()))))
            }
            Self::Never => None,
        }
    }

    fn each_of<'v, F: Json>(
        &self,
        values: impl Iterator<Item = F::Node<'v>>,
        seed: u64,
        take: &mut dyn FnMut(u64),
    ) -> bool {
        match self {
            Self::Facts(view) => {
                for value in values {
                    view.facts::<F>(&value, seed, take);
                }
                true
            }
            Self::Whole(view) => {
                take(HASHER.hash_one((seed, view.hash_all::<F>(values))));
                true
            }
            Self::Never => false,
        }
    }
}

impl View {
    /// The numbers of what a value is and has, each with its place; elements of an array have one place.
    fn facts<F: Json>(&self, value: &F::Node<'_>, place: u64, take: &mut dyn FnMut(u64)) {
        if let Some(items) = value.as_array() {
            let size = items.len();
            take(HASHER.hash_one((place, 9_u8, size == 0, self.size(size))));
            let place = HASHER.hash_one((place, 9_u8));
            for item in items.elements() {
                self.facts::<F>(&item, place, take);
            }
        } else if let Some(members) = value.as_object() {
            // What an object leaves out is told by the names that it has.
            let mut names = 0_u64;
            for (name, member) in members.members() {
                let name = name.as_ref();
                if self.names.contains(name) {
                    names = names.wrapping_add(HASHER.hash_one(name));
                }
                self.facts::<F>(&member, HASHER.hash_one((place, name)), take);
            }
            take(HASHER.hash_one((place, 10_u8, names)));
        } else {
            take(HASHER.hash_one((place, self.hash::<F>(value))));
        }
    }

    /// A number that values have in common which look the same.
    fn hash<F: Json>(&self, value: &F::Node<'_>) -> u64 {
        match value.json_type() {
            JsonType::Null => 1,
            JsonType::Boolean => 2 + u64::from(value.as_boolean() == Some(true)),
            JsonType::Number | JsonType::Integer => {
                let number = value.as_number();
                number.map_or(5, |number| self.hash_number(&number.to_number()))
            }
            JsonType::String => {
                let text = value.as_string();
                text.map_or(8, |text| self.hash_text(&text))
            }
            JsonType::Array => {
                let items = value.as_array();
                let size = items.as_ref().and_then(|items| self.size(items.len()));
                let items = items.iter().flat_map(Array::elements);
                HASHER.hash_one((9_u8, size, self.hash_all::<F>(items)))
            }
            // A sum knows no order, and names are there once.
            JsonType::Object => {
                let members = value.as_object();
                let members = members.iter().flat_map(Object::members);
                members.fold(10_u64, |sum, (name, member)| {
                    sum.wrapping_add(HASHER.hash_one((name.as_ref(), self.hash::<F>(&member))))
                })
            }
        }
    }

    /// A number for all that is seen of a value. Elements that look the same count once, as far as few looks take turns.
    fn look<F: Json>(&self, value: &F::Node<'_>) -> u64 {
        if let Some(items) = value.as_array() {
            let mut sum = 0_u64;
            let mut last = [0_u64; 8];
            let mut next = 0;
            for item in items.elements() {
                let look = HASHER.hash_one(self.look::<F>(&item));
                if !last.contains(&look) {
                    last[next % last.len()] = look;
                    next += 1;
                    sum = sum.wrapping_add(look);
                }
            }
            let size = items.len();
            HASHER.hash_one((9_u8, size == 0, self.size(size), sum))
        } else if let Some(members) = value.as_object() {
            // A sum knows no order, and names are there once.
            members.members().fold(10_u64, |sum, (name, member)| {
                sum.wrapping_add(HASHER.hash_one((name.as_ref(), self.look::<F>(&member))))
            })
        } else {
            self.hash::<F>(value)
        }
    }

    fn hash_number(&self, number: &Number) -> u64 {
        if !self.words.is_empty() {
            let digits = ends::digits(number);
            if self.words.contains(&digits) {
                return HASHER.hash_one((4_u8, digits));
            }
        }
        let fraction = number.as_f64().unwrap_or_default().fract();
        5 + u64::from(number.is_f64() && fraction != 0.0)
    }

    fn hash_text(&self, text: &str) -> u64 {
        if self.words.contains(text) {
            return HASHER.hash_one((7_u8, text));
        }
        match (self.length(text), self.is_uncommon(text)) {
            (None, false) => 8,
            told => HASHER.hash_one((8_u8, told)),
        }
    }

    /// The length of a text, where it stands at an end.
    fn length(&self, text: &str) -> Option<u64> {
        if self.lengths.is_empty() {
            return None;
        }
        Some(ends::length_of(text)).filter(|length| self.lengths.contains(length))
    }

    /// The number of elements, where it stands at an end.
    fn size(&self, elements: usize) -> Option<u64> {
        let size = u64::try_from(elements).ok();
        size.filter(|size| self.sizes.contains(size))
    }

    fn is_uncommon(&self, text: &str) -> bool {
        self.has_times && ends::is_uncommon_time(text)
    }

    /// The numbers of several values, as a set.
    fn hash_all<'v, F: Json>(&self, values: impl Iterator<Item = F::Node<'v>>) -> Vec<u64> {
        let mut found: Vec<u64> = values.map(|value| self.hash::<F>(&value)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Nodes that are to be looked at, each with its file.
type Open<'d> = VecDeque<(FileId, &'d Value)>;

struct Search<'d> {
    document: &'d Document,
    view: View,
    /// The alternatives that were found.
    alternatives: Open<'d>,
    /// Whether elements of an array have schemas of their own.
    is_by_index: bool,
    nodes: usize,
}

impl<'d> Search<'d> {
    /// Looks at nodes and at all that they refer to, each once; answers whether all of it was looked at and
    /// `look` never answered no.
    fn each(
        &mut self,
        mut open: Open<'d>,
        look: fn(&mut Self, FileId, &'d Value, &mut Open<'d>) -> bool,
    ) -> bool {
        let mut known = HashSet::new();
        while let Some((file, node)) = open.pop_front() {
            if known.insert(std::ptr::from_ref(node)) && !look(self, file, node, &mut open) {
                return false;
            }
        }
        true
    }

    fn counts(&mut self) -> bool {
        self.nodes += 1;
        self.nodes <= MAX_NODES
    }

    fn refer(&self, file: FileId, reference: &str, open: &mut Open<'d>) {
        if let Ok(target) = self.document.resolve(file, reference)
            && let Some(node) = self.document.get(&target)
        {
            open.push_back((target.file, node));
        }
    }

    /// Gathers the alternatives at a node and below it, with the words of enums and discriminators.
    fn outside(&mut self, file: FileId, node: &'d Value, open: &mut Open<'d>) -> bool {
        if !self.counts() {
            return false;
        }
        match node {
            Value::Array(items) => items.iter().all(|item| self.outside(file, item, open)),
            Value::Object(members) => {
                self.ends(members);
                members
                    .iter()
                    .all(|(name, member)| match (name.as_str(), member) {
                        ("anyOf" | "oneOf", Value::Array(alternatives)) => {
                            let alternatives = alternatives.iter().map(|one| (file, one));
                            self.alternatives.extend(alternatives.clone());
                            open.extend(alternatives);
                            true
                        }
                        ("$ref", Value::String(reference)) => {
                            self.refer(file, reference, open);
                            true
                        }
                        ("enum", member) => {
                            self.word(member);
                            true
                        }
                        ("prefixItems", _) | ("items", Value::Array(_)) => {
                            self.is_by_index = true;
                            true
                        }
                        ("discriminator", member) => {
                            self.discriminator(file, members, member);
                            true
                        }
                        // What stands at one place decides here which schemas speak of another.
                        ("if", condition) => {
                            self.alternatives.push_back((file, condition));
                            self.outside(file, condition, open)
                        }
                        ("dependentSchemas", Value::Object(schemas)) => {
                            let schemas = schemas.values().map(|one| (file, one));
                            self.alternatives.extend(schemas);
                            self.outside(file, member, open)
                        }
                        ("properties", Value::Object(properties)) => {
                            self.view.names.extend(properties.keys().cloned());
                            self.outside(file, member, open)
                        }
                        (name, _) if ANNOTATIONS.contains(&name) => true,
                        (_, member) => self.outside(file, member, open),
                    })
            }
            _ => true,
        }
    }

    /// Looks at a node and all below it; answers whether types, names and words are all that it asks for.
    /// A property that is called like a keyword is taken for one: that costs time, never a witness.
    fn inside(&mut self, file: FileId, node: &'d Value, open: &mut Open<'d>) -> bool {
        if !self.counts() {
            return false;
        }
        match node {
            Value::Array(items) => items.iter().all(|item| self.inside(file, item, open)),
            Value::Object(members) => {
                members
                    .iter()
                    .all(|(name, member)| match (name.as_str(), member) {
                        ("enum" | "const", member) => {
                            self.word(member);
                            true
                        }
                        ("$ref", Value::String(reference)) => {
                            self.refer(file, reference, open);
                            true
                        }
                        ("discriminator", member) => {
                            self.discriminator(file, members, member);
                            true
                        }
                        (name, _) if ANNOTATIONS.contains(&name) => true,
                        (name, _) if BEYOND_WORDS.contains(&name) => false,
                        (_, member) => self.inside(file, member, open),
                    })
            }
            _ => true,
        }
    }

    /// What a schema object sets an end to.
    fn ends(&mut self, members: &Map<String, Value>) {
        for keyword in ends::KEYWORDS {
            match ends::end(keyword, members) {
                Some(End::Numbers(numbers)) => self.view.words.extend(numbers),
                Some(End::Length(length)) => {
                    self.view.lengths.insert(length);
                }
                Some(End::Size(size)) => {
                    self.view.sizes.insert(size);
                }
                Some(End::Time) => self.view.has_times = true,
                None => {}
            }
        }
    }

    fn word(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.view.words.insert(text.clone());
            }
            Value::Number(number) => {
                self.view.words.insert(ends::digits(number));
            }
            Value::Array(items) => items.iter().for_each(|item| self.word(item)),
            Value::Object(members) => members.values().for_each(|member| self.word(member)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The words of a discriminator: those that it maps, and the names of schemas, which stand for themselves.
    /// Where no alternatives stand beside it, they are the schemas that are derived from the one that has it.
    fn discriminator(&mut self, file: FileId, beside: &Map<String, Value>, discriminator: &Value) {
        if let Some(mapping) = discriminator.get("mapping").and_then(Value::as_object) {
            self.view.words.extend(mapping.keys().cloned());
        }
        for names in ["/components/schemas", "/definitions"] {
            let schemas = self
                .document
                .file(file)
                .and_then(|root| root.pointer(names));
            if let Some(schemas) = schemas.and_then(Value::as_object) {
                self.view.words.extend(schemas.keys().cloned());
                if !beside.contains_key("oneOf") && !beside.contains_key("anyOf") {
                    self.alternatives
                        .extend(schemas.values().map(|one| (file, one)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::{Value, json};

    use super::{Sameness, SerdeJson, View};
    use crate::contract::{Contract, Schema};

    fn schema(schema: &Value) -> Schema {
        let document = json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/": {"get": {"responses": {"200": {
                "description": "",
                "content": {"application/json": {"schema": schema}}
            }}}}},
            "components": {"schemas": {
                "Cat": {"type": "object", "properties": {"kind": {"type": "string"}, "born": {"format": "date"}}},
                "Dog": {"type": "object", "properties": {"kind": {"enum": ["Dog", "wolf", 7]}}},
            }},
        });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let contract = Contract::from_document(document);
        let response = &contract.operations()[0].responses.declared[0];
        let schema = response.content.media_types[0].schema.clone();
        schema.expect("it has one")
    }

    fn view(of: &Value) -> Option<View> {
        match Sameness::of(&schema(of)) {
            Sameness::Whole(view) => Some(view),
            Sameness::Facts(_) | Sameness::Never => None,
        }
    }

    #[test]
    fn words_types_and_names_tell_values_apart() {
        let view = view(&json!({"oneOf": [
            {"$ref": "#/components/schemas/Dog"},
            {"type": "object", "properties": {"size": {"type": "integer"}}},
        ]}))
        .expect("words decide");
        let same = |a: Value, b: Value| view.hash::<SerdeJson>(&&a) == view.hash::<SerdeJson>(&&b);
        assert!(same(json!({"kind": "a"}), json!({"kind": "b"})));
        assert!(!same(json!({"kind": "a"}), json!({"kind": "wolf"})));
        assert!(!same(json!({"kind": 6}), json!({"kind": 7})));
        assert!(same(json!({"size": 1.0}), json!({"size": 3})));
        assert!(!same(json!({"size": 1.5}), json!({"size": 3})));
        assert!(!same(json!([]), json!([1])));
        assert!(!same(json!(true), json!(false)));
    }

    #[test]
    fn where_a_format_decides_no_view_is_made() {
        let cat = json!({"$ref": "#/components/schemas/Cat"});
        let dog = json!({"$ref": "#/components/schemas/Dog"});
        assert_eq!(
            Sameness::of(&schema(&json!({"oneOf": [dog, cat]}))),
            Sameness::Never
        );
        // One alternative leaves nothing open, and is in force only where it accepts.
        assert_eq!(
            Sameness::of(&schema(&json!({"oneOf": [cat]}))),
            Sameness::Never
        );
        assert!(matches!(Sameness::of(&schema(&cat)), Sameness::Facts(_)));
        // What stands beside the alternatives does not decide between them.
        let beside = json!({"properties": {"at": {"format": "date"}, "pet": {"anyOf": [dog, {"type": "null"}]}}});
        assert!(view(&beside).is_some());
    }

    #[test]
    fn facts_of_places_are_told_apart_and_elements_of_an_array_are_not() {
        let dogs = json!({"type": "array", "items": {"$ref": "#/components/schemas/Dog"}});
        let sameness = Sameness::of(&schema(&dogs));
        let facts = |value: Value| {
            let mut facts = std::collections::HashSet::new();
            assert!(sameness.each(&[value], 0, &mut |fact| {
                facts.insert(fact);
            }));
            facts
        };
        let wolf = facts(json!([{"kind": "wolf"}]));
        assert_eq!(facts(json!([{"kind": "wolf"}, {"kind": "wolf"}])), wolf);
        let both = facts(json!([{"kind": "wolf"}, {"kind": "x"}]));
        assert!(both.is_superset(&wolf) && both.is_superset(&facts(json!([{"kind": "y"}]))));
        assert!(!both.is_superset(&facts(json!([{"other": "x"}]))));
        assert!(!both.is_superset(&facts(json!([]))));
        assert!(!both.is_superset(&facts(json!([{"kind": null}]))));
    }

    #[test]
    fn a_discriminator_tells_by_its_mapping_and_by_names() {
        let view = view(&json!({
            "oneOf": [{"$ref": "#/components/schemas/Dog"}, {"type": "object"}],
            "discriminator": {"propertyName": "kind", "mapping": {"puppy": "Dog"}},
        }))
        .expect("words decide");
        let kinds = ["puppy", "Cat", "Dog", "other"];
        let hashes: std::collections::HashSet<_> = kinds
            .iter()
            .map(|kind| view.hash::<SerdeJson>(&&json!({"kind": kind})))
            .collect();
        assert_eq!(hashes.len(), kinds.len());
    }
}
