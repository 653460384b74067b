//! Schema objects by themselves, cleaned of what says nothing about validity, so that two versions can
//! be laid beside each other.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use oasgate_document::Address;
use serde_json::{Map, Value, json};

use super::keywords::{position, rebuilt};
use crate::contract::{Contract, Direction, is_assertion};

/// A schema object as JSON Schema 2020-12, without annotations but for `readOnly` and `writeOnly`.
#[derive(Debug)]
pub(super) struct Body {
    /// A reference is `#` and the number of its target in `references`.
    pub(super) schema: Value,
    pub(super) references: Vec<Address>,
    /// Whether something that it refers to was not read.
    pub(super) is_partial: bool,
}

/// The schema objects of one contract, each read once for each direction.
pub(super) struct Bodies<'c> {
    pub(super) contract: &'c Contract,
    known: RefCell<HashMap<(Address, Direction), Rc<Body>>>,
}

impl<'c> Bodies<'c> {
    pub(super) fn of(contract: &'c Contract) -> Self {
        Self {
            contract,
            known: RefCell::default(),
        }
    }

    /// The address behind pure references.
    pub(super) fn target(&self, address: &Address, direction: Direction) -> Address {
        let schema = self.contract.schema_at(address.clone(), direction);
        schema.target().address().clone()
    }

    pub(super) fn get(&self, address: &Address, direction: Direction) -> Rc<Body> {
        let key = (address.clone(), direction);
        if let Some(body) = self.known.borrow().get(&key) {
            return Rc::clone(body);
        }
        let own = self.contract.schema_at(address.clone(), direction).own();
        let body = Rc::new(Body {
            schema: cleaned(&own.schema),
            references: own.references,
            is_partial: own.is_partial,
        });
        self.known.borrow_mut().insert(key, Rc::clone(&body));
        body
    }
}

/// Formats of whole numbers that leave out numbers which do occur, and their bounds. Those of wider numbers
/// have a rule of their own.
const NARROW: &[(&str, i64, i64)] = &[
    ("int16", i16::MIN as i64, i16::MAX as i64),
    ("int32", i32::MIN as i64, i32::MAX as i64),
    ("int8", i8::MIN as i64, i8::MAX as i64),
    ("uint16", 0, u16::MAX as i64),
    ("uint32", 0, u32::MAX as i64),
    ("uint8", 0, u8::MAX as i64),
];

/// The least and the greatest whole number of a format that leaves out numbers which do occur.
pub(super) fn bounds(format: &str) -> Option<(i64, i64)> {
    NARROW
        .iter()
        .find(|(name, ..)| *name == format)
        .map(|(_, least, greatest)| (*least, *greatest))
}

/// Whether a schema speaks of whole numbers alone, `null` aside.
fn is_whole(members: &Map<String, Value>) -> bool {
    let is_named = |name: &Value| name == "integer" || name == "null";
    match members.get("type") {
        Some(Value::Array(names)) => names.iter().all(is_named),
        Some(name) => is_named(name),
        None => false,
    }
}

/// Formats of texts that a validator asserts.
const ASSERTED: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Keywords that refer to schemas elsewhere.
const REFERENCES: &[&str] = &["$dynamicAnchor", "$dynamicRef", "$ref"];

/// The schema without annotations, lists that know no order sorted.
fn cleaned(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let kept: Map<String, Value> = members
        .iter()
        .filter(|(keyword, value)| match keyword.as_str() {
            "format" => value.as_str().is_some_and(|format| {
                ASSERTED.contains(&format) || is_whole(members) && bounds(format).is_some()
            }),
            "readOnly" | "writeOnly" => **value == Value::Bool(true),
            // In 2.0 a parameter's schema is the parameter, which is `required` in its own way.
            "required" => value.as_array().is_some_and(|names| !names.is_empty()),
            "properties" => value != &&json!({}),
            "minItems" | "minLength" | "minProperties" => value.as_u64() != Some(0),
            "uniqueItems" => value.as_bool() == Some(true),
            other => {
                is_assertion(other) || REFERENCES.contains(&other) || position(other).is_some()
            }
        })
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect();
    let mut out = rebuilt(&kept, &mut |_, _, one| cleaned(one));
    for keyword in ["enum", "required", "type"] {
        if let Some(Value::Array(list)) = out.get_mut(keyword) {
            list.sort_by_cached_key(Value::to_string);
            list.dedup();
            if let ([only], "type") = (list.as_slice(), keyword) {
                let only = only.clone();
                out.insert(keyword.to_owned(), only);
            }
        }
    }
    Value::Object(out)
}
