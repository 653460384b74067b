//! Which schemas of two documents stand for each other, and which of them differ.
//!
//! A *unit* is a pair of schema objects, an old one and a new one, that are found at the same place of
//! two schemas. Units are paired from the places where operations name schemas, along references at the same
//! place of both; each pair is compared once, however many operations it reaches. A unit that
//! differs nowhere, nor in anything it refers to, needs no question.

use std::{collections::HashMap, rc::Rc};

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{body::Bodies, keywords::is_map};
use crate::contract::{Direction, is_alone, speaks_together};

/// The number of a unit.
pub(super) type UnitIx = usize;

/// How a reference inside a unit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It is all that is said of a property or an element on both sides, so that it can be asked by itself.
    Below,
    /// It is an alternative, with nothing beside the alternatives, on both sides.
    Branch,
    /// It takes part in the unit's own value.
    InPlace,
}

impl Link {
    /// The sign before the unit's number in a marked schema.
    pub(super) const fn sign(self) -> char {
        match self {
            Self::Below => '@',
            Self::Branch => '%',
            Self::InPlace => '&',
        }
    }

    pub(super) const fn by_sign(sign: char) -> Option<Self> {
        match sign {
            '@' => Some(Self::Below),
            '%' => Some(Self::Branch),
            '&' => Some(Self::InPlace),
            _ => None,
        }
    }
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
            let same = pairing.same(one, other, Link::Below);
            let links = pairing.links;
            self.all[number] = Rc::new(Unit {
                old: unit.old.clone(),
                new: unit.new.clone(),
                direction: unit.direction,
                schemas,
                differs: !same,
                links,
                changed: false,
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
    fn same(&mut self, old: &mut Value, new: &mut Value, link: Link) -> bool {
        let (Value::Object(old), Value::Object(new)) = (&mut *old, &mut *new) else {
            return old == new;
        };
        let mut same = old.len() == new.len();
        let both_refer = old.contains_key("$ref") && new.contains_key("$ref");
        let alone = old.len() == 1 && new.len() == 1;
        if both_refer {
            let link = if alone { link } else { Link::InPlace };
            same &= self.mark(old, new, link);
        }
        let plain = is_plain(old) && is_plain(new);
        let only_branches = alone;
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
            let link = match keyword.as_str() {
                "anyOf" | "oneOf" if only_branches => Link::Branch,
                "additionalProperties" if plain && same_names => Link::Below,
                "properties" | "items" if plain => Link::Below,
                _ => Link::InPlace,
            };
            same &= self.same_below(&keyword, one, other, link);
        }
        same
    }

    fn same_below(&mut self, keyword: &str, old: &mut Value, new: &mut Value, link: Link) -> bool {
        if super::keywords::position(keyword).is_none() {
            return equal(old, new);
        }
        // Inside something that is not plain, references stay part of it.
        match (old, new) {
            (Value::Object(old), Value::Object(new)) if is_map(keyword) => {
                let mut same = old.len() == new.len();
                for (name, one) in old.iter_mut() {
                    match new.get_mut(name) {
                        Some(other) => same &= self.child(one, other, link),
                        None => same = false,
                    }
                }
                same
            }
            (Value::Array(old), Value::Array(new)) => {
                let mut same = old.len() == new.len();
                for (one, other) in old.iter_mut().zip(new.iter_mut()) {
                    same &= self.child(one, other, link);
                }
                same
            }
            (old, new) => self.child(old, new, link),
        }
    }

    fn child(&mut self, old: &mut Value, new: &mut Value, link: Link) -> bool {
        let both_refer = is_alone(old) && is_alone(new);
        if both_refer || link == Link::Below {
            return self.same(old, new, link);
        }
        // What is not plain is compared as it stands: what it refers to is expanded in it, or equal.
        self.same_in_place(old, new)
    }

    fn same_in_place(&mut self, old: &mut Value, new: &mut Value) -> bool {
        match (&mut *old, &mut *new) {
            (Value::Object(one), Value::Object(other)) => {
                let mut same = one.len() == other.len();
                let both_refer = one.contains_key("$ref") && other.contains_key("$ref");
                if both_refer {
                    same &= self.mark(one, other, Link::InPlace);
                }
                let keywords: Vec<String> = one.keys().cloned().collect();
                for keyword in keywords {
                    if keyword == "$ref" && both_refer {
                        continue;
                    }
                    match (one.get_mut(&keyword), other.get_mut(&keyword)) {
                        (Some(one), Some(other)) => {
                            same &= self.same_below(&keyword, one, other, Link::InPlace);
                        }
                        _ => same = false,
                    }
                }
                same
            }
            _ => old == new,
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
