//! To which schema's change it is owed that an instance is refused.
//!
//! A question is asked of a schema with all that takes part in it. What refuses may stand in a part that other schemas hold
//! too, or in the schema itself because a part changed. Then the change is the part's, and told once however many schemas
//! hold it.

use std::{collections::HashSet, rc::Rc};

use oasgate_document::Address;
use serde_json::Value;

use super::{
    isolate::Isolated,
    link::Link,
    side::Side,
    text::Travel,
    units::{Unit, UnitIx, Units},
};

/// The unit whose change makes a keyword of the consumer refuse something, for a question about `number`.
pub(super) fn origin(
    units: &Units<'_, '_>,
    number: UnitIx,
    travel: Travel,
    consumer: (&Isolated, Side),
    keyword: &Address,
) -> UnitIx {
    let (isolated, side) = consumer;
    // Where nothing stands for a unit everything takes part.
    let takes_part = |link: Link| !isolated.is_cut || !link.is_cut(travel);
    let parts = changed_below(units, [number], &takes_part);
    let owner = isolated.written_at(keyword).and_then(|(at, within)| {
        let owner = parts.iter().find(|part| units.all[**part].at(side) == at)?;
        Some((*owner, within))
    });
    if let Some((owner, within)) = &owner {
        let owner = *owner;
        let unit = &units.all[owner];
        let [own, other] =
            [side, side.other()].map(|side| found(&unit.schemas[side.index()], within));
        if own != other {
            return owner;
        }
        let below = own.map(|own| marked(own, &takes_part)).unwrap_or_default();
        let below = changed_below(units, below, &takes_part);
        match (differing(units, &below).as_slice(), unit.differs) {
            ([only], _) => return *only,
            // A keyword may see what stands beside it.
            ([], false) => {}
            _ => return owner,
        }
    }
    match differing(units, &parts).as_slice() {
        [only] => *only,
        _ => owner.map_or(number, |(owner, _)| owner),
    }
}

/// The one unit that takes part in another one, is written differently and is not asked about by itself, where the other
/// one is written the same.
pub(super) fn sole_part(parts: &[Rc<Unit>], whole: &Rc<Unit>) -> Option<Rc<Unit>> {
    match parts {
        [only] if !whole.differs => Some(Rc::clone(only)),
        _ => None,
    }
}

/// Some units and all that take part in them, as far as they changed.
fn changed_below(
    units: &Units<'_, '_>,
    starts: impl IntoIterator<Item = UnitIx>,
    takes_part: &dyn Fn(Link) -> bool,
) -> Vec<UnitIx> {
    let mut open: Vec<UnitIx> = starts.into_iter().collect();
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    while let Some(number) = open.pop() {
        let unit = &units.all[number];
        if !unit.changed || !seen.insert(number) {
            continue;
        }
        found.push(number);
        let parts = unit.links.iter().filter(|(link, _)| takes_part(*link));
        open.extend(parts.map(|(_, below)| *below));
    }
    found
}

fn differing(units: &Units<'_, '_>, all: &[UnitIx]) -> Vec<UnitIx> {
    let all = all.iter().copied();
    all.filter(|number| units.all[*number].differs).collect()
}

/// The units that a schema refers to anywhere.
fn marked(schema: &Value, takes_part: &dyn Fn(Link) -> bool) -> Vec<UnitIx> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(one) = open.pop() {
        match one {
            Value::Object(members) => {
                if let Some(text) = members.get("$ref").and_then(Value::as_str)
                    && let Some((link, number)) = Link::read(text)
                    && takes_part(link)
                {
                    found.push(number);
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

fn found<'v>(schema: &'v Value, tokens: &[String]) -> Option<&'v Value> {
    let mut steps = tokens.iter();
    steps.try_fold(schema, |node, token| match node {
        Value::Object(members) => members.get(token),
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        _ => None,
    })
}
