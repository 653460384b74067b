//! The keywords in force at each node of a value: what a value may be pushed against.

use oasgate_document::{Address, Pointer};
use serde_json::Value;

use super::{Direction, Schema, structure};

/// A keyword that holds at one node of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// The node of the value.
    pub instance: Pointer,
    /// The node in the schema's terms: a pattern stands for the names that match it, `*` for every
    /// element of an array and for every other name that the schema does not list.
    pub slot: Pointer,
    /// The keyword in the document.
    pub address: Address,
    /// Its name.
    pub keyword: String,
    /// What the document writes behind it.
    pub argument: Value,
    /// Further members of the schema object that say how it is meant.
    pub beside: serde_json::Map<String, Value>,
    /// What it costs to hold the node to it, in steps.
    pub(crate) steps: usize,
}

/// Keywords that assert something by themselves.
const ASSERTIONS: &[&str] = &[
    "const",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];

/// Keywords that assert something by the schemas they hold.
const APPLICATORS: &[&str] = &[
    "additionalProperties",
    "contains",
    "items",
    "patternProperties",
    "properties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Whether a keyword asserts something by itself, not by schemas that it holds.
pub(crate) fn is_assertion(keyword: &str) -> bool {
    ASSERTIONS.contains(&keyword)
}

/// Every keyword in force at each node of a value, outermost first.
pub(super) fn of(schema: &Schema, value: &Value) -> Vec<Constraint> {
    let mut found = Vec::new();
    structure::walk_all(schema, value, &mut |node| {
        let place = node.place;
        for (at, members) in node.schemas {
            for (keyword, argument) in *members {
                if !is_assertion(keyword) && !APPLICATORS.contains(&keyword.as_str()) {
                    continue;
                }
                found.push(Constraint {
                    instance: place.pointer.clone(),
                    slot: place.slot.clone(),
                    address: at.join(keyword),
                    keyword: keyword.clone(),
                    argument: shortened(keyword, argument),
                    beside: members
                        .iter()
                        .filter(|(other, _)| {
                            matches!(
                                other.as_str(),
                                "minimum" | "maximum" | "minContains" | "maxContains"
                            )
                        })
                        .map(|(other, value)| (other.clone(), value.clone()))
                        .collect(),
                    steps: steps(keyword, argument, node.value),
                });
            }
        }
    });
    found
}

/// What it costs to hold a node to a keyword: each pattern of names is tried on each name, each name that
/// depends on another is looked for.
fn steps(keyword: &str, argument: &Value, node: &Value) -> usize {
    let members = node.as_object().map_or(0, serde_json::Map::len);
    let listed = match (keyword, argument) {
        ("patternProperties", Value::Object(patterns)) => patterns.len().saturating_mul(members),
        ("dependentRequired", Value::Object(lists)) => lists
            .values()
            .map(|names| 1 + names.as_array().map_or(0, Vec::len))
            .sum(),
        ("required" | "enum", Value::Array(list)) => list.len() / STEPS_OF_A_LIST,
        // Exact to the last digit, and told with it.
        ("multipleOf", _) => STEPS_OF_A_MULTIPLE,
        ("contains", _) => node.as_array().map_or(0, Vec::len),
        _ => 0,
    };
    1 + listed
}

/// How many names or values of a list are looked for in one step.
const STEPS_OF_A_LIST: usize = 16;

/// What it costs to divide one number.
const STEPS_OF_A_MULTIPLE: usize = 8;

/// The longest list that a constraint carries.
const MAX_LISTED: usize = 1_000;

/// The most keywords of a schema that a constraint carries.
const MAX_MEMBERS: usize = 8;

/// The argument of a keyword without what no constraint needs: schemas beyond a flat one, and the end of
/// long lists. A constraint is made for each node of a value.
fn shortened(keyword: &str, argument: &Value) -> Value {
    match argument {
        Value::Object(members) if !matches!(keyword, "const" | "dependentRequired") => {
            let is_flat = |member: &Value| !member.is_array() && !member.is_object();
            if members.len() <= MAX_MEMBERS && members.values().all(is_flat) {
                argument.clone()
            } else {
                Value::from("a schema")
            }
        }
        Value::Array(list) if keyword != "const" => {
            Value::Array(list.iter().take(MAX_LISTED).cloned().collect())
        }
        other => other.clone(),
    }
}

impl Constraint {
    /// What the keyword compares with: its argument, or the bound that an exclusive bound of
    /// OpenAPI 3.0 speaks of.
    pub fn bound(&self) -> &Value {
        let of = match self.keyword.as_str() {
            "exclusiveMinimum" => "minimum",
            "exclusiveMaximum" => "maximum",
            _ => return &self.argument,
        };
        match (&self.argument, self.beside.get(of)) {
            (Value::Bool(true), Some(bound)) => bound,
            _ => &self.argument,
        }
    }
}

impl Schema {
    /// Every keyword in force at each node of a value that the schema accepts.
    pub fn constraints(&self, value: &Value) -> Vec<Constraint> {
        of(self, value)
    }

    /// Values that the document shows for this schema, with the properties below it: name and value,
    /// each valid where it stands.
    pub fn shown(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        let store = &self.store;
        super::objects::each(store, vec![self.address.clone()], &mut |at, members| {
            let Some(Value::Object(properties)) = members.get("properties") else {
                return;
            };
            for (name, property) in properties {
                let here = Self::new(store, at.join("properties").join(name), Direction::Response);
                let own = ["example", "x-example", "default"]
                    .into_iter()
                    .filter_map(|key| property.get(key));
                let list = property.get("examples").and_then(Value::as_array);
                let before = found.len();
                for value in own.chain(list.into_iter().flatten()) {
                    if !value.is_null() && found.len() < 2_000 && here.is_valid(value) {
                        found.push((name.clone(), value.clone()));
                    }
                }
                let description = property.get("description").and_then(Value::as_str);
                if let Some(text) = description.filter(|_| found.len() == before) {
                    let texts = super::prose::examples_in(text).into_iter();
                    let values = texts.map(Value::from).filter(|value| here.is_valid(value));
                    let room = 2_000_usize.saturating_sub(found.len());
                    found.extend(values.take(room).map(|value| (name.clone(), value)));
                }
            }
        });
        found
    }
}
