//! A strategy from the keywords of a schema. What keywords say together may be more than they say
//! one by one; the validator refuses what is then wrong.

use proptest::{collection, prelude::*, sample::select};
use serde_json::{Map, Number, Value};

use super::{merge::merge, string};

/// How deep values go before only what is required is made.
const USUAL_DEPTH: usize = 5;

/// How deep schemas are followed at all.
const MOST_DEPTH: usize = 24;

/// A strategy for a self-contained schema.
pub(super) fn strategy(schema: &Value) -> BoxedStrategy<Value> {
    Reading { root: schema }.schema(schema, 0)
}

struct Reading<'s> {
    root: &'s Value,
}

impl Reading<'_> {
    fn schema(&self, schema: &Value, depth: usize) -> BoxedStrategy<Value> {
        match schema {
            Value::Object(members) => self.object_schema(members, depth),
            _ => any_value(),
        }
    }

    fn object_schema(&self, members: &Map<String, Value>, depth: usize) -> BoxedStrategy<Value> {
        if depth > MOST_DEPTH {
            return any_value();
        }
        let mut members = members.clone();
        for _ in 0..MOST_DEPTH {
            if let Some(Value::String(reference)) = members.shift_remove("$ref") {
                if let Some(Value::Object(target)) = self.resolve(&reference) {
                    members = merge(&members, target);
                }
            } else if let Some(Value::Array(parts)) = members.shift_remove("allOf") {
                for part in parts.iter().filter_map(Value::as_object) {
                    members = merge(&members, part);
                }
            } else {
                break;
            }
        }
        if let Some(value) = members.get("const") {
            return Just(value.clone()).boxed();
        }
        if let Some(Value::Array(values)) = members.get("enum")
            && !values.is_empty()
        {
            return select(values.clone()).boxed();
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(branches)) = members.shift_remove(keyword) {
                let branches: Vec<_> = branches
                    .iter()
                    .filter_map(Value::as_object)
                    .map(|branch| self.object_schema(&merge(&members, branch), depth + 1))
                    .collect();
                if !branches.is_empty() {
                    return proptest::strategy::Union::new(branches).boxed();
                }
            }
        }
        self.by_type(&members, depth)
    }

    fn resolve(&self, reference: &str) -> Option<&Value> {
        let fragment = reference.strip_prefix('#')?;
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
        self.root.pointer(&decoded)
    }

    fn by_type(&self, members: &Map<String, Value>, depth: usize) -> BoxedStrategy<Value> {
        let kinds: Vec<&str> = match members.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => implied(members),
        };
        let kinds = if depth > USUAL_DEPTH && kinds.contains(&"null") {
            vec!["null"]
        } else {
            kinds
        };
        let strategies: Vec<(u32, BoxedStrategy<Value>)> = kinds
            .iter()
            .filter_map(|kind| {
                let strategy = match *kind {
                    "null" => return Some((1, Just(Value::Null).boxed())),
                    "boolean" => any::<bool>().prop_map(Value::Bool).boxed(),
                    "integer" => integer(members),
                    "number" => number(members),
                    "string" => string::strategy(members),
                    "array" => self.array(members, depth),
                    "object" => self.object(members, depth),
                    _ => return None,
                };
                Some((4, strategy))
            })
            .collect();
        if strategies.is_empty() {
            any_value()
        } else {
            proptest::strategy::Union::new_weighted(strategies).boxed()
        }
    }

    fn array(&self, members: &Map<String, Value>, depth: usize) -> BoxedStrategy<Value> {
        let bound = |keyword: &str| {
            members
                .get(keyword)
                .and_then(Value::as_u64)
                .and_then(|bound| usize::try_from(bound).ok())
        };
        let prefix: Vec<_> = members
            .get("prefixItems")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|schema| self.schema(schema, depth + 1))
            .collect();
        let contains = members
            .get("contains")
            .map(|schema| self.schema(schema, depth + 1));
        let least = bound("minItems")
            .unwrap_or(0)
            .max(usize::from(contains.is_some()))
            .min(1000);
        let usual = if depth >= USUAL_DEPTH {
            least
        } else {
            least.max(3)
        };
        let most = bound("maxItems")
            .unwrap_or(usual)
            .clamp(least, usual.max(least));
        let is_unique = members.get("uniqueItems") == Some(&Value::Bool(true));
        let items = match members.get("items") {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(self.schema(schema, depth + 1)),
            None => Some(any_value()),
        };
        let rest = match items {
            Some(items) => collection::vec(
                items,
                least.saturating_sub(prefix.len())
                    ..=most.max(prefix.len()) - prefix.len().min(most),
            )
            .boxed(),
            None => Just(Vec::new()).boxed(),
        };
        (
            prefix,
            rest,
            contains.map_or_else(|| Just(None).boxed(), |one| one.prop_map(Some).boxed()),
        )
            .prop_map(move |(mut all, rest, contained)| {
                all.extend(rest);
                if let Some(contained) = contained {
                    match all.last_mut() {
                        Some(last) => *last = contained,
                        None => all.push(contained),
                    }
                }
                if is_unique {
                    let mut distinct: Vec<Value> = Vec::new();
                    all.retain(|item| {
                        let fresh = !distinct.contains(item);
                        if fresh {
                            distinct.push(item.clone());
                        }
                        fresh
                    });
                }
                Value::Array(all)
            })
            .boxed()
    }

    fn object(&self, members: &Map<String, Value>, depth: usize) -> BoxedStrategy<Value> {
        let required: Vec<&str> = members
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let declared = members.get("properties").and_then(Value::as_object);
        let mut parts: Vec<BoxedStrategy<Option<(String, Value)>>> = Vec::new();
        for (name, schema) in declared.into_iter().flatten() {
            let is_required = required.contains(&name.as_str());
            // Deep down only what must be there is made, so that recursive schemas end.
            if !is_required && (depth >= USUAL_DEPTH || *schema == Value::Bool(false)) {
                continue;
            }
            let own = name.clone();
            let value = self
                .schema(schema, depth + 1)
                .prop_map(move |value| Some((own.clone(), value)));
            parts.push(if is_required {
                value.boxed()
            } else {
                prop_oneof![Just(None), value].boxed()
            });
        }
        let additional = members.get("additionalProperties");
        let open = additional.filter(|schema| **schema != Value::Bool(false));
        for name in &required {
            if declared.is_some_and(|declared| declared.contains_key(*name)) {
                continue;
            }
            let own = (*name).to_owned();
            let value = match open {
                Some(schema) => self.schema(schema, depth + 1),
                None => any_value(),
            };
            parts.push(
                value
                    .prop_map(move |value| Some((own.clone(), value)))
                    .boxed(),
            );
        }
        let bound = |keyword: &str| {
            members
                .get(keyword)
                .and_then(Value::as_u64)
                .and_then(|bound| usize::try_from(bound).ok())
        };
        let least = bound("minProperties").unwrap_or(0).min(200);
        let wants_more =
            least > parts.len() || open.is_some_and(Value::is_object) && depth < USUAL_DEPTH;
        let extra = if wants_more {
            let value = match open {
                Some(schema) => self.schema(schema, depth + 1),
                None => any_value(),
            };
            let names = members
                .get("propertyNames")
                .and_then(Value::as_object)
                .map_or_else(string::names, |schema| {
                    let mut schema = schema.clone();
                    schema.insert("type".to_owned(), Value::from("string"));
                    let names = self.object_schema(&schema, depth + 1);
                    names
                        .prop_filter_map("a name is a string", |name| {
                            name.as_str().map(str::to_owned)
                        })
                        .boxed()
                });
            let count = least.saturating_sub(parts.len());
            collection::vec((names, value), count..=count + 2).boxed()
        } else {
            Just(Vec::new()).boxed()
        };
        let most = bound("maxProperties").unwrap_or(usize::MAX);
        let required: Vec<String> = required.into_iter().map(str::to_owned).collect();
        (parts, extra)
            .prop_map(move |(parts, extra)| {
                let mut object: Map<String, Value> = parts.into_iter().flatten().collect();
                for (name, value) in extra {
                    object.entry(name).or_insert(value);
                }
                while object.len() > most {
                    let Some(last) = object
                        .keys()
                        .rev()
                        .find(|name| !required.contains(name))
                        .cloned()
                    else {
                        break;
                    };
                    object.shift_remove(&last);
                }
                Value::Object(object)
            })
            .boxed()
    }
}

/// The types that keywords speak of, where `type` is silent.
fn implied(members: &Map<String, Value>) -> Vec<&'static str> {
    let has = |keywords: &[&str]| {
        keywords
            .iter()
            .any(|keyword| members.contains_key(*keyword))
    };
    let mut kinds = Vec::new();
    if has(&[
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "minProperties",
        "maxProperties",
        "propertyNames",
    ]) {
        kinds.push("object");
    }
    if has(&[
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
    ]) {
        kinds.push("array");
    }
    if has(&["minLength", "maxLength", "pattern", "format"]) {
        kinds.push("string");
    }
    if has(&[
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
    ]) {
        kinds.push("number");
    }
    kinds
}

fn any_value() -> BoxedStrategy<Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-100_i64..100).prop_map(Value::from),
        "[a-z]{0,8}".prop_map(Value::String),
        collection::vec("[a-z]{0,4}".prop_map(Value::String), 0..3).prop_map(Value::Array),
        collection::btree_map("[a-z]{1,4}", (-9_i64..10).prop_map(Value::from), 0..3)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
    ]
    .boxed()
}

/// The largest integer that every JSON reader takes exactly (RFC 8259 §6).
const LARGEST: i64 = (1 << 53) - 1;
const LARGEST_F64: f64 = 9_007_199_254_740_991.0;

#[expect(
    clippy::cast_possible_truncation,
    reason = "the bound is clamped to the range of exact integers first"
)]
fn integer(members: &Map<String, Value>) -> BoxedStrategy<Value> {
    let bound = |keyword: &str| members.get(keyword).and_then(Value::as_f64);
    let exact = |number: f64| number.clamp(-LARGEST_F64, LARGEST_F64) as i64;
    let (format_least, format_most) = match members.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (-LARGEST, LARGEST),
    };
    let least = bound("minimum")
        .map(|bound| exact(bound.ceil()))
        .into_iter()
        .chain(bound("exclusiveMinimum").map(|bound| exact(bound.floor() + 1.0)))
        .max();
    let most = bound("maximum")
        .map(|bound| exact(bound.floor()))
        .into_iter()
        .chain(bound("exclusiveMaximum").map(|bound| exact(bound.ceil() - 1.0)))
        .min();
    let (least, most) = match (least, most) {
        (Some(least), Some(most)) => (least, most.max(least)),
        (Some(least), None) => (least, least.saturating_add(1000).min(format_most)),
        (None, Some(most)) => (most.saturating_sub(1000).max(format_least), most),
        (None, None) => (-1000, 1000),
    };
    let step = bound("multipleOf")
        .filter(|step| *step >= 1.0 && step.fract() == 0.0)
        .map_or(1, exact);
    let (first, last) = (
        least.div_euclid(step) + i64::from(least.rem_euclid(step) != 0),
        most.div_euclid(step),
    );
    (first..=last.max(first))
        .prop_map(move |count| Value::from(count.saturating_mul(step)))
        .boxed()
}

fn number(members: &Map<String, Value>) -> BoxedStrategy<Value> {
    let bound = |keyword: &str| members.get(keyword).and_then(Value::as_f64);
    if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0) {
        let least = bound("minimum")
            .or_else(|| bound("exclusiveMinimum"))
            .unwrap_or(-100.0 * step);
        let most = bound("maximum")
            .or_else(|| bound("exclusiveMaximum"))
            .unwrap_or(least + 200.0 * step);
        let first = (least / step).ceil();
        let count = ((most / step).floor() - first).clamp(0.0, 10_000.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0 to 10000"
        )]
        let count = count as u32;
        return (0..=count)
            .prop_map(move |index| from_f64((first + f64::from(index)) * step))
            .boxed();
    }
    let least = bound("minimum")
        .into_iter()
        .chain(bound("exclusiveMinimum"))
        .reduce(f64::max);
    let most = bound("maximum")
        .into_iter()
        .chain(bound("exclusiveMaximum"))
        .reduce(f64::min);
    let (least, most) = match (least, most) {
        (Some(least), Some(most)) => (least, most),
        (Some(least), None) => (least, least + 1000.0),
        (None, Some(most)) => (most - 1000.0, most),
        (None, None) => (-1000.0, 1000.0),
    };
    if least >= most {
        return Just(from_f64(least)).boxed();
    }
    // Few digits: what a person would write.
    let places = if most - least > 1.0 {
        100.0
    } else {
        1_000_000.0
    };
    (least..most)
        .prop_map(move |number| from_f64(((number * places).round() / places).clamp(least, most)))
        .boxed()
}

fn from_f64(number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers of a small size"
    )]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
