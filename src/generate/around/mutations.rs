//! Mutations: invalid values, each of which breaks one rule on purpose.

use std::collections::{BTreeMap, HashMap, HashSet};

use oasgate_document::{Address, Pointer};
use serde_json::{Map, Value};

use super::{
    Mutation, Spending, alike, bases, brief, decimal, kinds::kinds, named, nodes, replaced,
    with_items, with_length,
};
use crate::{
    contract::{Constraint, Schema, Violation},
    generate::{Generator, Values, format, invalid, limits},
};

/// How many invalid values are drawn to break what no plan of its own breaks.
const DRAWS: usize = 40;

/// How many breaches of a broken value are looked at to tell how well it is broken.
const MAX_BREACHES: usize = 100;

/// How many elements of an array are tried as what may be contained.
const MAX_ELEMENTS: usize = 20;

/// Keywords that hold or fail by what stands in them: a rule in them is broken through them.
const APPLICATORS: &[&str] = &["allOf", "anyOf", "oneOf", "if", "then", "else", "not"];

/// How many times `most` are collected before the most telling are chosen.
const MAX_COLLECTED: usize = 4;

/// Invalid values: one for each constraint in reach of a valid value. One that breaks nothing else is
/// taken before one that does. The envelope comes first, then the deepest place, then what lies
/// between. No more than `most`.
pub fn mutations(
    schema: &Schema,
    strategy: &Values,
    most: usize,
    generator: &mut Generator,
) -> Vec<Mutation> {
    mutations_of(schema, &bases(strategy, generator), most, generator)
}

/// As [`mutations`], from bases that are there.
pub(crate) fn mutations_of(
    schema: &Schema,
    bases: &[Value],
    most: usize,
    generator: &mut Generator,
) -> Vec<Mutation> {
    let mut collected = Collected::new(schema, most);
    for base in bases {
        let constraints = schema.constraints(base);
        collected.spending.on(base, &constraints);
        for constraint in constraints {
            if let Some(node) = constraint.instance.get(base)
                && !collected.is_full()
            {
                collected.constraint(base, &constraint, beyond(&constraint, node));
            }
        }
    }
    if !collected.is_full() {
        collected.drawn(generator);
    }
    generator.is_cut |= collected.spending.is_cut();
    let mut found = in_order(collected.found);
    found.truncate(most);
    found
}

/// A value of every JSON type where a type is asked for that it has not: a service may take `null` or
/// a boolean where it refuses a text. Only for values that keep their types when they travel. The order
/// and the bound are those of [`mutations`].
pub fn type_mutations(
    schema: &Schema,
    strategy: &Values,
    most: usize,
    generator: &mut Generator,
) -> Vec<Mutation> {
    let mut collected = Collected::new(schema, most);
    let bases = bases(strategy, generator);
    // A place of several alternatives is of each one's type.
    let mut types: HashMap<Pointer, BTreeMap<String, Value>> = HashMap::new();
    let mut asked = Vec::new();
    for base in &bases {
        let constraints = schema.constraints(base);
        collected.spending.on(base, &constraints);
        for constraint in constraints {
            if constraint.keyword == "type" {
                let known = types.entry(constraint.slot.clone()).or_default();
                let bound = constraint.bound();
                known.insert(brief(bound), bound.clone());
                asked.push((base, constraint));
            }
        }
    }
    for (base, constraint) in asked {
        if collected.is_full() {
            break;
        }
        collected.each_type(base, &constraint, &types[&constraint.slot]);
    }
    generator.is_cut |= collected.spending.is_cut();
    let mut found = in_order(collected.found);
    found.truncate(most);
    found
}

/// The envelope first, then the deepest place, then the rest as it stands.
fn in_order(mut found: Vec<Mutation>) -> Vec<Mutation> {
    let depth = |one: &Mutation| one.at.tokens().count();
    let deepest = found.iter().map(depth).max().unwrap_or(0);
    found.sort_by_key(|one| match depth(one) {
        0 => 0,
        depth if depth == deepest => 1,
        _ => 2,
    });
    found
}

struct Collected<'s> {
    schema: &'s Schema,
    most: usize,
    found: Vec<Mutation>,
    names: HashSet<String>,
    values: HashSet<String>,
    /// The keywords that are broken by some value.
    broken: HashSet<Address>,
    spending: Spending,
}

/// How well a value breaks the rule it is meant to break.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Aim {
    /// It breaks the rule, and something else with it.
    AndMore,
    /// It breaks this rule alone.
    Alone,
}

impl<'s> Collected<'s> {
    fn new(schema: &'s Schema, most: usize) -> Self {
        Self {
            schema,
            most: most.saturating_mul(MAX_COLLECTED),
            found: Vec::new(),
            names: HashSet::new(),
            values: HashSet::new(),
            broken: HashSet::new(),
            spending: Spending::new(schema),
        }
    }
}

impl Collected<'_> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.most || self.spending.is_over()
    }

    /// The best of the candidates for each rule of a constraint.
    fn constraint(
        &mut self,
        base: &Value,
        constraint: &Constraint,
        candidates: Vec<(Value, String)>,
    ) {
        let mut best: Vec<(String, Aim, Value)> = Vec::new();
        for (value, rule) in candidates {
            if self.names.contains(&named(&constraint.slot, &rule)) {
                continue;
            }
            let known = best.iter().position(|(known, ..)| *known == rule);
            if known.is_some_and(|known| best[known].1 == Aim::Alone) {
                continue;
            }
            if known.is_none() && self.found.len() + best.len() >= self.most {
                break;
            }
            if !self.spending.spend() {
                break;
            }
            let whole = replaced(base, &constraint.instance, value);
            let Some(aim) = self.aim(&whole, &constraint.instance, &constraint.address) else {
                continue;
            };
            match known {
                Some(known) if best[known].1 < aim => best[known] = (rule, aim, whole),
                Some(_) => {}
                None => best.push((rule, aim, whole)),
            }
        }
        for (rule, _, value) in best {
            let name = named(&constraint.slot, &rule);
            self.broken.insert(constraint.address.clone());
            self.add(value, &constraint.instance, &constraint.keyword, rule, name);
        }
    }

    /// Each type that breaks a constraint on the type, which is one of `types`, by their names.
    fn each_type(
        &mut self,
        base: &Value,
        constraint: &Constraint,
        types: &BTreeMap<String, Value>,
    ) {
        let names: Vec<&str> = types.keys().map(String::as_str).collect();
        let rule = format!("type {}", names.join(" or "));
        for (value, kind) in kinds() {
            // Where it breaks something, that is another rule of an alternative.
            if types.values().any(|types| is_of_type(&value, types)) {
                continue;
            }
            if !self.spending.spend() {
                return;
            }
            let whole = replaced(base, &constraint.instance, value);
            if (self.aim(&whole, &constraint.instance, &constraint.address)).is_some() {
                let name = named(&constraint.slot, &format!("{rule} as {kind}"));
                self.add(whole, &constraint.instance, "type", rule.clone(), name);
            }
        }
    }

    /// How well a value breaks a rule; `None` where it does not.
    fn aim(&self, value: &Value, instance: &Pointer, rule: &Address) -> Option<Aim> {
        if self.spending.judge(|| self.schema.surely_accepts(value)) != Some(false) {
            return None;
        }
        let violations = self.schema.first_violations(value, MAX_BREACHES);
        let meant = violations
            .iter()
            .filter(|one| speaks_of(&one.schema, rule))
            .count();
        if meant > 0 && meant == violations.len() {
            return Some(Aim::Alone);
        }
        // Where no alternative holds any more, the alternatives as a whole are what is broken.
        let through = violations.iter().any(|one| {
            APPLICATORS.contains(&one.keyword.as_str())
                && !fits_several(one)
                && instance.as_str().starts_with(one.instance.as_str())
        });
        // Without a violation neither holds.
        (meant > 0 || through).then_some(Aim::AndMore)
    }

    fn add(&mut self, value: Value, at: &Pointer, keyword: &str, rule: String, name: String) {
        if self.is_full() || self.names.contains(&name) || !self.values.insert(value.to_string()) {
            return;
        }
        self.names.insert(name);
        self.found.push(Mutation {
            value,
            at: at.clone(),
            keyword: keyword.to_owned(),
            rule,
        });
    }

    /// Breaks what only the complement of the schema knows how to break: `not`, `oneOf`, a pattern
    /// that ordinary texts match.
    fn drawn(&mut self, generator: &mut Generator) {
        let Some(strategy) = invalid(self.schema) else {
            return;
        };
        for _ in 0..DRAWS {
            let Some(value) = generator.draw(&strategy) else {
                return;
            };
            let violations = self.schema.violations(&value);
            let [only] = violations.as_slice() else {
                continue;
            };
            // A reader that goes by the name alone is right to accept it, and no reader minds two that fit.
            if fits_several(only) || self.schema.accepts_by_name(only, &value) {
                continue;
            }
            let rule = if APPLICATORS.contains(&only.keyword.as_str()) {
                only.keyword.clone()
            } else {
                format!("{} {}", only.keyword, brief(&Value::from(&*only.expected)))
            };
            let is_known = self.broken.iter().any(|rule| speaks_of(&only.schema, rule));
            if !is_known && self.broken.insert(only.schema.clone()) {
                let name = named(&alike(&only.instance), &rule);
                self.add(value, &only.instance, &only.keyword, rule, name);
            }
        }
    }
}

/// Whether several alternatives of `oneOf` accept a value, which few readers mind.
fn fits_several(violation: &Violation) -> bool {
    violation.keyword == "oneOf" && violation.expected.starts_with("exactly one")
}

/// Whether what is told of a place in a schema is told of a rule. Names are no nodes of a value: what is
/// wrong with one is told of the schema for names, and the rule is `propertyNames`.
fn speaks_of(told: &Address, rule: &Address) -> bool {
    told == rule
        || rule.pointer.last().as_deref() == Some("propertyNames")
            && told.file == rule.file
            && told.pointer.starts_with(&rule.pointer)
}

/// A value with one constraint broken, in each way that there is; whoever takes one asks the validator.
pub(crate) fn broken(base: &Value, constraint: &Constraint) -> impl Iterator<Item = Value> {
    let node = constraint.instance.get(base);
    node.map_or_else(Vec::new, |node| beyond(constraint, node))
        .into_iter()
        .map(|(value, _)| replaced(base, &constraint.instance, value))
}

/// Whether a value is of the type that `type` names, or of one of them.
fn is_of_type(value: &Value, types: &Value) -> bool {
    let is_named = |name: &str| match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
        Value::Number(number) => {
            name == "number" || name == "integer" && (number.is_i64() || number.is_u64())
        }
    };
    match types {
        Value::String(name) => is_named(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is_named),
        _ => false,
    }
}

/// Values just beyond a constraint, each with the rule that it breaks, the best first.
fn beyond(constraint: &Constraint, node: &Value) -> Vec<(Value, String)> {
    let argument = constraint.bound();
    let label = || format!("{} {}", constraint.keyword, brief(argument));
    let all = |values: Vec<Value>| values.into_iter().map(|value| (value, label())).collect();
    let one = |value: Option<Value>| value.map(|value| (value, label())).into_iter().collect();
    let number = argument.as_f64();
    match constraint.keyword.as_str() {
        "type" => all(kinds()
            .into_iter()
            .map(|(value, _)| value)
            .filter(|value| !is_of_type(value, argument))
            .collect()),
        "minimum" | "exclusiveMinimum" => all(number.map_or_else(Vec::new, |bound| {
            vec![decimal(bound), decimal(bound - 1.0), decimal(bound - 0.5)]
        })),
        "maximum" | "exclusiveMaximum" => all(number.map_or_else(Vec::new, |bound| {
            vec![decimal(bound), decimal(bound + 1.0), decimal(bound + 0.5)]
        })),
        "multipleOf" => all(number.map_or_else(Vec::new, |step| {
            let from = node.as_f64().unwrap_or_default();
            vec![decimal(from + 1.0), decimal(from + step / 2.0)]
        })),
        "minLength" => one(with_length(
            node,
            argument.as_u64().and_then(|least| least.checked_sub(1)),
        )),
        "maxLength" => one(with_length(
            node,
            argument.as_u64().and_then(|most| most.checked_add(1)),
        )),
        "minItems" | "minContains" => one(with_items(
            node,
            argument.as_u64().and_then(|least| least.checked_sub(1)),
        )),
        "maxItems" => one(with_items(
            node,
            argument.as_u64().and_then(|most| most.checked_add(1)),
        )),
        "maxContains" => all(too_many(
            node,
            argument.as_u64().and_then(|most| most.checked_add(1)),
        )),
        "pattern" => all(beside_pattern(node.as_str().unwrap_or_default())),
        "format" => all(format::named(argument.as_str().unwrap_or_default())
            .into_iter()
            .flat_map(|format| format.wrong)
            .map(|text| Value::from(*text))
            .collect()),
        "enum" | "const" => all(not_listed(node)),
        "required" => without_each(node, argument, "required"),
        "dependentRequired" => argument
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(trigger, names)| {
                without_each(&with_property(node, trigger), names, "dependentRequired")
            })
            .take(limits::copies(nodes(node)))
            .collect(),
        "additionalProperties" | "unevaluatedProperties" | "maxProperties" | "propertyNames" => {
            all(with_unexpected(node, argument.as_u64()))
        }
        "minProperties" => all(fewer_properties(node, argument.as_u64())),
        "uniqueItems" => all(repeated(node)),
        "items" | "unevaluatedItems" if argument == &Value::Bool(false) => all(longer(node)),
        "contains" => {
            let length = node.as_array().map_or(1, |items| items.len().max(1));
            let repeated = kinds()
                .into_iter()
                .map(|(value, _)| Value::Array(vec![value; length]));
            all([Value::Array(Vec::new())]
                .into_iter()
                .chain(repeated)
                .collect())
        }
        _ => Vec::new(),
    }
}

fn beside_pattern(text: &str) -> Vec<Value> {
    let others = [
        format!("{text}!"),
        format!("!{text}"),
        "!".to_owned(),
        String::new(),
        "\u{1f600}".to_owned(),
        "A".to_owned(),
        "0".to_owned(),
        "a".to_owned(),
    ];
    others.into_iter().map(Value::from).collect()
}

/// Values that look like one of a list and are not in it; then one of each type.
fn not_listed(node: &Value) -> Vec<Value> {
    let mut others = match node {
        Value::String(text) => vec![Value::from(format!("{text}x")), Value::from("")],
        Value::Number(number) => vec![
            decimal(number.as_f64().unwrap_or_default() + 1.0),
            Value::from(987_654_321),
        ],
        _ => Vec::new(),
    };
    others.extend(kinds().into_iter().map(|(value, _)| value));
    others
}

fn without_each(node: &Value, names: &Value, keyword: &str) -> Vec<(Value, String)> {
    let Value::Object(members) = node else {
        return Vec::new();
    };
    let names = names.as_array().into_iter().flatten();
    names
        .filter_map(Value::as_str)
        .take(limits::copies(members.len()))
        .map(|name| {
            let mut fewer = members.clone();
            fewer.shift_remove(name);
            (Value::Object(fewer), format!("{keyword} {name}"))
        })
        .collect()
}

fn with_property(node: &Value, name: &str) -> Value {
    let mut whole = node.clone();
    if let Value::Object(members) = &mut whole
        && !members.contains_key(name)
    {
        members.insert(name.to_owned(), Value::from("text"));
    }
    whole
}

/// More properties: as many as pass a greatest number, one where there is none.
fn with_unexpected(node: &Value, most: Option<u64>) -> Vec<Value> {
    let Value::Object(members) = node else {
        return Vec::new();
    };
    let missing = most.map_or(1, |most| {
        usize::try_from(most.saturating_add(1))
            .unwrap_or(usize::MAX)
            .saturating_sub(members.len())
    });
    if missing > 200 {
        return Vec::new();
    }
    kinds()
        .into_iter()
        .map(|(value, _)| {
            let mut more = members.clone();
            for index in 0..missing.max(1) {
                more.insert(format!("unexpected_{index}"), value.clone());
            }
            Value::Object(more)
        })
        .collect()
}

fn fewer_properties(node: &Value, least: Option<u64>) -> Vec<Value> {
    let (Value::Object(members), Some(least)) = (node, least) else {
        return Vec::new();
    };
    let keep = usize::try_from(least.saturating_sub(1)).unwrap_or(0);
    let fewer: Map<String, Value> = members
        .iter()
        .take(keep)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    vec![Value::Object(fewer)]
}

fn repeated(node: &Value) -> Vec<Value> {
    let Some((items, first)) = node
        .as_array()
        .and_then(|items| Some((items, items.first()?)))
    else {
        return Vec::new();
    };
    let mut twice = items.clone();
    twice.push(first.clone());
    vec![
        Value::Array(twice),
        Value::Array(vec![first.clone(), first.clone()]),
    ]
}

/// Too many of what may be contained: which of the elements that is, only the schema knows.
fn too_many(node: &Value, count: Option<u64>) -> Vec<Value> {
    let items = node.as_array().into_iter().flatten();
    items
        .filter_map(|item| with_items(&Value::Array(vec![item.clone()]), count))
        .take(MAX_ELEMENTS)
        .collect()
}

fn longer(node: &Value) -> Vec<Value> {
    let Value::Array(items) = node else {
        return Vec::new();
    };
    kinds()
        .into_iter()
        .map(|(value, _)| {
            let mut more = items.clone();
            more.push(value);
            Value::Array(more)
        })
        .collect()
}
