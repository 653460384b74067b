//! A pair of schemas taken out of their documents: small contracts of their own, in which values are
//! generated and judged.

use indexmap::IndexMap;
use oasgate_document::{Address, Document, Pointer};
use serde_json::{Map, Value, json};

use super::{
    Lens,
    body::{Bodies, bounds},
    close::{Closed, Definitions, close, mixes},
    keywords::rebuilt,
    units::{Link, UnitIx, Units},
};
use crate::contract::{Contract, Direction, Schema};

/// The most schema objects of one side.
const MOST_DEFINITIONS: usize = 200;

/// The longest definitions of one side, written out.
const MOST_TEXT: usize = 256 << 10;

/// Which side of a change a schema is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    /// The old document.
    Old,
    /// The new one.
    New,
}

impl Side {
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Old => 0,
            Self::New => 1,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }
}

/// How far references are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// What can be asked by itself stands as something that is equal on both sides and to nothing else.
    Local,
    /// Everything.
    Full,
}

/// What stands for a unit that is asked by itself: texts that nothing else accepts or names.
const OPAQUE: &str = "\u{e000}unit";

/// Whether a value holds a text that stands for a unit.
pub(super) fn holds_opaque(value: &Value) -> bool {
    value.to_string().contains(OPAQUE)
}

/// The unit that a text stands for.
pub(super) fn opaque(text: &str) -> Option<UnitIx> {
    let rest = text.strip_prefix(OPAQUE)?.strip_prefix(' ')?;
    rest.split_once(':')?.0.parse().ok()
}

/// One side taken out.
pub(super) struct Isolated {
    /// Definitions by name; their references are names.
    pub(super) definitions: Definitions,
    /// The name of the root.
    pub(super) root: String,
    /// Where each definition stands in its document.
    addresses: IndexMap<String, Address>,
    direction: Direction,
    /// Whether anything stands for a unit.
    pub(super) is_cut: bool,
    /// How long the definitions are, written out.
    length: usize,
    /// Whether something that they refer to was not read.
    pub(super) is_partial: bool,
}

/// A definition of one side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A schema of a unit.
    Unit(UnitIx),
    /// A schema object that has no counterpart.
    Alone(Address),
}

/// Takes one side of a unit out. `None` where it is too large.
pub(super) fn isolate(
    units: &Units<'_, '_>,
    number: UnitIx,
    side: Side,
    reach: Reach,
) -> Option<Isolated> {
    let direction = units.all[number].direction;
    let bodies: &Bodies<'_> = match side {
        Side::Old => units.old,
        Side::New => units.new,
    };
    let mut keys: IndexMap<Key, ()> = IndexMap::from([(Key::Unit(number), ())]);
    let mut definitions = Definitions::new();
    let mut addresses = IndexMap::new();
    let mut is_cut = false;
    let mut length = 0;
    let mut is_partial = false;
    let mut done = 0;
    while let Some(key) = keys.get_index(done).map(|(key, ())| key.clone()) {
        if done >= MOST_DEFINITIONS || length > MOST_TEXT {
            return None;
        }
        let (schema, references, address) = match &key {
            Key::Unit(unit) => {
                let unit = &units.all[*unit];
                let address = match side {
                    Side::Old => &unit.old,
                    Side::New => &unit.new,
                };
                let body = bodies.get(address, direction);
                is_partial |= body.is_partial;
                (
                    unit.schemas[side.index()].clone(),
                    body.references.clone(),
                    address.clone(),
                )
            }
            Key::Alone(address) => {
                let body = bodies.get(address, direction);
                is_partial |= body.is_partial;
                (
                    body.schema.clone(),
                    body.references.clone(),
                    address.clone(),
                )
            }
        };
        let name = done.to_string();
        let schema = referring(&schema, &mut |text| {
            let (sign, number) = (text.chars().next()?, text.get(1..)?.parse::<usize>().ok()?);
            let key = match Link::by_sign(sign) {
                Some(link) => {
                    let is_apart = match link {
                        Link::Below => true,
                        Link::Branch => !units.all[number].changed,
                        Link::InPlace => false,
                    };
                    if is_apart && reach == Reach::Local {
                        is_cut = true;
                        return Some(
                            json!({ "type": "string", "pattern": format!("^{OPAQUE} {number}:") }),
                        );
                    }
                    Key::Unit(number)
                }
                None => Key::Alone(references.get(number)?.clone()),
            };
            let index = keys.insert_full(key, ()).0;
            Some(json!({ "$ref": index.to_string() }))
        });
        length += schema.to_string().len();
        definitions.insert(name.clone(), schema);
        addresses.insert(name, address);
        done += 1;
    }
    Some(Isolated {
        definitions,
        root: "0".to_owned(),
        addresses,
        direction,
        is_cut,
        length,
        is_partial,
    })
}

/// A schema whose references are replaced by what `target` gives.
fn referring(schema: &Value, target: &mut dyn FnMut(&str) -> Option<Value>) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut out = rebuilt(members, &mut |_, _, one| referring(one, target));
    if let Some(text) = members.get("$ref").and_then(Value::as_str) {
        out.shift_remove("$ref");
        if let Some(Value::Object(instead)) = target(text) {
            out.extend(instead);
        }
    }
    Value::Object(out)
}

impl Isolated {
    /// The name of what a producer sends under a lens; its definitions are added where they are
    /// missing.
    pub(super) fn produced(&mut self, lens: Lens) -> Closed {
        match lens {
            Lens::Declared => close(&mut self.definitions, &self.root, self.direction),
            Lens::Strict => self.open(),
        }
    }

    /// What is sent where every value that the schema accepts is.
    pub(super) fn open(&self) -> Closed {
        Closed {
            name: self.root.clone(),
            is_wider: false,
        }
    }

    /// Whether several parts of one value speak of the same property, or of properties without
    /// naming them: what stands for a unit could then meet other rules than its own.
    pub(super) fn mixes(&self) -> bool {
        mixes(&self.definitions)
    }

    /// The definitions as they are written, without their closed forms.
    pub(super) fn written(&self) -> impl Iterator<Item = &Value> {
        self.addresses
            .keys()
            .filter_map(|name| self.definitions.get(name))
    }

    /// How long the definitions are, written out, before any was closed.
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// A schema of its own, self-contained, for the canonical form.
    pub(super) fn self_contained(&self, name: &str) -> Value {
        let mut definitions = Map::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            if definitions.contains_key(&name) {
                continue;
            }
            let Some(schema) = self.definitions.get(&name) else {
                continue;
            };
            let schema = referring(schema, &mut |text| {
                open.push(text.to_owned());
                Some(json!({ "$ref": format!("#/$defs/{text}") }))
            });
            definitions.insert(name, bounded(&unmarked(&schema)));
        }
        json!({ "$ref": format!("#/$defs/{name}"), "$defs": definitions })
    }

    /// A contract that holds the definitions.
    pub(super) fn contract(&self) -> Option<Contract> {
        let schemas: Map<String, Value> = self
            .definitions
            .iter()
            .map(|(name, schema)| {
                let schema = referring(schema, &mut |text| {
                    Some(json!({ "$ref": format!("#/components/schemas/{text}") }))
                });
                (name.clone(), unmarked(&schema))
            })
            .collect();
        let root = json!({
            "openapi": "3.1.0", "info": { "title": "", "version": "" }, "paths": {},
            "components": { "schemas": schemas },
        });
        Document::parse("isolated.json", root.to_string())
            .ok()
            .map(Contract::from_document)
    }

    /// A definition of the contract.
    pub(super) fn schema(&self, contract: &Contract, name: &str) -> Schema {
        let at = Pointer::root()
            .join("components")
            .join("schemas")
            .join(name);
        contract.schema_at(Address::in_root(at), self.direction)
    }

    /// Where a keyword of the contract stands in the document.
    pub(super) fn address(&self, at: &Address) -> Option<Address> {
        let mut tokens = at.pointer.tokens().skip(2);
        let start = self.addresses.get(&tokens.next()?)?;
        Some(tokens.fold(start.clone(), |at, token| at.join(&token)))
    }

    /// The same with other definitions.
    pub(super) fn with(&self, definitions: Definitions) -> Self {
        Self {
            definitions,
            root: self.root.clone(),
            addresses: self.addresses.clone(),
            direction: self.direction,
            is_cut: self.is_cut,
            length: self.length,
            is_partial: self.is_partial,
        }
    }

    /// The definitions without one keyword; `None` where it is not there.
    pub(super) fn without(&self, at: &Address, detail: Option<&str>) -> Option<Self> {
        let mut tokens = at.pointer.tokens().skip(2);
        let name = tokens.next()?;
        let mut definitions = self.definitions.clone();
        let mut node = definitions.get_mut(&name)?;
        let mut tokens: Vec<String> = tokens.collect();
        let last = tokens.pop()?;
        for token in tokens {
            node = match node {
                Value::Object(members) => members.get_mut(&token)?,
                Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        let members = node.as_object_mut()?;
        match (members.get_mut(&last)?, detail) {
            (Value::Array(names), Some(detail)) if last == "required" => {
                names.retain(|name| name != detail);
            }
            _ => {
                members.shift_remove(&last);
            }
        }
        Some(self.with(definitions))
    }
}

/// A schema whose formats of whole numbers are bounds.
fn bounded(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut out = rebuilt(members, &mut |_, _, one| bounded(one));
    let format = members.get("format").and_then(Value::as_str);
    if let Some((least, greatest)) = format.and_then(bounds) {
        out.shift_remove("format");
        let mut besides = Map::new();
        for (keyword, bound) in [("minimum", least), ("maximum", greatest)] {
            match out.get(keyword) {
                None => {
                    out.insert(keyword.to_owned(), json!(bound));
                }
                Some(Value::Number(own))
                    if own
                        .as_i64()
                        .is_some_and(|own| (least..=greatest).contains(&own)) => {}
                Some(_) => {
                    besides.insert(keyword.to_owned(), json!(bound));
                }
            }
        }
        if !besides.is_empty()
            && let Value::Array(parts) = out.entry("allOf").or_insert_with(|| json!([]))
        {
            parts.push(Value::Object(besides));
        }
    }
    Value::Object(out)
}

/// A schema without the marks that say which way a property travels: they have been obeyed.
fn unmarked(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let mut out = rebuilt(members, &mut |_, _, one| unmarked(one));
    out.shift_remove("readOnly");
    out.shift_remove("writeOnly");
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_bounds_beside_other_bounds() {
        assert_eq!(
            bounded(&json!({ "type": "integer", "format": "uint8", "minimum": 1 })),
            json!({ "type": "integer", "minimum": 1, "maximum": 255 })
        );
        assert_eq!(
            bounded(
                &json!({ "type": "integer", "format": "uint8", "minimum": 0.5, "maximum": 999 })
            ),
            json!({
                "type": "integer", "minimum": 0.5, "maximum": 999,
                "allOf": [{ "minimum": 0, "maximum": 255 }],
            })
        );
    }
}
