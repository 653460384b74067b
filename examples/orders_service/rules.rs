//! What a request must keep to, rule by rule, as `tests/specs/orders.yaml` says it. Each rule stands
//! alone, so that a fault can leave one out.

use axum::http::HeaderMap;
use serde_json::Value;

use super::service::Operation;

/// What of a request the rules are about.
pub(crate) struct Input {
    /// The values of the path template, in order.
    pub(crate) path: Vec<String>,
    /// The pairs of the query, in order.
    pub(crate) query: Vec<(String, String)>,
    /// The fields of the head.
    pub(crate) headers: HeaderMap,
    /// The body; null where there is none.
    pub(crate) body: Value,
}

/// One rule.
pub(crate) struct Rule {
    /// Its name, which a refusal and the faults use.
    pub(crate) name: &'static str,
    holds: fn(&Input) -> bool,
}

impl Rule {
    pub(crate) fn holds(&self, input: &Input) -> bool {
        (self.holds)(input)
    }
}

const fn rule(name: &'static str, holds: fn(&Input) -> bool) -> Rule {
    Rule { name, holds }
}

impl Input {
    /// Whether every value that stands at `at` keeps to something; `*` is any element or member.
    /// What is absent keeps to everything.
    pub(crate) fn each(&self, at: &str, keeps: impl Fn(&Value) -> bool + Copy) -> bool {
        each(&self.body, at, keeps)
    }

    /// Whether every value of a query parameter keeps to something.
    pub(crate) fn query(&self, name: &str, keeps: impl Fn(&str) -> bool) -> bool {
        self.values(name).all(keeps)
    }

    /// The values of a query parameter.
    pub(crate) fn values<'i>(&'i self, name: &str) -> impl Iterator<Item = &'i str> {
        self.query
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

fn each(value: &Value, at: &str, keeps: impl Fn(&Value) -> bool + Copy) -> bool {
    let Some(rest) = at.strip_prefix('/') else {
        return keeps(value);
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    match value {
        Value::Array(elements) if name == "*" => {
            elements.iter().all(|element| each(element, rest, keeps))
        }
        Value::Object(members) if name == "*" => {
            members.values().all(|member| each(member, rest, keeps))
        }
        Value::Object(members) => members
            .get(name)
            .is_none_or(|member| each(member, rest, keeps)),
        _ => true,
    }
}

fn has(value: &Value, name: &str) -> bool {
    value
        .as_object()
        .is_none_or(|members| members.contains_key(name))
}

fn only(value: &Value, names: &[&str]) -> bool {
    value
        .as_object()
        .is_none_or(|members| members.keys().all(|name| names.contains(&name.as_str())))
}

fn text(value: &Value, keeps: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_none_or(keeps)
}

fn number(value: &Value, keeps: impl Fn(f64) -> bool) -> bool {
    value.as_f64().is_none_or(keeps)
}

fn list(value: &Value, keeps: impl Fn(&[Value]) -> bool) -> bool {
    value.as_array().is_none_or(|elements| keeps(elements))
}

fn members(value: &Value, keeps: impl Fn(&serde_json::Map<String, Value>) -> bool) -> bool {
    value.as_object().is_none_or(keeps)
}

/// `2.0` is an integer too.
fn is_integer(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn are_distinct<T: PartialEq>(elements: &[T]) -> bool {
    elements
        .iter()
        .enumerate()
        .all(|(index, element)| !elements[..index].contains(element))
}

fn is_lower(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_sku(text: &str) -> bool {
    text.split_once('-').is_some_and(|(letters, digits)| {
        letters.len() == 3
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && digits.len() == 4
            && is_digits(digits)
    })
}

fn is_key(text: &str) -> bool {
    (8..=20).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

fn is_state(text: &str) -> bool {
    ["open", "sent", "returned"].contains(&text)
}

/// The integer that a text writes; `2.0` is one too.
pub(crate) fn integer(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.fract() == 0.0)
}

fn is_destination(value: &Value) -> bool {
    let is_line = |name: &str| {
        value[name]
            .as_str()
            .is_some_and(|text| (1..=40).contains(&length(text)))
    };
    let is_store = || {
        is_integer(&value["store"])
            && number(&value["store"], |store| (1.0..=99.0).contains(&store))
    };
    match value["kind"].as_str() {
        Some("address") => {
            only(value, &["kind", "street", "town"]) && is_line("street") && is_line("town")
        }
        Some("pickup") => only(value, &["kind", "store"]) && is_store(),
        _ => false,
    }
}

const ORDER_ID: Rule = rule("order-id", |input| {
    input.path[0]
        .strip_prefix("ord_")
        .is_some_and(|digits| is_hex(digits, 8))
});

const IS_OBJECT: Rule = rule("object", |input| input.body.is_object());

#[rustfmt::skip]
const LIST_ORDERS: &[Rule] = &[
    rule("limit-integer", |input| input.query("limit", |text| integer(text).is_some())),
    rule("limit-minimum", |input| input.query("limit", |text| { integer(text).is_none_or(|limit| limit >= 1.0) })),
    rule("limit-maximum", |input| input.query("limit", |text| { integer(text).is_none_or(|limit| limit <= 100.0) })),
    rule("cursor-pattern", |input| input.query("cursor", |text| { text.strip_prefix('c').is_some_and(|digits| is_digits(digits) && digits.len() <= 6) })),
    rule("state-enum", |input| input.query("state", is_state)),
    rule("state-unique", |input| are_distinct(&input.values("state").collect::<Vec<_>>())),
    rule("sort-enum", |input| input.query("sort", |text| { text.split(',').all(|name| ["id", "customer"].contains(&name)) })),
    rule("sort-maximum", |input| input.query("sort", |text| text.split(',').count() <= 2)),
    rule("customer-empty", |input| input.query("customer", |text| !text.is_empty())),
    rule("customer-length", |input| input.query("customer", |text| length(text) <= 40)),
    rule("trace-id-pattern", |input| input.headers.get_all("x-trace-id").iter().all(|value| value.to_str().is_ok_and(|text| is_hex(text, 16)))),
];

#[rustfmt::skip]
const CREATE_ORDER: &[Rule] = &[
    IS_OBJECT,
    rule("only-known", |input| only(&input.body, &["customer", "lines", "ship_to", "message"])),
    rule("customer-required", |input| has(&input.body, "customer")),
    rule("customer-text", |input| input.each("/customer", Value::is_string)),
    rule("customer-min-length", |input| input.each("/customer", |value| text(value, |text| !text.is_empty()))),
    rule("customer-max-length", |input| input.each("/customer", |value| text(value, |text| length(text) <= 40))),
    rule("lines-required", |input| has(&input.body, "lines")),
    rule("lines-list", |input| input.each("/lines", Value::is_array)),
    rule("lines-minimum", |input| input.each("/lines", |value| list(value, |lines| !lines.is_empty()))),
    rule("lines-maximum", |input| input.each("/lines", |value| list(value, |lines| lines.len() <= 3))),
    rule("line-object", |input| input.each("/lines/*", Value::is_object)),
    rule("line-only-known", |input| input.each("/lines/*", |line| { only(line, &["sku", "quantity", "price_cents"]) })),
    rule("sku-required", |input| input.each("/lines/*", |line| has(line, "sku"))),
    rule("sku-text", |input| input.each("/lines/*/sku", Value::is_string)),
    rule("sku-pattern", |input| input.each("/lines/*/sku", |value| text(value, is_sku))),
    rule("quantity-required", |input| input.each("/lines/*", |line| has(line, "quantity"))),
    rule("quantity-number", |input| input.each("/lines/*/quantity", Value::is_number)),
    rule("quantity-integer", |input| input.each("/lines/*/quantity", |value| { !value.is_number() || is_integer(value) })),
    rule("quantity-minimum", |input| input.each("/lines/*/quantity", |value| { number(value, |number| number >= 1.0) })),
    rule("quantity-maximum", |input| input.each("/lines/*/quantity", |value| { number(value, |number| number <= 1000.0) })),
    rule("price-required", |input| input.each("/lines/*", |line| has(line, "price_cents"))),
    rule("price-number", |input| input.each("/lines/*/price_cents", Value::is_number)),
    rule("price-integer", |input| input.each("/lines/*/price_cents", |value| !value.is_number() || is_integer(value))),
    rule("price-minimum", |input| input.each("/lines/*/price_cents", |value| { number(value, |number| number >= 0.0) })),
    rule("price-maximum", |input| input.each("/lines/*/price_cents", |value| { number(value, |number| number < 1_000_000.0) })),
    rule("price-multiple", |input| input.each("/lines/*/price_cents", |value| { number(value, |number| number % 5.0 == 0.0) })),
    rule("ship-to-required", |input| has(&input.body, "ship_to")),
    rule("ship-to-one-of", |input| input.each("/ship_to", is_destination)),
    rule("message-text", |input| input.each("/message", |value| value.is_null() || value.is_string())),
    rule("message-max-length", |input| input.each("/message", |value| text(value, |text| length(text) <= 60))),
];

#[rustfmt::skip]
const PREFERENCES: &[Rule] = &[
    IS_OBJECT,
    rule("preferences-only-known", |input| only(&input.body, &["priority", "tags", "labels", "gift", "gift_text"])),
    rule("priority-enum", |input| input.each("/priority", |value| { ["low", "normal", "high"].iter().any(|known| value == known) })),
    rule("tags-list", |input| input.each("/tags", Value::is_array)),
    rule("tags-maximum", |input| input.each("/tags", |value| list(value, |tags| tags.len() <= 4))),
    rule("tags-unique", |input| input.each("/tags", |value| list(value, are_distinct))),
    rule("tag-text", |input| input.each("/tags/*", Value::is_string)),
    rule("tag-pattern", |input| { input.each("/tags/*", |value| text(value, |text| { (1..=8).contains(&text.len()) && is_lower(text) })) }),
    rule("labels-object", |input| input.each("/labels", Value::is_object)),
    rule("labels-maximum", |input| input.each("/labels", |value| { members(value, |labels| labels.len() <= 3) })),
    rule("labels-names", |input| { input.each("/labels", |value| members(value, |labels| { labels.keys().all(|name| !name.is_empty() && is_lower(name)) })) }),
    rule("labels-texts", |input| input.each("/labels", |value| { members(value, |labels| labels.values().all(Value::is_string)) })),
    rule("gift-boolean", |input| input.each("/gift", Value::is_boolean)),
    rule("gift-text", |input| input.each("/gift_text", Value::is_string)),
    rule("gift-text-max-length", |input| input.each("/gift_text", |value| text(value, |text| length(text) <= 60))),
    rule("gift-text-needs-gift", |input| input.body.get("gift_text").is_none() || has(&input.body, "gift")),
];

#[rustfmt::skip]
const CHANGE_ORDER: &[Rule] = &[
    ORDER_ID,
    IS_OBJECT,
    rule("change-only-known", |input| only(&input.body, &["customer", "message", "state"])),
    rule("change-not-empty", |input| members(&input.body, |members| !members.is_empty())),
    rule("change-customer-text", |input| input.each("/customer", Value::is_string)),
    rule("change-customer-length", |input| input.each("/customer", |value| { text(value, |text| (1..=40).contains(&length(text))) })),
    rule("change-message-text", |input| input.each("/message", |value| value.is_null() || value.is_string())),
    rule("change-message-length", |input| input.each("/message", |value| text(value, |text| length(text) <= 60))),
    rule("change-state-enum", |input| input.each("/state", |value| value.as_str().is_some_and(is_state))),
];

#[rustfmt::skip]
const ADD_NOTE: &[Rule] = &[
    ORDER_ID,
    IS_OBJECT,
    rule("note-only-known", |input| only(&input.body, &["text", "stars"])),
    rule("note-text-required", |input| has(&input.body, "text")),
    rule("note-text", |input| input.each("/text", Value::is_string)),
    rule("note-text-length", |input| input.each("/text", |value| { text(value, |text| (1..=80).contains(&length(text))) })),
    rule("stars-number", |input| input.each("/stars", Value::is_number)),
    rule("stars-range", |input| input.each("/stars", |value| { number(value, |number| (0.0..=5.0).contains(&number)) })),
];

const NOTE_ID: Rule = rule("note-id", |input| {
    integer(&input.path[1]).is_some_and(|id| (1.0..=1e6).contains(&id))
});

const NOTE: &[Rule] = &[ORDER_ID, NOTE_ID];

#[rustfmt::skip]
const REPLACE_NOTE: &[Rule] = &[
    ORDER_ID,
    NOTE_ID,
    IS_OBJECT,
    rule("new-text-required", |input| has(&input.body, "text")),
    rule("new-text", |input| input.each("/text", Value::is_string)),
    rule("new-text-length", |input| input.each("/text", |value| { text(value, |text| (1..=80).contains(&length(text))) })),
    rule("new-stars-number", |input| input.each("/stars", Value::is_number)),
];

#[rustfmt::skip]
const CHANGE_NOTE: &[Rule] = &[
    ORDER_ID,
    NOTE_ID,
    IS_OBJECT,
    rule("part-only-known", |input| only(&input.body, &["text", "stars"])),
    rule("part-not-empty", |input| members(&input.body, |members| !members.is_empty())),
    rule("part-text", |input| input.each("/text", Value::is_string)),
    rule("part-text-length", |input| input.each("/text", |value| { text(value, |text| (1..=80).contains(&length(text))) })),
    rule("part-stars-number", |input| input.each("/stars", |value| value.is_null() || value.is_number())),
    rule("part-stars-range", |input| input.each("/stars", |value| { number(value, |number| (0.0..=5.0).contains(&number)) })),
];

#[rustfmt::skip]
const CREATE_EXPORT: &[Rule] = &[
    rule("key-required", |input| input.headers.contains_key("idempotency-key")),
    rule("key-pattern", |input| input.headers.get("idempotency-key").is_none_or(|value| value.to_str().is_ok_and(is_key))),
    IS_OBJECT,
    rule("export-only-known", |input| only(&input.body, &["format"])),
    rule("format-required", |input| has(&input.body, "format")),
    rule("format-enum", |input| input.each("/format", |value| value == "csv" || value == "json")),
];

const EXPORT: &[Rule] = &[rule("export-id", |input| {
    input.path[0]
        .strip_prefix("exp_")
        .is_some_and(|digits| is_hex(digits, 8))
})];

impl Operation {
    /// The rules for its requests.
    pub(crate) fn rules(self) -> &'static [Rule] {
        match self {
            Self::GetStatus | Self::GetMe => &[],
            Self::SetPreferences => PREFERENCES,
            Self::ListOrders => LIST_ORDERS,
            Self::CreateOrder => CREATE_ORDER,
            Self::GetOrder | Self::DeleteOrder | Self::ListNotes => &[ORDER_ID],
            Self::ChangeOrder => CHANGE_ORDER,
            Self::AddNote => ADD_NOTE,
            Self::GetNote | Self::DeleteNote => NOTE,
            Self::ReplaceNote => REPLACE_NOTE,
            Self::ChangeNote => CHANGE_NOTE,
            Self::CreateExport => CREATE_EXPORT,
            Self::GetExport => EXPORT,
        }
    }
}
