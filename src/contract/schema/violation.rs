//! Why a value breaks a schema, in words and with the keyword's place in the document.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use indexmap::IndexSet;
use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use oasgate_document::{Address, Pointer};
use serde_json::Value;

use super::{
    Direction, SchemaStore,
    discriminator::Selection,
    ecma,
    exact::{self, LIMITS, Limit},
    long_enum::listed_as,
    patterns,
    translate::{DISCRIMINATOR, FORMAT},
    unit::REFERENCE,
    value_words::{brief, cut, kind_and_value, kind_of, length, names},
};

/// One way in which a value breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The node of the value.
    pub instance: Pointer,
    /// The keyword in the document that it breaks.
    pub schema: Address,
    /// The keyword's name.
    pub keyword: String,
    /// What is wrong, in one line.
    pub message: String,
    /// What the keyword wants.
    pub expected: String,
    /// What came instead, abbreviated.
    pub actual: String,
    /// What tells it from other breaches of the same keyword: a missing property's name.
    detail: String,
}

impl Violation {
    /// What tells this breach from others at the same place, from run to run.
    pub fn discriminator(&self) -> String {
        if self.detail.is_empty() {
            self.keyword.clone()
        } else {
            format!("{} {}", self.keyword, self.detail)
        }
    }

    /// Whether the keyword is `format`, which not every reader of a document asserts.
    pub fn is_format_only(&self) -> bool {
        self.keyword == "format"
    }
}

/// How many references an explanation follows: as deep as a value may nest.
const MAX_STEPS: usize = 256;

/// How many of the alternatives of an `anyOf` or `oneOf` are explained.
const MAX_ALTERNATIVES: usize = 64;

/// How many breaches of one keyword are told of one value: those of one keyword must not hide another's.
const MAX_OF_A_KEYWORD: usize = 1_000;

/// How many breaches of one value are told.
pub(super) const MAX_VIOLATIONS: usize = 10_000;

/// How many errors of one value are looked at.
const MAX_LOOKED_AT: usize = 200_000;

/// The keywords that a value breaks, as many as are wanted.
pub(super) fn collect(
    store: &SchemaStore,
    address: &Address,
    direction: Direction,
    value: &Value,
    most: usize,
) -> Vec<Violation> {
    let mut found = Found {
        most,
        ..Found::default()
    };
    let explanation = Explanation {
        store,
        direction,
        following: RefCell::default(),
        is_in_name: Cell::new(false),
    };
    explanation.unit(address, value, &Pointer::root(), 0, &mut found);
    found.all.into_iter().collect()
}

/// The breaches found so far, each once: two ways may lead to one keyword, a base and what is derived from it.
struct Found {
    all: IndexSet<Violation>,
    by_keyword: HashMap<Address, usize>,
    looked_at: usize,
    /// How many are wanted.
    most: usize,
    /// The schema objects that were explained at a node, with the steps that led there: what is
    /// reached on another way says the same again.
    explained: HashMap<(Address, *const Value), usize>,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            all: IndexSet::new(),
            by_keyword: HashMap::new(),
            looked_at: 0,
            most: MAX_VIOLATIONS,
            explained: HashMap::new(),
        }
    }
}

impl Found {
    /// What is found in an alternative, to tell how near it is: not all of it matters.
    fn of_alternative() -> Self {
        Self {
            looked_at: MAX_LOOKED_AT - MAX_OF_A_KEYWORD,
            ..Self::default()
        }
    }

    /// Whether a schema object was explained at a node, on a way that is no longer; from now on it is.
    fn is_explained(&mut self, step: &(Address, *const Value), depth: usize) -> bool {
        match self.explained.get_mut(step) {
            Some(known) if *known <= depth => true,
            Some(known) => {
                *known = depth;
                false
            }
            None => {
                self.explained.insert(step.clone(), depth);
                false
            }
        }
    }

    fn is_full(&mut self) -> bool {
        self.looked_at += 1;
        self.looked_at > MAX_LOOKED_AT || self.all.len() >= self.most
    }

    fn add(&mut self, violation: Violation) {
        let number = self.by_keyword.entry(violation.schema.clone()).or_default();
        if *number < MAX_OF_A_KEYWORD && self.all.insert(violation) {
            *number += 1;
        }
    }
}

struct Explanation<'s> {
    store: &'s SchemaStore,
    direction: Direction,
    /// The schema objects being explained, with the node each is at.
    following: RefCell<Vec<(Address, *const Value)>>,
    /// Whether a name is explained: it is no node of the value, and lives no longer than it is looked at.
    is_in_name: Cell<bool>,
}

impl Explanation<'_> {
    fn unit(
        &self,
        address: &Address,
        value: &Value,
        base: &Pointer,
        depth: usize,
        found: &mut Found,
    ) {
        let step = (address.clone(), std::ptr::from_ref(value));
        if depth > MAX_STEPS
            || self.following.borrow().contains(&step)
            || !self.is_in_name.get() && found.is_explained(&step, depth)
        {
            return;
        }
        self.following.borrow_mut().push(step);
        self.errors(address, value, base, depth, found);
        self.following.borrow_mut().pop();
    }

    fn errors(
        &self,
        address: &Address,
        value: &Value,
        base: &Pointer,
        depth: usize,
        found: &mut Found,
    ) {
        let unit = self.store.unit(address, self.direction);
        for error in unit.errors(value) {
            if found.is_full() {
                return;
            }
            let at = unit.keyword_address(self.store.document(), &error);
            let local = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
            let instance = local
                .tokens()
                .fold(base.clone(), |pointer, token| pointer.join(&token));
            if at.pointer.last().as_deref() == Some(REFERENCE) {
                let Some(target) = self.reference_at(&at) else {
                    continue;
                };
                if let Kind::PropertyNames { error } = error.kind() {
                    let before = self.is_in_name.replace(true);
                    self.unit(&target, error.instance(), &instance, depth + 1, found);
                    self.is_in_name.set(before);
                } else {
                    let node = local.get(value).unwrap_or(value);
                    self.unit(&target, node, &instance, depth + 1, found);
                }
                continue;
            }
            if at.pointer.last().as_deref() == Some(DISCRIMINATOR) {
                if let Some(holder) = at.parent() {
                    let node = local.get(value).unwrap_or(value);
                    self.chosen(&holder, node, &instance, depth, found);
                }
                continue;
            }
            let is_alternatives = matches!(
                error.kind(),
                Kind::AnyOf { .. } | Kind::OneOfNotValid { .. }
            );
            if is_alternatives
                && at
                    .parent()
                    .is_some_and(|holder| self.is_chosen(&holder, error.instance()))
            {
                // What the discriminator names says what is wrong.
                continue;
            }
            if self.unevaluated(&error, &at, local.get(value), &instance, depth, found) {
                continue;
            }
            if let Some(violation) = self.violation(&error, at, instance, depth) {
                found.add(violation);
            }
        }
    }

    /// What the schema for unevaluated properties or elements says of them; `false` where there is none, or
    /// where it says nothing.
    fn unevaluated(
        &self,
        error: &ValidationError<'_>,
        at: &Address,
        holder: Option<&Value>,
        instance: &Pointer,
        depth: usize,
        found: &mut Found,
    ) -> bool {
        let has_schema = self.store.document().get(at).is_some_and(Value::is_object);
        let (Some(holder), true) = (holder, has_schema) else {
            return false;
        };
        let (Kind::UnevaluatedProperties { unexpected } | Kind::UnevaluatedItems { unexpected }) =
            error.kind()
        else {
            return false;
        };
        let before = found.all.len();
        let tell = |name: &str, member: &Value, found: &mut Found| {
            self.unit(at, member, &instance.join(name), depth + 1, found);
        };
        match holder {
            Value::Object(members) => unexpected.iter().for_each(|name| {
                if let Some(member) = members.get(name) {
                    tell(name, member, found);
                }
            }),
            // Elements are told by what they are, not by where they stand.
            Value::Array(items) => {
                let unit = self.store.unit(at, self.direction);
                let refused = |item: &&Value| unexpected.contains(&item.to_string());
                for (index, item) in items.iter().enumerate() {
                    if refused(&item) && !unit.is_valid(item) {
                        tell(&index.to_string(), item, found);
                    }
                }
            }
            _ => {}
        }
        found.all.len() > before
    }

    /// Whether a discriminator beside alternatives is what a value breaks.
    fn is_chosen(&self, holder: &Address, value: &Value) -> bool {
        self.store
            .discriminator(holder)
            .is_some_and(|discriminator| match discriminator.select(value) {
                Selection::Nothing => false,
                Selection::Unknown => true,
                Selection::OneOf(targets) => !targets
                    .iter()
                    .any(|target| self.store.unit(target, self.direction).is_valid(value)),
            })
    }

    /// What is wrong with a value by its discriminator: no such name, or what the named schema says.
    fn chosen(
        &self,
        holder: &Address,
        value: &Value,
        instance: &Pointer,
        depth: usize,
        found: &mut Found,
    ) {
        let Some(discriminator) = self.store.discriminator(holder) else {
            return;
        };
        match discriminator.select(value) {
            Selection::OneOf(targets) => {
                if let Some(target) = targets.first() {
                    self.unit(target, value, instance, depth + 1, found);
                }
            }
            Selection::Unknown => {
                let property = &discriminator.property;
                let names: Vec<String> = discriminator
                    .names()
                    .take(MAX_ALTERNATIVES)
                    .map(|name| format!("`{name}`"))
                    .collect();
                found.add(Violation {
                    instance: instance.join(property),
                    schema: holder.join("discriminator"),
                    keyword: "discriminator".to_owned(),
                    message: "the discriminator names no schema".to_owned(),
                    expected: format!("one of {}", names.join(", ")),
                    actual: value.get(property).map(brief).unwrap_or_default(),
                    detail: String::new(),
                });
            }
            Selection::Nothing => {}
        }
    }

    /// Where the reference leads for which the unit has a keyword at `at`.
    fn reference_at(&self, at: &Address) -> Option<Address> {
        let holder = at.parent()?;
        let reference = self.store.document().get(&holder)?.get("$ref")?.as_str()?;
        self.store.document().resolve_at(&holder, reference).ok()
    }

    fn violation(
        &self,
        error: &ValidationError<'_>,
        at: Address,
        instance: Pointer,
        depth: usize,
    ) -> Option<Violation> {
        let value: &Value = error.instance();
        if at.pointer.last().as_deref() == Some(FORMAT) {
            let schema = at.parent()?.join("format");
            let format = self.store.document().get(&schema)?.as_str()?.to_owned();
            return Some(Violation {
                instance,
                schema,
                keyword: "format".to_owned(),
                message: format!("{} is not of format {format}", kind_of(value)),
                expected: format!("format {format}"),
                actual: brief(value),
                detail: format,
            });
        }
        let own = at.pointer.last().unwrap_or_default();
        if own == patterns::BOUNDED {
            let schema = at.parent()?.join("pattern");
            let (message, expected) = ecma::breach(self.store.document().get(&schema)?.as_str()?);
            return Some(Violation {
                instance,
                message,
                expected,
                schema,
                keyword: "pattern".to_owned(),
                actual: brief(value),
                detail: String::new(),
            });
        }
        if let Some((_, keyword)) = LIMITS.iter().find(|(known, _)| *known == own) {
            return self.limit(at.parent()?.join(keyword), keyword, value, instance);
        }
        if let Some(keyword) = listed_as(&own) {
            let schema = at.parent()?.join(keyword);
            let written = cut(self.store.document().text_of(&schema).unwrap_or_default());
            let (message, expected) = match keyword {
                "const" => ("the value is not the constant", written),
                _ => ("the value is not in the enum", format!("one of {written}")),
            };
            return Some(Violation {
                instance,
                schema,
                keyword: keyword.to_owned(),
                message: message.to_owned(),
                expected,
                actual: brief(value),
                detail: String::new(),
            });
        }
        let keyword = at
            .pointer
            .last()
            .filter(|last| last.parse::<usize>().is_err())
            .unwrap_or_else(|| error.kind().keyword().to_owned());
        let mut detail = String::new();
        let mut actual = brief(value);
        let (message, expected) = match error.kind() {
            Kind::Type { kind } => {
                actual = kind_and_value(value);
                let wanted = match kind {
                    TypeKind::Single(one) => one.to_string(),
                    TypeKind::Multiple(several) => several
                        .iter()
                        .map(|one| one.to_string())
                        .collect::<Vec<_>>()
                        .join(" or "),
                };
                (
                    format!("{} is not of type {wanted}", kind_of(value)),
                    wanted,
                )
            }
            Kind::Required { property } => {
                let name = property
                    .as_str()
                    .map_or_else(|| property.to_string(), str::to_owned);
                detail.clone_from(&name);
                actual = names(value);
                (
                    format!("the required property `{name}` is missing"),
                    format!("a property `{name}`"),
                )
            }
            Kind::Enum { options } => (
                "the value is not in the enum".to_owned(),
                format!("one of {}", brief(options)),
            ),
            Kind::Constant { expected_value } => (
                "the value is not the constant".to_owned(),
                brief(expected_value),
            ),
            Kind::Format { format } => {
                detail.clone_from(format);
                (
                    format!("the text is not of format {format}"),
                    format!("format {format}"),
                )
            }
            Kind::Pattern { pattern } => {
                let as_written = self.store.document().get(&at).and_then(Value::as_str);
                ecma::breach(as_written.unwrap_or(pattern))
            }
            // The pattern could not be decided within its bound: nothing is known, nothing is said.
            Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => return None,
            Kind::Minimum { limit } => (
                "the number is too small".to_owned(),
                format!("at least {limit}"),
            ),
            Kind::ExclusiveMinimum { limit } => (
                "the number is too small".to_owned(),
                format!("more than {limit}"),
            ),
            Kind::Maximum { limit } => (
                "the number is too great".to_owned(),
                format!("at most {limit}"),
            ),
            Kind::ExclusiveMaximum { limit } => (
                "the number is too great".to_owned(),
                format!("less than {limit}"),
            ),
            Kind::MultipleOf { multiple_of } => (
                format!("the number is no multiple of {multiple_of}"),
                format!("a multiple of {multiple_of}"),
            ),
            Kind::MinLength { limit } => {
                actual = length(value);
                (
                    "the text is too short".to_owned(),
                    format!("at least {limit} characters"),
                )
            }
            Kind::MaxLength { limit } => {
                actual = length(value);
                (
                    "the text is too long".to_owned(),
                    format!("at most {limit} characters"),
                )
            }
            Kind::MinItems { limit } => {
                actual = length(value);
                (
                    "the array is too short".to_owned(),
                    format!("at least {limit} elements"),
                )
            }
            Kind::MaxItems { limit } => {
                actual = length(value);
                (
                    "the array is too long".to_owned(),
                    format!("at most {limit} elements"),
                )
            }
            Kind::AdditionalItems { limit } => {
                actual = length(value);
                (
                    "the array is too long".to_owned(),
                    format!("at most {limit} elements"),
                )
            }
            Kind::MinProperties { limit } => {
                actual = length(value);
                (
                    "the object has too few properties".to_owned(),
                    format!("at least {limit} properties"),
                )
            }
            Kind::MaxProperties { limit } => {
                actual = length(value);
                (
                    "the object has too many properties".to_owned(),
                    format!("at most {limit} properties"),
                )
            }
            Kind::UniqueItems => (
                "the array has equal elements".to_owned(),
                "elements that all differ".to_owned(),
            ),
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                actual = unexpected
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ");
                (
                    format!(
                        "{} not allowed: {actual}",
                        if unexpected.len() == 1 {
                            "a property is"
                        } else {
                            "properties are"
                        }
                    ),
                    "only the properties that are named".to_owned(),
                )
            }
            Kind::AnyOf { .. } => self.alternatives(&at, "anyOf", value, depth),
            Kind::OneOfNotValid { .. } => self.alternatives(&at, "oneOf", value, depth),
            Kind::OneOfMultipleValid { .. } => {
                let fitting = self.fitting(&at, value);
                (
                    format!(
                        "more than one alternative of oneOf accepts the value: {}",
                        fitting.join(", ")
                    ),
                    "exactly one alternative that accepts it".to_owned(),
                )
            }
            Kind::Not { .. } => (
                "the value is what `not` forbids".to_owned(),
                "a value that `not` does not describe".to_owned(),
            ),
            Kind::FalseSchema => ("nothing is allowed here".to_owned(), "no value".to_owned()),
            Kind::Contains => (
                "no element is as `contains` wants it".to_owned(),
                "an element that `contains` describes".to_owned(),
            ),
            Kind::PropertyNames { error } => {
                actual = brief(error.instance());
                (
                    "a property's name is not allowed".to_owned(),
                    "names that `propertyNames` describes".to_owned(),
                )
            }
            _ => (error.to_string(), format!("what `{keyword}` describes")),
        };
        Some(Violation {
            instance,
            schema: at,
            keyword,
            message,
            expected,
            actual,
            detail,
        })
    }

    /// A number beyond a limit, which stands at `schema`.
    fn limit(
        &self,
        schema: Address,
        keyword: &str,
        value: &Value,
        instance: Pointer,
    ) -> Option<Violation> {
        let document = self.store.document();
        // Up to 3.0 `exclusiveMinimum: true` makes the bound beside it exclusive.
        let bound = match document.get(&schema)? {
            Value::Bool(_) => schema.parent()?.join(&keyword.replace("exclusiveM", "m")),
            _ => schema.clone(),
        };
        let limit = document.get(&bound)?.as_number()?;
        let digits = exact::digits(document, &bound, limit);
        let (message, expected) = Limit::breach(keyword, &digits);
        Some(Violation {
            instance,
            schema,
            keyword: keyword.to_owned(),
            message,
            expected,
            actual: brief(value),
            detail: String::new(),
        })
    }

    /// The message for a value that no alternative accepts: which alternative is nearest, and where
    /// it fails.
    fn alternatives(
        &self,
        at: &Address,
        keyword: &str,
        value: &Value,
        depth: usize,
    ) -> (String, String) {
        let count = self.count(at);
        let expected = format!("one of the {count} alternatives of {keyword}");
        let mut nearest: Option<(usize, Address, Vec<Violation>)> = None;
        if depth < 4 {
            for index in 0..count.min(MAX_ALTERNATIVES) {
                let branch = at.index(index);
                let mut found = Found::of_alternative();
                self.unit(&branch, value, &Pointer::root(), depth + 1, &mut found);
                let found: Vec<Violation> = found.all.into_iter().collect();
                // A value of another type, or with another tag, was never meant to be this one.
                let strange = found
                    .iter()
                    .filter(|one| {
                        one.instance.is_root() && one.keyword == "type"
                            || matches!(one.keyword.as_str(), "enum" | "const")
                    })
                    .count();
                let distance = strange * 1000 + found.len();
                if nearest.as_ref().is_none_or(|(least, ..)| distance < *least) {
                    nearest = Some((distance, branch, found));
                }
            }
        }
        let message = match nearest {
            Some((_, branch, found)) if !found.is_empty() => {
                let first = &found[0];
                let place = if first.instance.is_root() {
                    String::new()
                } else {
                    format!("{}: ", first.instance)
                };
                format!(
                    "no alternative of {keyword} accepts the value; the nearest is {}, where {place}{}",
                    self.branch_name(&branch),
                    first.message,
                )
            }
            _ => format!("no alternative of {keyword} accepts the value"),
        };
        (message, expected)
    }

    fn fitting(&self, at: &Address, value: &Value) -> Vec<String> {
        (0..self.count(at))
            .map(|index| at.index(index))
            .filter(|branch| self.store.unit(branch, self.direction).is_valid(value))
            .map(|branch| self.branch_name(&branch))
            .collect()
    }

    fn count(&self, at: &Address) -> usize {
        self.store
            .document()
            .get(at)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    }

    /// A component's name, else the position.
    fn branch_name(&self, branch: &Address) -> String {
        let target = self.store.target(branch);
        super::standalone::component_name(&target)
            .or_else(|| branch.pointer.last().map(|index| format!("number {index}")))
            .unwrap_or_default()
    }
}
