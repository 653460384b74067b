//! One question: does the consumer accept every value that the producer sends?
//!
//! The proof is containment, by keywords or of canonical forms. Where it fails, an instance is searched for that the
//! producer sends and the consumer refuses: in the difference of the two sets where it can be written
//! down, else among values that break one rule of the consumer on purpose, boundary values, and random
//! ones. Every instance is judged by validators, never by the canonical form.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
};

use oasgate_document::Address;
use serde_json::Value;

use super::{
    answer::{Answer, Refutation},
    budget::Budget,
    isolate::{Cut, Isolated, Reach, isolate},
    link::Link,
    origin::origin,
    proof::{Claim, Proof},
    sample::{Asking, Samples},
    search::{Tries, aimed, property_names, renamed, smallest, with_more, with_text},
    sender::Sender,
    side::Side,
    stand_in, subsume,
    text::Travel,
    units::{UnitIx, Units},
};
use crate::{
    contract::{Direction, Schema, Violation, canonical::CanonicalSchema},
    generate::{self, Generator},
};

/// The longest schemas, written out, that are short: all kinds of values are tried, many of each.
const MAX_SHORT: usize = 6_000;

/// The longest schemas that are asked about again and again with all that there is.
const MAX_PATIENCE: usize = 2_500;

/// How many keywords that see through references may be compiled, times the length of the schemas.
const MAX_ENTANGLED: usize = 1 << 20;

/// How many values of one kind are tried.
const DRAWS: usize = 200;

/// How many of them where they are long.
const LONG_DRAWS: usize = 40;

/// How many values are drawn though containment is proved: the canonical form is experimental.
const PROBES: usize = 8;

/// How many values that could not be drawn end the drawing.
const MAX_MISSES: usize = 8;

/// How many listed values are tried one by one.
const MAX_LISTED: usize = 200;

/// In how many drawn values texts are replaced.
const MAX_RETOLD: usize = 12;

/// How many broken keywords of one unit are told apart.
const MAX_BREACHES: usize = 12;

/// How many simpler values are tried for one instance.
const MAX_SIMPLER: usize = 400;

/// What a search costs besides its values: making them, and what judges them, by the length of the schemas.
const SEARCH: usize = 8;

/// The longest schemas, written out, in which values are searched for.
const MAX_SEARCHED: usize = 48_000;

/// Answers the question for one unit.
pub(super) fn ask(
    units: &Units<'_, '_>,
    number: UnitIx,
    asking: Asking,
    samples: &Samples,
    budget: &Budget,
) -> Answer {
    let unit = &units.all[number];
    if !unit.changed {
        return Answer::Same;
    }
    let takes_part =
        |link: &Link, below: &UnitIx| units.all[*below].changed && !link.is_cut(asking.travel);
    if !unit.differs
        && !unit
            .links
            .iter()
            .any(|(link, below)| takes_part(link, below))
    {
        // What differs is asked by itself, or does not matter here.
        let is_idle =
            |(link, below): &(Link, UnitIx)| *link == Link::Idle && units.all[*below].changed;
        return if unit.links.iter().any(is_idle) {
            Answer::Proved(Reach::Local)
        } else {
            Answer::Same
        };
    }
    let question = Question {
        units,
        number,
        asking,
        samples,
        budget,
        whole: OnceCell::new(),
        tried: Cell::new(0),
        is_bounded: Cell::new(false),
    };
    question.answer()
}

/// A question, and what is worked out for it.
struct Question<'q, 'b, 'c> {
    units: &'q Units<'b, 'c>,
    number: UnitIx,
    asking: Asking,
    samples: &'q Samples,
    budget: &'q Budget,
    /// Both sides with everything that they refer to, once they were asked for.
    whole: OnceCell<Option<Trial>>,
    /// How many values were tried.
    tried: Cell<usize>,
    /// Whether something was not tried because of a bound.
    is_bounded: Cell<bool>,
}

impl Question<'_, '_, '_> {
    fn trial(&self, reach: Reach) -> Option<Trial> {
        let trial = Trial::of(self.units, self.number, self.asking, reach)?;
        self.budget.spend(trial.length());
        Some(trial)
    }

    fn whole(&self) -> Option<&Trial> {
        self.whole.get_or_init(|| self.trial(Reach::Full)).as_ref()
    }

    fn answer(&self) -> Answer {
        let local = self.trial(Reach::Local);
        if let Some(trial) = &local {
            if trial.is_partial() {
                return Answer::Unread;
            }
            if let Some(answer) = trial.proved_by_keywords(Reach::Local) {
                return answer;
            }
            // Canonical forms take long where there is much to say; a value may be found sooner.
            if let Some(answer) = self.searched(trial, Effort::Aimed) {
                return answer;
            }
        }
        let is_cut = local.as_ref().is_none_or(Trial::is_cut);
        let whole = if is_cut { self.whole() } else { None };
        let is_partial = whole.is_some_and(Trial::is_partial);
        let whole = whole.filter(|_| !is_partial);
        if let Some(answer) = whole.and_then(|trial| trial.proved_by_keywords(Reach::Full)) {
            return answer;
        }
        let by_all_means = |trial: &Trial, reach: Reach| {
            trial
                .proved_otherwise(reach)
                .or_else(|| self.searched(trial, Effort::Rest))
        };
        let answer = local
            .as_ref()
            .and_then(|trial| by_all_means(trial, Reach::Local))
            .or_else(|| {
                let whole = whole?;
                self.searched(whole, Effort::Aimed)
                    .or_else(|| by_all_means(whole, Reach::Full))
            });
        answer.unwrap_or_else(|| {
            if is_partial {
                Answer::Unread
            } else {
                Answer::Searched {
                    tried: self.tried.get(),
                    is_bounded: self.is_bounded.get(),
                }
            }
        })
    }

    /// What breaks, as far as a search comes upon it.
    fn searched(&self, trial: &Trial, effort: Effort) -> Option<Answer> {
        let most = if self.budget.is_spent() {
            MAX_PATIENCE
        } else {
            MAX_SEARCHED
        };
        if trial.length() > most
            || trial.is_entangled()
            || self.budget.is_spent() && effort == Effort::Rest
        {
            self.is_bounded.set(true);
            return None;
        }
        self.budget.spend(trial.length() * SEARCH);
        let is_real = |value: &Value| self.filled(trial, value).is_some();
        // What stands for a unit cannot always be put in place.
        for may_stand in [true, false] {
            let (found, tries) = trial.search(effort, may_stand, &is_real);
            self.tried.set(self.tried.get() + tries.count);
            self.budget.spend(tries.bytes);
            let Some(found) = found else {
                if may_stand && trial.is_cut() && tries.stood {
                    continue;
                }
                return None;
            };
            let all = trial.breaches(found, &is_real).into_iter();
            let real = all.filter_map(|one| {
                let instance = self.filled(trial, &one.instance)?;
                let reader = self.asking.producer.other();
                let origin = origin(
                    self.units,
                    self.number,
                    self.asking.travel,
                    (&trial.consumer, reader),
                    &one.violation.schema,
                );
                Some(Refutation {
                    instance,
                    origin,
                    ..one
                })
            });
            let real: Vec<Refutation> = real.collect();
            if !real.is_empty() {
                return Some(Answer::Refuted(real));
            }
        }
        None
    }

    /// An instance in which nothing stands for a unit, if the documents themselves refute it: they judge where anything
    /// was left out of what was asked.
    fn filled(&self, trial: &Trial, instance: &Value) -> Option<Value> {
        if !trial.is_cut() && !trial.is_frayed() {
            return Some(instance.clone());
        }
        let draw = |unit, asking| Trial::of(self.units, unit, asking, Reach::Local)?.sample();
        let filled = self.samples.filled(instance, self.asking, &draw)?;
        let unit = &self.units.all[self.number];
        let schema = |side: Side| {
            let (bodies, address) = match side {
                Side::Old => (self.units.old, &unit.old),
                Side::New => (self.units.new, &unit.new),
            };
            bodies.contract.schema_at(address.clone(), unit.direction)
        };
        let consumer = schema(self.asking.producer.other());
        let is_real = schema(self.asking.producer).surely_accepts(&filled)
            && !self.asking.travel.is_accepted(&filled, &consumer);
        is_real.then_some(filled)
    }
}

/// What a search tried.
struct Tried {
    count: usize,
    bytes: usize,
    /// Whether something stood for a unit in a value that seemed to be refused.
    stood: bool,
}

/// Among what an instance is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Among values that break one rule on purpose.
    Aimed,
    /// Among boundary values and random ones, where those were tried.
    Rest,
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
    /// The consumer's canonical form.
    accepted: OnceCell<Option<CanonicalSchema>>,
}

impl Trial {
    fn of(units: &Units<'_, '_>, number: UnitIx, asking: Asking, reach: Reach) -> Option<Self> {
        let cut = |side: Side| Cut {
            side,
            sends: side == asking.producer,
            reach,
            travel: asking.travel,
        };
        let producer = isolate(units, number, cut(asking.producer));
        let consumer = isolate(units, number, cut(asking.producer.other()));
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
            accepted: OnceCell::new(),
        })
    }

    fn producer(&self) -> &Isolated {
        &self.sender.isolated
    }

    fn is_cut(&self) -> bool {
        self.producer().is_cut || self.consumer.is_cut
    }

    /// Whether something that they refer to is left out.
    fn is_frayed(&self) -> bool {
        self.producer().is_frayed() || self.consumer.is_frayed()
    }

    /// Whether something that takes part was not read.
    fn is_partial(&self) -> bool {
        self.producer().is_partial || self.consumer.is_partial
    }

    /// How long both schemas are, written out.
    fn length(&self) -> usize {
        self.producer().length() + self.consumer.length()
    }

    fn is_long(&self) -> bool {
        self.length() > MAX_SHORT
    }

    /// Whether what judges the values is too much: each keyword that sees through references is compiled with all that it
    /// leads to.
    fn is_entangled(&self) -> bool {
        if !self.is_long() {
            return false;
        }
        let definitions = self.producer().definitions.values();
        let through = definitions.map(|one| {
            let text = one.to_string();
            text.matches("\"unevaluatedProperties\"").count()
        });
        through.sum::<usize>() * self.length() > MAX_ENTANGLED
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            sender: &self.sender,
            consumer: &self.consumer,
            accepted: &self.accepted,
            lens: self.asking.lens,
            travel: self.asking.travel,
            direction: self.direction,
        }
    }

    fn proved_by_keywords(&self, reach: Reach) -> Option<Answer> {
        match self.claim().by_keywords() {
            Proof::Equal => Some(Answer::Equal(reach)),
            Proof::Contained if self.is_long() => Some(Answer::Proved(reach)),
            Proof::Contained if self.is_refuted_by_chance() => None,
            Proof::Contained => {
                let may_be_equal = self.length() <= MAX_PATIENCE;
                if may_be_equal && matches!(self.claim().by_canonical_forms(), Proof::Equal) {
                    Some(Answer::Equal(reach))
                } else {
                    Some(Answer::Proved(reach))
                }
            }
            Proof::Nothing(texts) => {
                // Asked for again, they are the same.
                let _ = self.texts.set(texts);
                None
            }
        }
    }

    /// What canonical forms prove, and each of a few listed values.
    fn proved_otherwise(&self, reach: Reach) -> Option<Answer> {
        match self.claim().by_canonical_forms() {
            Proof::Equal => return Some(Answer::Equal(reach)),
            Proof::Contained if !self.is_refuted_by_chance() => {
                return Some(Answer::Proved(reach));
            }
            Proof::Contained | Proof::Nothing(_) => {}
        }
        self.accepts_all_listed().then_some(Answer::Proved(reach))
    }

    /// Whether the producer lists all that it sends, and each of them is accepted.
    fn accepts_all_listed(&self) -> bool {
        !self.is_cut()
            && !self.is_frayed()
            && subsume::listed(self.claim().sent()).is_some_and(|values| {
                values.len() <= MAX_LISTED && values.iter().all(|value| !self.refutes(value))
            })
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

    /// The first instance that refutes and is real, made small, and what was tried.
    /// What stands for units is in it only where it `may_stand` there.
    fn search(
        &self,
        effort: Effort,
        may_stand: bool,
        is_real: &dyn Fn(&Value) -> bool,
    ) -> (Option<Value>, Tried) {
        let stood = Cell::new(false);
        let refutes = |value: &Value| {
            if !self.refutes(value) {
                return false;
            }
            let stands = self.is_cut() && stand_in::is_in(value);
            stood.set(stood.get() || stands);
            (may_stand || !stands) && is_real(value)
        };
        let mut tries = Tries::new(&refutes);
        let found = match effort {
            Effort::Aimed => aimed(
                &self.sender.sent_schema,
                &self.consumer_schema,
                self.sender.bases(&self.consumer),
                &mut tries,
            ),
            Effort::Rest => self.rest(&mut tries),
        };
        let tried = Tried {
            count: tries.count(),
            bytes: tries.bytes(),
            stood: stood.get(),
        };
        (found.map(|value| self.smallest(value, is_real)), tried)
    }

    /// A value that is sent, with little in it; one that is accepted where there is one.
    fn sample(&self) -> Option<Value> {
        let mut generator = Generator::new(0, &["diff", "sample"]);
        let values = self.sender.values().plain().minimal();
        let drawn: Vec<Value> = (0..PROBES)
            .filter_map(|_| generator.draw(&values))
            .filter(|value| self.is_sent(value))
            .collect();
        let accepted = drawn.iter().find(|value| self.accepts(value));
        accepted.or(drawn.first()).cloned()
    }

    /// The smallest value like one that refutes.
    fn smallest(&self, value: Value, is_real: &dyn Fn(&Value) -> bool) -> Value {
        let small = smallest(value.clone(), MAX_SIMPLER, &mut |value| {
            self.seems_to_refute(value)
        });
        if self.refutes(&small) && is_real(&small) {
            return small;
        }
        smallest(value, MAX_SIMPLER, &mut |value| {
            self.refutes(value) && is_real(value)
        })
    }

    /// Looks among boundary values, random ones, and what the difference of both sides gives.
    fn rest(&self, tries: &mut Tries<'_>) -> Option<Value> {
        let mut generator = Generator::new(0, &["diff"]);
        let bases = self.sender.bases(&self.consumer);
        let most = if self.is_long() { LONG_DRAWS } else { DRAWS };
        let edges = generate::edges_of(&self.sender.sent_schema, bases, most);
        if let Some(found) = tries.first(edges.into_iter().map(|edge| edge.value)) {
            return Some(found);
        }
        if let Some(found) = self.drawn(most, &mut generator, tries) {
            return Some(found);
        }
        if self.is_long() {
            return None;
        }
        let broken = generate::mutations_of(&self.consumer_schema, bases, most, &mut generator);
        let broken = broken.into_iter().map(|mutation| mutation.value);
        if let Some(found) = tries.first(broken) {
            return Some(found);
        }
        let values = generate::valid_in_haste(&self.claim().difference()?);
        tries.first((0..20).map_while(|_| generator.draw(&values)))
    }

    /// Looks among random values, some of them changed in a text or by a property more.
    fn drawn(
        &self,
        most: usize,
        generator: &mut Generator,
        tries: &mut Tries<'_>,
    ) -> Option<Value> {
        let texts = self.broken_texts();
        let names = self.names();
        let alone = texts.iter().map(|text| Value::from(text.as_str()));
        if let Some(found) = tries.first(alone) {
            return Some(found);
        }
        let mut misses = 0;
        for index in 0..most {
            if tries.is_over() {
                break;
            }
            let Some(value) = generator.draw(self.sender.values()) else {
                misses += 1;
                if misses < MAX_MISSES {
                    continue;
                }
                return None;
            };
            if tries.refutes(&value) {
                return Some(value);
            }
            if index >= MAX_RETOLD {
                continue;
            }
            let retold = texts.iter().flat_map(|text| with_text(&value, text));
            let changed =
                retold.chain(std::iter::once_with(|| with_more(&value, &names)).flatten());
            let renamed = std::iter::once_with(|| renamed(&value, &names)).flatten();
            let found = tries.first(changed.chain(renamed));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn broken_texts(&self) -> &[String] {
        self.texts.get_or_init(|| self.claim().broken_texts())
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

    /// Each keyword that refuses something: the first is relaxed and the question asked again.
    fn breaches(&self, first: Value, is_real: &dyn Fn(&Value) -> bool) -> Vec<Refutation> {
        let mut all = Vec::new();
        let mut relaxed: Option<Self> = None;
        let mut instance = first;
        while all.len() < MAX_BREACHES {
            let trial = relaxed.as_ref().unwrap_or(self);
            let Some((violation, next)) = trial.named(&instance) else {
                break;
            };
            all.push(self.refutation(trial, instance, violation));
            let Some(next) = next else { break };
            if matches!(next.claim().by_keywords(), Proof::Equal | Proof::Contained) {
                break;
            }
            let mut found = next.search(Effort::Aimed, true, is_real).0;
            if found.is_none() && next.length() <= MAX_PATIENCE {
                found = next.search(Effort::Rest, true, is_real).0;
            }
            let Some(found) = found else {
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
            origin: 0,
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
