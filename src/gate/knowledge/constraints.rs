//! Constraints that refusals name and the document does not: `limit must be a multiple of 5`.
//!
//! A service that refuses a valid request often says why. What two refusals say of the same part is
//! taken as a rule: later random values keep it, so that they get past the refusal, and a note tells
//! what is missing from the document.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::refusal::{Hint, MAX_TEXT, Named, missing_parts};
use crate::{
    check::{self, Part},
    contract::{Operation, Schema},
    exchange::Exchange,
    finding::Finding,
    gate::identity::{Identity, identity},
    generate::{Generator, Strategies},
    run::Case,
    wire::{RequestParts, read_text},
};

/// What stands before a list of the values that there are.
const LISTS: [&str; 6] = [
    "one of",
    "allowed values",
    "available ",
    "possible values",
    "supported values",
    "valid values",
];

/// How many refusals must say the same.
const MIN_CONFIRMATIONS: usize = 2;
/// How many values are drawn for a part that must be there.
const MAX_DRAWS: usize = 20;

/// A rule that a refusal names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Constraint {
    /// `must be a multiple of 5`
    MultipleOf(i64),
    /// `must be at most 10`
    AtMost(i64),
    /// `must be at least 1`
    AtLeast(i64),
    /// `no more than 2 decimal places`
    Decimals(usize),
    /// `at most 10 characters`
    LongestText(usize),
    /// `at least 3 characters`
    ShortestText(usize),
    /// `must be one of a, b`
    OneOf(Vec<String>),
    /// `is required`
    Present,
}

/// What refusals have said so far.
#[derive(Debug, Default)]
pub(crate) struct InferredConstraints {
    hints: BTreeMap<(String, String, Constraint), HashSet<Identity>>,
    learned: Vec<InferredConstraint>,
}

/// A rule that was learned.
#[derive(Clone, Debug)]
pub(crate) struct InferredConstraint {
    operation: String,
    named: Named,
    constraint: Constraint,
}

impl InferredConstraints {
    /// Takes in a refusal of a valid case. Answers the rules that are now believed.
    pub(crate) fn take(&mut self, case: &Case, said: &[Hint]) -> Vec<InferredConstraint> {
        let mut new = Vec::new();
        let of_values = said.iter().filter_map(|hint| {
            let constraint = Constraint::read(&hint.text)?;
            Some((hint.speaks_of(&case.parts)?, constraint))
        });
        let missing = missing_parts(&case.operation, &case.parts, said).into_iter();
        let of_missing = missing.map(|named| (named, Constraint::Present));
        for (named, constraint) in of_values.chain(of_missing) {
            let operation = case.operation.id.to_string();
            let property = named.property.as_deref().unwrap_or_default();
            let place = format!("{} {property}", named.part);
            let cases = self
                .hints
                .entry((operation.clone(), place, constraint.clone()))
                .or_default();
            if cases.insert(identity(&case.request)) && cases.len() == MIN_CONFIRMATIONS {
                let constraint = InferredConstraint {
                    operation,
                    named,
                    constraint,
                };
                self.learned.push(constraint.clone());
                new.push(constraint);
            }
        }
        new
    }

    /// The values of a case changed so that they keep what was learned; `None` where they do already.
    pub(crate) fn narrowed(
        &self,
        operation: &Operation,
        parts: &RequestParts,
        drawing: (u64, &Strategies),
    ) -> Option<RequestParts> {
        let mut changed = None;
        for constraint in self
            .learned
            .iter()
            .filter(|constraint| constraint.operation == operation.id.as_str())
        {
            let current = changed.as_ref().unwrap_or(parts);
            if let Some(next) = constraint.apply(operation, current, drawing) {
                changed = Some(next);
            }
        }
        changed
    }
}

impl InferredConstraint {
    /// That a refusal names a rule which the document does not have.
    pub(crate) fn finding(&self, case: &Case, exchange: &Exchange) -> Finding {
        check::undocumented_constraint(
            &case.operation,
            exchange,
            &self.named.part,
            self.named.property.as_deref(),
            self.constraint.keyword(),
            &self.constraint.words(),
        )
    }

    fn apply(
        &self,
        operation: &Operation,
        parts: &RequestParts,
        drawing: (u64, &Strategies),
    ) -> Option<RequestParts> {
        if self.constraint == Constraint::Present {
            return with_part(operation, parts, &self.named, drawing);
        }
        match (&self.named.part, &self.named.property) {
            (Part::Parameter(location, name), _) => {
                let schema = operation
                    .parameters_in(*location)
                    .find(|parameter| parameter.name == *name)
                    .and_then(|parameter| parameter.value.schema());
                let value = self.constraint.keep(parts.get(*location, name)?, schema)?;
                let mut changed = parts.clone();
                changed.set(*location, name, value);
                Some(changed)
            }
            (Part::Body, Some(property)) => {
                let (range, body) = parts.body.as_ref()?;
                let mut body = body.clone();
                let member = body.get_mut(property)?;
                *member = self.constraint.keep(member, None)?;
                Some(RequestParts {
                    body: Some((range.clone(), body)),
                    ..parts.clone()
                })
            }
            (Part::Body, None) => None,
        }
    }
}

/// The values of a request with one for a part that is not there; `None` where it is, or none can be drawn.
pub(crate) fn with_part(
    operation: &Operation,
    parts: &RequestParts,
    named: &Named,
    (seed, strategies): (u64, &Strategies),
) -> Option<RequestParts> {
    let mut changed = parts.clone();
    match (&named.part, &named.property) {
        (Part::Parameter(location, name), _) => {
            if parts.get(*location, name).is_some() {
                return None;
            }
            let mut declared = operation.parameters_in(*location);
            let schema = declared.find(|one| one.name == *name)?.value.schema()?;
            let value = drawn(operation, schema, name, (seed, strategies))?;
            changed.set(*location, name, value);
        }
        (Part::Body, Some(name)) => {
            let (range, body) = changed.body.as_mut()?;
            let content = &operation.request_body.as_ref()?.content;
            let schema = content.entry(range)?.schema.as_ref()?;
            let members = body.as_object_mut()?;
            if members.contains_key(name) {
                return None;
            }
            // As many values as there are bodies, so that no two requests are alike.
            let purpose = format!("{name} {}", Value::from(members.clone()));
            let property = schema.property(name)?;
            let value = drawn(operation, &property, &purpose, (seed, strategies))?;
            members.insert(name.clone(), value);
            if !schema.is_valid(body) {
                return None;
            }
        }
        (Part::Body, None) => return None,
    }
    Some(changed)
}

/// A value that is not empty, where the schema has one.
fn drawn(
    operation: &Operation,
    schema: &Schema,
    purpose: &str,
    (seed, strategies): (u64, &Strategies),
) -> Option<Value> {
    let mut generator = Generator::new(seed, &[operation.id.as_str(), "present", purpose]);
    let strategy = strategies.valid(schema);
    let mut values: Vec<Value> = (0..MAX_DRAWS)
        .map_while(|_| generator.draw(&strategy))
        .collect();
    let is_something = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    let at = values.iter().position(is_something).unwrap_or(0);
    (at < values.len()).then(|| values.swap_remove(at))
}

impl Constraint {
    /// The rule that a sentence names.
    pub(super) fn read(text: &str) -> Option<Self> {
        const MOST: &[&str] = &[
            "at most ",
            "less than or equal to ",
            "no more than ",
            "not exceed ",
            "<= ",
            "up to ",
            "maximum of ",
            "maximum is ",
            "no longer than ",
        ];
        const LEAST: &[&str] = &[
            "at least ",
            "greater than or equal to ",
            "no less than ",
            ">= ",
            "minimum of ",
            "minimum is ",
            "no shorter than ",
        ];
        let lower = text.to_lowercase();
        let behind = |words: &[&str]| {
            words
                .iter()
                .find_map(|word| lower.find(word).map(|at| &lower[at + word.len()..]))
        };
        if let Some(rest) = behind(&["multiple of ", "divisible by "]) {
            return number(rest).filter(|step| *step > 1).map(Self::MultipleOf);
        }
        // The words keep their case: they are values.
        let listed = LISTS.iter().find_map(|phrase| {
            let behind = lower.find(phrase)? + phrase.len();
            text.get(behind..)
        });
        if let Some(listed) = listed {
            return words(listed).map(Self::OneOf);
        }
        let is_length = |rest: &str| rest.contains("character") || rest.contains("long");
        if let Some(rest) = behind(MOST) {
            let most = number(rest)?;
            if rest.contains("decimal") {
                return usize::try_from(most).ok().map(Self::Decimals);
            }
            if counts_parts(rest) {
                return None;
            }
            return Some(if is_length(rest) {
                Self::LongestText(usize::try_from(most).ok()?)
            } else {
                Self::AtMost(most)
            });
        }
        if let Some(rest) = behind(LEAST) {
            let least = number(rest)?;
            if rest.contains("decimal") || counts_parts(rest) {
                return None;
            }
            return Some(if is_length(rest) {
                Self::ShortestText(usize::try_from(least).ok()?)
            } else {
                Self::AtLeast(least)
            });
        }
        None
    }

    /// The rule in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::MultipleOf(step) => format!("a multiple of {step}"),
            Self::AtMost(most) => format!("at most {most}"),
            Self::AtLeast(least) => format!("at least {least}"),
            Self::Decimals(most) => format!("a number of at most {most} decimal places"),
            Self::LongestText(most) => format!("at most {most} characters"),
            Self::ShortestText(least) => format!("at least {least} characters"),
            Self::OneOf(values) => format!("one of {}", values.join(", ")),
            Self::Present => "present".to_owned(),
        }
    }

    /// The keyword that would say it in the document.
    pub(crate) const fn keyword(&self) -> &'static str {
        match self {
            Self::MultipleOf(_) | Self::Decimals(_) => "multipleOf",
            Self::AtMost(_) => "maximum",
            Self::AtLeast(_) => "minimum",
            Self::LongestText(_) => "maxLength",
            Self::ShortestText(_) => "minLength",
            Self::OneOf(_) => "enum",
            Self::Present => "required",
        }
    }

    /// The nearest value that keeps the rule; `None` where this one does, or none can be made.
    fn keep(&self, value: &Value, schema: Option<&Schema>) -> Option<Value> {
        let nearest = match self {
            Self::MultipleOf(step) => Value::from(value.as_i64()? / step * step),
            Self::AtMost(most) => Value::from(value.as_i64()?.min(*most)),
            Self::AtLeast(least) => Value::from(value.as_i64()?.max(*least)),
            Self::Decimals(most) => with_decimals(value, *most)?,
            Self::LongestText(most) => value
                .as_str()?
                .chars()
                .take(*most)
                .collect::<String>()
                .into(),
            Self::ShortestText(least) => {
                let text = value.as_str()?;
                let missing = least.saturating_sub(text.chars().count());
                format!("{text}{}", "a".repeat(missing.min(MAX_TEXT))).into()
            }
            // What is there is present.
            Self::Present => return None,
            Self::OneOf(values) => {
                let plain = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                if values.contains(&plain) {
                    return None;
                }
                // Different values stay different as far as they can.
                let at = plain.bytes().map(usize::from).sum::<usize>() % values.len().max(1);
                read_text(values.get(at)?, schema)
            }
        };
        let is_valid = schema.is_none_or(|schema| schema.is_valid(&nearest));
        (nearest != *value && is_valid).then_some(nearest)
    }
}

/// Whether a limit is one on how many parts a value has, and not on the value.
fn counts_parts(rest: &str) -> bool {
    const PARTS: &[&str] = &["digit", "element", "entries", "entry", "item", "propert"];
    let mut words = rest.split_whitespace().skip(1).take(3);
    words.any(|word| PARTS.iter().any(|part| word.starts_with(part)))
}

/// A number, or the text of one, cut after some decimal places.
fn with_decimals(value: &Value, most: usize) -> Option<Value> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (whole, decimals) = text.split_once('.')?;
    if decimals.len() <= most || !decimals.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    let cut = match most {
        0 => whole.to_owned(),
        _ => format!("{whole}.{}", decimals.get(..most)?),
    };
    match value {
        Value::String(_) => Some(cut.into()),
        _ => cut.parse().ok().map(Value::Number),
    }
}

/// The whole number that a text begins with.
fn number(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(['`', '\'', '"', ' ']);
    let end = text
        .char_indices()
        .find(|(at, character)| !(character.is_ascii_digit() || *at == 0 && *character == '-'))
        .map_or(text.len(), |(at, _)| at);
    // `0.5` is no whole number.
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|one: char| one.is_ascii_digit())
    {
        return None;
    }
    text[..end].parse().ok()
}

/// The values of a list in prose: `: 'a', 'b' or 'c'`, `[a, b]`.
fn words(text: &str) -> Option<Vec<String>> {
    // `the following options: a, b`
    let text = match text.split_once(": ") {
        Some((before, behind)) if !before.contains([',', '\'', '"', '`', '[']) => behind,
        _ => text,
    };
    let text = text
        .trim_start_matches([':', ' ', '[', '(', '{'])
        .split(['\n', ']', ')', '}', ';'])
        .next()
        .unwrap_or_default();
    let values: Vec<String> = text
        .replace(" or ", ",")
        .split(',')
        .map(|word| {
            word.trim()
                .trim_matches(['\'', '"', '`', '.', ' '])
                .to_owned()
        })
        .filter(|word| !word.is_empty())
        .collect();
    // Sentences have blanks; values of such lists hardly ever do.
    let is_list = values.len() > 1 && values.iter().all(|value| !value.contains(' '));
    is_list.then_some(values)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_read_from_sentences() {
        for (text, wanted) in [
            ("limit must be a multiple of 5", Constraint::MultipleOf(5)),
            ("must be divisible by 100.", Constraint::MultipleOf(100)),
            ("limit must be at most 10", Constraint::AtMost(10)),
            (
                "Input should be less than or equal to 50",
                Constraint::AtMost(50),
            ),
            ("must be >= -3", Constraint::AtLeast(-3)),
            ("at most 9 characters", Constraint::LongestText(9)),
            (
                "Decimal input should have no more than 2 decimal places",
                Constraint::Decimals(2),
            ),
            (
                "sort must be one of: 'name', 'Age' or 'id'.",
                Constraint::OneOf(vec!["name".into(), "Age".into(), "id".into()]),
            ),
            (
                "kind must be one of the following options: all, zone",
                Constraint::OneOf(vec!["all".into(), "zone".into()]),
            ),
            (
                "Unknown kind x1 (available kinds: ['all', 'zone'])",
                Constraint::OneOf(vec!["all".into(), "zone".into()]),
            ),
            (
                "value is not one of [a, b]",
                Constraint::OneOf(vec!["a".into(), "b".into()]),
            ),
        ] {
            assert_eq!(Constraint::read(text), Some(wanted), "{text}");
        }
        for text in [
            "one of the fields is wrong",
            "must be at most 0.5",
            "at most 3 items are allowed",
            "no more than 8 digits in total",
            "no such thing",
            "a multiple of something",
        ] {
            assert_eq!(Constraint::read(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_brought_near_and_not_farther() {
        let keep = |rule: &Constraint, value: Value| rule.keep(&value, None);
        assert_eq!(keep(&Constraint::MultipleOf(5), json!(13)), Some(json!(10)));
        assert_eq!(keep(&Constraint::MultipleOf(5), json!(10)), None);
        assert_eq!(keep(&Constraint::AtMost(10), json!(13)), Some(json!(10)));
        let decimals = Constraint::Decimals(2);
        assert_eq!(keep(&decimals, json!(7243.516)), Some(json!(7243.51)));
        assert_eq!(keep(&decimals, json!("0.125")), Some(json!("0.12")));
        assert_eq!(keep(&decimals, json!(7)), None);
        assert_eq!(
            keep(&Constraint::LongestText(2), json!("abc")),
            Some(json!("ab"))
        );
        let rule = Constraint::OneOf(vec!["a".into(), "b".into()]);
        assert_eq!(keep(&rule, json!("b")), None);
        assert!(keep(&rule, json!("x")).is_some());
    }
}
