//! The strategies: valid values of a schema, and values that it refuses.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use oasgate_document::{Address, Budget, Exceeded};
use proptest::{
    strategy::{NewTree, Strategy},
    test_runner::TestRunner,
};
use serde_json::Value;

use super::{
    around,
    draw::{Draw, Optional, USUAL_NODES},
    likeness::Likeness,
    limits::{self, Pace},
    order,
    random::below,
    recipe::Recipe,
    tree::{self, Tree},
};
use crate::contract::{
    Direction, Schema,
    canonical::{self, CanonicalSchema},
    effort,
};

/// How often a value is drawn before none is found.
const ATTEMPTS: usize = 100;

/// Which of the attempts at an invalid value is aimed at a rule.
const AIMED: usize = 20;

/// Which side of a schema values are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Valid,
    Invalid,
}

/// A strategy for the values that a schema accepts, or for those that it refuses.
///
/// The validator has the last word on every value. Shrinks toward the smallest and plainest value on
/// the same side.
#[derive(Clone)]
pub struct Values {
    schema: Schema,
    side: Side,
    source: Arc<Source>,
    /// What the other side makes: a value of it, changed a little, may be on this side.
    near: Option<Arc<Recipe>>,
    likeness: Arc<Likeness>,
    /// What the values themselves are called, if anything.
    name: Option<Arc<str>>,
    optional: Optional,
    /// Whether texts keep to letters and digits where they may.
    is_plain: bool,
    /// Whether what the document shows for a property is taken wherever it fits, as it stands.
    is_shown: bool,
    /// A value that the service accepted.
    accepted: Option<Arc<Value>>,
    /// Which alternative is taken wherever there is one; `None` for any.
    alternative: Option<usize>,
    /// How many values used up what they may cost without being found.
    failures: Arc<AtomicUsize>,
    /// What the first value that its patterns made dear came to: no other one is looked for.
    only: Arc<OnceLock<Option<Value>>>,
    /// How many bytes the schema has, written out.
    weight: usize,
    /// How much is spent on one value.
    pace: Pace,
}

/// The longest schema, written out, whose complement is worked out at once.
const CHEAP_COMPLEMENT: usize = 1_000;

/// The longest schema whose complement is worked out at all: the cost grows much faster than the
/// length does, to seconds for a few thousand characters.
const MAX_COMPLEMENT: usize = 4_000;

/// Where values come from.
#[derive(Debug)]
enum Source {
    /// A recipe that is there.
    Ready(Recipe),
    /// The complement of a schema, worked out when nothing simpler helps.
    Complement {
        accepted: CanonicalSchema,
        recipe: OnceLock<Recipe>,
    },
}

impl Source {
    fn complement(accepted: Option<CanonicalSchema>, length: usize) -> Self {
        match accepted {
            Some(accepted) if length <= CHEAP_COMPLEMENT => Self::Ready(complement(&accepted)),
            Some(accepted) if length <= MAX_COMPLEMENT => Self::Complement {
                accepted,
                recipe: OnceLock::new(),
            },
            _ => Self::Ready(Recipe::any()),
        }
    }

    fn recipe(&self) -> &Recipe {
        match self {
            Self::Ready(recipe) => recipe,
            Self::Complement { accepted, recipe } => recipe.get_or_init(|| complement(accepted)),
        }
    }

    fn is_costly(&self) -> bool {
        matches!(self, Self::Complement { .. })
    }
}

fn complement(accepted: &CanonicalSchema) -> Recipe {
    canonical::negation(accepted)
        .as_ref()
        .map_or_else(Recipe::any, Recipe::of)
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Values({:?} of {:?})", self.side, self.schema)
    }
}

/// The strategies of the schemas of one contract, each made once: what many operations share is read
/// for the first of them.
///
/// They are kept up to a bound: in a large document each schema may lead to nearly all others.
#[derive(Debug, Default)]
pub struct Strategies(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    values: HashMap<(Address, Direction), Values>,
    /// How many bytes their schemas have, written out.
    weight: usize,
}

/// How many bytes the schemas have, written out, whose strategies are kept.
const MAX_WEIGHT: usize = 4 << 20;

impl Strategies {
    /// As [`valid`].
    pub fn valid(&self, schema: &Schema) -> Values {
        let schema = schema.target();
        let key = (schema.address().clone(), schema.direction());
        let known = |kept: &Kept| kept.values.get(&key).cloned();
        if let Some(values) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return values;
        }
        let values = valid(&schema);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.weight > MAX_WEIGHT {
            *kept = Kept::default();
        }
        kept.weight += values.weight;
        kept.values.insert(key, values.clone());
        values
    }
}

/// A strategy for the values that a schema accepts.
pub fn valid(schema: &Schema) -> Values {
    from_canonical(schema, Pace::Usual)
}

/// As [`valid`], for many schemas of which none has to give values: little is spent on each. A schema whose canonical
/// form is long in coming is read keyword by keyword; what is drawn is judged all the same.
pub(crate) fn valid_in_haste(schema: &Schema) -> Values {
    from_canonical(schema, Pace::Hasty)
}

/// The longest schema, written out, whose canonical form comes soon.
const MAX_HASTY: usize = 2_500;

fn from_canonical(schema: &Schema, pace: Pace) -> Values {
    let bare = schema.to_generation_schema();
    let weight = bare.to_string().len();
    let comes_soon = || weight <= MAX_HASTY && canonical::comes_soon(&bare);
    let canonical = (pace == Pace::Usual || comes_soon())
        .then(|| canonical::canonical(&bare))
        .flatten();
    let recipe = match canonical {
        Some(canonical) => Recipe::of(&canonical),
        None => Recipe::of_keywords(&bare),
    };
    Values {
        schema: schema.clone(),
        side: Side::Valid,
        source: Arc::new(Source::Ready(recipe)),
        near: None,
        likeness: Arc::new(Likeness::of(schema.shown())),
        name: None,
        optional: Optional::Half,
        is_plain: false,
        is_shown: false,
        accepted: None,
        alternative: None,
        failures: Arc::default(),
        only: Arc::default(),
        weight,
        pace,
    }
}

/// A strategy for the values that a schema refuses; `None` where it is known to refuse none, or
/// where the set of them cannot be described.
pub fn invalid(schema: &Schema) -> Option<Values> {
    let bare = schema.to_generation_schema();
    let accepted = canonical::canonical(&bare);
    if accepted.as_ref().is_some_and(canonical::accepts_all) {
        return None;
    }
    let near = match &accepted {
        Some(accepted) => Recipe::of(accepted),
        None => Recipe::of_keywords(&bare),
    };
    Some(Values {
        schema: schema.clone(),
        side: Side::Invalid,
        source: Arc::new(Source::complement(accepted, bare.to_string().len())),
        near: Some(Arc::new(near)),
        likeness: Arc::default(),
        name: None,
        optional: Optional::Half,
        is_plain: false,
        is_shown: false,
        accepted: None,
        alternative: None,
        failures: Arc::default(),
        only: Arc::default(),
        weight: bare.to_string().len(),
        pace: Pace::Usual,
    })
}

impl Values {
    /// The same, resembling the values that are shown for something of this name, or what the name
    /// says of its values. Only valid values are chosen, as ever.
    #[must_use]
    pub fn like(&self, name: &str, shown: &[Value]) -> Self {
        let mut likeness = Likeness::clone(&self.likeness);
        likeness.add(shown.iter().map(|value| (name.to_owned(), value.clone())));
        Self {
            likeness: Arc::new(likeness),
            name: Some(name.into()),
            ..self.clone()
        }
    }

    /// The same with texts of letters and digits wherever they may be: for what is to stand beside the
    /// part that matters.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self {
            is_plain: true,
            ..self.clone()
        }
    }

    /// The same with what the document shows for properties taken wherever it fits, as it stands.
    #[must_use]
    pub(crate) fn as_shown(&self) -> Self {
        Self {
            is_shown: true,
            ..self.plain()
        }
    }

    /// Whether the document shows a value for a property.
    pub(crate) fn shows_something(&self) -> bool {
        !self.likeness.is_empty()
    }

    /// The same for a service that accepted this value: what others are made from has its members where that is
    /// valid, so that a refusal says something of what is tried.
    #[must_use]
    pub(crate) fn accepting(&self, value: &Value) -> Self {
        Self {
            accepted: Some(Arc::new(value.clone())),
            ..self.clone()
        }
    }

    /// A value with the members of the one that the service accepted in place of its own; `None` where that is not
    /// valid.
    pub(super) fn as_accepted(&self, value: &Value) -> Option<Value> {
        let accepted = self.accepted.as_deref()?.as_object()?;
        let mut members = value.as_object()?.clone();
        for (name, member) in &mut members {
            if let Some(known) = accepted.get(name) {
                member.clone_from(known);
            }
        }
        Some(Value::Object(members)).filter(|changed| self.schema.is_valid(changed))
    }

    /// How many alternatives there are where there are most.
    pub(super) fn alternatives(&self) -> usize {
        self.source.recipe().widest()
    }

    /// The same with one alternative taken wherever there are several.
    #[must_use]
    pub(super) fn with_alternative(&self, turn: usize) -> Self {
        Self {
            alternative: Some(turn),
            ..self.clone()
        }
    }

    /// The same with every optional part there.
    #[must_use]
    pub(crate) fn with_all(&self) -> Self {
        Self {
            optional: Optional::All,
            ..self.plain()
        }
    }

    /// The same with no optional part, and plain texts.
    #[must_use]
    pub(super) fn with_none(&self) -> Self {
        self.plain().minimal()
    }

    /// The same with no optional part.
    #[must_use]
    pub(crate) fn minimal(&self) -> Self {
        Self {
            optional: Optional::None,
            ..self.clone()
        }
    }

    /// One value; `None` when none was found, the schema has no finite one, or the run is to end.
    pub fn draw(&self, runner: &mut TestRunner) -> Option<Value> {
        if self.side == Side::Valid && self.source.recipe().is_endless() {
            return None;
        }
        if let Some(only) = self.only.get() {
            return only.clone();
        }
        let failures = self.failures.load(Ordering::Relaxed);
        let budget = limits::for_value(&self.schema, failures, self.pace);
        let (found, effort) = effort::during(|| self.attempts(runner, &budget));
        if limits::is_dear(&effort) {
            let _ = self.only.set(found.clone());
        }
        if found.is_none() && matches!(budget.step(), Err(Exceeded::Steps(_))) {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        found
    }

    fn attempts(&self, runner: &mut TestRunner, budget: &Budget) -> Option<Value> {
        let attempts = (0..ATTEMPTS).take_while(|_| budget.step().is_ok());
        attempts.into_iter().find_map(|attempt| {
            if self.side == Side::Invalid && attempt == AIMED {
                return self.aimed(runner, budget);
            }
            // A value of the other side is changed a little, or put together without regard to what
            // its parts must be to each other.
            let is_early = self.source.is_costly() && attempt < ATTEMPTS / 2;
            let near = self
                .near
                .as_deref()
                .filter(|_| is_early || attempt % 2 == 1);
            let is_judged = near.is_none() || attempt % 4 == 1;
            let mut draw = Draw {
                recipe: near.unwrap_or_else(|| self.source.recipe()),
                likeness: &self.likeness,
                rng: runner.rng(),
                is_plain: self.is_plain,
                // What is shown may contradict itself.
                is_shown: self.is_shown && attempt < ATTEMPTS / 2,
                is_judged,
                room: USUAL_NODES,
                shared: 0,
                budget,
                // A single alternative may be impossible where it stands.
                alternative: self.alternative.filter(|_| attempt < ATTEMPTS / 4),
                // What is large may be refused as a whole again and again; what is small is not.
                optional: if attempt > ATTEMPTS / 2 && attempt % 2 == 0 {
                    Optional::None
                } else {
                    self.optional
                },
            };
            let mut value = draw.value(self.name.as_deref())?;
            if near.is_some() && is_judged {
                value = tree::changed(&value, runner.rng());
            }
            self.takes(&value, budget)
                .then(|| self.in_order(value, budget))
        })
    }

    /// A valid value with its pairs in order, where it is valid so too.
    fn in_order(&self, value: Value, budget: &Budget) -> Value {
        if self.side == Side::Invalid {
            return value;
        }
        let ordered = order::in_order(&value);
        ordered
            .filter(|ordered| self.takes(ordered, budget))
            .unwrap_or(value)
    }

    /// A valid value with one rule broken on purpose: where nearly every value is valid, chance does not
    /// find the others.
    fn aimed(&self, runner: &mut TestRunner, budget: &Budget) -> Option<Value> {
        let near = self.near.as_deref()?;
        let alternatives = near.widest().clamp(1, around::MAX_ALTERNATIVES);
        (0..alternatives).find_map(|turn| {
            let base = Draw {
                recipe: near,
                likeness: &self.likeness,
                rng: runner.rng(),
                is_plain: true,
                is_shown: false,
                is_judged: true,
                room: USUAL_NODES,
                shared: 0,
                budget,
                alternative: Some(turn),
                optional: Optional::All,
            }
            .value(self.name.as_deref())?;
            let constraints = self.schema.constraints(&base);
            let start = below(runner.rng(), constraints.len());
            let (behind, first) = constraints.split_at(start);
            first
                .iter()
                .chain(behind)
                .flat_map(|constraint| around::broken(&base, constraint))
                .find(|value| self.takes(value, budget))
        })
    }

    fn takes(&self, value: &Value, budget: &Budget) -> bool {
        let is_valid = limits::spend_effort(budget, || match self.side {
            // Why a value is refused costs as much as the schema has rules, and helps nobody here.
            Side::Valid => self.schema.surely_accepts(value),
            Side::Invalid => self.schema.is_valid(value),
        });
        is_valid == Some(self.side == Side::Valid)
    }
}

impl Strategy for Values {
    type Tree = Tree<Box<dyn Fn(&Value) -> bool>>;
    type Value = Value;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let value = self
            .draw(runner)
            .ok_or("no value of the schema was found")?;
        let judge = self.clone();
        let budget = limits::for_value(&self.schema, 0, self.pace);
        let takes = move |value: &Value| judge.takes(value, &budget);
        Ok(Tree::new(value, Box::new(takes)))
    }
}
