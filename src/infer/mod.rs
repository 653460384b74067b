//! What values looked like, as the least schema that admits all of them.
//!
//! [`Inferred`] is a lattice: what two recordings showed merges in any order to what one showed that holds both
//! ([`Inferred::merge`] is commutative, associative and idempotent), and its size is bounded whatever comes.
//! A snapshot's shape serves to tell drift; this one serves to widen a schema, so that it remembers bounds and
//! the values themselves where they are few.

mod came;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use came::Came;
pub use schema::Dialect;

/// How many distinct values are remembered before only their type is.
const MAX_VALUES: usize = 24;

/// How long a text may be to be remembered as a value, in bytes.
const MAX_VALUE: usize = 120;

/// How many names an object may have before it is taken for a map whose names are data.
const MAX_NAMES: usize = 64;

/// How deep a value is looked into; what lies deeper may be anything.
const DEEPEST: usize = 16;

/// The most nodes of a value that is looked at; a larger one may be anything.
const MAX_NODES: usize = 100_000;

/// What the values seen at one place looked like. [`Inferred::default`] is that of no value at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inferred {
    #[serde(skip_serializing_if = "is_default")]
    null: bool,
    #[serde(skip_serializing_if = "is_default")]
    boolean: bool,
    #[serde(skip_serializing_if = "is_default")]
    number: Option<Numbers>,
    #[serde(skip_serializing_if = "is_default")]
    string: Option<Texts>,
    #[serde(skip_serializing_if = "is_default")]
    array: Option<Box<Items>>,
    #[serde(skip_serializing_if = "is_default")]
    object: Option<Box<Members>>,
    /// Something came that was not looked into.
    #[serde(skip_serializing_if = "is_default")]
    anything: bool,
    /// The values that are neither arrays nor objects, as JSON; `None` when there were too many.
    #[serde(skip_serializing_if = "is_default")]
    scalars: Few,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    is_whole: bool,
    #[serde(with = "exact")]
    least: f64,
    #[serde(with = "exact")]
    most: f64,
}

/// Numbers as texts: JSON libraries may read the last bit of a number otherwise than it was written.
mod exact {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `with` hands over references"
    )]
    pub(super) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Range {
    least: u64,
    most: u64,
}

type Texts = Range;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Items {
    count: Range,
    each: Inferred,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Members {
    count: Range,
    names: Names,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Names {
    /// Names that mean something, each with whether it was always there.
    Known(BTreeMap<String, (bool, Inferred)>),
    /// Names that are data.
    Data(Inferred),
}

/// Whether `change` makes something else of a text.
fn is_changed(text: &str, change: &mut dyn FnMut(&mut String)) -> bool {
    let mut changed = text.to_owned();
    change(&mut changed);
    changed != text
}

/// A set that forgets its elements when there are too many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Few {
    These(BTreeSet<String>),
    TooMany,
}

impl Default for Few {
    fn default() -> Self {
        Self::These(BTreeSet::new())
    }
}

impl Few {
    fn of(value: &Value) -> Self {
        let text = value.to_string();
        if text.len() > MAX_VALUE {
            Self::TooMany
        } else {
            Self::These(BTreeSet::from([text]))
        }
    }

    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::These(mut ours), Self::These(theirs)) => {
                ours.extend(theirs);
                if ours.len() > MAX_VALUES {
                    Self::TooMany
                } else {
                    Self::These(ours)
                }
            }
            _ => Self::TooMany,
        }
    }
}

impl Range {
    fn of(count: usize) -> Self {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        Self {
            least: count,
            most: count,
        }
    }

    fn merge(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

/// Whether a value has more nodes than are looked at.
fn is_too_large(value: &Value, nodes: &mut usize) -> bool {
    *nodes += 1;
    *nodes > MAX_NODES
        || match value {
            Value::Array(items) => items.iter().any(|item| is_too_large(item, nodes)),
            Value::Object(members) => members.values().any(|member| is_too_large(member, nodes)),
            _ => false,
        }
}

impl Inferred {
    /// What one value looks like.
    pub fn of(value: &Value) -> Self {
        if is_too_large(value, &mut 0) {
            return Self {
                anything: true,
                ..Self::default()
            };
        }
        Self::at(value, 0)
    }

    fn at(value: &Value, depth: usize) -> Self {
        let mut seen = Self::default();
        if depth > DEEPEST {
            seen.anything = true;
            return seen;
        }
        match value {
            Value::Null => seen.null = true,
            Value::Bool(_) => seen.boolean = true,
            Value::Number(number) => {
                let size = number.as_f64().unwrap_or_default();
                seen.number = Some(Numbers {
                    is_whole: !number.is_f64() || size.fract() == 0.0,
                    least: size,
                    most: size,
                });
            }
            Value::String(text) => seen.string = Some(Range::of(text.chars().count())),
            Value::Array(items) => {
                let each = items.iter().map(|item| Self::at(item, depth + 1));
                seen.array = Some(Box::new(Items {
                    count: Range::of(items.len()),
                    each: each.fold(Self::default(), Self::merge),
                }));
            }
            Value::Object(members) => {
                let names = members
                    .iter()
                    .map(|(name, value)| (name.clone(), (true, Self::at(value, depth + 1))));
                seen.object = Some(Box::new(Members {
                    count: Range::of(members.len()),
                    names: Names::Known(names.collect()).settled(),
                }));
            }
        }
        if !value.is_array() && !value.is_object() {
            seen.scalars = Few::of(value);
        }
        seen
    }

    /// The least that covers both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            null: self.null || other.null,
            boolean: self.boolean || other.boolean,
            number: either(self.number, other.number, |a, b| Numbers {
                is_whole: a.is_whole && b.is_whole,
                least: a.least.min(b.least),
                most: a.most.max(b.most),
            }),
            string: either(self.string, other.string, Range::merge),
            array: either(self.array, other.array, |a, b| {
                Box::new(Items {
                    count: a.count.merge(b.count),
                    each: a.each.merge(b.each),
                })
            }),
            object: either(self.object, other.object, |a, b| {
                Box::new(Members {
                    count: a.count.merge(b.count),
                    names: a.names.merge(b.names),
                })
            }),
            anything: self.anything || other.anything,
            scalars: self.scalars.merge(other.scalars),
        }
    }

    /// Hands every text that is remembered as a value to `change`.
    pub fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        if let Few::These(texts) = &mut self.scalars {
            *texts = std::mem::take(texts)
                .into_iter()
                .map(|text| match serde_json::from_str(&text) {
                    Ok(Value::String(mut value)) => {
                        change(&mut value);
                        Value::String(value).to_string()
                    }
                    Ok(Value::Number(_)) if is_changed(&text, change) => "0".to_owned(),
                    _ => text,
                })
                .collect();
        }
        if let Some(numbers) = &mut self.number {
            for bound in [&mut numbers.least, &mut numbers.most] {
                if is_changed(&bound.to_string(), change) {
                    *bound = 0.0;
                }
            }
            (numbers.least, numbers.most) = (
                numbers.least.min(numbers.most),
                numbers.least.max(numbers.most),
            );
        }
        if let Some(items) = &mut self.array {
            items.each.each_text(change);
        }
        match self.object.as_mut().map(|members| &mut members.names) {
            Some(Names::Known(names)) => names
                .values_mut()
                .for_each(|(_, seen)| seen.each_text(change)),
            Some(Names::Data(seen)) => seen.each_text(change),
            None => {}
        }
    }

    /// Hands every name of a member that is remembered to `change`; what has the same name then is one.
    pub fn each_name(&mut self, change: &mut dyn FnMut(&mut String)) {
        if let Some(items) = &mut self.array {
            items.each.each_name(change);
        }
        match self.object.as_mut().map(|members| &mut members.names) {
            Some(Names::Known(names)) => {
                let mut changed: BTreeMap<String, (bool, Self)> = BTreeMap::new();
                for (mut name, (always, mut seen)) in std::mem::take(names) {
                    change(&mut name);
                    seen.each_name(change);
                    let (is_always, known) = changed.remove(&name).unwrap_or_default();
                    changed.insert(name, (is_always || always, known.merge(seen)));
                }
                *names = changed;
            }
            Some(Names::Data(seen)) => seen.each_name(change),
            None => {}
        }
    }

    /// Whether nothing but null came.
    pub fn is_null_only(&self) -> bool {
        self.null && self.types().len() == 1
    }

    /// The JSON types that came: `null`, `boolean`, `integer`, `number`, `string`, `array`, `object`.
    pub fn types(&self) -> Vec<&'static str> {
        let number = match self.number {
            Some(number) if number.is_whole => Some("integer"),
            Some(_) => Some("number"),
            None => None,
        };
        [
            self.boolean.then_some("boolean"),
            number,
            self.string.is_some().then_some("string"),
            self.array.is_some().then_some("array"),
            self.object.is_some().then_some("object"),
            self.null.then_some("null"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The values, where all of them were neither arrays nor objects and they were few.
    pub fn values(&self) -> Option<Vec<Value>> {
        let is_scalar = self.array.is_none() && self.object.is_none() && !self.anything;
        match &self.scalars {
            Few::These(texts) if is_scalar => texts
                .iter()
                .map(|text| serde_json::from_str(text).ok())
                .collect(),
            _ => None,
        }
    }

    /// What a member of the objects looked like.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match &self.object.as_ref()?.names {
            Names::Known(names) => names.get(name).map(|(_, seen)| seen),
            Names::Data(seen) => Some(seen),
        }
    }

    /// Whether every object had a member of this name.
    pub fn always_has(&self, name: &str) -> bool {
        match self.object.as_ref().map(|members| &members.names) {
            Some(Names::Known(names)) => names.get(name).is_some_and(|(always, _)| *always),
            _ => false,
        }
    }

    /// The names of the objects' members, where they mean something.
    pub fn member_names(&self) -> Vec<&str> {
        match self.object.as_ref().map(|members| &members.names) {
            Some(Names::Known(names)) => names.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The least and greatest of what a bound of this name counts: `maxLength`, `minimum`, `minItems`.
    pub fn bound(&self, keyword: &str) -> Option<Value> {
        let number = |number: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number within the range of i64"
            )]
            if number.fract() == 0.0 && number.abs() < 9e15 {
                Value::from(number as i64)
            } else {
                Value::from(number)
            }
        };
        let range = |range: Range, is_least: bool| {
            Value::from(if is_least { range.least } else { range.most })
        };
        let is_least = keyword.starts_with("min");
        match keyword {
            "minimum" => self.number.map(|seen| number(seen.least)),
            "maximum" => self.number.map(|seen| number(seen.most)),
            "minLength" | "maxLength" => self.string.map(|seen| range(seen, is_least)),
            "minItems" | "maxItems" => self.array.as_ref().map(|seen| range(seen.count, is_least)),
            "minProperties" | "maxProperties" => {
                self.object.as_ref().map(|seen| range(seen.count, is_least))
            }
            _ => None,
        }
    }
}

impl Names {
    fn settled(self) -> Self {
        match self {
            Self::Known(names) if names.len() > MAX_NAMES => Self::Data(
                names
                    .into_values()
                    .fold(Inferred::default(), |all, (_, one)| all.merge(one)),
            ),
            other => other,
        }
    }

    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut ours), Self::Known(mut theirs)) => {
                for (name, (always, seen)) in &mut ours {
                    match theirs.remove(name) {
                        Some((also, more)) => {
                            *always = *always && also;
                            *seen = std::mem::take(seen).merge(more);
                        }
                        None => *always = false,
                    }
                }
                for (name, (_, seen)) in theirs {
                    ours.insert(name, (false, seen));
                }
                Self::Known(ours).settled()
            }
            (Self::Data(data), Self::Known(names)) | (Self::Known(names), Self::Data(data)) => {
                Self::Data(
                    names
                        .into_values()
                        .fold(data, |all, (_, one)| all.merge(one)),
                )
            }
            (Self::Data(ours), Self::Data(theirs)) => Self::Data(ours.merge(theirs)),
        }
    }
}

fn either<T>(a: Option<T>, b: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(merge(a, b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_changed_is_nowhere_left() {
        let value = json!({ "token": "token", "n": [7391, 2], "inner": { "token": 7391 } });
        let mut seen = Inferred::of(&value);
        let mut change = |text: &mut String| {
            if text == "token" || text == "7391" {
                "X".clone_into(text);
            }
        };
        seen.each_text(&mut change);
        seen.each_name(&mut change);
        let text = serde_json::to_string(&seen).expect("JSON");
        assert!(!text.contains("token") && !text.contains("7391"), "{text}");
        assert!(text.contains("inner") && text.contains('X'), "{text}");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-5_i64..5).prop_map(Value::from),
            (0_u8..4).prop_map(|tenths| json!(f64::from(tenths) / 2.0)),
            "[a-c]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn merging_is_commutative_associative_and_idempotent(
            a in any_value(), b in any_value(), c in any_value(),
        ) {
            let [a, b, c] = [&a, &b, &c].map(Inferred::of);
            prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
            prop_assert_eq!(
                a.clone().merge(b.clone()).merge(c.clone()),
                a.clone().merge(b.merge(c))
            );
            prop_assert_eq!(a.clone().merge(a.clone()), a);
        }

        #[test]
        fn the_schema_admits_what_was_seen(values in prop::collection::vec(any_value(), 1..6)) {
            let seen = values.iter().map(Inferred::of).fold(Inferred::default(), Inferred::merge);
            let schema = seen.to_json_schema();
            let validator = jsonschema::draft202012::new(&schema).expect("it compiles");
            for value in &values {
                prop_assert!(validator.is_valid(value), "{} refuses {}", schema, value);
            }
        }
    }

    #[test]
    fn a_map_of_many_names_and_many_values_is_bounded() {
        let wide: Value = (0..500)
            .map(|number| (format!("k{number}"), json!(number)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let seen = Inferred::of(&wide);
        assert!(seen.member_names().is_empty());
        assert_eq!(
            seen.member("anything").map(Inferred::types),
            Some(vec!["integer"])
        );
        let many = (0..500)
            .map(|number| Inferred::of(&json!(number)))
            .fold(Inferred::default(), Inferred::merge);
        assert_eq!(many.values(), None);
        assert_eq!(many.bound("maximum"), Some(json!(499)));
    }
}
