//! Which schemas of two documents stand for each other, and which of them differ.
//!
//! A *unit* is a pair of schema objects, an old one and a new one, that are found at the same place of
//! two schemas. Units are paired from the places where operations name schemas, along references at the same
//! place of both; each pair is compared once, however many operations it reaches. A unit that
//! differs nowhere, nor in anything it refers to, needs no question.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{
    apart::{self, Outlines},
    body::Bodies,
    keywords::is_map,
    link::Link,
    side::Side,
};
use crate::contract::{Direction, is_alone, speaks_together};

/// The number of a unit.
pub(super) type UnitIx = usize;

/// Where a schema stands in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It is the unit.
    Own,
    /// It is all that is said of a property or an element on both sides.
    Below,
    /// It takes part in a value.
    Beside,
}

/// Two schema objects that stand for each other.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) old: Address,
    pub(super) new: Address,
    pub(super) direction: Direction,
    /// Both schemas; a reference to another unit is its link's sign and its number.
    pub(super) schemas: [Value; 2],
    /// Whether they differ by themselves.
    pub(super) differs: bool,
    pub(super) links: Vec<(Link, UnitIx)>,
    /// Whether they differ, or anything that they refer to.
    pub(super) changed: bool,
    /// Whether they are the same, refer to nothing and are short, so that nothing need stand for them.
    pub(super) is_leaf: bool,
}

/// The longest leaf, written out.
const MAX_LEAF: usize = 400;

/// Whether a schema says in few words which values it accepts.
fn is_plain_leaf(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return true;
    };
    let plain = ["type", "enum", "const"];
    members
        .keys()
        .all(|keyword| plain.contains(&keyword.as_str()))
        && schema.to_string().len() <= MAX_LEAF
}

impl Unit {
    /// Where it stands in one document.
    pub(super) const fn at(&self, side: Side) -> &Address {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }
}

/// All units that operations lead to.
pub(super) struct Units<'b, 'c> {
    pub(super) old: &'b Bodies<'c>,
    pub(super) new: &'b Bodies<'c>,
    numbers: HashMap<(Address, Address, Direction), UnitIx>,
    pub(super) all: Vec<Rc<Unit>>,
    waiting: Vec<UnitIx>,
}

impl<'b, 'c> Units<'b, 'c> {
    pub(super) fn new(old: &'b Bodies<'c>, new: &'b Bodies<'c>) -> Self {
        Self {
            old,
            new,
            numbers: HashMap::new(),
            all: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// The unit of two schemas; it is compared by [`Units::compare`].
    pub(super) fn pair(&mut self, old: &Address, new: &Address, direction: Direction) -> UnitIx {
        let old = self.old.target(old, direction);
        let new = self.new.target(new, direction);
        let key = (old.clone(), new.clone(), direction);
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.all.len();
        self.numbers.insert(key, number);
        self.all.push(Rc::new(Unit {
            old,
            new,
            direction,
            schemas: [Value::Null, Value::Null],
            differs: false,
            links: Vec::new(),
            changed: false,
            is_leaf: false,
        }));
        self.waiting.push(number);
        number
    }

    /// Compares every unit that is waiting, and those that they lead to.
    pub(super) fn compare(&mut self) {
        while let Some(number) = self.waiting.pop() {
            let unit = Rc::clone(&self.all[number]);
            let old = self.old.get(&unit.old, unit.direction);
            let new = self.new.get(&unit.new, unit.direction);
            let mut pairing = Pairing {
                references: [&old.references, &new.references],
                direction: unit.direction,
                units: self,
                links: Vec::new(),
            };
            let mut schemas = [old.schema.clone(), new.schema.clone()];
            let [one, other] = &mut schemas;
            let same = pairing.same(one, other, Place::Own);
            let links = pairing.links;
            self.all[number] = Rc::new(Unit {
                old: unit.old.clone(),
                new: unit.new.clone(),
                direction: unit.direction,
                schemas,
                differs: !same,
                links,
                changed: false,
                is_leaf: false,
            });
        }
        self.spread();
    }

    /// Marks what refers to something that differs.
    fn spread(&mut self) {
        let mut users: Vec<Vec<UnitIx>> = vec![Vec::new(); self.all.len()];
        for (number, unit) in self.all.iter().enumerate() {
            for (_, below) in &unit.links {
                users[*below].push(number);
            }
        }
        let mut open: Vec<UnitIx> = (0..self.all.len())
            .filter(|number| self.all[*number].differs)
            .collect();
        let mut changed = vec![false; self.all.len()];
        while let Some(number) = open.pop() {
            if !std::mem::replace(&mut changed[number], true) {
                open.extend(&users[number]);
            }
        }
        for (unit, changed) in self.all.iter_mut().zip(changed) {
            if let Some(unit) = Rc::get_mut(unit) {
                unit.changed = changed;
                unit.is_leaf = !changed && is_plain_leaf(&unit.schemas[0]);
            }
        }
    }
}

/// Lays two schemas side by side.
struct Pairing<'p, 'b, 'c> {
    references: [&'p [Address]; 2],
    direction: Direction,
    units: &'p mut Units<'b, 'c>,
    links: Vec<(Link, UnitIx)>,
}

fn is_plain(members: &Map<String, Value>) -> bool {
    !speaks_together(members) && !members.contains_key("prefixItems")
}

impl Pairing<'_, '_, '_> {
    /// Whether two schemas say the same, but for what they refer to. References at the same place are
    /// marked as units.
    fn same(&mut self, old: &mut Value, new: &mut Value, place: Place) -> bool {
        self.same_part(old, new, place, None)
    }

    /// The same of a part of a value, `named` being what no other part speaks of.
    fn same_part(
        &mut self,
        old: &mut Value,
        new: &mut Value,
        place: Place,
        named: Option<&Sole>,
    ) -> bool {
        let (Value::Object(old), Value::Object(new)) = (&mut *old, &mut *new) else {
            return old == new;
        };
        let mut same = old.len() == new.len();
        let both_refer = old.contains_key("$ref") && new.contains_key("$ref");
        let alone = old.len() == 1 && new.len() == 1;
        let has_parts = old.contains_key("allOf") || both_refer && !alone;
        let own = (has_parts && place != Place::Beside)
            .then(|| self.sole([old, new]))
            .flatten();
        let named = own.as_ref().or(named);
        if both_refer {
            let link = if alone && place != Place::Beside {
                Link::Below
            } else {
                Link::InPlace
            };
            same &= self.mark(old, new, link);
        }
        let is_apart = place != Place::Beside;
        let plain = is_apart && is_plain(old) && is_plain(new);
        let keywords: Vec<String> = old.keys().cloned().collect();
        let same_names = names(old) == names(new);
        for keyword in keywords {
            if keyword == "$ref" && both_refer {
                continue;
            }
            let (Some(one), Some(other)) = (old.get_mut(&keyword), new.get_mut(&keyword)) else {
                same = false;
                continue;
            };
            let below = match keyword.as_str() {
                "additionalProperties" if plain && same_names => Place::Below,
                "properties" | "items" if plain => Place::Below,
                "items" if named.is_some_and(|named| named.elements) => Place::Below,
                _ => Place::Beside,
            };
            same &= match (keyword.as_str(), one, other) {
                ("properties", Value::Object(one), Value::Object(other)) => {
                    let mut same = one.len() == other.len();
                    for (name, one) in one.iter_mut() {
                        let is_sole = named.is_some_and(|named| named.names.contains(name));
                        let place = if is_sole { Place::Below } else { below };
                        match other.get_mut(name) {
                            Some(other) => same &= self.same(one, other, place),
                            None => same = false,
                        }
                    }
                    same
                }
                ("anyOf" | "oneOf", Value::Array(one), Value::Array(other)) => {
                    let apart = match place {
                        Place::Own => Some(Link::Apart),
                        Place::Below => Some(Link::ApartBelow),
                        Place::Beside => None,
                    };
                    self.same_list(&keyword, one, other, apart.filter(|_| alone), None)
                }
                ("allOf", Value::Array(one), Value::Array(other)) => {
                    self.same_list(&keyword, one, other, None, named)
                }
                (_, one, other) => self.same_below(&keyword, one, other, below),
            };
        }
        same
    }

    /// What one part alone of each side speaks of; `None` where something besides parts takes part.
    fn sole(&self, sides: [&Map<String, Value>; 2]) -> Option<Sole> {
        let mut both = [0, 1].into_iter().map(|side| {
            let bodies = [self.units.old, self.units.new][side];
            let mut said = Said::default();
            let references = self.references[side];
            said.add(sides[side], references, bodies, self.direction)?;
            Some(said)
        });
        let (one, other) = (both.next()??, both.next()??);
        let names = one.names.iter().filter(|(_, times)| **times == 1);
        let names = names.map(|(name, _)| name);
        let names = names.filter(|name| other.names.get(*name).is_none_or(|times| *times == 1));
        Some(Sole {
            names: names.cloned().collect(),
            elements: one.elements <= 1 && other.elements <= 1,
        })
    }

    /// Whether two lists that know no order say the same; `apart` is how an alternative counts whose values fit no
    /// other, where there is nothing beside the alternatives.
    fn same_list(
        &mut self,
        keyword: &str,
        old: &mut [Value],
        new: &mut [Value],
        apart: Option<Link>,
        named: Option<&Sole>,
    ) -> bool {
        let pairs = apart::paired([&*old, &*new], self.references);
        let outlines = apart.filter(|_| old.iter().any(is_alone)).map(|apart| {
            let of = |list: &[Value], side: usize, bodies: &Bodies<'_>| {
                Outlines::of(list, self.references[side], bodies, self.direction)
            };
            let sides = [of(old, 0, self.units.old), of(new, 1, self.units.new)];
            (apart, sides)
        });
        let mut same = old.len() == new.len() && pairs.len() == old.len();
        for (number, other) in pairs {
            let (one, two) = (&mut old[number], &mut new[other]);
            same &= match (&outlines, one, two) {
                (Some((apart, [first, second])), Value::Object(one), Value::Object(two))
                    if refers_alone(one) && refers_alone(two) =>
                {
                    let link = apart::link(keyword, [first, second], [number, other], *apart);
                    self.mark(one, two, link)
                }
                (_, one, two) => self.same_part(one, two, Place::Beside, named),
            };
        }
        same
    }

    fn same_below(
        &mut self,
        keyword: &str,
        old: &mut Value,
        new: &mut Value,
        place: Place,
    ) -> bool {
        if super::keywords::position(keyword).is_none() {
            return equal(old, new);
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) if is_map(keyword) => {
                let mut same = old.len() == new.len();
                for (name, one) in old.iter_mut() {
                    match new.get_mut(name) {
                        Some(other) => same &= self.same(one, other, place),
                        None => same = false,
                    }
                }
                same
            }
            (Value::Array(old), Value::Array(new)) => {
                let mut same = old.len() == new.len();
                for (one, other) in old.iter_mut().zip(new.iter_mut()) {
                    same &= self.same(one, other, place);
                }
                same
            }
            (old, new) => self.same(old, new, place),
        }
    }

    /// Marks two references as a unit. Always so: whether the unit differs is found out by itself.
    fn mark(
        &mut self,
        old: &mut Map<String, Value>,
        new: &mut Map<String, Value>,
        link: Link,
    ) -> bool {
        let target = |members: &Map<String, Value>, references: &[Address]| {
            let text = members.get("$ref")?.as_str()?;
            let number: usize = text.strip_prefix('#')?.parse().ok()?;
            references.get(number).cloned()
        };
        let (Some(one), Some(other)) = (
            target(old, self.references[0]),
            target(new, self.references[1]),
        ) else {
            return false;
        };
        let unit = self.units.pair(&one, &other, self.direction);
        if !self.links.contains(&(link, unit)) {
            self.links.push((link, unit));
        }
        let marked = Value::String(format!("{}{unit}", link.sign()));
        old.insert("$ref".to_owned(), marked.clone());
        new.insert("$ref".to_owned(), marked);
        true
    }
}

/// What one part alone of a value's schemas speaks of.
struct Sole {
    names: HashSet<String>,
    /// Whether one part alone, or none, speaks of elements.
    elements: bool,
}

/// The most parts of one value that are looked through.
const MAX_PARTS: usize = 64;

/// How often the parts of one value speak of each name.
#[derive(Default)]
struct Said {
    names: HashMap<String, usize>,
    elements: usize,
    parts: usize,
    seen: HashSet<Address>,
}

impl Said {
    /// Adds a part and those that it is made of; `None` where something speaks of properties without naming them, of
    /// several alternatives, or asks.
    fn add(
        &mut self,
        members: &Map<String, Value>,
        references: &[Address],
        bodies: &Bodies<'_>,
        direction: Direction,
    ) -> Option<()> {
        self.parts += 1;
        let others = members.get("additionalProperties");
        let is_vague = others.is_some_and(|one| *one != Value::Bool(true));
        let says_more = speaks_together(members)
            && members.keys().any(|keyword| {
                let known = ["$ref", "allOf"].contains(&keyword.as_str());
                let alone = Map::from_iter([(keyword.clone(), Value::Null)]);
                !known && speaks_together(&alone)
            });
        if is_vague || says_more || members.contains_key("prefixItems") || self.parts > MAX_PARTS {
            return None;
        }
        let own = members.get("properties").and_then(Value::as_object);
        for name in own.into_iter().flat_map(Map::keys) {
            *self.names.entry(name.clone()).or_default() += 1;
        }
        self.elements += usize::from(members.contains_key("items"));
        let parts = members.get("allOf").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            match part {
                Value::Object(part) => self.add(part, references, bodies, direction)?,
                Value::Bool(true) => {}
                _ => return None,
            }
        }
        if let Some(text) = members.get("$ref").and_then(Value::as_str) {
            let number: usize = text.strip_prefix('#')?.parse().ok()?;
            let target = references.get(number)?;
            if self.seen.insert(target.clone()) {
                let body = bodies.get(target, direction);
                let target = body.schema.as_object()?;
                self.add(target, &body.references, bodies, direction)?;
            }
        }
        Some(())
    }
}

/// Whether a schema is nothing but a reference.
fn refers_alone(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.contains_key("$ref")
}

/// The names of properties.
fn names(members: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = members
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .cloned()
        .collect();
    names.sort_unstable();
    names
}

/// Equality as JSON Schema has it: `1` is `1.0`.
fn equal(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.as_f64() == other.as_f64() && one.is_f64() != other.is_f64())
        }
        _ => old == new,
    }
}
