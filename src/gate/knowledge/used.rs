//! Values that the service has accepted once, so that it may well refuse them a second time: a name
//! that is taken is no breach of the contract.
//!
//! A refusal of such a value is looked at again with fresh values. Where they are taken, the service
//! wants these properties to be unique, and no later request repeats a value of theirs.

use std::collections::{BTreeSet, HashMap, HashSet};

use http::StatusCode;
use oasgate_document::Pointer;
use serde_json::Value;

use crate::{
    check::{Breach, Intent, Part, has_trait},
    contract::{Operation, Schema},
    exchange::Exchange,
    finding::{Finding, Trait},
    generate::{Generator, Strategies},
    run::Case,
    wire::RequestParts,
};

/// The most values that are remembered.
const MAX_VALUES: usize = 50_000;

/// How many values are drawn for one that is fresh.
const MAX_DRAWS: usize = 20;

/// How deep in a body values are looked for, and how many.
const MAX_DEPTH: usize = 4;
const MAX_LEAVES: usize = 64;

/// How often fresh values are tried for an operation that never accepted anything.
const MAX_FRUITLESS: usize = 3;

/// How often an operation's conflicts are looked at to learn what is unique.
const MAX_CONFLICTS: usize = 3;

/// How many of an operation's conflicts of broken requests are looked at: what is broken was not judged.
const MAX_BROKEN_CONFLICTS: usize = 12;

/// Values of bodies that were accepted, by the name of their property.
#[derive(Debug, Default)]
pub(crate) struct UsedValues {
    known: HashSet<Used>,
    /// Values that were accepted, and those of unique properties that were sent, by their collection: two collections
    /// may have things of one name.
    taken: HashSet<(String, Used)>,
    /// Names of properties of which the service takes a value once.
    unique: BTreeSet<String>,
    /// The values of the first request of each operation that obeyed and was accepted.
    accepted: HashMap<String, RequestParts>,
    /// How many of the conflicts of each operation were looked at.
    conflicts: HashMap<String, usize>,
    /// How many of those of broken requests.
    broken_conflicts: HashMap<String, usize>,
    /// How often fresh values did not help an operation that never accepted anything.
    fruitless: HashMap<String, usize>,
    /// How many fresh values were made.
    renewed: usize,
}

/// The name of a property, and a text or number that it had. What one operation has set, another may
/// find taken, so that the operation is no part of it; and 7 may be kept as the text 7.
type Used = (String, String);

/// Which values are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Texts that were used before and may be names; where there is none, all that were used before.
    Names,
    /// All that were used before.
    Used,
    /// Those of properties that are known to be unique, where something of the same collection has them.
    Repeated,
    /// Those of properties that are known to be unique.
    Unique,
}

/// A request with other values, and the names of the properties that have them.
#[derive(Debug)]
pub(crate) struct Renewed {
    pub(crate) parts: RequestParts,
    pub(crate) names: Vec<String>,
}

impl UsedValues {
    /// Notes what an exchange used up.
    pub(crate) fn observe(&mut self, case: &Case, exchange: &Exchange) {
        if exchange.response.status.is_success()
            && case.intent == Intent::Obey
            && exchange.request.method == case.operation.method
        {
            let id = case.operation.id.to_string();
            let accepted = self.accepted.entry(id);
            accepted.or_insert_with(|| case.parts.clone());
        }
        if exchange.response.status.is_success() && !case.operation.is_safe() {
            self.note(&case.operation, &case.parts);
        }
        if exchange.response.status == StatusCode::NOT_FOUND {
            self.forget(&case.operation, &case.parts);
        }
    }

    /// Notes that a request came to nothing that could have kept its values: they may be sent as they are once more.
    fn forget(&mut self, operation: &Operation, parts: &RequestParts) {
        let Some((_, body)) = parts.body.as_ref().filter(|_| self.knows_unique()) else {
            return;
        };
        let collection = collection_of(operation).to_owned();
        for (at, value) in leaves(body) {
            if let Some(used) = used(&at, value).filter(|used| !self.known.contains(used)) {
                self.taken.remove(&(collection.clone(), used));
            }
        }
    }

    /// Notes values as used.
    fn note(&mut self, operation: &Operation, parts: &RequestParts) {
        let Some((_, body)) = &parts.body else { return };
        let collection = collection_of(operation);
        for (at, value) in leaves(body) {
            if self.known.len() < MAX_VALUES
                && let Some(used) = used(&at, value)
            {
                self.taken.insert((collection.to_owned(), used.clone()));
                self.known.insert(used);
            }
        }
    }

    /// The values of a request of an operation that was accepted.
    pub(crate) fn accepted(&self, operation: &Operation) -> Option<&RequestParts> {
        self.accepted.get(operation.id.as_str())
    }

    /// Whether a finding is about a refusal that may say that a value is taken.
    pub(crate) fn may_be_taken(case: &Case, finding: &Finding, status: StatusCode) -> bool {
        has_trait(&finding.rule, Trait::ConfirmedWithFreshValues)
            && [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&status)
            && !case.operation.is_safe()
            && case.parts.body.is_some()
    }

    /// Whether a request may have met a conflict because a value is taken.
    pub(crate) fn may_conflict(case: &Case, status: StatusCode) -> bool {
        status == StatusCode::CONFLICT
            && (case.intent == Intent::Obey || has_broken_value(case))
            && !case.operation.is_safe()
            && case.parts.body.is_some()
    }

    /// What to make anew in a request that met a conflict: what is known to be unique, or a guess that may
    /// teach it; `None` where enough was guessed.
    pub(crate) fn suspect(&mut self, case: &Case) -> Option<Which> {
        if self.repeats(case) {
            return Some(Which::Unique);
        }
        let id = case.operation.id.to_string();
        if has_broken_value(case) {
            let seen = self.broken_conflicts.entry(id).or_default();
            *seen += 1;
            return (*seen <= MAX_BROKEN_CONFLICTS).then_some(Which::Names);
        }
        let seen = self.conflicts.entry(id).or_default();
        *seen += 1;
        match *seen {
            2 => Some(Which::Used),
            seen => (seen <= MAX_CONFLICTS).then_some(Which::Names),
        }
    }

    /// Whether a property that is known to be unique has a value that was used before.
    fn repeats(&self, case: &Case) -> bool {
        let body = case.parts.body.as_ref();
        let leaves = body.map(|(_, body)| leaves(body)).unwrap_or_default();
        leaves.iter().any(|(at, value)| {
            self.is_unique(at) && used(at, value).is_some_and(|used| self.known.contains(&used))
        })
    }

    /// Whether any property is known to be unique.
    pub(crate) fn knows_unique(&self) -> bool {
        !self.unique.is_empty()
    }

    /// Learns that fresh values of these properties were taken where used ones were refused.
    pub(crate) fn learn_unique(&mut self, names: Vec<String>) {
        self.unique.extend(names);
    }

    /// Whether fresh values may still help an operation: where it never accepted anything, it refuses for
    /// another reason.
    pub(crate) fn may_help(&self, operation: &Operation) -> bool {
        let id = operation.id.as_str();
        let fruitless = self.fruitless.get(id).copied().unwrap_or_default();
        self.accepted.contains_key(id) || fruitless < MAX_FRUITLESS
    }

    /// Notes that fresh values did not help.
    pub(crate) fn note_fruitless(&mut self, operation: &Operation) {
        *self.fruitless.entry(operation.id.to_string()).or_default() += 1;
    }

    /// A request with fresh values in place of those that were used before; `None` where none was.
    pub(crate) fn renewed(
        &mut self,
        case: &Case,
        which: Which,
        drawing: (u64, &Strategies),
    ) -> Option<Renewed> {
        let about = case.breaks.as_ref();
        self.replaced(&case.operation, &case.parts, about, which, drawing)
    }

    /// The values of a request in which no property that is known to be unique repeats a value, and
    /// which are noted as used; `None` where they are so already. What a request is broken in is left
    /// as it is.
    pub(crate) fn without_repetition(
        &mut self,
        operation: &Operation,
        parts: &RequestParts,
        about: Option<&Breach>,
        drawing: (u64, &Strategies),
    ) -> Option<RequestParts> {
        if operation.is_safe() || !self.knows_unique() {
            return None;
        }
        let other = self.replaced(operation, parts, about, Which::Repeated, drawing);
        let other = other.map(|renewed| renewed.parts);
        self.note_unique(operation, other.as_ref().unwrap_or(parts));
        other
    }

    /// Notes the values of properties that are known to be unique as used: requests of one round do not
    /// wait for each other.
    fn note_unique(&mut self, operation: &Operation, parts: &RequestParts) {
        let Some((_, body)) = &parts.body else { return };
        let collection = collection_of(operation);
        for (at, value) in leaves(body) {
            if self.is_unique(&at)
                && self.taken.len() < MAX_VALUES
                && let Some(used) = used(&at, value)
            {
                self.taken.insert((collection.to_owned(), used));
            }
        }
    }

    fn is_unique(&self, at: &Pointer) -> bool {
        at.last().is_some_and(|name| self.unique.contains(&name))
    }

    fn replaced(
        &mut self,
        operation: &Operation,
        parts: &RequestParts,
        about: Option<&Breach>,
        which: Which,
        (seed, strategies): (u64, &Strategies),
    ) -> Option<Renewed> {
        let (range, body) = parts.body.as_ref()?;
        let declared = operation.request_body.as_ref()?;
        let schema = declared.content.entry(range)?.schema.as_ref()?;
        let collection = collection_of(operation);
        let repeated = leaves(body).into_iter().filter(|(at, value)| {
            let is_wanted = matches!(which, Which::Names | Which::Used) || self.is_unique(at);
            let is_used = |used: Used| {
                if which == Which::Repeated {
                    self.taken.contains(&(collection.to_owned(), used))
                } else {
                    self.known.contains(&used)
                }
            };
            is_wanted && !is_about(about, at) && used(at, value).is_some_and(is_used)
        });
        let repeated: Vec<(Pointer, &Value, Schema)> = repeated
            .filter_map(|(at, value)| {
                let property = schema.property_at(&at)?;
                Some((at, value, property))
            })
            .collect();
        // Free texts are what is unique most often, and other values of other kinds may be refused for
        // reasons of their own.
        let is_text = |(_, value, schema): &&(Pointer, &Value, Schema)| {
            which == Which::Names && value.is_string() && is_free(schema)
        };
        let texts: Vec<_> = repeated.iter().filter(is_text).collect();
        let chosen = if texts.is_empty() {
            repeated.iter().collect()
        } else {
            texts
        };
        let mut fresh = body.clone();
        let mut names = Vec::new();
        for (at, value, property) in chosen {
            self.renewed += 1;
            let purpose = format!("fresh {at} {}", self.renewed);
            let mut generator = Generator::new(seed, &[operation.id.as_str(), purpose.as_str()]);
            let is_fresh = |drawn: &Value| {
                property.is_valid(drawn)
                    && used(at, drawn).is_some_and(|used| {
                        let is_known = self.known.contains(&used);
                        !is_known && !self.taken.contains(&(collection.to_owned(), used))
                    })
            };
            let other = another(value, property, &mut generator, strategies, &is_fresh)?;
            *fresh.pointer_mut(at.as_str())? = other;
            names.extend(at.last());
        }
        if names.is_empty() {
            return None;
        }
        let mut parts = parts.clone();
        parts.body = Some((range.clone(), fresh));
        self.note(operation, &parts);
        Some(Renewed { parts, names })
    }
}

/// Another value like one that was taken. A text is made another by a word before or after it, since a
/// text that is drawn may be refused for reasons of its own.
fn another(
    value: &Value,
    schema: &Schema,
    generator: &mut Generator,
    strategies: &Strategies,
    is_fresh: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    let word = word(generator);
    let alike = value.as_str().into_iter().flat_map(|text| {
        let behind = format!("{text}{word}");
        // What stands before the colon of a URI says what it is.
        let alike = if text.contains("://") {
            vec![behind]
        } else {
            vec![format!("{word}{text}"), behind, word.clone()]
        };
        alike.into_iter().map(Value::from)
    });
    let large = LARGE.start + generator.below(LARGE.end - LARGE.start);
    let large = value.is_number().then(|| Value::from(large));
    if let Some(other) = alike.into_iter().chain(large).find(is_fresh) {
        return Some(other);
    }
    let strategy = strategies.valid(schema);
    let drawn = (0..MAX_DRAWS).filter_map(|_| generator.draw(&strategy));
    // What is short is taken soon.
    let drawn = drawn.filter(is_fresh).take(4);
    drawn.max_by_key(|drawn| drawn.as_str().map_or(0, |text| text.len().min(12)))
}

/// Whether a property is what people call a thing by.
pub(crate) fn is_a_title(property: &str) -> bool {
    let property = property.to_lowercase();
    ["name", "title", "label"]
        .iter()
        .any(|one| property.ends_with(one))
}

/// Another key like one that is taken, which hardly anything has.
pub(crate) fn fresh_key(
    taken: &Value,
    schema: &Schema,
    generator: &mut Generator,
    strategies: &Strategies,
) -> Option<Value> {
    another(taken, schema, generator, strategies, &|drawn| {
        drawn != taken && schema.is_valid(drawn)
    })
}

/// Numbers that few things have, and that are far from what any reader takes.
const LARGE: std::ops::Range<usize> = 100_000_000..1_000_000_000;

/// A short word of plain letters.
fn word(generator: &mut Generator) -> String {
    let letters = (0..6).map(|_| b'a' + u8::try_from(generator.below(26)).unwrap_or(0));
    letters.map(char::from).collect()
}

/// Texts and numbers of an object, with where they stand; what is in arrays is not looked at.
fn leaves(body: &Value) -> Vec<(Pointer, &Value)> {
    fn walk<'v>(
        value: &'v Value,
        at: &Pointer,
        depth: usize,
        found: &mut Vec<(Pointer, &'v Value)>,
    ) {
        for (name, value) in value.as_object().into_iter().flatten() {
            if found.len() >= MAX_LEAVES || depth >= MAX_DEPTH {
                return;
            }
            let at = at.join(name);
            match value {
                Value::String(_) | Value::Number(_) => found.push((at, value)),
                _ => walk(value, &at, depth + 1, found),
            }
        }
    }
    let mut found = Vec::new();
    walk(body, &Pointer::root(), 0, &mut found);
    found
}

/// Whether a request is broken at this place, or in something that holds it.
fn is_about(breach: Option<&Breach>, at: &Pointer) -> bool {
    breach.is_some_and(|breach| {
        let broken = &breach.pointer;
        breach.part == Part::Body
            && !broken.is_root()
            && (at.starts_with(broken) || broken.starts_with(at))
    })
}

/// Whether a text may be a name: one of a few, a time and the id of something else are none.
fn is_free(schema: &Schema) -> bool {
    let target = schema.target();
    let raw = target.raw();
    let format = raw
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_closed = raw.get("enum").is_some() || raw.get("const").is_some();
    !is_closed && !["date", "date-time", "time", "duration", "uuid"].contains(&format)
}

/// The path of an operation up to the names that it ends in: what is made and what is changed is of one collection.
fn collection_of(operation: &Operation) -> &str {
    let mut path = operation.path.as_str().trim_end_matches('/');
    while let Some((above, last)) = path.rsplit_once('/') {
        if !last.starts_with('{') {
            break;
        }
        path = above;
    }
    path
}

fn used(at: &Pointer, value: &Value) -> Option<Used> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some((at.last()?, text))
}
/// Whether a request is broken in a value of its own, and not in its bytes.
fn has_broken_value(case: &Case) -> bool {
    let breach = case.breaks.as_ref();
    case.intent == Intent::Break && breach.is_some_and(|breach| !breach.is_of_bytes())
}
