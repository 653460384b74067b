//! What changed in the schemas of paired operations.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    rc::Rc,
};

use indexmap::{IndexMap, IndexSet, map::Entry};
use oasgate_document::{Address, Document};
use serde_json::{Map, Value};

use super::{
    Lens,
    answer::{Answer, Refutation},
    body::Bodies,
    budget::Budget,
    change::{Basis, Change, Flow, Key, Totals, Verdict},
    evidence::{self, Surroundings},
    isolate::Reach,
    link::Link,
    operations::{Matched, Role, Subject},
    origin::sole_part,
    positions::{Position, positions},
    question::ask,
    rules::{
        SCHEMA_RULES, SchemaPair, compatible_schema::CompatibleSchema, grown_enum::GrownEnum,
        narrowed_input::NarrowedInput, undecided_schema::UndecidedSchema,
        widened_output::WidenedOutput,
    },
    sample::{Asking, Samples},
    side::Side,
    units::{Unit, UnitIx, Units},
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
        samples: Samples::default(),
        budget: Budget::new(),
        surroundings: Surroundings::default(),
        told: IndexMap::new(),
        totals: Totals {
            operations: subject.matched.len(),
            ..Totals::default()
        },
    };
    let placed: Vec<Placed<'_>> = positions
        .iter()
        .zip(&roots)
        .enumerate()
        .map(|(index, (position, root))| Placed {
            index,
            position,
            root: *root,
        })
        .collect();
    comparing.all(&placed, changes);
    annotations(&units, &placed, changes);
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
const MAX_SHOWN: usize = 4;

/// A place where both documents have a schema, and the unit of these schemas.
#[derive(Clone, Copy)]
struct Placed<'p> {
    /// Which of all places it is.
    index: usize,
    position: &'p Position<'p>,
    root: UnitIx,
}

/// A set of numbers that are small.
#[derive(Clone, Debug, Default)]
struct Numbers(Vec<u64>);

impl Numbers {
    fn insert(&mut self, number: usize) {
        let word = number / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (number % 64);
    }

    fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..64)
                .filter(move |bit| word & (1 << bit) != 0)
                .map(move |bit| index * 64 + bit)
        })
    }
}

/// Places with the same unit, asked about in the same way.
type Starts<'p> = IndexMap<State, Vec<Placed<'p>>>;

/// The places of one flow.
fn of_flow<'p>(
    all: impl IntoIterator<Item = Placed<'p>>,
    flow: Flow,
) -> impl Iterator<Item = Placed<'p>> {
    all.into_iter().filter(move |one| one.position.flow == flow)
}

/// The ids of the operations of some places, once each.
fn operations(places: &[Placed<'_>]) -> Vec<String> {
    let mut seen = HashSet::new();
    let ids = places.iter().map(|one| one.position.operation.id());
    ids.filter(|id| seen.insert(*id))
        .map(str::to_owned)
        .collect()
}

/// A unit, and how it is asked about.
type State = (UnitIx, Asking);

struct Comparing<'s, 'u> {
    subject: &'s Subject<'s>,
    lens: Lens,
    units: &'u Units<'u, 's>,
    samples: Samples,
    budget: Budget,
    surroundings: Surroundings,
    /// What was told so far, with the starts that lead to it.
    told: IndexMap<Key, (Change, Numbers)>,
    totals: Totals,
}

impl Comparing<'_, '_> {
    /// Asks about each unit that the places lead to once for each way of asking, and tells what comes of it for all
    /// places that lead to it.
    fn all(&mut self, placed: &[Placed<'_>], changes: &mut Vec<Change>) {
        let mut starts = Starts::new();
        for one in placed {
            let asking = Asking {
                producer: one.position.operation.producer(one.position.flow),
                lens: self.lens,
                travel: one.position.travel,
            };
            if self.units.all[one.root].changed {
                starts.entry((one.root, asking)).or_default().push(*one);
            }
        }
        let mut states: IndexMap<State, (Answer, Vec<usize>)> = IndexMap::new();
        let mut waiting: IndexSet<State> = starts.keys().copied().collect();
        let mut done = 0;
        while let Some(state) = waiting.get_index(done).copied() {
            let answer = self.ask(state);
            let is_settled = matches!(
                answer,
                Answer::Proved(Reach::Full) | Answer::Equal(Reach::Full)
            );
            let below = if is_settled {
                Vec::new()
            } else {
                self.below(state)
            };
            let below = below.into_iter().map(|one| waiting.insert_full(one).0);
            states.insert(state, (answer, below.collect()));
            done += 1;
        }
        let mut led: HashMap<usize, Numbers> = HashMap::new();
        let mut visited = vec![usize::MAX; states.len()];
        // The starts are the first states.
        for start in 0..starts.len() {
            let mut open = vec![start];
            while let Some(number) = open.pop() {
                if std::mem::replace(&mut visited[number], start) == start {
                    continue;
                }
                let (answer, below) = &states[number];
                if answer.is_told() {
                    led.entry(number).or_default().insert(start);
                }
                open.extend(below);
            }
        }
        for (number, (state, (answer, _))) in states.iter().enumerate() {
            let Some(led) = led.get(&number) else {
                continue;
            };
            for flow in [Flow::Request, Flow::Response] {
                let places = led.iter().flat_map(|start| starts[start].iter().copied());
                let first: Vec<_> = of_flow(places, flow).take(MAX_SHOWN).collect();
                self.tell(&first, *state, answer, led);
            }
        }
        for (mut change, led) in std::mem::take(&mut self.told).into_values() {
            let mut places: Vec<Placed<'_>> = led
                .iter()
                .flat_map(|start| starts[start].iter().copied())
                .filter(|one| Some(one.position.flow) == change.flow)
                .collect();
            places.sort_unstable_by_key(|one| one.index);
            change.operations = operations(&places);
            let statuses = places.iter().filter_map(|one| one.position.spot.status());
            let statuses: IndexSet<&str> = statuses.collect();
            change.statuses = statuses.into_iter().map(str::to_owned).collect();
            changes.push(change);
        }
    }

    /// Adds what was found out about some starts; what is known already is told of these too.
    fn add(&mut self, change: Change, led: &Numbers) {
        match self.told.entry(change.key()) {
            Entry::Occupied(mut known) => {
                let (first, starts) = known.get_mut();
                starts.add(led);
                if first.shown.is_none() {
                    first.shown = change.shown;
                }
            }
            Entry::Vacant(free) => {
                free.insert((change, led.clone()));
            }
        }
    }

    /// The units that are asked about by themselves besides one that leads to them, by itself or by what takes part.
    fn below(&self, (number, asking): State) -> Vec<State> {
        let mut all = Vec::new();
        let mut parts = vec![number];
        let mut seen = HashSet::from([number]);
        while let Some(part) = parts.pop() {
            for (link, unit) in &self.units.all[part].links {
                let is_changed = self.units.all[*unit].changed;
                match link.asked(asking.travel) {
                    Some(travel) if is_changed => all.push((*unit, Asking { travel, ..asking })),
                    None if !link.is_cut(asking.travel) && seen.insert(*unit) => {
                        parts.push(*unit);
                    }
                    _ => {}
                }
            }
        }
        all
    }

    fn ask(&mut self, (number, asking): State) -> Answer {
        let answer = ask(self.units, number, asking, &self.samples, &self.budget);
        let totals = &mut self.totals;
        let count = match answer {
            Answer::Same | Answer::Unread => None,
            Answer::Equal(_) => Some(&mut totals.equal),
            Answer::Proved(_) => Some(&mut totals.proved),
            Answer::Refuted(_) => Some(&mut totals.refuted),
            Answer::Searched { .. } => Some(&mut totals.searched),
        };
        if let Some(count) = count {
            *count += 1;
            totals.questions += 1;
        }
        answer
    }

    /// Adds what an answer says of the places that lead to a unit, of which the first are given: all are of one flow.
    fn tell(
        &mut self,
        places: &[Placed<'_>],
        (number, asking): State,
        answer: &Answer,
        led: &Numbers,
    ) {
        let Some(first) = places.first() else {
            return;
        };
        let position = first.position;
        let unit = &self.units.all[number];
        let place = position.spot.words();
        let change = |rule: &Rule, message: String, unit: &Unit| {
            Change::new(rule, message)
                .in_flow(position.flow)
                .with_place(place.clone())
                .with_schemas(unit.old.clone(), unit.new.clone())
                .at_old(&unit.old)
                .at_new(&unit.new)
        };
        match answer {
            Answer::Same | Answer::Equal(_) | Answer::Unread => {}
            Answer::Proved(reach) => {
                // What is not asked about by itself is told where it stands.
                let parts = self.differing_parts((number, asking), *reach);
                for unit in std::iter::once(Rc::clone(unit)).chain(parts) {
                    let what = differences(&unit);
                    if what.is_empty() {
                        continue;
                    }
                    let mut told = change(
                        &CompatibleSchema::RULE,
                        format!("{}: {}", self.name(&unit, &place), what.join(", ")),
                        &unit,
                    );
                    told.basis = Basis::Proved;
                    self.add(told, led);
                }
            }
            Answer::Searched { tried, is_bounded } => {
                let bound = if *is_bounded {
                    ", before a bound was reached"
                } else {
                    ""
                };
                let parts = self.differing_parts((number, asking), Reach::Local);
                let part = sole_part(&parts, unit);
                let unit = part.as_ref().unwrap_or(unit);
                let mut what = differences(unit);
                if what.is_empty() {
                    what.push("a schema that it refers to changed".to_owned());
                }
                let mut told = change(
                    &UndecidedSchema::RULE,
                    format!(
                        "{}: {}; {tried} values were tried and none is refused{bound}",
                        self.name(unit, &place),
                        what.join(", "),
                    ),
                    unit,
                );
                told.basis = Basis::Searched(*tried);
                told.verdict = Verdict::Undecided;
                self.add(told, led);
            }
            Answer::Refuted(refutations) => {
                for refutation in refutations {
                    let mut told = self.refuted(position, (number, asking), refutation);
                    let known = self.told.get(&told.key());
                    if known.is_none_or(|(known, _)| known.shown.is_none()) {
                        let mut shown = |one: &Placed<'_>, searched| {
                            let is_whole = number == one.root;
                            let carrier = evidence::Carrier {
                                position: one.position,
                                asking,
                                searched,
                            };
                            let surroundings = &mut self.surroundings;
                            evidence::shown(carrier, is_whole, refutation, surroundings)
                        };
                        let in_its_place = places.iter().find_map(|one| shown(one, false));
                        told.shown = in_its_place.or_else(|| shown(first, true));
                    }
                    self.add(told, led);
                }
            }
        }
    }

    fn refuted(
        &self,
        position: &Position<'_>,
        (number, asking): State,
        refutation: &Refutation,
    ) -> Change {
        let unit = &self.units.all[number];
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
        let part = &self.units.all[refutation.origin];
        let mut name = self.name(unit, &place);
        if refutation.origin != number
            && let Some(part) = self.component(part)
        {
            name = format!("{part}, in {name}");
        }
        let mut told = Change::new(
            rule,
            format!("{name}{node}: {whose}: {}", violation.message),
        )
        .in_flow(position.flow)
        .with_place(place)
        .with_schemas(unit.old.clone(), unit.new.clone())
        .with_discriminator(violation.discriminator());
        let (old, new) = match asking.producer {
            Side::Old => (&refutation.producer, &refutation.consumer),
            Side::New => (&refutation.consumer, &refutation.producer),
        };
        // What a part changes is told at the part, whichever schema it breaks.
        let within = |at: &Address, side: Side| {
            let root = part.at(side);
            let is_inside = at.file == root.file && at.pointer.starts_with(&root.pointer);
            if refutation.origin == number || is_inside {
                at.clone()
            } else {
                root.clone()
            }
        };
        told = told
            .at_old(&within(old, Side::Old))
            .at_new(&within(new, Side::New));
        told.basis = Basis::Instance;
        told.keyword = Some(violation.keyword.clone());
        told.at = Some(violation.instance.clone());
        told.instance = Some(refutation.instance.clone());
        told
    }

    /// The units that take part in one, or could, are written differently, and are not asked about by themselves; all
    /// that it refers to where everything was part of the answer.
    fn differing_parts(&self, (number, asking): State, reach: Reach) -> Vec<Rc<Unit>> {
        let mut found = Vec::new();
        let mut open = vec![number];
        let mut seen = HashSet::from([number]);
        while let Some(part) = open.pop() {
            for (link, below) in &self.units.all[part].links {
                let unit = &self.units.all[*below];
                let is_cut = *link != Link::Idle && link.is_cut(asking.travel);
                if is_cut && reach == Reach::Local || !unit.changed || !seen.insert(*below) {
                    continue;
                }
                open.push(*below);
                if unit.differs {
                    found.push(Rc::clone(unit));
                }
            }
        }
        found
    }

    /// A component's name, else the place.
    fn name(&self, unit: &Unit, place: &str) -> String {
        self.component(unit).unwrap_or_else(|| place.to_owned())
    }

    fn component(&self, unit: &Unit) -> Option<String> {
        let schema = self.subject.old.schema_at(unit.old.clone(), unit.direction);
        let elsewhere = || name_in_file(self.subject.old.document(), &unit.old);
        let name = schema.name().or_else(elsewhere)?;
        Some(format!("schema {name}"))
    }
}

/// What a schema of another file is called there: its key at the top or in a place for schemas, else the file.
fn name_in_file(document: &Document, at: &Address) -> Option<String> {
    if at.file.index() == 0 {
        return None;
    }
    let tokens: Vec<String> = at.pointer.tokens().collect();
    match tokens.as_slice() {
        [] => {
            let name = document.source_of(at)?.name().to_string();
            let file = name.rsplit(['/', '\\']).next()?;
            Some(file.split('.').next()?.to_owned())
        }
        [name] => Some(name.clone()),
        [.., holder, name] => ["$defs", "definitions", "schemas"]
            .contains(&holder.as_str())
            .then(|| name.clone()),
    }
}

/// The most differences that one change tells.
const MAX_TOLD: usize = 6;

/// What is written differently, in a few words each.
fn differences(unit: &Unit) -> Vec<String> {
    let mut told = Vec::new();
    let [old, new] = &unit.schemas;
    differing(old, new, "", &mut told);
    if told.len() > MAX_TOLD {
        let more = told.len() - MAX_TOLD;
        told.truncate(MAX_TOLD);
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
fn annotations(units: &Units<'_, '_>, placed: &[Placed<'_>], changes: &mut Vec<Change>) {
    let mut users: HashMap<UnitIx, Vec<UnitIx>> = HashMap::new();
    for (number, unit) in units.all.iter().enumerate() {
        for (_, below) in &unit.links {
            users.entry(*below).or_default().push(number);
        }
    }
    for (number, unit) in units.all.iter().enumerate() {
        let mut found = Vec::new();
        let old = units.old.contract.document().get(&unit.old);
        let new = units.new.contract.document().get(&unit.new);
        if old == new {
            continue;
        }
        let empty = Map::new();
        let pair = SchemaPair {
            contracts: [units.old.contract, units.new.contract],
            old: old.and_then(Value::as_object).unwrap_or(&empty),
            new: new.and_then(Value::as_object).unwrap_or(&empty),
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
        let reaching = placed.iter().filter(|one| reached.contains(&one.root));
        let reaching: Vec<Placed<'_>> = reaching.copied().collect();
        for flow in [Flow::Request, Flow::Response] {
            let places: Vec<_> = of_flow(reaching.iter().copied(), flow).collect();
            let Some(first) = places.first() else {
                continue;
            };
            let operations = operations(&places);
            changes.extend(found.iter().map(|change| Change {
                operations: operations.clone(),
                place: first.position.spot.words(),
                flow: Some(flow),
                ..change.clone()
            }));
        }
    }
}
