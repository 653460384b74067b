//! Schema objects by themselves, cleaned of what says nothing about validity, so that two versions can
//! be laid beside each other.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use oasgate_document::Address;
use serde_json::{Map, Value, json};

use super::keywords::rebuilt;
use crate::contract::{Contract, Direction};

/// A schema object as JSON Schema 2020-12, without annotations but for `readOnly` and `writeOnly`.
#[derive(Debug)]
pub(super) struct Body {
    /// A reference is `#` and the number of its target in `references`.
    pub(super) schema: Value,
    pub(super) references: Vec<Address>,
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
        });
        self.known.borrow_mut().insert(key, Rc::clone(&body));
        body
    }
}

/// Formats that a validator asserts. Those of numbers have a rule of their own.
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

/// Keywords that say nothing about validity.
const ANNOTATIONS: &[&str] = &[
    "$comment",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "nullable",
    "title",
    "xml",
];

/// The schema without annotations, lists that know no order sorted.
fn cleaned(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let kept: Map<String, Value> = members
        .iter()
        .filter(|(keyword, value)| match keyword.as_str() {
            "format" => value
                .as_str()
                .is_some_and(|format| ASSERTED.contains(&format)),
            "readOnly" | "writeOnly" => **value == Value::Bool(true),
            "required" => value != &&json!([]),
            "properties" => value != &&json!({}),
            other => !ANNOTATIONS.contains(&other) && !other.starts_with("x-"),
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
