//! What changed in the schemas of paired operations.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use serde_json::{Map, Value};

use super::{
    Lens,
    body::Bodies,
    change::{Basis, Change, Totals, Verdict},
    evidence::{self, Surroundings},
    isolate::{Reach, Side},
    operations::Matched,
    operations::{Role, Subject},
    positions::{Position, positions},
    question::{Answer, Asking, Refutation, ask},
    rules::{
        SCHEMA_RULES, SchemaPair, compatible_schema::CompatibleSchema, grown_enum::GrownEnum,
        narrowed_input::NarrowedInput, undecided_schema::UndecidedSchema,
        widened_output::WidenedOutput,
    },
    units::{Link, Unit, UnitIx, Units},
};
use crate::{
    contract::{Contract, Defect, DefectKind, is_unread},
    finding::Rule,
};

/// Adds what changed in schemas; gives what was asked.
pub(super) fn compare(subject: &Subject<'_>, lens: Lens, changes: &mut Vec<Change>) -> Totals {
    let (old, new) = (Bodies::of(subject.old), Bodies::of(subject.new));
    let mut units = Units::new(&old, &new);
    let positions = positions(subject);
    let roots: Vec<UnitIx> = positions
        .iter()
        .map(|position| {
            let direction = Matched::direction(position.flow);
            units.pair(position.old.address(), position.new.address(), direction)
        })
        .collect();
    units.compare();
    let mut comparing = Comparing {
        subject,
        lens,
        units: &units,
        answers: HashMap::new(),
        shown: HashMap::new(),
        surroundings: Surroundings::default(),
        totals: Totals {
            operations: subject.matched.len(),
            ..Totals::default()
        },
    };
    for (position, root) in positions.iter().zip(&roots) {
        comparing.position(position, *root, changes);
    }
    annotations(&units, &positions, &roots, changes);
    let totals = comparing.totals;
    unread(subject, changes);
    totals
}

/// Adds each reference that leads to nothing that was read: of what stands behind it nothing is known.
fn unread(subject: &Subject<'_>, changes: &mut Vec<Change>) {
    let of = |contract: &Contract| -> Vec<Defect> {
        let mut all = contract.defects();
        all.retain(|defect| {
            let kinds = [
                DefectKind::OutsideReference,
                DefectKind::RemoteReference,
                DefectKind::UnresolvedReference,
            ];
            kinds.contains(&defect.kind) && is_unread(contract.document(), &defect.address)
        });
        all
    };
    let told = |defect: &Defect| {
        let message = format!(
            "{}: what stands there is compared with nothing",
            defect.message
        );
        let mut told = Change::new(&UndecidedSchema::RULE, message);
        told.verdict = Verdict::Undecided;
        told
    };
    let mut new = of(subject.new);
    for old in of(subject.old) {
        let same = new
            .iter()
            .position(|one| (&one.address, &one.message) == (&old.address, &old.message));
        let change = told(&old).at_old(&old.address);
        changes.push(match same.map(|index| new.remove(index)) {
            Some(new) => change.at_new(&new.address),
            None => change,
        });
    }
    changes.extend(new.iter().map(|new| told(new).at_new(&new.address)));
}

/// For how many positions an exchange is looked for that shows what breaks.
const MOST_SHOWN: usize = 4;

struct Comparing<'s, 'u> {
    subject: &'s Subject<'s>,
    lens: Lens,
    units: &'u Units<'u, 's>,
    answers: HashMap<(UnitIx, Asking), Rc<Answer>>,
    /// For how many positions an exchange was looked for that shows what breaks.
    shown: HashMap<(UnitIx, Asking), usize>,
    surroundings: Surroundings,
    totals: Totals,
}

impl Comparing<'_, '_> {
    fn position(&mut self, position: &Position<'_>, root: UnitIx, changes: &mut Vec<Change>) {
        let mut asking = Asking {
            producer: position.operation.producer(position.flow),
            lens: self.lens,
            travel: position.travel,
        };
        let mut asked = HashSet::new();
        let mut open = vec![(root, asking.travel)];
        while let Some((number, travel)) = open.pop() {
            if !self.units.all[number].changed || !asked.insert(number) {
                continue;
            }
            asking.travel = travel;
            let answer = self.ask(number, asking);
            self.tell(position, root, number, asking, &answer, changes);
            if let Answer::Proved(Reach::Full) | Answer::Equal(Reach::Full) = *answer {
                continue;
            }
            // What stands below is asked by itself; what takes part leads on.
            let mut parts = vec![number];
            let mut seen = HashSet::from([number]);
            while let Some(part) = parts.pop() {
                for (link, below) in &self.units.all[part].links {
                    match link {
                        Link::Below => open.push((*below, travel.below())),
                        Link::Branch | Link::InPlace if seen.insert(*below) => parts.push(*below),
                        Link::Branch | Link::InPlace => {}
                    }
                }
            }
        }
    }

    fn ask(&mut self, number: UnitIx, asking: Asking) -> Rc<Answer> {
        if let Some(answer) = self.answers.get(&(number, asking)) {
            return Rc::clone(answer);
        }
        let answer = Rc::new(ask(self.units, number, asking));
        let totals = &mut self.totals;
        let count = match *answer {
            Answer::Same | Answer::Unread => None,
            Answer::Equal(_) => Some(&mut totals.equal),
            Answer::Proved(_) => Some(&mut totals.proved),
            Answer::Refuted(_) => Some(&mut totals.refuted),
            Answer::Searched(_) => Some(&mut totals.searched),
        };
        if let Some(count) = count {
            *count += 1;
            totals.questions += 1;
        }
        self.answers.insert((number, asking), Rc::clone(&answer));
        answer
    }

    /// Adds what an answer says of one position.
    fn tell(
        &mut self,
        position: &Position<'_>,
        root: UnitIx,
        number: UnitIx,
        asking: Asking,
        answer: &Answer,
        changes: &mut Vec<Change>,
    ) {
        let unit = &self.units.all[number];
        let place = position.spot.words();
        let change = |rule: &Rule, message: String| {
            Change::new(rule, message)
                .of(position.operation.id())
                .in_flow(position.flow)
                .with_place(place.clone())
                .with_schemas(unit.old.clone(), unit.new.clone())
                .at_old(&unit.old)
                .at_new(&unit.new)
        };
        match answer {
            Answer::Same | Answer::Equal(_) | Answer::Unread => {}
            Answer::Proved(_) => {
                let mut what = differences(unit);
                if what.is_empty() {
                    what = self.differences_in_place(number);
                }
                if what.is_empty() {
                    return;
                }
                let mut told = change(
                    &CompatibleSchema::RULE,
                    format!("{}: {}", self.name(unit, &place), what.join(", ")),
                );
                told.basis = Basis::Proved;
                changes.push(told);
            }
            Answer::Searched(tried) => {
                let mut what = differences(unit);
                if what.is_empty() {
                    what.push("a schema that it refers to changed".to_owned());
                }
                let mut told = change(
                    &UndecidedSchema::RULE,
                    format!(
                        "{}: {}; {tried} values were tried and none is refused",
                        self.name(unit, &place),
                        what.join(", "),
                    ),
                );
                told.basis = Basis::Searched(*tried);
                told.verdict = Verdict::Undecided;
                changes.push(told);
            }
            Answer::Refuted(refutations) => {
                let tries = *self.shown.entry((number, asking)).or_default();
                let mut is_shown = true;
                for refutation in refutations {
                    let mut told = self.refuted(position, unit, refutation, asking);
                    if tries < MOST_SHOWN {
                        told.shown = evidence::shown(
                            self.subject,
                            position,
                            (number == root).then_some(()),
                            refutation,
                            asking,
                            &mut self.surroundings,
                        );
                        is_shown &= told.shown.is_some();
                    }
                    changes.push(told);
                }
                let tries = if is_shown { MOST_SHOWN } else { tries + 1 };
                self.shown.insert((number, asking), tries);
            }
        }
    }

    fn refuted(
        &self,
        position: &Position<'_>,
        unit: &Unit,
        refutation: &Refutation,
        asking: Asking,
    ) -> Change {
        let violation = &refutation.violation;
        let is_input = asking.producer == Side::Old;
        let is_enum = matches!(violation.keyword.as_str(), "enum" | "const");
        let rule = match (is_input, is_enum) {
            (true, _) => &NarrowedInput::RULE,
            (false, true) => &GrownEnum::RULE,
            (false, false) => &WidenedOutput::RULE,
        };
        let place = position.spot.words();
        let whose = match (is_input, position.operation.role) {
            (true, _) => "the new document refuses what the old one allows",
            (false, Role::Called) => "the old document refuses what the service may now send",
            (false, Role::Calling) => "the old document refuses what is now sent to the client",
        };
        let node = if violation.instance.is_root() {
            String::new()
        } else {
            format!(" at `{}`", violation.instance)
        };
        let mut told = Change::new(
            rule,
            format!(
                "{}{node}: {whose}: {}",
                self.name(unit, &place),
                violation.message
            ),
        )
        .of(position.operation.id())
        .in_flow(position.flow)
        .with_place(place)
        .with_schemas(unit.old.clone(), unit.new.clone())
        .with_discriminator(violation.discriminator());
        told.status = position.spot.status().map(str::to_owned);
        let (old, new) = match asking.producer {
            Side::Old => (&refutation.producer, &refutation.consumer),
            Side::New => (&refutation.consumer, &refutation.producer),
        };
        told = told.at_old(old).at_new(new);
        told.basis = Basis::Instance;
        told.keyword = Some(violation.keyword.clone());
        told.at = Some(violation.instance.clone());
        told.instance = Some(refutation.instance.clone());
        told
    }

    /// What is written differently in schemas that take part in one, which are not asked by themselves.
    fn differences_in_place(&self, number: UnitIx) -> Vec<String> {
        let mut told = Vec::new();
        let mut open = vec![number];
        let mut seen = HashSet::from([number]);
        while let Some(part) = open.pop() {
            for (link, below) in &self.units.all[part].links {
                let unit = &self.units.all[*below];
                if *link == Link::Below || !unit.changed || !seen.insert(*below) {
                    continue;
                }
                open.push(*below);
                if unit.differs {
                    let what = differences(unit).join(", ");
                    told.push(format!("{}: {what}", self.name(unit, "a schema in it")));
                }
            }
        }
        told.truncate(MOST_TOLD);
        told
    }

    /// A component's name, else the place.
    fn name(&self, unit: &Unit, place: &str) -> String {
        self.subject
            .old
            .schema_at(unit.old.clone(), unit.direction)
            .name()
            .map_or_else(|| place.to_owned(), |name| format!("schema {name}"))
    }
}

/// The most differences that one change tells.
const MOST_TOLD: usize = 6;

/// What is written differently, in a few words each.
fn differences(unit: &Unit) -> Vec<String> {
    let mut told = Vec::new();
    let [old, new] = &unit.schemas;
    differing(old, new, "", &mut told);
    if told.len() > MOST_TOLD {
        let more = told.len() - MOST_TOLD;
        told.truncate(MOST_TOLD);
        told.push(format!("{more} more"));
    }
    told
}

fn differing(old: &Value, new: &Value, at: &str, told: &mut Vec<String>) {
    let (Value::Object(one), Value::Object(other)) = (old, new) else {
        if old != new {
            told.push(format!("{} changed", if at.is_empty() { "it" } else { at }));
        }
        return;
    };
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let is_property = at == "properties" || at.ends_with("/properties");
    for key in keys {
        let below = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}/{key}")
        };
        match (one.get(key), other.get(key)) {
            (Some(one), Some(other)) if one != other => {
                if one.is_object() && other.is_object() {
                    differing(one, other, &below, told);
                } else {
                    told.push(format!("`{below}` changed"));
                }
            }
            (Some(_), None) if is_property => told.push(format!("property `{key}` removed")),
            (None, Some(_)) if is_property => told.push(format!("property `{key}` added")),
            (Some(_), None) => told.push(format!("`{below}` removed")),
            (None, Some(_)) => told.push(format!("`{below}` added")),
            _ => {}
        }
    }
}

/// Adds what schemas say besides the values that they accept.
fn annotations(
    units: &Units<'_, '_>,
    positions: &[Position<'_>],
    roots: &[UnitIx],
    changes: &mut Vec<Change>,
) {
    let mut users: HashMap<UnitIx, Vec<UnitIx>> = HashMap::new();
    for (number, unit) in units.all.iter().enumerate() {
        for (_, below) in &unit.links {
            users.entry(*below).or_default().push(number);
        }
    }
    for (number, unit) in units.all.iter().enumerate() {
        let mut found = Vec::new();
        let raw = |contract: &crate::contract::Contract, at| {
            contract.document().get(at).cloned().unwrap_or_default()
        };
        let old = raw(units.old.contract, &unit.old);
        let new = raw(units.new.contract, &unit.new);
        if old == new {
            continue;
        }
        let empty = Map::new();
        let pair = SchemaPair {
            contracts: [units.old.contract, units.new.contract],
            old: old.as_object().unwrap_or(&empty),
            new: new.as_object().unwrap_or(&empty),
            old_at: &unit.old,
            new_at: &unit.new,
            direction: unit.direction,
        };
        pair.each(0, &mut |pair| {
            for rule in SCHEMA_RULES {
                rule.look(pair, &mut found);
            }
        });
        if found.is_empty() {
            continue;
        }
        let mut reached = HashSet::new();
        let mut open = vec![number];
        while let Some(number) = open.pop() {
            if reached.insert(number) {
                open.extend(users.get(&number).into_iter().flatten());
            }
        }
        let reaching = positions
            .iter()
            .zip(roots)
            .filter(|(_, root)| reached.contains(root));
        let reaching: Vec<_> = reaching.map(|(position, _)| position).collect();
        for change in found {
            for position in &reaching {
                changes.push(Change {
                    operations: vec![position.operation.id().to_owned()],
                    place: position.spot.words(),
                    flow: Some(position.flow),
                    ..change.clone()
                });
            }
        }
    }
}
