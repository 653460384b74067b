//! What a schema leaves open: its optional properties, the branches of `oneOf` and `anyOf`, null, elements of
//! arrays, the values of an `enum` and the ends of ranges, and which of them a value takes.
//!
//! A choice is known by its place in the document and its kind, so that a schema that contains itself has finitely
//! many. `not`, `contains`, `propertyNames` and patterns offer no choices: what they name is not asked
//! for.

use std::collections::{HashSet, VecDeque};

use indexmap::IndexSet;
use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{Schema, ends::ends, nullable, structure};

/// How many nodes of one schema are looked at, those near the root first: each operation and response has a list of
/// its own. Where there are more, [`Choice::Rest`] says so.
const MAX_NODES: usize = 400;

/// How many values of one `enum` are asked for.
const MAX_ENUM_VALUES: usize = 100;

/// One thing that a schema leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// A property that may be left out.
    Property,
    /// The same property, left out.
    Absent,
    /// An alternative of a `oneOf` or `anyOf` that has several.
    Branch,
    /// Null, where a type beside it is allowed; at the keyword that allows it.
    Null,
    /// The elements of an array, which may be empty; at `items`.
    Items,
    /// An array without any; at `items`, too.
    Empty,
    /// A value of an `enum` that has several.
    EnumValue,
    /// A value at an end of what a bound or a format allows; at that keyword.
    End,
    /// What a large schema or a long `enum` leaves open beyond what is listed. No value takes it, because it is not
    /// looked for.
    Rest,
}

/// Each choice that a schema offers, by its place in the document.
fn of(schema: &Schema) -> IndexSet<(Address, Choice)> {
    let mut found = IndexSet::new();
    let mut known = HashSet::from([schema.address.clone()]);
    let mut open = VecDeque::from([schema.address.clone()]);
    let mut looked_at = 0;
    while let Some(root) = open.pop_front() {
        looked_at += 1;
        if looked_at > MAX_NODES {
            found.insert((schema.address.clone(), Choice::Rest));
            break;
        }
        let mut group = structure::InForce::new();
        structure::in_force(schema, &root, None, 0, &mut group);
        let mut required = HashSet::new();
        always_required(schema, &root, 0, &mut required);
        for (at, members) in group {
            let subtypes = subtypes(schema, &at, members, None);
            for branch in branches(&at, members).chain(subtypes) {
                found.insert((branch, Choice::Branch));
            }
            if let Some(null) = null(schema, &at, members) {
                found.insert((null, Choice::Null));
            }
            if let Some(items) = items(&at, members) {
                let size = |keyword: &str| members.get(keyword).and_then(Value::as_u64);
                if size("maxItems") != Some(0) {
                    found.insert((items.clone(), Choice::Items));
                }
                if size("minItems").unwrap_or_default() == 0 {
                    found.insert((items, Choice::Empty));
                }
            }
            for (value, _) in enum_values(&at, members) {
                found.insert((value, Choice::EnumValue));
            }
            let values = members.get("enum").and_then(Value::as_array);
            if values.is_some_and(|values| values.len() > MAX_ENUM_VALUES) {
                found.insert((at.join("enum"), Choice::Rest));
            }
            found.extend(
                ends(&at, members)
                    .into_iter()
                    .map(|(at, _)| (at, Choice::End)),
            );
            for (name, below) in properties(&at, members) {
                let is_required =
                    required.contains(name.as_str()) || requires(members).any(|one| one == name);
                if !is_required && may_travel(schema, &below) {
                    found.insert((below.clone(), Choice::Property));
                    found.insert((below, Choice::Absent));
                }
            }
            for below in nodes_below(&at, members) {
                if known.insert(below.clone()) {
                    open.push_back(below);
                }
            }
        }
    }
    found
}

/// What a value takes: the properties that it has and those that it leaves out, the branches that accept their node,
/// and so on, each by its place.
fn taken(schema: &Schema, value: &Value) -> Vec<(Address, Choice)> {
    let mut found = Vec::new();
    structure::walk_all(schema, value, &mut |node| {
        for (at, members) in node.schemas {
            if let Value::Object(object) = node.value {
                found.extend(properties(at, members).map(|(name, below)| {
                    let is_there = object.contains_key(name);
                    let choice = if is_there {
                        Choice::Property
                    } else {
                        Choice::Absent
                    };
                    (below, choice)
                }));
            }
            let accepting = branches(at, members).filter(|branch| {
                let unit = schema.store.unit(branch, schema.direction);
                unit.is_valid(node.value)
            });
            let accepting = accepting.chain(subtypes(schema, at, members, Some(node.value)));
            found.extend(accepting.map(|branch| (branch, Choice::Branch)));
            match node.value {
                Value::Null => {
                    found.extend(null(schema, at, members).map(|null| (null, Choice::Null)));
                }
                Value::Array(elements) => {
                    let choice = if elements.is_empty() {
                        Choice::Empty
                    } else {
                        Choice::Items
                    };
                    found.extend(items(at, members).map(|items| (items, choice)));
                }
                _ => {}
            }
            let came = enum_values(at, members).find(|(_, value)| *value == node.value);
            found.extend(came.map(|(value, _)| (value, Choice::EnumValue)));
            let reached = ends(at, members).into_iter();
            let reached = reached.filter(|(_, end)| end.has(node.value));
            found.extend(reached.map(|(at, _)| (at, Choice::End)));
        }
    });
    found
}

fn properties<'s>(
    at: &Address,
    members: &'s Map<String, Value>,
) -> impl Iterator<Item = (&'s String, Address)> {
    let at = at.join("properties");
    members
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(move |(name, _)| (name, at.join(name)))
}

fn branches(at: &Address, members: &Map<String, Value>) -> impl Iterator<Item = Address> {
    let mut found = Vec::new();
    for keyword in ["anyOf", "oneOf"] {
        let number = members
            .get(keyword)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        // One alternative leaves nothing open.
        if number > 1 {
            found.extend((0..number).map(|index| at.join(keyword).index(index)));
        }
    }
    found.into_iter()
}

/// The keyword by which null is allowed beside another type.
fn null(schema: &Schema, at: &Address, members: &Map<String, Value>) -> Option<Address> {
    let allows = |types: &Vec<Value>| types.len() > 1 && types.contains(&Value::from("null"));
    if members
        .get("type")
        .and_then(Value::as_array)
        .is_some_and(allows)
    {
        return Some(at.join("type"));
    }
    let dialect = schema.store.dialect();
    let is_nullable = nullable::is_nullable(members, dialect) && members.contains_key("type");
    (is_nullable || nullable::is_beside_parts(members, dialect)).then(|| at.join("nullable"))
}

/// The schema of an array's elements.
fn items(at: &Address, members: &Map<String, Value>) -> Option<Address> {
    let items = members.get("items");
    items
        .filter(|items| items.is_object())
        .map(|_| at.join("items"))
}

/// The values of an `enum` that has several, up to a number of them.
fn enum_values<'s>(
    at: &Address,
    members: &'s Map<String, Value>,
) -> impl Iterator<Item = (Address, &'s Value)> {
    let at = at.join("enum");
    let values = members.get("enum").and_then(Value::as_array);
    let several = values.filter(|values| values.len() > 1);
    several
        .into_iter()
        .flatten()
        .take(MAX_ENUM_VALUES)
        .enumerate()
        .map(move |(index, value)| (at.index(index), value))
}

/// The schemas that are derived from a base with a discriminator, where no alternatives list them.
fn subtypes(
    schema: &Schema,
    at: &Address,
    members: &Map<String, Value>,
    value: Option<&Value>,
) -> Vec<Address> {
    if branches(at, members).next().is_some() {
        return Vec::new();
    }
    structure::subtypes(schema, at, value)
}

fn nodes_below(at: &Address, members: &Map<String, Value>) -> Vec<Address> {
    let mut below: Vec<Address> = properties(at, members).map(|(_, below)| below).collect();
    for keyword in ["additionalProperties", "items"] {
        if members.get(keyword).is_some_and(Value::is_object) {
            below.push(at.join(keyword));
        }
    }
    if let Some(Value::Array(prefix)) = members.get("prefixItems") {
        below.extend((0..prefix.len()).map(|index| at.join("prefixItems").index(index)));
    }
    below
}

fn requires(members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    members
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The names that every value must have: those of the schema, of what it refers to, and of `allOf`.
fn always_required<'s>(
    schema: &'s Schema,
    at: &Address,
    depth: usize,
    found: &mut HashSet<&'s str>,
) {
    let store = &schema.store;
    let Some(Value::Object(members)) = store.document().get(at) else {
        return;
    };
    if depth > structure::MAX_STEPS {
        return;
    }
    if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
        if let Ok(target) = store.document().resolve_at(at, reference) {
            always_required(schema, &target, depth + 1, found);
        }
        if store.dialect().ref_hides_siblings() {
            return;
        }
    }
    found.extend(requires(members));
    let all = members.get("allOf").and_then(Value::as_array);
    for index in 0..all.map_or(0, Vec::len) {
        always_required(schema, &at.join("allOf").index(index), depth + 1, found);
    }
}

/// Whether a property may be there at all, in the schema's direction.
fn may_travel(schema: &Schema, property: &Address) -> bool {
    let document = schema.store.document();
    let other_way = schema.direction.mark_of_the_other();
    let target = schema.store.target(property);
    [property, &target].iter().all(|at| match document.get(at) {
        Some(Value::Object(members)) => members.get(other_way) != Some(&Value::Bool(true)),
        Some(Value::Bool(is_allowed)) => *is_allowed,
        _ => true,
    })
}

impl Schema {
    /// What the schema leaves open: optional properties, branches and more, each by its place in the
    /// document. Of a very large schema, what stands nearest to its root, and [`Choice::Rest`].
    pub fn choices(&self) -> IndexSet<(Address, Choice)> {
        of(self)
    }

    /// What a value takes: each property that it has, each branch that accepts its node, and so on.
    /// Required properties are among them.
    pub fn taken(&self, value: &Value) -> Vec<(Address, Choice)> {
        taken(self, value)
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::{Value, json};

    use super::Choice;
    use crate::contract::{Contract, Schema};

    /// A tree of nodes, each with a parent's properties, one of two kinds, and a secret.
    fn schema() -> Schema {
        let document = json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/nodes": {"get": {"responses": {"200": {
                "description": "",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}
            }}}}},
            "components": {"schemas": {
                "Node": {
                    "allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["note"]}],
                    "properties": {
                        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
                        "kind": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"deep": {}}}]},
                        "secret": {"type": "string", "writeOnly": true},
                        "alone": {"anyOf": [{"type": "string"}]},
                    },
                    "not": {"properties": {"never": {}}},
                },
                "Base": {
                    "required": ["id"],
                    "properties": {"id": {}, "note": {}, "size": {}},
                },
            }},
        });
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let contract = Contract::from_document(document);
        let response = &contract.operations()[0].responses.declared[0];
        let schema = response.content.media_types[0].schema.clone();
        schema.expect("it has one")
    }

    const NODE: &str = "/components/schemas/Node/properties";

    /// Which choices a value takes, but for what it leaves out, with the last steps of their places.
    fn taken(value: &Value) -> Vec<String> {
        taken_of(&schema(), value, |choice| choice != Choice::Absent)
    }

    fn taken_of(schema: &Schema, value: &Value, wanted: fn(Choice) -> bool) -> Vec<String> {
        let choices = schema.choices();
        let mut taken: Vec<String> = schema
            .taken(value)
            .iter()
            .filter(|one| choices.contains(*one) && wanted(one.1))
            .map(|(at, _)| at.pointer.as_str().replace(NODE, ""))
            .collect();
        taken.sort();
        taken.dedup();
        taken
    }

    #[test]
    fn choices_are_what_may_be_left_out_and_what_has_alternatives() {
        let mut choices: Vec<String> = schema()
            .choices()
            .iter()
            .map(|(at, _)| at.pointer.as_str().replace(NODE, ""))
            .collect();
        choices.sort();
        choices.dedup();
        assert_eq!(
            choices,
            [
                "/alone",
                "/children",
                "/children/items",
                "/components/schemas/Base/properties/size",
                "/kind",
                "/kind/oneOf/0",
                "/kind/oneOf/1",
                "/kind/oneOf/1/properties/deep",
            ]
        );
    }

    #[test]
    fn what_is_too_large_to_be_looked_through_says_so() {
        let rests = |properties: usize, values: usize| {
            let mut members = serde_json::Map::new();
            for number in 0..properties {
                members.insert(format!("p{number}"), json!({"type": "string"}));
            }
            let values: Vec<usize> = (0..values).collect();
            members.insert("kind".to_owned(), json!({"enum": values}));
            let schema = json!({"type": "object", "properties": members});
            let content = json!({"application/json": {"schema": schema}});
            let responses = json!({"200": {"description": "", "content": content}});
            let document = json!({
                "openapi": "3.1.0",
                "info": {"title": "t", "version": "1"},
                "paths": {"/nodes": {"get": {"responses": responses}}},
            });
            let document = Document::parse("t", document.to_string()).expect("it is one");
            let contract = Contract::from_document(document);
            let response = &contract.operations()[0].responses.declared[0];
            let schema = response.content.media_types[0].schema.clone();
            let choices = schema.expect("it has one").choices();
            let rests = choices.into_iter().filter(|one| one.1 == Choice::Rest);
            rests
                .filter_map(|(at, _)| at.pointer.last())
                .collect::<Vec<_>>()
        };
        assert_eq!(rests(300, 100), Vec::<String>::new());
        assert_eq!(rests(500, 2), ["schema"]);
        assert_eq!(rests(3, 101), ["enum"]);
    }

    #[test]
    fn a_value_takes_what_it_has_and_what_accepts_it() {
        assert_eq!(taken(&json!({"id": 1, "note": 1})), Vec::<String>::new());
        assert_eq!(
            taken(&json!({"id": 1, "note": 1, "kind": "x"})),
            ["/kind", "/kind/oneOf/0"]
        );
        assert_eq!(
            taken(&json!({"children": [{"kind": {"deep": 1}, "size": 2}]})),
            [
                "/children",
                "/children/items",
                "/components/schemas/Base/properties/size",
                "/kind",
                "/kind/oneOf/1",
                "/kind/oneOf/1/properties/deep",
            ]
        );
        // No branch accepts a number.
        assert_eq!(taken(&json!({"kind": 5})), ["/kind"]);
    }

    #[test]
    fn a_value_takes_what_it_leaves_out_where_it_could_have_it() {
        let absent = |value: &Value| taken_of(&schema(), value, |one| one == Choice::Absent);
        let size = "/components/schemas/Base/properties/size";
        assert_eq!(
            absent(&json!({"children": [], "alone": "x"})),
            [size, "/kind"]
        );
        // What is in a branch that does not accept the value is not left out by it.
        assert_eq!(
            absent(&json!({"size": 1, "children": [], "alone": "x", "kind": "x"})),
            Vec::<String>::new()
        );
        assert_eq!(
            absent(&json!({"size": 1, "children": [], "alone": "x", "kind": {}})),
            ["/kind/oneOf/1/properties/deep"]
        );
        let empty = taken_of(&schema(), &json!({"children": []}), |one| {
            one == Choice::Empty
        });
        assert_eq!(empty, ["/children/items"]);
    }
}
