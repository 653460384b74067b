//! What values look like: a lattice of types, presence and formats.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::JsonType;
use oasgate_document::Pointer;
use serde_json::Value;

use super::formats::{format_of, is_told_apart};

/// How many distinct names an object may have before it is taken for a map whose names are data.
const MAX_NAMES: usize = 64;

/// What the values seen at one place look like. [`Shape::default`] is that of no value at all.
///
/// Shapes merge in any order to the same result: [`Shape::merge`] is commutative, associative and
/// idempotent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub(super) null: bool,
    pub(super) boolean: bool,
    pub(super) number: Option<Number>,
    pub(super) string: Option<Text>,
    pub(super) array: Option<Box<Shape>>,
    pub(super) object: Option<Object>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    Integer,
    Any,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) formats: BTreeSet<String>,
    /// The values themselves, where they were asked for.
    pub(super) values: Option<BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// Names that mean something, each with whether it was always there.
    Names(BTreeMap<String, (Presence, Shape)>),
    /// Names that are data.
    Map(Box<Shape>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Presence {
    Always,
    Sometimes,
}

/// One way in which a shape goes beyond another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Where, as a pattern: `*` stands for any element.
    pub at: Pointer,
    /// What is new there, in words.
    pub what: String,
    /// Of which kind it is.
    pub(crate) kind: DriftKind,
}

/// How a shape goes beyond another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DriftKind {
    /// Nothing was ever seen there, as below a list that was always empty.
    FirstSight,
    /// A value of another type came.
    Came(JsonType),
    /// A property was not there that always was.
    Missing,
    /// A property came that never did.
    NewProperty,
    /// What was open to no contract: another format, another value, a fraction.
    Other,
}

impl Shape {
    /// The shape of one value. Strings at the places that `values_at` names are kept as they are.
    pub fn of(value: &Value, values_at: &[Pointer]) -> Self {
        Self::at(value, &Pointer::root(), values_at)
    }

    fn at(value: &Value, at: &Pointer, values_at: &[Pointer]) -> Self {
        let mut shape = Self::default();
        match value {
            Value::Null => shape.null = true,
            Value::Bool(_) => shape.boolean = true,
            Value::Number(number) => {
                let whole =
                    !number.is_f64() || number.as_f64().is_some_and(|number| number.fract() == 0.0);
                shape.number = Some(if whole { Number::Integer } else { Number::Any });
            }
            Value::String(text) => {
                shape.string = Some(Text {
                    formats: BTreeSet::from([format_of(text).to_owned()]),
                    values: values_at
                        .contains(at)
                        .then(|| BTreeSet::from([text.clone()])),
                });
            }
            Value::Array(items) => {
                let below = at.join("*");
                let merged = items.iter().fold(Self::default(), |merged, item| {
                    merged.merge(Self::at(item, &below, values_at))
                });
                shape.array = Some(Box::new(merged));
            }
            Value::Object(members) => {
                let names = members
                    .iter()
                    .map(|(name, member)| {
                        (
                            name.clone(),
                            (
                                Presence::Always,
                                Self::at(member, &at.join(name), values_at),
                            ),
                        )
                    })
                    .collect();
                shape.object = Some(Object::Names(names).settled());
            }
        }
        shape
    }

    /// The least shape that covers both.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            null: self.null || other.null,
            boolean: self.boolean || other.boolean,
            number: self.number.max(other.number),
            string: join(self.string, other.string, Text::merge),
            array: join(self.array, other.array, |a, b| Box::new(a.merge(*b))),
            object: join(self.object, other.object, Object::merge),
        }
    }

    /// Whether merging the shape of `value` would change nothing: a quick answer that may be no
    /// where yes is true, never the other way.
    pub(super) fn tells_nothing_new(&self, value: &Value, values_at: &[Pointer]) -> bool {
        if !values_at.is_empty() {
            return false;
        }
        match value {
            Value::Null => self.null,
            Value::Bool(_) => self.boolean,
            Value::Number(number) => match self.number {
                Some(Number::Any) => true,
                Some(Number::Integer) => !number.is_f64(),
                None => false,
            },
            Value::String(text) => self
                .string
                .as_ref()
                .is_some_and(|known| known.formats.contains(format_of(text))),
            Value::Array(items) => self.array.as_ref().is_some_and(|known| {
                items
                    .iter()
                    .all(|item| known.tells_nothing_new(item, values_at))
            }),
            Value::Object(members) => match &self.object {
                None => false,
                Some(Object::Map(known)) => members
                    .values()
                    .all(|member| known.tells_nothing_new(member, values_at)),
                Some(Object::Names(known)) => {
                    known.iter().all(|(name, (presence, _))| {
                        *presence == Presence::Sometimes || members.contains_key(name)
                    }) && members.iter().all(|(name, member)| {
                        known
                            .get(name)
                            .is_some_and(|(_, shape)| shape.tells_nothing_new(member, values_at))
                    })
                }
            },
        }
    }

    /// What `seen` has that this shape does not allow; empty when it is covered.
    pub fn drift(&self, seen: &Self) -> Vec<Drift> {
        let mut found = Vec::new();
        self.compare(seen, &Pointer::root(), &mut found);
        found
    }

    fn compare(&self, seen: &Self, at: &Pointer, found: &mut Vec<Drift>) {
        if *self == Self::default() {
            // Nothing was ever seen here, such as below an array that was always empty.
            if *seen != Self::default() {
                found.push(Drift {
                    at: at.clone(),
                    what: format!("{} where nothing was seen before", seen.kinds()),
                    kind: DriftKind::FirstSight,
                });
            }
            return;
        }
        let mut tell = |kind: DriftKind, what: String| {
            found.push(Drift {
                at: at.clone(),
                what,
                kind,
            })
        };
        let fresh = |is_known: bool, is_seen: bool| is_seen && !is_known;
        if fresh(self.null, seen.null) {
            tell(
                DriftKind::Came(JsonType::Null),
                format!("null where {} was", self.kinds()),
            );
        }
        if fresh(self.boolean, seen.boolean) {
            tell(
                DriftKind::Came(JsonType::Boolean),
                format!("a boolean where {} was", self.kinds()),
            );
        }
        if seen.number > self.number {
            let what = match self.number {
                None => format!("a number where {} was", self.kinds()),
                Some(_) => "a number with a fraction where integers were".to_owned(),
            };
            let kind = match seen.number {
                Some(Number::Integer) => JsonType::Integer,
                _ => JsonType::Number,
            };
            tell(DriftKind::Came(kind), what);
        }
        match (&self.string, &seen.string) {
            (None, Some(_)) => tell(
                DriftKind::Came(JsonType::String),
                format!("a string where {} was", self.kinds()),
            ),
            (Some(known), Some(seen)) => {
                known.compare(seen, &mut |what| tell(DriftKind::Other, what))
            }
            _ => {}
        }
        match (&self.array, &seen.array) {
            (None, Some(_)) => tell(
                DriftKind::Came(JsonType::Array),
                format!("an array where {} was", self.kinds()),
            ),
            (Some(known), Some(seen)) => known.compare(seen, &at.join("*"), found),
            _ => {}
        }
        let mut tell = |kind: DriftKind, what: String| {
            found.push(Drift {
                at: at.clone(),
                what,
                kind,
            })
        };
        match (&self.object, &seen.object) {
            (None, Some(_)) => tell(
                DriftKind::Came(JsonType::Object),
                format!("an object where {} was", self.kinds()),
            ),
            (Some(known), Some(seen)) => known.compare(seen, at, found),
            _ => {}
        }
    }

    /// The types, as a sentence lists them.
    fn kinds(&self) -> String {
        let mut kinds = Vec::new();
        let mut add = |has: bool, kind: &'static str| {
            if has {
                kinds.push(kind);
            }
        };
        add(self.object.is_some(), "an object");
        add(self.array.is_some(), "an array");
        add(self.string.is_some(), "a string");
        add(self.number == Some(Number::Any), "a number");
        add(self.number == Some(Number::Integer), "an integer");
        add(self.boolean, "a boolean");
        add(self.null, "null");
        if kinds.is_empty() {
            "nothing".to_owned()
        } else {
            kinds.join(" or ")
        }
    }
}

fn join<T>(a: Option<T>, b: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(both(a, b)),
        (a, b) => a.or(b),
    }
}

impl Text {
    fn merge(mut self, other: Self) -> Self {
        self.formats.extend(other.formats);
        // Values that were not kept on one side are not known on the whole.
        self.values = match (self.values, other.values) {
            (Some(mut a), Some(b)) => {
                a.extend(b);
                Some(a)
            }
            _ => None,
        };
        self
    }

    fn compare(&self, seen: &Self, tell: &mut dyn FnMut(String)) {
        if self.formats.iter().all(|format| is_told_apart(format)) {
            for format in seen.formats.difference(&self.formats) {
                let known: Vec<_> = self.formats.iter().map(String::as_str).collect();
                tell(format!(
                    "a string of format {format} where {} was",
                    known.join(" or ")
                ));
            }
        }
        if let (Some(known), Some(seen)) = (&self.values, &seen.values) {
            for value in seen.difference(known) {
                tell(format!("the value {value:?}, which was not seen before"));
            }
        }
    }
}

impl Object {
    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Names(a), Self::Names(b)) => Self::Names(merge_names(a, b)).settled(),
            (a, b) => Self::Map(Box::new(a.values().merge(b.values()))),
        }
    }

    /// The shape of all values together.
    fn values(self) -> Shape {
        match self {
            Self::Map(values) => *values,
            Self::Names(names) => names
                .into_values()
                .fold(Shape::default(), |all, (_, shape)| all.merge(shape)),
        }
    }

    /// A map, when there are too many names for them to mean something.
    fn settled(self) -> Self {
        match self {
            Self::Names(names) if names.len() > MAX_NAMES => {
                Self::Map(Box::new(Self::Names(names).values()))
            }
            other => other,
        }
    }

    fn compare(&self, seen: &Self, at: &Pointer, found: &mut Vec<Drift>) {
        match (self, seen) {
            (Self::Names(known), Self::Names(names)) => {
                for (name, (presence, shape)) in known {
                    match names.get(name) {
                        Some((_, seen))
                            if *presence == Presence::Always
                                && names[name].0 == Presence::Sometimes =>
                        {
                            found.push(Drift {
                                at: at.join(name),
                                what: "missing in some, where it was always there".to_owned(),
                                kind: DriftKind::Missing,
                            });
                            shape.compare(seen, &at.join(name), found);
                        }
                        Some((_, seen)) => shape.compare(seen, &at.join(name), found),
                        None if *presence == Presence::Always => {
                            found.push(Drift {
                                at: at.join(name),
                                what: "missing, where it was always there".to_owned(),
                                kind: DriftKind::Missing,
                            });
                        }
                        None => {}
                    }
                }
                for (name, (_, shape)) in names {
                    if !known.contains_key(name) {
                        found.push(Drift {
                            at: at.join(name),
                            what: format!("a new property: {}", shape.kinds()),
                            kind: DriftKind::NewProperty,
                        });
                    }
                }
            }
            (Self::Map(known), seen) => known.compare(&seen.clone().values(), &at.join("*"), found),
            (Self::Names(_), Self::Map(_)) => {
                found.push(Drift {
                    at: at.clone(),
                    what: "a map of many names where few were".to_owned(),
                    kind: DriftKind::Other,
                });
            }
        }
    }
}

fn merge_names(
    mut a: BTreeMap<String, (Presence, Shape)>,
    mut b: BTreeMap<String, (Presence, Shape)>,
) -> BTreeMap<String, (Presence, Shape)> {
    for (name, (presence, _)) in &mut a {
        if !b.contains_key(name) {
            *presence = Presence::Sometimes;
        }
    }
    for (name, (presence, shape)) in std::mem::take(&mut b) {
        match a.remove(&name) {
            None => a.insert(name, (Presence::Sometimes, shape)),
            Some((known, old)) => a.insert(name, (known.max(presence), old.merge(shape))),
        };
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            Just(json!(1.5)),
            "[a-z]{0,3}".prop_map(Value::from),
            Just(json!("2025-03-27T20:46:31Z")),
            Just(json!("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn shape() -> impl Strategy<Value = Shape> {
        value().prop_map(|value| Shape::of(&value, &[]))
    }

    proptest! {
        #[test]
        fn merging_is_in_any_order_the_same(a in shape(), b in shape(), c in shape()) {
            prop_assert_eq!(a.clone().merge(b.clone()), b.clone().merge(a.clone()));
            prop_assert_eq!(a.clone().merge(b.clone()).merge(c.clone()), a.clone().merge(b.merge(c)));
            prop_assert_eq!(a.clone().merge(a.clone()), a);
        }

        #[test]
        fn a_merged_shape_covers_its_parts(a in shape(), b in shape()) {
            let both = a.clone().merge(b.clone());
            prop_assert_eq!(both.drift(&a), vec![]);
            prop_assert_eq!(both.drift(&b), vec![]);
        }

        #[test]
        fn what_tells_nothing_new_changes_nothing(a in shape(), value in value()) {
            if a.tells_nothing_new(&value, &[]) {
                prop_assert_eq!(a.clone().merge(Shape::of(&value, &[])), a);
            }
        }

        #[test]
        fn text_is_read_back(a in shape(), b in shape()) {
            let both = a.merge(b);
            prop_assert_eq!(both.to_string().parse::<Shape>(), Ok(both));
        }
    }

    fn drift(accepted: &Value, seen: &Value) -> Vec<String> {
        let told = Shape::of(accepted, &[]).drift(&Shape::of(seen, &[]));
        told.into_iter()
            .map(|drift| format!("{}: {}", drift.at, drift.what))
            .collect()
    }

    #[test]
    fn drift_is_told_where_it_is() {
        assert_eq!(drift(&json!({"a": 1}), &json!({"a": 2})), [""; 0]);
        assert_eq!(
            drift(&json!({"a": 1}), &json!({"a": 2.5})),
            ["/a: a number with a fraction where integers were"]
        );
        assert_eq!(
            drift(&json!({"a": 1}), &json!({})),
            ["/a: missing, where it was always there"]
        );
        assert_eq!(
            drift(&json!({}), &json!({"a": "x"})),
            ["/a: a new property: a string"]
        );
        assert_eq!(
            drift(&json!([{"a": 1}]), &json!([{"a": null}])),
            ["/*/a: null where an integer was"]
        );
        assert_eq!(
            drift(&json!("2025-03-27"), &json!("soon")),
            [": a string of format text where date was"]
        );
        assert_eq!(
            drift(&json!([]), &json!([1])),
            ["/*: an integer where nothing was seen before"]
        );
    }

    #[test]
    fn many_names_are_a_map() {
        let many: serde_json::Map<String, Value> = (0..100)
            .map(|number| (format!("id{number}"), json!(1)))
            .collect();
        let shape = Shape::of(&Value::Object(many), &[]);
        assert_eq!(
            shape.drift(&Shape::of(&json!({"id7": 3, "other": 4}), &[])),
            vec![]
        );
        assert_eq!(shape.drift(&Shape::of(&json!({"id7": "x"}), &[])).len(), 1);
    }
}
