//! A schema of the document, derived as JSON Schema 2020-12 for one direction.
//!
//! A [`Schema`] is a cheap handle: an address, a direction and the store that compiles. Each schema
//! object that is named by a `$ref` or stands at a place of its own is a *unit*: translated and
//! compiled once, when first asked, with its references left to be followed lazily. A document
//! whose schemas all refer to each other therefore costs no more than the schemas in use.

mod alternatives;
pub(crate) mod canonical;
mod choices;
mod constraints;
mod contradiction;
mod dialect;
mod discriminator;
mod ecma;
pub(crate) mod effort;
mod ends;
mod exact;
mod finite;
mod following;
mod for_generation;
mod formats;
mod long_enum;
mod narrowed;
mod nesting;
mod nullable;
pub(super) mod objects;
mod overlap;
mod patterns;
pub(crate) mod prose;
mod read_only;
mod recursive;
mod seeing;
mod shape;
mod standalone;
mod store;
mod structure;
mod subschemas;
mod tape;
pub(crate) mod texts;
mod translate;
mod type_names;
mod types;
mod unit;
mod unreadable;
mod value_words;
mod view;
mod violation;
mod write_only;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use oasgate_document::{Address, Pointer};
use serde_json::Value;

pub use choices::Choice;
pub use constraints::Constraint;
pub(crate) use constraints::is_assertion;
pub(crate) use contradiction::{is_alone, speaks_together};
pub(crate) use exact::{Decimal, Digits};
pub(crate) use formats::{KNOWN_FORMATS, is_known_format};
pub(crate) use shape::shape;
pub(crate) use standalone::is_unread;
pub(super) use store::SchemaStore;
use structure::PropertyFinder;
pub(crate) use tape::Tape;
use unit::Unit;
pub(crate) use unit::compiled_alone;
pub(crate) use view::Sameness;
pub use violation::Violation;

/// Which way a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client: `readOnly` properties are not required.
    Request,
    /// From the service: `writeOnly` properties are not required.
    Response,
}

impl Direction {
    /// `request` or `response`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

impl Direction {
    /// The mark of properties that travel the other way only (OpenAPI 3.0.4 §4.7.24.2).
    pub(super) const fn mark_of_the_other(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Response => "writeOnly",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many references are followed to the schema that they stand for.
const MAX_REFERENCES: usize = 64;

/// A schema of the document in one direction: a cheap handle.
pub struct Schema {
    store: Arc<SchemaStore>,
    address: Address,
    direction: Direction,
    at_hand: AtHand,
}

/// What the store has of a schema, once somebody has asked for it: looking it up again costs as much as holding a small
/// body.
#[derive(Default)]
struct AtHand {
    unit: OnceLock<Arc<Unit>>,
    types: OnceLock<jsonschema::JsonTypeSet>,
    write_only: OnceLock<Arc<write_only::WriteOnlyNames>>,
    declared: OnceLock<Arc<store::Shapes>>,
}

/// A copy looks everything up anew: it may be given another address (`..schema.clone()`).
impl Clone for Schema {
    fn clone(&self) -> Self {
        Self::new(&self.store, self.address.clone(), self.direction)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({} #{})", self.direction, self.address.pointer)
    }
}

impl Schema {
    pub(super) fn new(store: &Arc<SchemaStore>, address: Address, direction: Direction) -> Self {
        Self {
            store: Arc::clone(store),
            address,
            direction,
            at_hand: AtHand::default(),
        }
    }

    /// The document that it stands in.
    pub fn document(&self) -> &oasgate_document::Document {
        self.store.document()
    }

    /// The schema object in the document.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Which way its values travel.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The same schema for the other way.
    #[must_use]
    pub fn towards(&self, direction: Direction) -> Self {
        Self {
            direction,
            ..self.clone()
        }
    }

    /// The schema that this one is, where all that it says is a reference to another.
    #[must_use]
    pub fn target(&self) -> Self {
        let mut target = self.clone();
        // References may lead in a circle.
        for _ in 0..MAX_REFERENCES {
            let Value::Object(members) = target.raw() else {
                break;
            };
            let hides_siblings = self.store.dialect().ref_hides_siblings();
            let Some(reference) = members
                .get("$ref")
                .filter(|_| members.len() == 1 || hides_siblings)
                .and_then(Value::as_str)
            else {
                break;
            };
            match self.store.document().resolve_at(&target.address, reference) {
                Ok(address) => target.address = address,
                Err(_) => break,
            }
        }
        target
    }

    /// The schema object as the document writes it.
    pub fn raw(&self) -> &Value {
        self.store
            .document()
            .get(&self.address)
            .unwrap_or(&Value::Null)
    }

    /// The name under `components/schemas` that this schema has, or refers to at once.
    pub fn name(&self) -> Option<String> {
        let address = self.store.target(&self.address);
        standalone::component_name(&address)
    }

    /// Whether the schema accepts a value.
    pub fn is_valid(&self, value: &Value) -> bool {
        // Where the fast path refuses and nothing can be named (a pattern that could not be
        // decided within its bound), the benefit of the doubt is the service's.
        self.surely_accepts(value) || self.first_violations(value, 1).is_empty()
    }

    /// Whether the schema accepts a value without any doubt. Looks for no reason, which costs as much as
    /// the schema has rules.
    pub(crate) fn surely_accepts(&self, value: &Value) -> bool {
        let unit = self.unit();
        effort::during(|| !self.store.takes_names(value) || unit.is_valid(value)).0
    }

    /// The same for a value on a tape; a no says nothing, since what cannot be decided there is left to a value. To be
    /// asked where no piece of work is open that texts are paid from.
    pub(crate) fn surely_accepts_tape(&self, tape: &Tape<'_>) -> bool {
        if !effort::is_idle() || !self.store.takes_all_names() {
            return false;
        }
        let unit = self.unit();
        let (is_valid, effort) = effort::during(|| unit.accepts(tape.root()));
        is_valid && effort.undecided.is_empty()
    }

    fn unit(&self) -> &Unit {
        self.at_hand
            .unit
            .get_or_init(|| self.store.unit(&self.address, self.direction))
    }

    /// The same schema with its formats ignored, in what it refers to as well: what breaks it breaks more
    /// than a format.
    pub(crate) fn without_formats(&self) -> Self {
        let store = self.store.without_formats();
        Self::new(store, self.address.clone(), self.direction)
    }

    /// Each keyword of the document that a value breaks; empty when it is accepted.
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        self.first_violations(value, violation::MAX_VIOLATIONS)
    }

    /// As [`Schema::violations`], by the one alternative of an `anyOf` or `oneOf` that is of the value's type, where there
    /// is one.
    pub(crate) fn narrowed_violations(&self, value: &Value) -> Vec<Violation> {
        effort::during(|| narrowed::violations(self, value)).0
    }

    /// As [`Schema::violations`], no more than `most` of them.
    pub(crate) fn first_violations(&self, value: &Value, most: usize) -> Vec<Violation> {
        let collect =
            || violation::collect(&self.store, &self.address, self.direction, value, most);
        effort::during(|| {
            let takes_names = self.store.takes_names(value);
            takes_names.then(collect).unwrap_or_default()
        })
        .0
    }

    /// Whether what a violation tells is that several alternatives accept what a discriminator names one of.
    pub(crate) fn accepts_by_name(&self, violation: &Violation, value: &Value) -> bool {
        overlap::accepts_by_name(self, violation, value)
    }

    /// A value without the properties that are `readOnly`: what of it is sent in a request.
    pub(crate) fn without_read_only(&self, value: &Value) -> Value {
        read_only::without_read_only(self, value)
    }

    /// Each `writeOnly` property in a value, with the schema that says so.
    pub fn write_only(&self, value: &Value) -> Vec<(Pointer, Address)> {
        effort::during(|| write_only::write_only(self, value)).0
    }

    /// Whether a property of a value on a tape may be `writeOnly`.
    pub(crate) fn may_show_write_only(&self, tape: &Tape<'_>) -> bool {
        write_only::may_show_write_only(self, tape)
    }

    /// Whether the schema says `readOnly`, itself or in a part that always holds.
    pub fn is_read_only(&self) -> bool {
        let says = |raw: &Value| raw.get("readOnly") == Some(&Value::Bool(true));
        let parts = |raw: &Value| {
            let all = raw.get("allOf").and_then(Value::as_array);
            all.is_some_and(|parts| parts.iter().any(says))
        };
        let target = self.target();
        let mut all = [self.raw(), target.raw()].into_iter();
        all.any(|raw| says(raw) || parts(raw))
    }

    /// Each property in a value that no schema in force names, read as if objects were closed.
    pub fn undeclared(&self, value: &Value) -> Vec<Pointer> {
        effort::during(|| structure::undeclared(self, value)).0
    }

    /// Whether a value with the shape of one on a tape is known to have no property that [`Schema::undeclared`] tells.
    pub(crate) fn knows_declared(&self, tape: &Tape<'_>) -> bool {
        structure::knows_declared(self, tape)
    }

    /// The JSON types that a value may have.
    pub(crate) fn types(&self) -> jsonschema::JsonTypeSet {
        *self.at_hand.types.get_or_init(|| types::types(self))
    }

    /// What each element of an array must be, as far as one schema says so.
    pub fn items(&self) -> Option<Schema> {
        structure::items(self)
    }

    /// What each member of an object must be that no schema names, as far as one schema says so.
    pub(crate) fn additional_properties(&self) -> Option<Schema> {
        structure::additional_properties(self)
    }

    /// What one property of an object must be, where a schema names it.
    pub fn property(&self, name: &str) -> Option<Schema> {
        self.property_finder().find(name)
    }

    /// As [`Schema::property`], for who asks for many.
    pub(crate) fn property_finder(&self) -> PropertyFinder<'_> {
        PropertyFinder::of(self)
    }

    /// What a place in a value must be, where schemas name each property on the way to it.
    pub(crate) fn property_at(&self, pointer: &Pointer) -> Option<Schema> {
        let mut tokens = pointer.tokens();
        tokens.try_fold(self.clone(), |schema, token| schema.property(&token))
    }

    /// The names of all properties that a schema in reach declares, in the document's order.
    pub fn property_names(&self) -> Vec<String> {
        structure::property_names(self)
    }

    /// The schema as a file of its own: JSON Schema 2020-12 with everything it refers to under
    /// `$defs`.
    pub fn to_json_schema(&self) -> Value {
        standalone::standalone(self)
    }

    /// The same without annotations: what generators and other validators are given.
    pub fn to_bare_schema(&self) -> Value {
        standalone::bare(self)
    }

    /// The same for generating values: without what must not be sent in its direction, with the names
    /// that discriminators want and the bounds of registered formats.
    pub(crate) fn to_generation_schema(&self) -> Value {
        standalone::for_generation(self)
    }

    /// The schema object by itself, its references numbered.
    pub(crate) fn own(&self) -> standalone::Own {
        standalone::own(self)
    }

    /// Whether it is proved that no value is accepted. What the schema refers to beyond a few steps
    /// is taken to allow all, so that a no is never wrong and a yes may be missed.
    pub fn is_impossible(&self) -> bool {
        if finite::is_endless(self) {
            return true;
        }
        standalone::bounded(self).is_some_and(|schema| canonical::is_impossible(&schema))
    }

    /// As [`Schema::is_impossible`], for a fraction of the work: that a schema which it needs a value of has none
    /// may be left to that schema.
    pub(crate) fn contradicts_itself(&self) -> bool {
        contradiction::contradicts_itself(self)
    }

    /// Compiles the schema now; what its dialect refuses is kept among the store's defects.
    pub(super) fn compile(&self) {
        self.store.unit(&self.address, self.direction);
    }
}
