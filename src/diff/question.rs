//! One question: does the consumer accept every value that the producer sends?
//!
//! The proof is containment, by keywords or of canonical forms. Where it fails, an instance is searched for that the
//! producer sends and the consumer refuses: in the difference of the two sets where it can be written
//! down, else among values that break one rule of the consumer on purpose, boundary values, and random
//! ones. Every instance is judged by validators, never by the canonical form.

use std::{cell::OnceCell, collections::HashSet, rc::Rc};

use oasgate_document::{Address, Document};
use serde_json::{Value, json};

use super::{
    Lens,
    isolate::{Isolated, Reach, Side, holds_opaque, isolate},
    search::{aimed, property_names, renamed, smallest, with_more, with_text},
    sender::{MOST_PROOF, Sender},
    subsume::{self, Node},
    text::{Travel, texts},
    units::{Link, UnitIx, Units},
};
use crate::{
    contract::{
        Contract, Direction, Schema, Violation,
        canonical::{self, CanonicalSchema},
    },
    generate::{self, Generator},
};

/// The longest schemas, written out, whose difference is worked out: its cost grows much faster than
/// their length.
const MOST_DIFFERENCE: usize = 6_000;

/// How many values of one kind are tried.
const DRAWS: usize = 200;

/// How many of them where they are long.
const LONG_DRAWS: usize = 40;

/// How many values are drawn though containment is proved: the canonical form is experimental.
const PROBES: usize = 8;

/// How many values that could not be drawn end the drawing.
const MOST_MISSES: usize = 8;

/// How many listed values are tried one by one.
const MOST_LISTED: usize = 200;

/// In how many drawn values texts are replaced.
const MOST_RETOLD: usize = 12;

/// How many broken keywords of one unit are told apart.
const MOST_BREACHES: usize = 12;

/// How many simpler values are tried for one instance.
const MOST_SIMPLER: usize = 400;

/// What is known about a question.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The schemas themselves do not differ; what is asked apart may.
    Same,
    /// Both schemas accept the same, under either lens.
    Equal(Reach),
    /// Containment is proved: with [`Reach::Local`] if it holds for what is asked apart.
    Proved(Reach),
    /// Each keyword that refuses something, with an instance.
    Refuted(Vec<Refutation>),
    /// So many values were tried, and none was refused.
    Searched(usize),
    /// Something that takes part was not read, of which nothing can be said.
    Unread,
}

/// A value that the producer sends and the consumer refuses.
#[derive(Clone, Debug)]
pub(super) struct Refutation {
    /// The value.
    pub(super) instance: Value,
    /// The keyword of the consumer that refuses it.
    pub(super) violation: Violation,
    /// That keyword in the consumer's document.
    pub(super) consumer: Address,
    /// What the producer's document says of the same node.
    pub(super) producer: Address,
    /// The unit's schema in the producer's document.
    pub(super) unit: Address,
}

/// Who sends a unit's values, and how they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asking {
    /// The side that sends.
    pub(super) producer: Side,
    pub(super) lens: Lens,
    pub(super) travel: Travel,
}

/// Answers the question for one unit.
pub(super) fn ask(units: &Units<'_, '_>, number: UnitIx, asking: Asking) -> Answer {
    let unit = &units.all[number];
    if !unit.changed {
        return Answer::Same;
    }
    let takes_part =
        |link: &Link, below: &UnitIx| *link != Link::Below && units.all[*below].changed;
    if !unit.differs
        && !unit
            .links
            .iter()
            .any(|(link, below)| takes_part(link, below))
    {
        // What differs is asked by itself.
        return Answer::Same;
    }
    let mut tried = 0;
    for reach in [Reach::Local, Reach::Full] {
        let Some(trial) = Trial::of(units, number, asking, reach) else {
            continue;
        };
        if trial.producer().is_partial || trial.consumer.is_partial {
            return Answer::Unread;
        }
        let mut found = None;
        let mut effort = Effort::Full;
        match trial.prove_by_keywords() {
            Proof::Equal => return Answer::Equal(reach),
            Proof::Contained if trial.is_long() => return Answer::Proved(reach),
            Proof::Contained if !trial.is_refuted_by_chance() => {
                let is_equal = matches!(trial.prove_canonically(), Proof::Equal);
                return if is_equal {
                    Answer::Equal(reach)
                } else {
                    Answer::Proved(reach)
                };
            }
            // A canonical form takes long where there is much to say; a value may be found sooner.
            Proof::Nothing if trial.is_long() => {
                let aimed;
                (found, aimed) = trial.search(Effort::Aimed);
                tried += aimed;
                effort = Effort::Rest;
            }
            Proof::Contained | Proof::Nothing => {}
        }
        if found.is_none() {
            match trial.prove_canonically() {
                Proof::Equal => return Answer::Equal(reach),
                Proof::Contained if !trial.is_refuted_by_chance() => {
                    return Answer::Proved(reach);
                }
                Proof::Contained | Proof::Nothing => {}
            }
            if trial.accepts_all_listed() {
                return Answer::Proved(reach);
            }
            let more;
            (found, more) = trial.search(effort);
            tried += more;
        }
        if let Some(found) = found {
            return Answer::Refuted(trial.breaches(found));
        }
        if !trial.producer().is_cut && !trial.consumer.is_cut {
            break;
        }
    }
    Answer::Searched(tried)
}

/// How long an instance is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Among values that break one rule on purpose.
    Aimed,
    /// Among boundary values and random ones, where those were tried.
    Rest,
    /// Among all of them.
    Full,
}

/// What could be proved.
enum Proof {
    Equal,
    Contained,
    Nothing,
}

/// Both sides of a question, taken out of their documents.
struct Trial {
    sender: Rc<Sender>,
    consumer: Isolated,
    asking: Asking,
    consumer_schema: Schema,
    direction: Direction,
    /// Texts that a proof found to be sent and refused somewhere in a value.
    texts: OnceCell<Vec<String>>,
}

impl Trial {
    fn of(units: &Units<'_, '_>, number: UnitIx, asking: Asking, reach: Reach) -> Option<Self> {
        let producer = isolate(units, number, asking.producer, reach)?;
        let consumer = isolate(units, number, asking.producer.other(), reach)?;
        let sender = Rc::new(Sender::of(producer, asking.lens)?);
        Self::between(sender, consumer, asking, units.all[number].direction)
    }

    fn between(
        sender: Rc<Sender>,
        consumer: Isolated,
        asking: Asking,
        direction: Direction,
    ) -> Option<Self> {
        let consuming = consumer.contract()?;
        Some(Self {
            consumer_schema: consumer.schema(&consuming, &consumer.root),
            sender,
            consumer,
            asking,
            direction,
            texts: OnceCell::new(),
        })
    }

    fn producer(&self) -> &Isolated {
        &self.sender.isolated
    }

    /// Whether what stands for units could meet other rules than its own, so that nothing is proved.
    fn is_unfit(&self) -> bool {
        let is_cut = self.producer().is_cut || self.consumer.is_cut;
        is_cut && (self.producer().mixes() || self.consumer.mixes())
    }

    /// Whether canonical forms take long.
    fn is_long(&self) -> bool {
        self.producer().length() + self.consumer.length() > MOST_DIFFERENCE
    }

    fn prove_by_keywords(&self) -> Proof {
        if self.is_unfit() {
            return Proof::Nothing;
        }
        let open = Node::named(&self.producer().definitions, &self.producer().root);
        let sent = Node::named(&self.producer().definitions, &self.sender.sent.name);
        let accepted = Node::named(&self.consumer.definitions, &self.consumer.root);
        if let Err(texts) = subsume::contained(sent, accepted) {
            // Asked for again, they are the same.
            let _ = self.texts.set(texts);
            return Proof::Nothing;
        }
        let same =
            |one, other| subsume::is_contained(one, other) && subsume::is_contained(other, one);
        if !same(open, accepted) {
            return Proof::Contained;
        }
        let closed = |side: &Isolated| {
            let mut definitions = side.definitions.clone();
            let closed = super::close::close(&mut definitions, &side.root, self.direction);
            (definitions, closed.name)
        };
        let (one, one_name) = closed(self.producer());
        let (other, other_name) = closed(&self.consumer);
        if same(
            Node::named(&one, &one_name),
            Node::named(&other, &other_name),
        ) {
            Proof::Equal
        } else {
            Proof::Contained
        }
    }

    /// Whether the producer lists all that it sends, and each of them is accepted.
    fn accepts_all_listed(&self) -> bool {
        if self.producer().is_cut || self.consumer.is_cut {
            return false;
        }
        let sent = Node::named(&self.producer().definitions, &self.sender.sent.name);
        subsume::listed(sent).is_some_and(|values| {
            values.len() <= MOST_LISTED && values.iter().all(|value| !self.refutes(value))
        })
    }

    fn prove_canonically(&self) -> Proof {
        if self.is_unfit() {
            return Proof::Nothing;
        }
        let sent = self.producer().self_contained(&self.sender.sent.name);
        let accepted = self.consumer.self_contained(&self.consumer.root);
        if sent.to_string().len() + accepted.to_string().len() > MOST_PROOF {
            return Proof::Nothing;
        }
        let Some(consumer) = canonical::canonical(&accepted) else {
            return Proof::Nothing;
        };
        let open = canonical::canonical(&self.producer().self_contained(&self.producer().root));
        // Closing may leave nothing, about which everything could be proved.
        let closed = canonical::canonical(&sent)
            .filter(|closed| !canonical::accepts_nothing(closed))
            .or_else(|| open.clone());
        let Some(closed) = closed else {
            return Proof::Nothing;
        };
        if !canonical::covers(&consumer, &closed) {
            let texts = texts(&sent, &accepted, self.asking.travel);
            let proved = texts.is_some_and(|(sent, accepted)| {
                match (canonical::canonical(&sent), canonical::canonical(&accepted)) {
                    (Some(sent), Some(accepted)) => {
                        !canonical::accepts_nothing(&sent) && canonical::covers(&accepted, &sent)
                    }
                    _ => false,
                }
            });
            return if proved {
                Proof::Contained
            } else {
                Proof::Nothing
            };
        }
        if self.is_equal(open.as_ref(), &consumer, &closed) {
            Proof::Equal
        } else {
            Proof::Contained
        }
    }

    /// Whether both sides accept the same, open and closed.
    fn is_equal(
        &self,
        open: Option<&CanonicalSchema>,
        consumer: &CanonicalSchema,
        closed: &CanonicalSchema,
    ) -> bool {
        let same = |one: &CanonicalSchema, other: &CanonicalSchema| {
            one == other || canonical::covers(one, other) && canonical::covers(other, one)
        };
        if !open.is_some_and(|open| same(open, consumer)) {
            return false;
        }
        let mut definitions = self.consumer.definitions.clone();
        let other = super::close::close(&mut definitions, &self.consumer.root, self.direction);
        let other = self.consumer.with(definitions).self_contained(&other.name);
        let this = match self.asking.lens {
            Lens::Declared => Some(closed.clone()),
            Lens::Strict => {
                let mut definitions = self.producer().definitions.clone();
                let this =
                    super::close::close(&mut definitions, &self.producer().root, self.direction);
                canonical::canonical(&self.producer().with(definitions).self_contained(&this.name))
            }
        };
        match (this, canonical::canonical(&other)) {
            (Some(this), Some(other)) => same(&this, &other),
            _ => false,
        }
    }

    /// Whether a value is sent and refused, as far as that is known without looking for the reason: a pattern may not
    /// have been decided.
    fn seems_to_refute(&self, value: &Value) -> bool {
        let travel = self.asking.travel;
        !self.consumer_schema.surely_accepts(value)
            && self.is_sent(value)
            && (travel == Travel::Json || !self.accepts(value))
    }

    /// Whether a value is sent and refused.
    fn refutes(&self, value: &Value) -> bool {
        self.seems_to_refute(value) && !self.accepts(value)
    }

    fn is_sent(&self, value: &Value) -> bool {
        self.asking.travel.is_sendable(value)
            && self.sender.sent_schema.surely_accepts(value)
            && self.sender.open_schema.surely_accepts(value)
            && (!self.sender.sent.is_wider || self.sender.open_schema.undeclared(value).is_empty())
            && !holds_opaque(value)
    }

    fn accepts(&self, value: &Value) -> bool {
        self.asking.travel.is_accepted(value, &self.consumer_schema)
    }

    /// Whether a few values refute what is proved.
    fn is_refuted_by_chance(&self) -> bool {
        let mut generator = Generator::new(0, &["diff", "probe"]);
        (0..PROBES)
            .filter_map(|_| generator.draw(self.sender.values()))
            .any(|value| self.refutes(&value))
    }

    /// The first instance that refutes, made small, and how many values were tried.
    fn search(&self, effort: Effort) -> (Option<Value>, usize) {
        let mut tried = 0;
        let mut seen: HashSet<String> = HashSet::new();
        let mut try_one = |value: &Value| {
            if !seen.insert(value.to_string()) {
                return false;
            }
            tried += 1;
            self.refutes(value)
        };
        let found = self.candidates(effort, &mut try_one);
        (found.map(|value| self.smallest(value)), tried)
    }

    /// The smallest value like one that refutes.
    fn smallest(&self, value: Value) -> Value {
        let small = smallest(value.clone(), MOST_SIMPLER, &mut |value| {
            self.seems_to_refute(value)
        });
        if self.refutes(&small) {
            return small;
        }
        smallest(value, MOST_SIMPLER, &mut |value| self.refutes(value))
    }

    /// What is cheap comes first: most that breaks is found among a few values that break a rule of the consumer.
    fn candidates(&self, effort: Effort, refutes: &mut dyn FnMut(&Value) -> bool) -> Option<Value> {
        let mut generator = Generator::new(0, &["diff"]);
        let values = self.sender.values();
        if effort != Effort::Rest {
            let bases = self.sender.bases();
            let found = aimed(
                &self.sender.sent_schema,
                &self.consumer_schema,
                bases,
                refutes,
            );
            if found.is_some() || effort == Effort::Aimed {
                return found;
            }
        }
        let most = if self.is_long() { LONG_DRAWS } else { DRAWS };
        let edges = generate::edges(&self.sender.sent_schema, values, most, &mut generator);
        let mut edges = edges.into_iter().map(|edge| edge.value);
        if let Some(found) = edges.find(|value| refutes(value)) {
            return Some(found);
        }
        if let Some(found) = self.drawn(most, &mut generator, refutes) {
            return Some(found);
        }
        if self.is_long() {
            return None;
        }
        let broken = generate::mutations(&self.consumer_schema, values, most, &mut generator);
        let mut broken = broken.into_iter().map(|mutation| mutation.value);
        if let Some(found) = broken.find(|value| refutes(value)) {
            return Some(found);
        }
        let values = generate::valid(&self.difference()?);
        (0..20)
            .map_while(|_| generator.draw(&values))
            .find(|value| refutes(value))
    }

    /// Looks among random values, some of them changed in a text or by a property more.
    fn drawn(
        &self,
        most: usize,
        generator: &mut Generator,
        refutes: &mut dyn FnMut(&Value) -> bool,
    ) -> Option<Value> {
        let texts = self.broken_texts();
        let names = self.names();
        let mut alone = texts.iter().map(|text| Value::from(text.as_str()));
        if let Some(found) = alone.find(|text| refutes(text)) {
            return Some(found);
        }
        let mut misses = 0;
        for index in 0..most {
            let Some(value) = generator.draw(self.sender.values()) else {
                misses += 1;
                if misses < MOST_MISSES {
                    continue;
                }
                return None;
            };
            if refutes(&value) {
                return Some(value);
            }
            if index >= MOST_RETOLD {
                continue;
            }
            let retold = texts.iter().flat_map(|text| with_text(&value, text));
            let found = retold
                .chain(with_more(&value, &names))
                .chain(renamed(&value, &names))
                .find(|value| refutes(value));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn broken_texts(&self) -> &[String] {
        self.texts.get_or_init(|| {
            let definitions = &self.producer().definitions;
            let sent = Node::named(definitions, &self.sender.sent.name);
            let accepted = Node::named(&self.consumer.definitions, &self.consumer.root);
            subsume::contained(sent, accepted).err().unwrap_or_default()
        })
    }

    /// Names of properties that a value may have though it has been drawn without: one that nothing names, and what
    /// either side names.
    fn names(&self) -> Vec<String> {
        let mut names = vec!["undeclared".to_owned()];
        if !self.is_long() {
            let definitions = self.consumer.definitions.values();
            for schema in definitions.chain(self.producer().definitions.values()) {
                property_names(schema, &mut names);
            }
        }
        names
    }

    /// What the producer sends and the consumer refuses, as a schema.
    fn difference(&self) -> Option<Schema> {
        let sent = self.producer().self_contained(&self.sender.sent.name);
        let accepted = self.consumer.self_contained(&self.consumer.root);
        if sent.to_string().len() + accepted.to_string().len() > MOST_DIFFERENCE {
            return None;
        }
        let sent = canonical::canonical(&sent)?;
        let accepted = canonical::canonical(&accepted)?;
        let mut left = canonical::difference(&sent, &accepted)?;
        relocate(&mut left);
        let root = json!({
            "openapi": "3.1.0", "info": { "title": "", "version": "" }, "paths": {},
            "components": { "schemas": { "left": left } },
        });
        let document = Document::parse("difference.json", root.to_string()).ok()?;
        let contract = Contract::from_document(document);
        contract.schema("left", self.direction)
    }

    /// Each keyword that refuses something: the first is relaxed and the question asked again.
    fn breaches(&self, first: Value) -> Vec<Refutation> {
        let mut all = Vec::new();
        let mut relaxed: Option<Self> = None;
        let mut instance = first;
        while all.len() < MOST_BREACHES {
            let trial = relaxed.as_ref().unwrap_or(self);
            let Some((violation, next)) = trial.named(&instance) else {
                break;
            };
            all.push(self.refutation(trial, instance, violation));
            let Some(next) = next else { break };
            if matches!(next.prove_by_keywords(), Proof::Equal | Proof::Contained) {
                break;
            }
            let effort = if next.is_long() {
                Effort::Aimed
            } else {
                Effort::Full
            };
            let Some(found) = next.search(effort).0 else {
                break;
            };
            // Without a keyword less is evaluated, or more fits what is denied.
            if !self.refutes(&found) {
                break;
            }
            instance = found;
            relaxed = Some(next);
        }
        all
    }

    /// The keyword that refuses an instance, and the question without it: the first without which fewer
    /// keywords refuse it.
    fn named(&self, instance: &Value) -> Option<(Violation, Option<Self>)> {
        let violations = self.consumer_schema.violations(instance);
        let first = violations.first()?.clone();
        for violation in &violations {
            let detail = missing(violation);
            let without = self.consumer.without(&violation.schema, detail.as_deref());
            let next = without.and_then(|consumer| {
                let sender = Rc::clone(&self.sender);
                Self::between(sender, consumer, self.asking, self.direction)
            });
            if let Some(next) = next
                && (next.accepts(instance)
                    || next.consumer_schema.violations(instance).len() < violations.len())
            {
                return Some((violation.clone(), Some(next)));
            }
        }
        Some((first, None))
    }

    fn refutation(&self, trial: &Self, instance: Value, violation: Violation) -> Refutation {
        let consumer = trial.consumer.address(&violation.schema);
        let producer = self.said_by_producer(&instance, &violation);
        Refutation {
            consumer: consumer.unwrap_or_else(|| violation.schema.clone()),
            producer: producer.unwrap_or_default(),
            unit: self
                .producer()
                .address(self.sender.open_schema.address())
                .unwrap_or_default(),
            instance,
            violation,
        }
    }

    /// What the producer says of the node that is refused: the same keyword, else another, else the
    /// whole.
    fn said_by_producer(&self, instance: &Value, violation: &Violation) -> Option<Address> {
        let constraints = self.sender.open_schema.constraints(instance);
        let mut at = violation.instance.clone();
        loop {
            let here = |keyword: Option<&str>| {
                constraints.iter().find(|one| {
                    one.instance == at && keyword.is_none_or(|keyword| one.keyword == keyword)
                })
            };
            if let Some(same) = here(Some(&violation.keyword)) {
                return self.producer().address(&same.address);
            }
            if let Some(other) = here(None) {
                return self.producer().address(&other.address.parent()?);
            }
            match at.parent() {
                Some(parent) => at = parent,
                None => {
                    let root = self.sender.open_schema.address().clone();
                    return self.producer().address(&root);
                }
            }
        }
    }
}

/// The name that a `required` misses.
fn missing(violation: &Violation) -> Option<String> {
    (violation.keyword == "required")
        .then(|| violation.discriminator())
        .and_then(|text| text.strip_prefix("required ").map(str::to_owned))
}

/// References to definitions lead to where the schema stands among the components.
fn relocate(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("$ref")
                && let Some(rest) = text.strip_prefix('#')
            {
                *text = format!("#/components/schemas/left{rest}");
            }
            members.values_mut().for_each(relocate);
        }
        Value::Array(items) => items.iter_mut().for_each(relocate),
        _ => {}
    }
}
