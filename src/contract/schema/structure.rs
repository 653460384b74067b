//! Which parts of a schema speak of which parts of a value.
//!
//! Validation answers yes or no; here the schemas that are in force for each node are gathered:
//! through references, all of `allOf`, and those alternatives of `anyOf` and `oneOf` that accept the
//! value.

use std::{cell::OnceCell, sync::Arc};

use jsonschema::json::SerdeJson;
use oasgate_document::{Address, FileId, Pointer};
use serde_json::{Map, Value};

use super::{
    Schema,
    discriminator::{Discriminator, Selection},
    shape::shape_of,
    store::{Properties, Shapes},
    tape::{OnTape, Scalar, Tape},
};

/// How deep references and compositions are followed before they are taken for a circle.
pub(super) const MAX_STEPS: usize = 32;

/// How many schema objects are gathered for one node.
const MAX_IN_FORCE: usize = 1_000;

/// How many undeclared properties of one object are told.
const MAX_UNDECLARED_OF_OBJECT: usize = 1_000;

/// How many undeclared properties of one value are told. What is learned of a property has to come from every
/// element of a long list, so that this is well over what a list of ordinary objects needs.
const MAX_UNDECLARED: usize = 100_000;

/// The schema objects in force at one node.
pub(super) type InForce<'s> = Vec<(Address, &'s Map<String, Value>)>;

/// Whether it is known that every property of a value on a tape is named.
pub(super) fn knows_declared(schema: &Schema, tape: &Tape<'_>) -> bool {
    let shapes = declared_shapes(schema);
    let outline = tape.outline(|scalar| match scalar {
        Scalar::Number(_) => 6,
        Scalar::Text(_) => 7,
    });
    if shapes.has(outline) {
        return true;
    }
    let is_known = shapes.has(shape_of::<OnTape>(&tape.root()));
    if is_known {
        shapes.add(outline);
    }
    is_known
}

fn declared_shapes(schema: &Schema) -> &Shapes {
    let find = || schema.store.declared_shapes(&schema.address);
    schema.at_hand.declared.get_or_init(find)
}

/// Each property that no schema in force names.
pub(super) fn undeclared(schema: &Schema, value: &Value) -> Vec<Pointer> {
    let shape = shape_of::<SerdeJson>(&value);
    if declared_shapes(schema).has(shape) {
        return Vec::new();
    }
    let at = schema.store.document().get(&schema.address);
    if surely_declared(schema, schema.address.file, at, value, 0) {
        declared_shapes(schema).add(shape);
        return Vec::new();
    }
    let mut found = Vec::new();
    walk_all(schema, value, &mut |node| {
        let Value::Object(members) = node.value else {
            return;
        };
        // Where not all schemas were gathered, another one may name the property.
        let is_partial = node.schemas.len() >= MAX_IN_FORCE;
        let is_open = is_partial
            || node.schemas.iter().any(|(_, schema)| {
                [
                    "additionalProperties",
                    "unevaluatedProperties",
                    "patternProperties",
                ]
                .iter()
                .any(|keyword| schema.contains_key(*keyword))
            });
        let mut named = node
            .schemas
            .iter()
            .filter_map(|(_, schema)| schema.get("properties")?.as_object())
            .peekable();
        if is_open || named.peek().is_none() {
            return;
        }
        let named: Vec<_> = named.collect();
        if named.iter().all(|properties| properties.is_empty()) {
            return;
        }
        let left = MAX_UNDECLARED.saturating_sub(found.len());
        let undeclared = members
            .keys()
            .filter(|name| {
                !named
                    .iter()
                    .any(|properties| properties.contains_key(*name))
            })
            .take(left.min(MAX_UNDECLARED_OF_OBJECT));
        found.extend(undeclared.map(|name| node.place.pointer.join(name)));
    });
    found
}

/// Whether it is sure that every property of a value is named, without an allocation: by schemas
/// without composition, walked beside the value. A no says nothing. All values of one shape have one
/// answer.
fn surely_declared(
    schema: &Schema,
    base: FileId,
    at: Option<&Value>,
    value: &Value,
    depth: usize,
) -> bool {
    if !value.is_object() && !value.is_array() {
        return true;
    }
    let Some(Value::Object(members)) = at else {
        return matches!(at, Some(Value::Bool(_)));
    };
    if depth > MAX_STEPS * 4 {
        return false;
    }
    let document = schema.store.document();
    let below =
        |at: &Value, value: &Value| surely_declared(schema, base, Some(at), value, depth + 1);
    // A schema that names itself is the base of the references inside it.
    if members.contains_key("$id") {
        return false;
    }
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        let has_more = ["properties", "items", "additionalProperties"]
            .iter()
            .any(|keyword| members.contains_key(*keyword));
        if has_more && !schema.store.dialect().ref_hides_siblings() {
            return false;
        }
        return document.resolve(base, reference).is_ok_and(|target| {
            surely_declared(schema, target.file, document.get(&target), value, depth + 1)
        });
    }
    if COMPOSING
        .iter()
        .any(|keyword| members.contains_key(*keyword))
    {
        return false;
    }
    match value {
        Value::Object(object) => {
            let named = members.get("properties").and_then(Value::as_object);
            let rest = members.get("additionalProperties");
            let is_open = rest.is_some() || named.is_none_or(Map::is_empty);
            object.iter().all(|(name, member)| {
                match (named.and_then(|named| named.get(name)), rest) {
                    (Some(property), _) => below(property, member),
                    (None, Some(rest @ Value::Object(_))) => below(rest, member),
                    (None, _) => is_open,
                }
            })
        }
        Value::Array(items) => match members.get("items") {
            Some(schema @ Value::Object(_)) => items.iter().all(|item| below(schema, item)),
            Some(Value::Array(_)) => false,
            _ => true,
        },
        _ => true,
    }
}

/// Keywords by which a schema takes part in another, or names properties by other means.
const COMPOSING: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "allOf",
    "anyOf",
    "dependencies",
    "dependentSchemas",
    "discriminator",
    "else",
    "if",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "then",
    "unevaluatedProperties",
];

/// Visits each node of a value with the schemas in force there.
pub(super) fn walk_all<'s>(
    schema: &'s Schema,
    value: &Value,
    visit: &mut dyn FnMut(&Node<'_, 's>),
) {
    let start = vec![schema.address.clone()];
    walk(schema, start, value, &Place::default(), visit);
}

/// Where a node stands, in the value's terms and in the schema's.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The node of the value.
    pub(super) pointer: Pointer,
    /// The same with a pattern for the names that match it, and `*` for what else the schema does not
    /// tell apart.
    pub(super) slot: Pointer,
}

/// A node of a value with the schema objects in force at it.
pub(super) struct Node<'n, 's> {
    pub(super) place: &'n Place,
    pub(super) value: &'n Value,
    pub(super) schemas: &'n InForce<'s>,
}

/// Hands over each node of a value that `addresses` and what is below them speak of.
fn walk<'s>(
    schema: &'s Schema,
    addresses: Vec<Address>,
    value: &Value,
    place: &Place,
    visit: &mut dyn FnMut(&Node<'_, 's>),
) {
    let mut schemas = InForce::new();
    for address in addresses {
        in_force(schema, &address, Some(value), 0, &mut schemas);
    }
    visit(&Node {
        place,
        value,
        schemas: &schemas,
    });
    // Whether a schema below is one that the schema has for this name or index alone.
    let is_own = |below: &[Address], keyword: &str| {
        below.iter().any(|at| {
            at.parent()
                .and_then(|holder| holder.pointer.last())
                .as_deref()
                == Some(keyword)
        })
    };
    let any = || "*".to_owned();
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let below = schemas_of_property(schema, &schemas, name);
                if !below.is_empty() {
                    let token = if is_own(&below, "properties") {
                        name.clone()
                    } else {
                        below.iter().find_map(pattern_of).unwrap_or_else(any)
                    };
                    let place = Place {
                        pointer: place.pointer.join(name),
                        slot: place.slot.join(&token),
                    };
                    walk(schema, below, member, &place, visit);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let below = schemas_of_item(&schemas, index);
                if !below.is_empty() {
                    let slot = if is_own(&below, "prefixItems") {
                        place.slot.index(index)
                    } else {
                        place.slot.join("*")
                    };
                    let place = Place {
                        pointer: place.pointer.index(index),
                        slot,
                    };
                    walk(schema, below, item, &place, visit);
                }
            }
        }
        _ => {}
    }
}

/// The schemas for a property: those of its name and of every pattern that the name matches, else the one
/// for what is left.
fn schemas_of_property(schema: &Schema, schemas: &InForce<'_>, name: &str) -> Vec<Address> {
    let mut below = Vec::new();
    for (at, members) in schemas {
        let known = below.len();
        let map = |keyword: &str| members.get(keyword).and_then(Value::as_object);
        if map("properties").is_some_and(|properties| properties.contains_key(name)) {
            below.push(at.join("properties").join(name));
        }
        below.extend(
            map("patternProperties")
                .into_iter()
                .flat_map(Map::keys)
                .filter(|pattern| schema.store.name_matches(pattern, name))
                .map(|pattern| at.join("patternProperties").join(pattern)),
        );
        let is_left = below.len() == known;
        if is_left
            && members
                .get("additionalProperties")
                .is_some_and(Value::is_object)
        {
            below.push(at.join("additionalProperties"));
        }
    }
    below
}

/// The pattern of names that a schema is for.
fn pattern_of(address: &Address) -> Option<String> {
    let holder = address.parent()?.pointer.last()?;
    (holder == "patternProperties")
        .then(|| address.pointer.last())
        .flatten()
}

fn schemas_of_item(schemas: &InForce<'_>, index: usize) -> Vec<Address> {
    let mut below = Vec::new();
    for (at, schema) in schemas {
        if schema
            .get("prefixItems")
            .and_then(Value::as_array)
            .is_some_and(|prefix| index < prefix.len())
        {
            below.push(at.join("prefixItems").index(index));
        } else if schema.get("items").is_some_and(Value::is_object) {
            below.push(at.join("items"));
        }
    }
    below
}

/// Gathers the schema objects in force at `address`. With a value, alternatives count only when
/// they accept it; without one, all of them do.
pub(super) fn in_force<'s>(
    schema: &'s Schema,
    address: &Address,
    value: Option<&Value>,
    depth: usize,
    found: &mut InForce<'s>,
) {
    if depth > MAX_STEPS || found.len() >= MAX_IN_FORCE {
        return;
    }
    let store = &schema.store;
    let Some(Value::Object(members)) = store.document().get(address) else {
        return;
    };
    if found.iter().any(|(_, known)| std::ptr::eq(*known, members)) {
        return;
    }
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        if let Ok(target) = store.document().resolve_at(address, reference) {
            in_force(schema, &target, value, depth + 1, found);
        }
        if store.dialect().ref_hides_siblings() {
            return;
        }
    }
    found.push((address.clone(), members));
    let list = |keyword: &str| {
        members
            .get(keyword)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    for index in 0..list("allOf") {
        in_force(
            schema,
            &address.join("allOf").index(index),
            value,
            depth + 1,
            found,
        );
    }
    for keyword in ["anyOf", "oneOf"] {
        for index in 0..list(keyword) {
            let branch = address.join(keyword).index(index);
            if value.is_none_or(|value| store.unit(&branch, schema.direction).is_valid(value)) {
                in_force(schema, &branch, value, depth + 1, found);
            }
        }
    }
    if members.contains_key("if") {
        let condition = address.join("if");
        let is_met = value.map(|value| store.unit(&condition, schema.direction).is_valid(value));
        for (keyword, when) in [("if", true), ("then", true), ("else", false)] {
            if members.contains_key(keyword) && is_met.is_none_or(|is_met| is_met == when) {
                in_force(schema, &address.join(keyword), value, depth + 1, found);
            }
        }
    }
    for (name, _) in members
        .get("dependentSchemas")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if value.is_none_or(|value| value.get(name).is_some()) {
            let branch = address.join("dependentSchemas").join(name);
            in_force(schema, &branch, value, depth + 1, found);
        }
    }
    for target in subtypes(schema, address, value) {
        in_force(schema, &target, value, depth + 1, found);
    }
}

/// How many subtypes of one base are looked at where no value chooses among them.
const MAX_SUBTYPES: usize = 64;

/// How many subtypes of one base generation chooses among: each brings all that it refers to.
const MAX_GENERATED: usize = 8;

/// The subtypes of which values are generated.
pub(super) fn subtypes_to_generate(discriminator: &Discriminator, base: &Address) -> Vec<Address> {
    let mut targets = discriminator.subtypes(base);
    targets.truncate(MAX_GENERATED);
    targets
}

/// The schemas that the discriminator of a schema object names: for a value the one that it chooses,
/// where it accepts the value; all of them where there is none.
pub(super) fn subtypes(schema: &Schema, at: &Address, value: Option<&Value>) -> Vec<Address> {
    let store = &schema.store;
    let Some(discriminator) = store.discriminator(at) else {
        return Vec::new();
    };
    let Some(value) = value else {
        let others = discriminator.targets().filter(|target| *target != at);
        return others.take(MAX_SUBTYPES).cloned().collect();
    };
    match discriminator.select(value) {
        Selection::OneOf(targets) => targets
            .iter()
            .filter(|target| *target != at)
            .filter(|target| store.unit(target, schema.direction).is_valid(value))
            .cloned()
            .collect(),
        Selection::Nothing | Selection::Unknown => Vec::new(),
    }
}

fn everything_in_force(schema: &Schema) -> InForce<'_> {
    let mut found = InForce::new();
    in_force(schema, &schema.address, None, 0, &mut found);
    found
}

/// The first schema for the elements of an array.
pub(super) fn items(schema: &Schema) -> Option<Schema> {
    first_below(schema, "items")
}

/// The first schema for the members of an object that are not named.
pub(super) fn additional_properties(schema: &Schema) -> Option<Schema> {
    first_below(schema, "additionalProperties")
}

/// The first schema that stands under a keyword.
fn first_below(schema: &Schema, keyword: &str) -> Option<Schema> {
    let (at, _) = everything_in_force(schema)
        .into_iter()
        .find(|(_, members)| members.get(keyword).is_some_and(Value::is_object))?;
    Some(Schema {
        address: at.join(keyword),
        ..schema.clone()
    })
}

/// Finds the first schema for each of many properties: what speaks of an object is gathered once.
pub(crate) struct PropertyFinder<'s> {
    schema: &'s Schema,
    declared: Arc<Properties>,
    in_force: OnceCell<InForce<'s>>,
}

impl<'s> PropertyFinder<'s> {
    pub(super) fn of(schema: &'s Schema) -> Self {
        Self {
            schema,
            declared: declared(schema),
            in_force: OnceCell::new(),
        }
    }

    /// The first schema for a property.
    pub(crate) fn find(&self, name: &str) -> Option<Schema> {
        let schema = self.schema;
        let address = match self.declared.get(name) {
            Some(address) => address.clone(),
            None => {
                let in_force = self.in_force.get_or_init(|| everything_in_force(schema));
                let mut below = schemas_of_property(schema, in_force, name).into_iter();
                below.next()?
            }
        };
        Some(Schema {
            address,
            ..schema.clone()
        })
    }
}

/// The names of all properties.
pub(super) fn property_names(schema: &Schema) -> Vec<String> {
    declared(schema).keys().cloned().collect()
}

/// All properties that are named, each with its first schema.
fn declared(schema: &Schema) -> Arc<Properties> {
    let schema = schema.target();
    let find = || first_schemas(&schema);
    schema.store.properties(&schema.address, find)
}

fn first_schemas(schema: &Schema) -> Properties {
    let mut first = Properties::new();
    // Those that speak of properties which they do not name, and come before what names them.
    let mut open = InForce::new();
    for (at, members) in everything_in_force(schema) {
        let properties = members.get("properties").and_then(Value::as_object);
        for name in properties.into_iter().flat_map(Map::keys) {
            if first.contains_key(name) {
                continue;
            }
            let before = schemas_of_property(schema, &open, name).into_iter().next();
            let address = before.unwrap_or_else(|| at.join("properties").join(name));
            first.insert(name.clone(), address);
        }
        let is_object = |keyword: &str| members.get(keyword).is_some_and(Value::is_object);
        if is_object("patternProperties") || is_object("additionalProperties") {
            open.push((at, members));
        }
    }
    first
}
