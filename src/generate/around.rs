//! Values on both sides of each constraint: edges, which are valid, and mutations, each of which
//! breaks one rule on purpose and names it.

use std::{collections::HashSet, fmt};

use oasgate_document::Pointer;
use serde_json::{Map, Value};

use super::{Generator, Values, format, valid};
use crate::contract::{Constraint, Schema};

/// A valid value at an edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The value.
    pub value: Value,
    /// Which edge: `maximum 100`, `/name: empty`.
    pub name: String,
}

/// An invalid value that breaks one rule on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutation {
    /// The value.
    pub value: Value,
    /// Where in the value the rule is broken.
    pub at: Pointer,
    /// The keyword of the rule.
    pub keyword: String,
    /// The rule: `maximum 100`, `required token`.
    pub rule: String,
}

/// As in `maximum 100` and `/files/0: type string`.
impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&named(&self.at, &self.rule))
    }
}

/// The most edges, and the most mutations, of one schema.
const MOST: usize = 300;

/// The longest string that is made to pass a length.
const MOST_LENGTH: u64 = 100_000;

/// Valid values at the edges of a schema: all optional parts and none, both sides of each constraint,
/// and the values of each type that services stumble over.
pub fn edges(schema: &Schema, generator: &mut Generator) -> Vec<Edge> {
    let strategy = valid(schema);
    let mut found: Vec<Edge> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let mut add = |value: Value, name: String| {
        if found.len() < MOST && seen.insert(value.to_string()) {
            found.push(Edge { value, name });
        }
    };
    let bases = bases(&strategy, generator);
    for (name, whole) in ["everything", "nothing optional"].iter().zip(&bases) {
        if whole.is_object() || whole.is_array() {
            add(whole.clone(), (*name).to_owned());
        }
    }
    for base in &bases {
        for constraint in schema.constraints(base) {
            let Some(node) = constraint.instance.get(base) else {
                continue;
            };
            for (value, edge) in at_the_edge(&constraint, node) {
                let whole = replaced(base, &constraint.instance, value);
                if schema.is_valid(&whole) {
                    add(whole, named(&constraint.instance, &edge));
                }
            }
        }
        each_leaf(base, &mut |at, node| {
            for (value, edge) in of_its_type(node) {
                let whole = replaced(base, at, value);
                if schema.is_valid(&whole) {
                    add(whole, named(at, edge));
                }
            }
        });
    }
    found
}

/// Invalid values: one for each constraint in reach of a valid value.
pub fn mutations(schema: &Schema, generator: &mut Generator) -> Vec<Mutation> {
    let mut found: Vec<Mutation> = Vec::new();
    let mut broken: HashSet<String> = HashSet::new();
    for base in bases(&valid(schema), generator) {
        for constraint in schema.constraints(&base) {
            let Some(node) = constraint.instance.get(&base) else {
                continue;
            };
            let mut second_best = HashSet::new();
            for (value, rule) in beyond(&constraint, node) {
                let name = named(&constraint.instance, &rule);
                if found.len() >= MOST || broken.contains(&name) {
                    continue;
                }
                let whole = replaced(&base, &constraint.instance, value);
                let violations = schema.violations(&whole);
                let is_meant = |address| address == &constraint.address;
                let breaks = violations
                    .iter()
                    .filter(|one| is_meant(&one.schema))
                    .count();
                if breaks == 0 || schema.is_valid(&whole) {
                    continue;
                }
                // A value that breaks nothing else is the better one; another may come.
                if breaks == violations.len() || !second_best.insert(name.clone()) {
                    broken.insert(name);
                    found.push(Mutation {
                        value: whole,
                        at: constraint.instance.clone(),
                        keyword: constraint.keyword.clone(),
                        rule,
                    });
                }
            }
        }
    }
    found
}

/// Valid values that have much in them, and little.
fn bases(strategy: &Values, generator: &mut Generator) -> Vec<Value> {
    [
        strategy.with_all(),
        strategy.with_none(),
        strategy.clone(),
        strategy.clone(),
    ]
    .iter()
    .filter_map(|strategy| generator.draw(strategy))
    .collect()
}

fn named(at: &Pointer, rule: &str) -> String {
    if at.is_root() {
        rule.to_owned()
    } else {
        format!("{at}: {rule}")
    }
}

fn replaced(base: &Value, at: &Pointer, value: Value) -> Value {
    let mut whole = base.clone();
    if let Some(node) = whole.pointer_mut(at.as_str()) {
        *node = value;
    }
    whole
}

fn each_leaf(base: &Value, visit: &mut dyn FnMut(&Pointer, &Value)) {
    let mut open = vec![(Pointer::root(), base)];
    while let Some((at, node)) = open.pop() {
        visit(&at, node);
        match node {
            Value::Object(members) => {
                open.extend(members.iter().map(|(name, member)| (at.join(name), member)));
            }
            Value::Array(items) => {
                open.extend(
                    items
                        .iter()
                        .take(2)
                        .enumerate()
                        .map(|(i, item)| (at.index(i), item)),
                );
            }
            _ => {}
        }
    }
}

/// Values that meet a constraint exactly.
fn at_the_edge(constraint: &Constraint, node: &Value) -> Vec<(Value, String)> {
    let argument = &constraint.argument;
    let label = || format!("{} {}", constraint.keyword, brief(argument));
    let one = |value: Option<Value>| value.map(|value| (value, label())).into_iter().collect();
    let number = argument.as_f64();
    match constraint.keyword.as_str() {
        "minimum" | "maximum" => one(Some(argument.clone())),
        "exclusiveMinimum" => one(number.map(|bound| decimal(bound + 1.0))),
        "exclusiveMaximum" => one(number.map(|bound| decimal(bound - 1.0))),
        "minLength" | "maxLength" => one(with_length(node, argument.as_u64())),
        "minItems" | "maxItems" => one(with_items(node, argument.as_u64())),
        "enum" => argument
            .as_array()
            .into_iter()
            .flatten()
            .map(|value| (value.clone(), format!("enum {}", brief(value))))
            .collect(),
        "format" => format::named(argument.as_str().unwrap_or_default())
            .into_iter()
            .flat_map(|format| format.edges)
            .map(|text| {
                (
                    Value::from(*text),
                    format!("format {} {text}", argument.as_str().unwrap_or_default()),
                )
            })
            .collect(),
        "type" => kinds()
            .into_iter()
            .filter(|(value, _)| value.is_null())
            .map(|(value, _)| (value, "null".to_owned()))
            .collect(),
        _ => Vec::new(),
    }
}

/// What services stumble over, by the type of the node.
fn of_its_type(node: &Value) -> Vec<(Value, &'static str)> {
    match node {
        Value::String(_) => [
            ("", "empty"),
            (" ", "a space"),
            ("ü", "not ASCII"),
            ("😀", "astral"),
            ("e\u{301}", "combining"),
            ("a/b", "a slash"),
            ("100%", "a percent sign"),
            ("a&b=c+d", "signs of a query"),
            ("\u{202e}a", "right to left"),
            ("null", "the word null"),
            ("0", "a digit"),
        ]
        .into_iter()
        .map(|(text, name)| (Value::from(text), name))
        .chain([(Value::from("a".repeat(255)), "255 characters")])
        .collect(),
        Value::Number(_) => vec![
            (Value::from(0), "zero"),
            (Value::from(1), "one"),
            (Value::from(-1), "minus one"),
            (Value::from(i32::MAX), "the greatest int32"),
            (Value::from(i32::MIN), "the least int32"),
            (Value::from(i64::from(i32::MAX) + 1), "one beyond int32"),
            (Value::from((1_i64 << 53) - 1), "the greatest exact integer"),
            (Value::from(i64::MAX), "the greatest int64"),
            (Value::from(i64::MIN), "the least int64"),
            (Value::from(-0.0), "minus zero"),
            (Value::from(0.1), "a tenth"),
            (Value::from(f64::MAX), "the greatest double"),
            (Value::from(f64::MIN_POSITIVE), "the least double"),
        ],
        Value::Array(items) => {
            let mut found = vec![(Value::Array(Vec::new()), "no items")];
            if let Some(first) = items.first() {
                found.push((Value::Array(vec![first.clone()]), "one item"));
                found.push((
                    Value::Array(vec![first.clone(), first.clone()]),
                    "an item twice",
                ));
            }
            found
        }
        Value::Bool(_) => vec![(Value::Bool(true), "true"), (Value::Bool(false), "false")],
        Value::Object(_) => vec![(Value::Object(Map::new()), "no properties")],
        Value::Null => Vec::new(),
    }
}

/// Values just beyond a constraint, each with the rule that it breaks.
fn beyond(constraint: &Constraint, node: &Value) -> Vec<(Value, String)> {
    let argument = &constraint.argument;
    let label = || format!("{} {}", constraint.keyword, brief(argument));
    let all = |values: Vec<Value>| values.into_iter().map(|value| (value, label())).collect();
    let number = argument.as_f64();
    match constraint.keyword.as_str() {
        "type" => all(kinds().into_iter().map(|(value, _)| value).collect()),
        "minimum" => {
            all(number.map_or_else(Vec::new, |bound| vec![decimal(bound - 1.0), decimal(bound)]))
        }
        "maximum" => {
            all(number.map_or_else(Vec::new, |bound| vec![decimal(bound + 1.0), decimal(bound)]))
        }
        "exclusiveMinimum" | "exclusiveMaximum" => all(number.map(decimal).into_iter().collect()),
        "multipleOf" => all(number.map_or_else(Vec::new, |step| {
            let from = node.as_f64().unwrap_or_default();
            let (half, one) = (decimal(from + step / 2.0), decimal(from + 1.0));
            vec![one, half, decimal(from + 0.000_1)]
        })),
        "minLength" => all(
            with_length(node, argument.as_u64().and_then(|n| n.checked_sub(1)))
                .into_iter()
                .collect(),
        ),
        "maxLength" => all(with_length(node, argument.as_u64().map(|n| n + 1))
            .into_iter()
            .collect()),
        "minItems" => all(
            with_items(node, argument.as_u64().and_then(|n| n.checked_sub(1)))
                .into_iter()
                .collect(),
        ),
        "maxItems" => all(with_items(node, argument.as_u64().map(|n| n + 1))
            .into_iter()
            .collect()),
        "pattern" => {
            let text = node.as_str().unwrap_or_default();
            let mut others = vec![
                String::new(),
                "!".to_owned(),
                format!("{text}!"),
                format!("!{text}"),
            ];
            others.extend([
                "\u{1f600}".to_owned(),
                "A".to_owned(),
                "0".to_owned(),
                "a".to_owned(),
            ]);
            all(others.into_iter().map(Value::from).collect())
        }
        "format" => all(format::named(argument.as_str().unwrap_or_default())
            .into_iter()
            .flat_map(|format| format.wrong)
            .map(|text| Value::from(*text))
            .collect()),
        "enum" | "const" => {
            let mut others = match node {
                Value::String(text) => vec![Value::from(format!("{text}x")), Value::from("")],
                Value::Number(number) => {
                    vec![
                        decimal(number.as_f64().unwrap_or_default() + 1.0),
                        Value::from(987_654_321),
                    ]
                }
                _ => Vec::new(),
            };
            others.extend(kinds().into_iter().map(|(value, _)| value));
            all(others)
        }
        "required" => {
            let Value::Object(members) = node else {
                return Vec::new();
            };
            let names = argument
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            names
                .map(|name| {
                    let mut fewer = members.clone();
                    fewer.shift_remove(name);
                    (Value::Object(fewer), format!("required {name}"))
                })
                .collect()
        }
        "additionalProperties" | "maxProperties" | "propertyNames" => {
            let Value::Object(members) = node else {
                return Vec::new();
            };
            kinds()
                .into_iter()
                .map(|(value, _)| {
                    let mut more = members.clone();
                    let missing = argument.as_u64().map_or(1, |most| {
                        usize::try_from(most + 1)
                            .unwrap_or(1)
                            .saturating_sub(members.len())
                    });
                    for index in 0..missing.clamp(1, 200) {
                        more.insert(format!("unexpected_{index}"), value.clone());
                    }
                    (Value::Object(more), label())
                })
                .collect()
        }
        "minProperties" => {
            let Value::Object(members) = node else {
                return Vec::new();
            };
            let keep = argument
                .as_u64()
                .map_or(0, |n| usize::try_from(n.saturating_sub(1)).unwrap_or(0));
            let fewer = members
                .iter()
                .take(keep)
                .map(|(name, value)| (name.clone(), value.clone()));
            all(vec![Value::Object(fewer.collect())])
        }
        "uniqueItems" => {
            let Value::Array(items) = node else {
                return Vec::new();
            };
            let Some(first) = items.first() else {
                return Vec::new();
            };
            let mut twice = items.clone();
            twice.push(first.clone());
            all(vec![
                Value::Array(twice),
                Value::Array(vec![first.clone(), first.clone()]),
            ])
        }
        _ => Vec::new(),
    }
}

fn kinds() -> Vec<(Value, &'static str)> {
    vec![
        (Value::from("text"), "a string"),
        (Value::from(7), "an integer"),
        (Value::from(0.5), "a number"),
        (Value::Bool(true), "a boolean"),
        (Value::Null, "null"),
        (Value::Array(Vec::new()), "an array"),
        (Value::Object(Map::new()), "an object"),
    ]
}

/// A number as an integer where it has no fraction.
fn decimal(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only where it has no fraction"
    )]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

fn with_length(node: &Value, length: Option<u64>) -> Option<Value> {
    let text = node.as_str()?;
    let length = usize::try_from(length.filter(|length| *length <= MOST_LENGTH)?).ok()?;
    let filler = text.chars().next_back().unwrap_or('a');
    let characters = text.chars().chain(std::iter::repeat(filler)).take(length);
    Some(Value::from(characters.collect::<String>()))
}

fn with_items(node: &Value, length: Option<u64>) -> Option<Value> {
    let items = node.as_array()?;
    let length = usize::try_from(length.filter(|length| *length <= 10_000)?).ok()?;
    if items.is_empty() && length > 0 {
        return None;
    }
    let longer = items.iter().cycle().take(length).cloned();
    Some(Value::Array(longer.collect()))
}

fn brief(value: &Value) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= 40 {
        return text;
    }
    let start: String = text.chars().take(39).collect();
    format!("{start}…")
}
