//! Patterns, each compiled once and tried within a bound.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use jsonschema::{
    PatternOptions, Retrieve, ValidationOptions, Validator,
    error::ValidationErrorKind,
    json::{Json, SerdeJson},
};
use oasgate_document::{Address, Document, FileId, Pointer};
use serde_json::{Value, json};

use super::{
    ecma::{self, Cost},
    effort,
};

/// How many places of a pattern may be tried at once on a text of any length.
const MAX_PLACES: u64 = 64;

/// How often a reader may go back in a text at first, which is more than ordinary texts need.
const FEW_RETURNS: usize = 100;

/// How often a reader may go back in a text at all; less in a long one, because each time it may read all of it.
const MAX_RETURNS: usize = 100_000;

/// How many bytes a reader that goes back may read again in one text, about.
const MAX_READ_AGAIN: usize = 1 << 24;

/// From how many steps on the answer for a text is remembered.
const COSTLY: u64 = 1 << 14;

/// How many answers of one pattern are remembered.
const MAX_REMEMBERED: usize = 64;

/// The longest text whose answer is remembered.
const MAX_REMEMBERED_TEXT: usize = 10_000;

/// The keyword that stands for `pattern` where it is tried on texts within a bound.
pub(super) const BOUNDED: &str = "x-oasgate-pattern";

/// How that keyword is written: the address of its schema object, and the pattern.
pub(super) fn bounded(at: &Address, plain: &str) -> Value {
    json!([at.file.index(), at.pointer.as_str(), plain])
}

/// How patterns are read.
pub(super) fn engine<F: Json>() -> ValidationOptions<'static, Arc<dyn Retrieve>, F> {
    engine_within(MAX_RETURNS)
}

/// How patterns are read where a reader may go back in a text so often.
fn engine_within<F: Json>(returns: usize) -> ValidationOptions<'static, Arc<dyn Retrieve>, F> {
    let engine = PatternOptions::fancy_regex().backtrack_limit(returns);
    jsonschema::options_for::<F>().with_pattern_options(engine)
}

/// Whether a pattern costs more the longer a text is, so that it is tried within a bound.
pub(super) fn is_costly(plain: &str) -> bool {
    match ecma::cost(plain) {
        Cost::Places(places) => places > MAX_PLACES,
        Cost::GoingBack => true,
    }
}

/// A pattern that is tried on texts within a bound.
pub(super) struct Bounded {
    plain: String,
    cost: Cost,
    /// For one that goes back, with few returns.
    first: Validator,
    /// With more returns, by how many.
    more: Mutex<HashMap<usize, Arc<Validator>>>,
    known: Mutex<HashMap<String, bool>>,
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bounded({})", self.plain)
    }
}

impl Bounded {
    /// `None` where the pattern cannot be read.
    pub(super) fn new(plain: &str) -> Option<Self> {
        Some(Self {
            plain: plain.to_owned(),
            cost: ecma::cost(plain),
            first: compiled(plain, FEW_RETURNS)?,
            more: Mutex::default(),
            known: Mutex::default(),
        })
    }

    /// Whether a text matches; `None` where that would cost too much.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        let length = text.len() as u64;
        let places = match self.cost {
            Cost::Places(few) if few <= MAX_PLACES => return answer(&self.first, text),
            Cost::Places(places) => places,
            Cost::GoingBack => return self.matches_going_back(text),
        };
        let steps = length.saturating_mul(places.min(length));
        if !effort::spend(steps) {
            return None;
        }
        self.remembered(text, steps, || answer(&self.first, text))
    }

    fn matches_going_back(&self, text: &str) -> Option<bool> {
        let length = text.len().max(1);
        if !effort::spend(length as u64) {
            return None;
        }
        let first = self.remembered(text, length as u64, || answer(&self.first, text));
        if first.is_some() {
            return first;
        }
        let mut returns = MAX_RETURNS;
        while returns > FEW_RETURNS && returns.saturating_mul(length) > MAX_READ_AGAIN {
            returns /= 10;
        }
        let steps = (returns.saturating_mul(length)) as u64;
        if returns <= FEW_RETURNS || !effort::spend(steps) {
            return None;
        }
        self.remembered(text, steps, || {
            let mut more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
            let validator = match more.get(&returns) {
                Some(known) => Arc::clone(known),
                None => {
                    let new = Arc::new(compiled(&self.plain, returns)?);
                    more.insert(returns, Arc::clone(&new));
                    new
                }
            };
            drop(more);
            answer(&validator, text)
        })
    }

    /// The answer for a text that costs so many steps, which is looked for once: a generated text is judged again and
    /// again.
    fn remembered(
        &self,
        text: &str,
        steps: u64,
        find: impl FnOnce() -> Option<bool>,
    ) -> Option<bool> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if steps < COSTLY || text.len() > MAX_REMEMBERED_TEXT {
            return find();
        }
        if let Some(answer) = known().get(text) {
            return Some(*answer);
        }
        let answer = find()?;
        let mut known = known();
        if known.len() >= MAX_REMEMBERED {
            known.clear();
        }
        known.insert(text.to_owned(), answer);
        Some(answer)
    }
}

fn compiled(plain: &str, returns: usize) -> Option<Validator> {
    let options = engine_within::<SerdeJson>(returns);
    options.build(&json!({ "pattern": plain })).ok()
}

/// Whether a text matches; `None` where a reader would have to go back more often than it may.
fn answer(validator: &Validator, text: &str) -> Option<bool> {
    let value = Value::from(text);
    match validator.validate(&value) {
        Ok(()) => Some(true),
        Err(error) if matches!(error.kind(), ValidationErrorKind::Pattern { .. }) => Some(false),
        Err(_) => None,
    }
}

/// The patterns of a document that names are held against, by how they are written.
#[derive(Default)]
pub(super) struct Patterns {
    known: RwLock<HashMap<String, Option<Arc<Bounded>>>>,
    /// Those of them that are costly, each with one of its places.
    costly: OnceLock<Vec<(Address, Arc<Bounded>)>>,
}

impl Patterns {
    /// Whether a name matches; none matches a pattern that cannot be read, and any one that would cost too much.
    pub(super) fn matches(&self, pattern: &str, name: &str) -> bool {
        self.compiled(pattern)
            .is_some_and(|pattern| pattern.matches(name).unwrap_or(true))
    }

    /// Whether a pattern can be read.
    pub(super) fn reads(&self, pattern: &str) -> bool {
        self.compiled(pattern).is_some()
    }

    /// Whether no pattern that names are held against is costly.
    pub(super) fn takes_all_names(&self, document: &Document) -> bool {
        self.costly(document).is_empty()
    }

    /// Whether the names in a value can be held against all costly patterns that names are held against; the first one
    /// that cannot is noted. A validator tries them itself, and within no bound of its own.
    pub(super) fn takes_names(&self, document: &Document, value: &Value) -> bool {
        let costly = self.costly(document);
        costly.is_empty() || names_are_short(costly, value)
    }

    fn costly(&self, document: &Document) -> &[(Address, Arc<Bounded>)] {
        self.costly.get_or_init(|| self.costly_ones(document))
    }

    fn costly_ones(&self, document: &Document) -> Vec<(Address, Arc<Bounded>)> {
        let mut found = Costly::default();
        for index in 0..document.files().count() {
            let file = FileId::from_index(index);
            if let Some(root) = document.file(file) {
                self.collect(file, &Trail::Start, root, &mut found);
            }
        }
        found.patterns
    }

    fn collect(&self, file: FileId, at: &Trail<'_>, value: &Value, found: &mut Costly) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let below = Trail::Name(at, name);
                    if let (true, Value::Object(patterns)) = (name == KEYWORD, member) {
                        for pattern in patterns.keys() {
                            self.add(file, &Trail::Name(&below, pattern), pattern, found);
                        }
                    }
                    self.collect(file, &below, member, found);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.collect(file, &Trail::Index(at, index), item, found);
                }
            }
            _ => {}
        }
    }

    fn add(&self, file: FileId, at: &Trail<'_>, pattern: &str, found: &mut Costly) {
        let plain = ecma::plain(pattern).filter(|plain| is_costly(plain));
        if plain.is_some_and(|plain| found.seen.insert(plain))
            && let Some(bounded) = self.compiled(pattern)
        {
            let pointer = at.pointer();
            found.patterns.push((Address { file, pointer }, bounded));
        }
    }

    fn compiled(&self, pattern: &str) -> Option<Arc<Bounded>> {
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pattern)
            .cloned();
        known.unwrap_or_else(|| {
            // Read by the validator itself, so that both mean the same by a pattern.
            let plain = ecma::plain(pattern);
            let compiled = Bounded::new(plain.as_deref().unwrap_or(pattern)).map(Arc::new);
            self.known
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(pattern.to_owned(), compiled.clone());
            compiled
        })
    }
}

/// The keyword whose members are patterns of names.
const KEYWORD: &str = "patternProperties";

/// The costly patterns of names of a document, each once.
#[derive(Default)]
struct Costly {
    patterns: Vec<(Address, Arc<Bounded>)>,
    seen: HashSet<String>,
}

/// The way to a node of a document, written out where it is asked for: most nodes are passed.
enum Trail<'t> {
    Start,
    Name(&'t Trail<'t>, &'t str),
    Index(&'t Trail<'t>, usize),
}

impl Trail<'_> {
    fn pointer(&self) -> Pointer {
        match self {
            Self::Start => Pointer::root(),
            Self::Name(before, name) => before.pointer().join(name),
            Self::Index(before, index) => before.pointer().index(*index),
        }
    }
}

/// Whether each name in a value is decided by each pattern.
fn names_are_short(costly: &[(Address, Arc<Bounded>)], value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| names_are_short(costly, item)),
        Value::Object(members) => members.iter().all(|(name, member)| {
            let long = costly
                .iter()
                .find(|(_, pattern)| pattern.matches(name).is_none());
            if let Some((at, _)) = long {
                effort::leave(at, name.len(), value);
            }
            long.is_none() && names_are_short(costly, member)
        }),
        _ => true,
    }
}
