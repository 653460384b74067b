//! A pair of schemas taken out of their documents: small contracts of their own, in which values are
//! generated and judged.

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet, hash_map::Entry},
};

use indexmap::{IndexMap, IndexSet};
use oasgate_document::{Address, Document, Pointer};
use serde_json::{Map, Value, json};

use super::{
    Lens,
    body::{Bodies, bounds},
    close::{Closed, Definitions, close},
    keywords::{Position, position, rebuilt},
    link::Link,
    meeting,
    side::Side,
    stand_in,
    text::Travel,
    units::{UnitIx, Units},
};
use crate::contract::{Contract, Direction, Schema};

/// The most schema objects of one side; what they refer to besides is left open or closed.
const MAX_DEFINITIONS: usize = 160;

/// The most schema objects of one side with those that take part in a value that is not left out.
const MAX_IN_PLACE: usize = 640;

/// The longest definitions of one side, written out.
const MAX_TEXT: usize = 192 << 10;

/// How far references are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// What can be asked by itself stands as something that is equal on both sides and to nothing else.
    Local,
    /// Everything.
    Full,
}

/// What is left out of what schemas refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LeftOut {
    Nothing,
    /// What is all that is said of a value.
    Alone,
    /// What takes part in a value, so that nothing is proved.
    Beside,
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
    /// What is left out that they refer to.
    left_out: LeftOut,
    /// How long the definitions are, written out.
    length: usize,
    /// Whether something that they refer to was not read.
    pub(super) is_partial: bool,
    /// Whether alternatives overlap, once that was asked for.
    overlaps: OnceCell<bool>,
}

/// A definition of one side.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// A schema of a unit.
    Unit(UnitIx),
    /// A schema object that has no counterpart.
    Alone(Address),
}

/// What is taken out of a document.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) side: Side,
    /// Whether it is the side that sends.
    pub(super) sends: bool,
    pub(super) reach: Reach,
    pub(super) travel: Travel,
}

/// Takes one side of a unit out. Where that is too much, what is left refers to nothing more: of what is sent it is taken
/// to be anything, of what is accepted nothing, so that a proof holds.
pub(super) fn isolate(units: &Units<'_, '_>, number: UnitIx, cut: Cut) -> Isolated {
    let root = number;
    let direction = units.all[root].direction;
    let bodies: &Bodies<'_> = match cut.side {
        Side::Old => units.old,
        Side::New => units.new,
    };
    let mut keys: IndexSet<Key> = IndexSet::from([Key::Unit(root)]);
    let mut out = Isolated {
        definitions: Definitions::new(),
        root: "0".to_owned(),
        addresses: IndexMap::new(),
        direction,
        is_cut: false,
        left_out: LeftOut::Nothing,
        length: 0,
        is_partial: false,
        overlaps: OnceCell::new(),
    };
    let asked = OnceCell::new();
    let mut done = 0;
    while let Some(key) = keys.get_index(done).cloned() {
        let (address, marked) = match &key {
            Key::Unit(unit) => {
                let unit = &units.all[*unit];
                (unit.at(cut.side), Some(&unit.schemas[cut.side.index()]))
            }
            Key::Alone(address) => (address, None),
        };
        let body = bodies.get(address, direction);
        out.is_partial |= body.is_partial;
        let is_full = out.length > MAX_TEXT;
        let (mut is_cut, mut left_out) = (false, LeftOut::Nothing);
        let schema = taken(
            marked.unwrap_or(&body.schema),
            Stand::Alone,
            &mut |text, stand| {
                let (sign, number) = (text.chars().next()?, text.get(1..)?.parse::<usize>().ok()?);
                let key = match Link::by_sign(sign) {
                    Some(link) => {
                        let is_standing = link.is_cut(cut.travel) && !units.all[number].is_leaf;
                        if cut.reach == Reach::Local && is_standing {
                            is_cut = true;
                            return Some(stand_in::schema(number));
                        }
                        Key::Unit(number)
                    }
                    None => {
                        let target = body.references.get(number)?;
                        if cut.reach == Reach::Local
                            && stand == Stand::Sole
                            && let Some(unit) = asked
                                .get_or_init(|| asked_below(units, root, cut))
                                .get(&bodies.target(target, direction))
                        {
                            is_cut = true;
                            return Some(stand_in::schema(*unit));
                        }
                        Key::Alone(target.clone())
                    }
                };
                let is_known = keys.contains(&key);
                if !is_known && (is_full || keys.len() >= MAX_DEFINITIONS) {
                    let may_be_left = matches!(stand, Stand::Alone | Stand::Sole);
                    if may_be_left || keys.len() >= MAX_IN_PLACE {
                        left_out = left_out.max(if may_be_left {
                            LeftOut::Alone
                        } else {
                            LeftOut::Beside
                        });
                        let instead = if cut.sends {
                            json!({})
                        } else {
                            json!({ "not": {} })
                        };
                        return Some(instead);
                    }
                }
                let index = keys.insert_full(key).0;
                Some(json!({ "$ref": index.to_string() }))
            },
        );
        let name = done.to_string();
        out.is_cut |= is_cut;
        out.left_out = out.left_out.max(left_out);
        out.length += schema.to_string().len();
        out.addresses.insert(name.clone(), address.clone());
        out.definitions.insert(name, schema);
        done += 1;
    }
    out
}

/// What is asked about by itself beside a unit, by where it stands on one side. What has two counterparts is left out.
fn asked_below(units: &Units<'_, '_>, number: UnitIx, cut: Cut) -> HashMap<Address, UnitIx> {
    let mut found: HashMap<Address, Option<UnitIx>> = HashMap::new();
    let (mut open, mut seen) = (vec![number], HashSet::from([number]));
    while let Some(part) = open.pop() {
        for (link, below) in &units.all[part].links {
            if units.all[*below].is_leaf {
                continue;
            }
            if *link == Link::Below && cut.travel == Travel::Json {
                match found.entry(units.all[*below].at(cut.side).clone()) {
                    Entry::Vacant(free) => {
                        free.insert(Some(*below));
                    }
                    Entry::Occupied(mut known) => {
                        let same = known.get().filter(|one| one == below);
                        known.insert(same);
                    }
                }
            } else if !link.is_cut(cut.travel) && seen.insert(*below) {
                open.push(*below);
            }
        }
    }
    let sure = found.into_iter();
    sure.filter_map(|(at, unit)| Some((at, unit?))).collect()
}

/// How a reference stands in a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// It is all that is said of a property or an element.
    Sole,
    /// It is all that is said of the whole, or an alternative with nothing beside the alternatives.
    Alone,
    /// It takes part in a value.
    Beside,
    /// The less it accepts, the more the whole may.
    Turned,
}

/// A schema whose references are replaced by what `target` gives for how they stand.
fn taken(
    schema: &Value,
    stand: Stand,
    target: &mut dyn FnMut(&str, Stand) -> Option<Value>,
) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let is_alone = members.len() == 1;
    let mut out = rebuilt(members, &mut |keyword, _, one| {
        let below = match (stand, keyword, position(keyword)) {
            (Stand::Turned, ..) | (_, "oneOf", _) | (_, _, Some(Position::Question)) => {
                Stand::Turned
            }
            (_, _, Some(Position::Below)) => Stand::Sole,
            (Stand::Alone | Stand::Sole, "anyOf", _) if is_alone => Stand::Alone,
            _ => Stand::Beside,
        };
        taken(one, below, target)
    });
    if let Some(text) = members.get("$ref").and_then(Value::as_str) {
        let stand = match stand {
            Stand::Alone | Stand::Sole if !is_alone => Stand::Beside,
            other => other,
        };
        out.shift_remove("$ref");
        if let Some(Value::Object(instead)) = target(text, stand) {
            out.extend(instead);
        }
    }
    Value::Object(out)
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

    /// Whether nothing can be proved: what stands for a unit could meet other rules than its own, or what is left out
    /// could make the whole say more where it is taken to say less.
    pub(super) fn is_unfit(&self) -> bool {
        self.left_out == LeftOut::Beside
            || self.is_cut && meeting::meets(&self.definitions)
            || self.is_frayed() && meeting::turns(&self.definitions)
    }

    /// Whether nothing can be proved of what is read: what stands for a unit could make a value fit one alternative more.
    pub(super) fn overlaps(&self) -> bool {
        let known = &self.overlaps;
        *known.get_or_init(|| self.is_cut && meeting::overlaps(&self.definitions))
    }

    /// Whether something is left out that they refer to.
    pub(super) fn is_frayed(&self) -> bool {
        self.left_out != LeftOut::Nothing
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
        let (start, within) = self.written_at(at)?;
        let joined = |at: Address, token: &String| at.join(token);
        Some(within.iter().fold(start.clone(), joined))
    }

    /// The schema object of the document that holds a keyword of the contract, and the way within it.
    pub(super) fn written_at(&self, at: &Address) -> Option<(&Address, Vec<String>)> {
        let mut tokens = at.pointer.tokens().skip(2);
        let start = self.addresses.get(&tokens.next()?)?;
        Some((start, tokens.collect()))
    }

    /// The same with other definitions.
    pub(super) fn with(&self, definitions: Definitions) -> Self {
        Self {
            definitions,
            root: self.root.clone(),
            addresses: self.addresses.clone(),
            direction: self.direction,
            is_cut: self.is_cut,
            left_out: self.left_out,
            length: self.length,
            is_partial: self.is_partial,
            overlaps: OnceCell::new(),
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
