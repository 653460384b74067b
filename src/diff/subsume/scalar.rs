//! Keywords of numbers and strings, and lists of values.

use std::{cmp::Ordering, collections::HashSet, rc::Rc};

use serde_json::Value;

use super::{super::body::bounds, Goal, Parts, Prover, types::Types};
use crate::contract::texts::{self, Automaton, Language, Member, Pattern};

/// The most whole numbers between two bounds that are listed.
const MAX_LISTED: i64 = 256;

/// The most texts that broke a rule which are kept.
const MAX_TEXTS: usize = 16;

impl<'d> Prover<'d> {
    /// Whether a keyword of numbers, of strings or of listed values follows; `None` for another one.
    pub(super) fn scalar(&mut self, parts: &Parts<'d>, goal: Goal<'d>) -> Option<bool> {
        let Goal { keyword, value, .. } = goal;
        if let Some(follows) = by_number(parts, keyword, value) {
            return Some(follows);
        }
        let any = |keyword: &str, fits: &dyn Fn(&Value) -> bool| parts.values(keyword).any(fits);
        Some(match keyword {
            "enum" => value
                .as_array()
                .is_some_and(|allowed| self.is_listed(parts, allowed)),
            "const" => self.is_listed(parts, std::slice::from_ref(value)),
            "minLength" => {
                let is_enough =
                    |own: &Value| is_ordered(own, value, &[Ordering::Greater, Ordering::Equal]);
                value.as_u64() == Some(0)
                    || any(keyword, &is_enough)
                    || value.as_u64().is_some_and(|least| {
                        let mut shorter = self.language(parts);
                        shorter.shorten(least.saturating_sub(1));
                        least == 0 || self.is_never_text(&shorter)
                    })
            }
            "maxLength" => {
                let is_little =
                    |own: &Value| is_ordered(own, value, &[Ordering::Less, Ordering::Equal]);
                any(keyword, &is_little)
                    || value.as_u64().is_some_and(|most| {
                        let mut longer = self.language(parts);
                        longer.least = longer.least.max(most.saturating_add(1));
                        self.is_never_text(&longer)
                    })
            }
            "format" if value.as_str().and_then(bounds).is_some() => is_bounded(parts, value),
            "format" => {
                let is_within = |own: &Value| {
                    let both = own.as_str().zip(value.as_str());
                    both.is_some_and(|(own, outer)| texts::is_format_within(own, outer))
                };
                any(keyword, &is_within)
                    || value
                        .as_str()
                        .and_then(texts::exact_form)
                        .is_some_and(|form| self.is_matching(parts, form))
            }
            "pattern" => {
                any(keyword, &|own| own == value)
                    || value
                        .as_str()
                        .is_some_and(|pattern| self.is_matching(parts, pattern))
            }
            _ => return None,
        })
    }

    /// Whether all texts match a pattern.
    fn is_matching(&mut self, parts: &Parts<'d>, pattern: &str) -> bool {
        let Some(pattern) = self.pattern(pattern).cloned() else {
            return false;
        };
        let found = self.language(parts).breaking(&pattern);
        self.is_never_found(&found)
    }

    fn is_never_text(&mut self, language: &Language) -> bool {
        let found = language.member();
        self.is_never_found(&found)
    }

    /// Whether nothing was found; what was found may refute elsewhere.
    fn is_never_found(&mut self, found: &Member) -> bool {
        if let Member::Found(text) = found
            && self.texts.len() < MAX_TEXTS
            && !self.texts.contains(text)
        {
            self.texts.push(text.clone());
        }
        *found == Member::Never
    }

    /// No fewer texts than all parts allow.
    fn language(&mut self, parts: &Parts<'d>) -> Language {
        let mut language = Language::default();
        for part in &parts.all {
            let text = |keyword: &str| part.get(keyword).and_then(Value::as_str);
            let number = |keyword: &str| part.get(keyword).and_then(Value::as_u64);
            let form = text("format").and_then(texts::form);
            for pattern in text("pattern").into_iter().chain(form) {
                if let Some(pattern) = self.pattern(pattern) {
                    language.keep(pattern);
                }
            }
            language.least = language.least.max(number("minLength").unwrap_or_default());
            if let Some(most) = number("maxLength") {
                language.shorten(most);
            }
            if let Some(listed) = listed(part.node.schema).and_then(|one| texts(&one)) {
                language.all.push(Rc::new(listed));
            }
            if let Some(denied) = part.get("not") {
                self.deny(&mut language, denied);
            }
        }
        language
    }

    /// Takes out the texts that a denied schema accepts, where it is about one keyword of texts.
    fn deny(&mut self, language: &mut Language, denied: &Value) {
        let Value::Object(members) = denied else {
            return;
        };
        let is_typed = members
            .get("type")
            .is_none_or(|types| Types::STRING.is_within(Types::named(types)));
        let mut keywords = members.iter().filter(|(keyword, _)| *keyword != "type");
        let (Some((keyword, value)), None, true) = (keywords.next(), keywords.next(), is_typed)
        else {
            return;
        };
        match (keyword.as_str(), value) {
            ("pattern", Value::String(text)) => {
                if let Some(denied) = self.pattern(text).and_then(Pattern::denied) {
                    language.keep(&denied);
                }
            }
            ("minLength", _) => match value.as_u64() {
                Some(least) if least > 0 => language.shorten(least - 1),
                _ => {}
            },
            ("maxLength", _) => {
                let most = value.as_u64().unwrap_or_default();
                if value.is_u64() {
                    language.least = language.least.max(most.saturating_add(1));
                }
            }
            ("enum" | "const", _) => {
                let listed = listed(denied).and_then(|one| texts(&one));
                language.none.extend(listed.map(Rc::new));
            }
            _ => {}
        }
    }

    /// Whether every value is one of a list.
    fn is_listed(&mut self, parts: &Parts<'d>, allowed: &[Value]) -> bool {
        let types = parts.types();
        let is_allowed = |value: &Value| allowed.iter().any(|one| is_equal(one, value));
        let is_allowed_list = |values: &[Value]| {
            let mut possible = values
                .iter()
                .filter(|value| Types::value(value).is_within(types));
            possible.all(is_allowed)
        };
        let lists = parts.all.iter().filter_map(|part| listed(part.node.schema));
        if lists.into_iter().any(|values| is_allowed_list(&values)) {
            return true;
        }
        // Some types have few values.
        let rest = [
            (Types::NULL, vec![Value::Null]),
            (Types::BOOLEAN, vec![Value::Bool(true), Value::Bool(false)]),
            (Types::NUMBER, whole_numbers(parts)),
        ];
        let mut known = Types::STRING;
        for (kind, values) in rest {
            let kind_here = types.and(kind);
            if kind_here.is_empty() {
                continue;
            }
            if values.is_empty() || !is_allowed_list(&values) {
                return false;
            }
            known = known.or(kind);
        }
        if types.is_within(known)
            && !types.and(Types::STRING).is_empty()
            && let Some(left) = few_texts(parts)
        {
            let refused = left
                .into_iter()
                .find(|text| !allowed.iter().any(|one| one.as_str() == Some(*text)));
            let found = refused.map_or(Member::Never, |text| Member::Found(text.to_owned()));
            return self.is_never_found(&found);
        }
        types.is_within(known)
            && (types.and(Types::STRING).is_empty()
                || texts(allowed).is_some_and(|listed| {
                    let listed = Pattern {
                        all: vec![Rc::new(listed)],
                        none: Vec::new(),
                    };
                    let found = self.language(parts).breaking(&listed);
                    self.is_never_found(&found)
                }))
    }

    /// Whether rules of numbers or texts leave nothing of the only type.
    pub(super) fn is_empty_scalar(&mut self, parts: &Parts<'d>) -> bool {
        let types = parts.types();
        if types.is_within(Types::NUMBER) {
            return is_without_numbers(parts, types);
        }
        if !types.is_within(Types::STRING) {
            return false;
        }
        let speaks = [
            "pattern",
            "format",
            "minLength",
            "maxLength",
            "enum",
            "const",
            "not",
        ];
        let rules = speaks
            .iter()
            .map(|keyword| parts.values(keyword).count())
            .sum::<usize>();
        if rules < 2 {
            return false;
        }
        if let Some(left) = few_texts(parts) {
            return left.is_empty();
        }
        let language = self.language(parts);
        language.rules() >= 2 && language.member() == Member::Never
    }
}

/// Whether a keyword of numbers follows; `None` for another one.
fn by_number(parts: &Parts<'_>, keyword: &str, value: &Value) -> Option<bool> {
    let any = |keyword: &str, fits: &dyn Fn(&Value) -> bool| parts.values(keyword).any(fits);
    let at_least = |other: &Value| is_ordered(other, value, &[Ordering::Greater, Ordering::Equal]);
    let above = |other: &Value| is_ordered(other, value, &[Ordering::Greater]);
    let at_most = |other: &Value| is_ordered(other, value, &[Ordering::Less, Ordering::Equal]);
    let under = |other: &Value| is_ordered(other, value, &[Ordering::Less]);
    let (least, most) = whole_bounds(parts);
    let of_least =
        |fits: &dyn Fn(&Value) -> bool| least.map(Value::from).is_some_and(|one| fits(&one));
    let of_most =
        |fits: &dyn Fn(&Value) -> bool| most.map(Value::from).is_some_and(|one| fits(&one));
    Some(match keyword {
        "minimum" => {
            any("minimum", &at_least) || any("exclusiveMinimum", &at_least) || of_least(&at_least)
        }
        "exclusiveMinimum" => {
            any("exclusiveMinimum", &at_least) || any("minimum", &above) || of_least(&above)
        }
        "maximum" => {
            any("maximum", &at_most) || any("exclusiveMaximum", &at_most) || of_most(&at_most)
        }
        "exclusiveMaximum" => {
            any("exclusiveMaximum", &at_most) || any("maximum", &under) || of_most(&under)
        }
        "multipleOf" => {
            let is_whole = parts.types().and(Types::NUMBER).is_within(Types::INTEGER);
            is_whole && value.as_f64() == Some(1.0)
                || any("multipleOf", &|other| is_multiple(other, value))
        }
        _ => return None,
    })
}

/// Whether every number is within a format's bounds.
fn is_bounded(parts: &Parts<'_>, format: &Value) -> bool {
    let Some((least, greatest)) = format.as_str().and_then(bounds) else {
        return false;
    };
    let narrower = parts
        .values("format")
        .filter_map(|other| other.as_str().and_then(bounds))
        .any(|(from, to)| from >= least && to <= greatest);
    let (least, greatest) = (Value::from(least), Value::from(greatest));
    narrower
        || by_number(parts, "minimum", &least) == Some(true)
            && by_number(parts, "maximum", &greatest) == Some(true)
}

/// The values that a schema object lists.
pub(super) fn listed(schema: &Value) -> Option<Vec<Value>> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.clone()),
        (_, Some(value)) => Some(vec![value.clone()]),
        _ => None,
    }
}

/// The texts that lists leave, where nothing but lists and lengths speaks of them.
fn few_texts<'d>(parts: &Parts<'d>) -> Option<Vec<&'d str>> {
    let mut left: Option<Vec<&'d str>> = None;
    let (mut least, mut most) = (0, u64::MAX);
    for part in &parts.all {
        if ["pattern", "format", "not"]
            .iter()
            .any(|keyword| part.get(keyword).is_some())
        {
            return None;
        }
        let number = |keyword: &str| part.get(keyword).and_then(Value::as_u64);
        least = least.max(number("minLength").unwrap_or_default());
        most = most.min(number("maxLength").unwrap_or(u64::MAX));
        let listed = match (part.node.schema.get("enum"), part.node.schema.get("const")) {
            (Some(Value::Array(values)), _) => values.as_slice(),
            (_, Some(value)) => std::slice::from_ref(value),
            _ => continue,
        };
        let listed = listed.iter().filter_map(Value::as_str);
        left = Some(match left {
            Some(known) => {
                let listed: HashSet<&str> = listed.collect();
                known
                    .into_iter()
                    .filter(|one| listed.contains(one))
                    .collect()
            }
            None => listed.collect(),
        });
    }
    let mut left = left?;
    left.retain(|text| (least..=most).contains(&(text.chars().count() as u64)));
    Some(left)
}

/// The texts of a list.
fn texts(values: &[Value]) -> Option<Automaton> {
    Automaton::listed(values.iter().filter_map(Value::as_str))
}

/// The least and the greatest whole number, where no other numbers are allowed.
fn whole_bounds(parts: &Parts<'_>) -> (Option<i64>, Option<i64>) {
    if !parts.types().and(Types::NUMBER).is_within(Types::INTEGER) {
        return (None, None);
    }
    let all = |keyword: &'static str| {
        parts
            .values(keyword)
            .filter_map(Value::as_f64)
            .filter(|number| number.abs() < EXACT)
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole, and within what doubles count"
    )]
    let whole = |number: f64| number as i64;
    let least = all("minimum")
        .map(|one| whole(one.ceil()))
        .chain(all("exclusiveMinimum").map(|one| whole(one.floor()) + 1))
        .max();
    let most = all("maximum")
        .map(|one| whole(one.floor()))
        .chain(all("exclusiveMaximum").map(|one| whole(one.ceil()) - 1))
        .min();
    (least, most)
}

/// All whole numbers between bounds that are near each other; empty where they are not.
fn whole_numbers(parts: &Parts<'_>) -> Vec<Value> {
    match whole_bounds(parts) {
        (Some(least), Some(most)) if most - least < MAX_LISTED => {
            (least..=most).map(Value::from).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether both bounds leave no number.
fn is_without_numbers(parts: &Parts<'_>, types: Types) -> bool {
    let crossed = |least: &str, most: &str, orders: &[Ordering]| {
        parts.values(least).any(|least| {
            parts
                .values(most)
                .any(|most| is_ordered(least, most, orders))
        })
    };
    let (greater, from) = (
        [Ordering::Greater].as_slice(),
        [Ordering::Greater, Ordering::Equal].as_slice(),
    );
    let is_crossed = crossed("minimum", "maximum", greater)
        || crossed("exclusiveMinimum", "maximum", from)
        || crossed("minimum", "exclusiveMaximum", from)
        || crossed("exclusiveMinimum", "exclusiveMaximum", from);
    is_crossed
        || types.is_within(Types::INTEGER)
            && matches!(whole_bounds(parts), (Some(least), Some(most)) if least > most)
}

/// The greatest number up to which doubles tell whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a number stands to another in one of some orders, for sure.
pub(super) fn is_ordered(one: &Value, other: &Value, orders: &[Ordering]) -> bool {
    let order = match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) if one.abs() <= EXACT && other.abs() <= EXACT => {
                one.partial_cmp(&other)
            }
            _ if one == other && one.is_number() => Some(Ordering::Equal),
            _ => None,
        },
    };
    order.is_some_and(|order| orders.contains(&order))
}

fn is_multiple(one: &Value, of: &Value) -> bool {
    one == of
        || match (one.as_i64(), of.as_i64()) {
            (Some(one), Some(of)) => of > 0 && one % of == 0,
            _ => false,
        }
}

/// Equality as JSON Schema has it: `1` is `1.0`.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => is_ordered(one, other, &[Ordering::Equal]),
        _ => one == other,
    }
}
