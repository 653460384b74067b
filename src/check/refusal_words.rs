//! What a refusal says in its own words, so that a reader need not send the request to find out.

use std::{borrow::Cow, sync::LazyLock};

use percent_encoding::percent_decode_str;
use regex::Regex;
use serde_json::{Value, json};

use super::{
    Content, Subject,
    refusal_statement::without_statement,
    refusal_unions::{Meant, meant},
};
use crate::wire::{Parsed, path_values};

/// What a service says of something that is not there, in lower case.
const ABSENT: [&str; 10] = [
    "can't find",
    "cannot find",
    "could not be found",
    "could not find",
    "couldn't find",
    "do not exist",
    "does not exist",
    "doesn't exist",
    "no such",
    "not found",
];

/// Whether a sentence in lower case says that something is not there.
pub(crate) fn says_absent(lower: &str) -> bool {
    ABSENT.iter().any(|phrase| lower.contains(phrase))
}

/// Members that hold what an error says, the likeliest first.
const SAYING: &[&str] = &[
    // What is wrong with single fields tells more than that something is.
    "extra",
    "violations",
    "issues",
    "invalid-params",
    "invalid_params",
    "validation_errors",
    "validationErrors",
    "field_errors",
    "fieldErrors",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "error_description",
    "description",
    "error",
    "reason",
    "title",
];

/// Members that hold the place that an error is about.
const PLACES: &[&str] = &[
    "loc",
    "instancePath",
    "pointer",
    "field",
    "property",
    "path",
    "param",
    "parameter",
    "propertyPath",
    "key",
];

/// How many characters are told.
const MAX_WORDS: usize = 160;

/// How deep errors are looked for.
const MAX_DEPTH: usize = 6;

/// How many sent values are looked for.
const MAX_SENT: usize = 200;

/// How long a sent value is at least that is known again outside quotes, in bytes.
const MIN_SENT: usize = 3;

/// The words of a response that refuses, as many as are told; `None` where it has none, or a page.
pub(super) fn words(subject: &Subject<'_>) -> Option<String> {
    said_in_all(subject).map(cut)
}

fn cut(mut words: String) -> String {
    if let Some((end, _)) = words.char_indices().nth(MAX_WORDS) {
        words.truncate(end);
        words.push('…');
    }
    words
}

/// The same, however long they are.
pub(super) fn said_in_all(subject: &Subject<'_>) -> Option<String> {
    let said = if let Content::Read(Parsed::Value(value)) = subject.body() {
        said(value, &sent_parts(subject), 0)?
    } else {
        let text = std::str::from_utf8(subject.exchange.response.body.bytes()).ok()?;
        text.to_owned()
    };
    // A page says it in its own way.
    if said.trim_start().starts_with('<') {
        return None;
    }
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = without_statement(&words).into_owned();
    let reason = subject.exchange.response.status.canonical_reason();
    // The status says that already.
    let is_more = !words.is_empty() && reason.is_none_or(|one| !one.eq_ignore_ascii_case(&words));
    is_more.then_some(words)
}

/// The words of a response that refuses without the values that were sent, so that two requests that are refused for one
/// reason are refused in the same words.
pub(super) fn reason(subject: &Subject<'_>) -> String {
    let mut sent = sent_values(subject);
    // What is part of another value goes with it.
    sent.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut reason = said_in_all(subject).unwrap_or_default();
    for value in &sent {
        reason = without(&reason, value);
    }
    cut(without_varying(&without_shown(&reason)))
}

/// What differs each time in a sentence that says the same: where something stands, what a class is called, and the
/// number that a failure has in a log.
const VARYING: [(&str, &str); 6] = [
    (r" at \[Source.*$", ""),
    (r"(?i)\b(validation errors? for) \S+", "$1 …"),
    (
        r"(?i)\b(line|column|char|byte|position|offset|index|row):? \d+",
        "$1 …",
    ),
    (
        r"(?i)\b((?:correlation|error|reference|request|trace) id|look for id):? \S+",
        "$1 …",
    ),
    (
        r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
        "…",
    ),
    (r#"'[^']'|"[^"]""#, "'…'"),
];

/// [`VARYING`], read once. That each can be read is tested.
static VARYING_READ: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let all = VARYING.into_iter();
    all.filter_map(|(pattern, by)| Some((Regex::new(pattern).ok()?, by)))
        .collect()
});

/// A sentence without what differs each time.
fn without_varying(text: &str) -> String {
    let mut left = text.to_owned();
    for (pattern, by) in VARYING_READ.iter() {
        if let Cow::Owned(other) = pattern.replace_all(&left, *by) {
            left = other;
        }
    }
    left
}

/// Whether words repeat one of these texts and numbers, as a word of its own or in quotes.
pub(super) fn repeats(words: &str, values: &[Value]) -> bool {
    let mut texts = values.iter().filter_map(|value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    let is_part = |one: char| one.is_alphanumeric() || one == '_';
    let stands_alone = |text: &str| {
        let mut all = words.split(|one| !is_part(one));
        all.any(|word| word == text) && !["a", "an", "i"].contains(&text)
    };
    texts.any(|text| !text.is_empty() && (stands_alone(&text) || without(words, &text) != words))
}

/// A text without the JSON that it shows, and without the one letter that it ends in: parts of what was sent.
fn without_shown(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        let (before, from) = rest.split_at(at);
        left.push_str(before);
        // As Python writes it, which is told apart by its quotes and goes on to the end.
        if is_of_python(from) {
            let reason = REASON_OF_PYTHON.as_ref().and_then(|one| one.captures(from));
            match reason.and_then(|found| Some((found.get(1)?, found.get(2).or(found.get(3))?))) {
                Some((name, reason)) => {
                    left.push_str(name.as_str());
                    left.push_str(": ");
                    left.push_str(reason.as_str());
                }
                None => left.push('…'),
            }
            rest = "";
            break;
        }
        let mut values = serde_json::Deserializer::from_str(from).into_iter::<Value>();
        let end = match values.next() {
            Some(Ok(_)) => values.byte_offset(),
            // Words are cut off where they are long.
            Some(Err(error)) if error.is_eof() && from.ends_with('…') => from.len(),
            // As Rust writes it, in another order each time.
            _ if from.starts_with("{\"") || from.starts_with("[{\"") => closing(from).unwrap_or(0),
            _ => 0,
        };
        left.push_str(if end == 0 { &from[..1] } else { "…" });
        rest = &from[end.max(1)..];
    }
    left.push_str(rest);
    let is_letter = |last: &str| last.chars().count() == 1;
    match left.rsplit_once(": ") {
        Some((before, last)) if is_letter(last) => format!("{before}: …"),
        _ => left,
    }
}

/// Where what begins with a bracket is closed again, brackets in quotes left out.
fn closing(text: &str) -> Option<usize> {
    let (mut open, mut is_quoted) = (0_usize, false);
    for (at, one) in text.char_indices() {
        match one {
            '"' => is_quoted = !is_quoted,
            '{' | '[' if !is_quoted => open += 1,
            '}' | ']' if !is_quoted => {
                open = open.checked_sub(1)?;
                if open == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A name and the first sentence that is said of it, as `marshmallow` writes them into a text: `{'name': ['is too long']}`.
static REASON_OF_PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"'([\w.-]+)': \[(?:'([^'\]]* [^'\]]*)'|"([^"\]]* [^"\]]*)")"#).ok()
});

/// Whether a text begins as Python writes a dictionary, or a list of them.
fn is_of_python(text: &str) -> bool {
    text.starts_with("{'") || text.starts_with("[{'")
}

/// The texts and numbers of a request.
pub(super) fn sent_values(subject: &Subject<'_>) -> Vec<String> {
    let request = &subject.exchange.request;
    let named = path_values(subject.operation, request).into_iter();
    let mut sent: Vec<String> = named
        .map(|(_, value)| percent_decode_str(&value).decode_utf8_lossy().into_owned())
        .collect();
    for (_, value) in request.url.query_pairs() {
        // A parameter may be JSON of its own.
        if value.starts_with(['{', '['])
            && let Ok(inner) = serde_json::from_str::<Value>(&value)
        {
            leaves(&inner, &mut sent, 0);
        }
        sent.push(value.into_owned());
    }
    let headers = request.headers.iter();
    let own = headers.filter(|(name, _)| **name != http::header::CONTENT_TYPE);
    sent.extend(own.filter_map(|(_, value)| Some(value.to_str().ok()?.to_owned())));
    if let Ok(body) = serde_json::from_slice::<Value>(request.body.bytes()) {
        leaves(&body, &mut sent, 0);
    }
    sent.retain(|value| !value.trim().is_empty());
    sent.truncate(MAX_SENT);
    sent
}

fn leaves(value: &Value, found: &mut Vec<String>, depth: usize) {
    if depth > MAX_DEPTH || found.len() >= MAX_SENT {
        return;
    }
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found, depth + 1)),
        Value::Object(members) => members
            .values()
            .for_each(|member| leaves(member, found, depth + 1)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// A text without a value, where that stands in quotes, at the end, or as a word of its own.
fn without(text: &str, value: &str) -> String {
    let mut rest = text;
    let mut left = String::with_capacity(text.len());
    while let Some(at) = rest.find(value) {
        let (before, from) = rest.split_at(at);
        let after = &from[value.len()..];
        let is_part = |one: char| one.is_alphanumeric() || one == '_';
        let stands_alone = !before.ends_with(is_part) && !after.starts_with(is_part);
        let is_quoted = before.ends_with(['\'', '"', '`']) && after.starts_with(['\'', '"', '`']);
        let is_value = is_quoted || stands_alone && (value.len() >= MIN_SENT || after.is_empty());
        left.push_str(before);
        left.push_str(if is_value { "…" } else { value });
        rest = after;
    }
    left.push_str(rest);
    left
}

/// What was sent, part by part, as places of errors name it: `["body", "name"]`.
fn sent_parts(subject: &Subject<'_>) -> Value {
    let request = &subject.exchange.request;
    let body = serde_json::from_slice::<Value>(request.body.bytes()).unwrap_or_default();
    let query = request.url.query_pairs();
    let query: serde_json::Map<String, Value> = query
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    json!({ "body": body, "query": query })
}

fn said(value: &Value, sent: &Value, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => {
            match meant(items, sent) {
                Some(Meant::None { place }) if !place.is_empty() => {
                    return Some(format!("no alternative of {} was taken", place.join(".")));
                }
                Some(Meant::None { .. }) => return Some("no alternative was taken".to_owned()),
                Some(Meant::Error { place, error }) => {
                    let words = ["msg", "message"]
                        .iter()
                        .find_map(|name| error.get(*name)?.as_str());
                    if let Some(words) = words {
                        return Some(match place.join(".").as_str() {
                            "" => words.to_owned(),
                            place => format!("{place}: {words}"),
                        });
                    }
                }
                None => {}
            }
            let mut all = items
                .iter()
                .take(8)
                .filter_map(|item| said(item, sent, depth + 1));
            let first = all.next()?;
            // `["RuntimeError", "the table is locked"]`
            let better = is_class_name(&first).then(|| all.find(|one| !is_class_name(one)));
            Some(better.flatten().unwrap_or(first))
        }
        Value::Object(members) => {
            let known = SAYING.iter().find_map(|name| {
                let member = members.get(*name)?;
                said(member, sent, depth + 1)
            });
            let known = known.map(|known| match reasons_behind(&known, members, sent, depth) {
                Some(reason) => reason,
                None => known,
            });
            // `{"name": ["is too long"]}`
            let Some(known) = known else {
                let mut others = members.iter().take(8);
                return others.find_map(|(name, member)| {
                    let said = said(member, sent, depth + 1)?;
                    match member {
                        Value::Array(items) if items.first()?.is_string() => {
                            Some(format!("{name}: {said}"))
                        }
                        Value::Array(_) => Some(said),
                        // Only below what holds errors: each by its field, or by where that was sent.
                        Value::String(_) if depth > 0 => Some(format!("{name}: {said}")),
                        Value::Object(_) if depth > 0 => Some(said),
                        _ => None,
                    }
                });
            };
            match PLACES.iter().find_map(|name| place(members.get(*name)?)) {
                Some(place) if !known.contains(&place) => Some(format!("{place}: {known}")),
                _ => Some(known),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Members that hold the reasons of an error whose sentence refers to them.
const REASONS: [&str; 3] = ["details", "causes", "reasons"];

/// How a sentence refers to the reasons that stand beside it.
const REFERRING: [&str; 6] = [
    "`details`",
    "details list",
    "for details",
    "for more information",
    "see details",
    "see the details",
];

/// What a sentence says of any request at all that is refused.
const GENERIC: [&str; 14] = [
    "bad request",
    "constraint violation",
    "failed validation",
    "invalid argument",
    "invalid body",
    "invalid data",
    "invalid input",
    "invalid parameter",
    "invalid payload",
    "invalid request",
    "malformed request",
    "request is invalid",
    "validation error",
    "validation fail",
];

/// How many words a sentence has at most that says nothing of the single reason.
const MAX_GENERIC: usize = 7;

/// The reasons that stand beside a sentence which says nothing of them.
fn reasons_behind(
    known: &str,
    members: &serde_json::Map<String, Value>,
    sent: &Value,
    depth: usize,
) -> Option<String> {
    let lower = known.to_lowercase();
    let refers = REFERRING.iter().any(|one| lower.contains(one));
    let is_generic = GENERIC.iter().any(|one| lower.contains(one))
        && known.split_whitespace().count() <= MAX_GENERIC;
    if !refers && !is_generic {
        return None;
    }
    let reason = REASONS.iter().find_map(|name| {
        let member = members.get(*name)?;
        said(member, sent, depth + 1)
    });
    reason.filter(|reason| reason != known)
}

/// Whether a text is the name of a kind of failure and no more.
fn is_class_name(text: &str) -> bool {
    let is_of_letters = text.bytes().all(|one| one.is_ascii_alphanumeric());
    is_of_letters && (text.ends_with("Error") || text.ends_with("Exception"))
}

/// `["body", 0, "name"]` as `body.name`: what is wrong with one element is wrong with all.
fn place(value: &Value) -> Option<String> {
    let steps: Vec<String> = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(steps) => steps
            .iter()
            .filter_map(|step| match step {
                Value::String(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => return None,
    };
    Some(steps.join(".")).filter(|place| !place.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{REASON_OF_PYTHON, VARYING, VARYING_READ, said, without, without_shown};

    #[test]
    fn each_pattern_of_what_varies_can_be_read() {
        assert_eq!(VARYING_READ.len(), VARYING.len());
        assert!(REASON_OF_PYTHON.is_some());
    }

    #[test]
    fn what_was_sent_is_left_out_of_the_reason() {
        for (text, value, wanted) in [
            (
                "Name 'ab' is not canonical",
                "ab",
                "Name '…' is not canonical",
            ),
            (
                "expected x.y.z but received a",
                "a",
                "expected x.y.z but received …",
            ),
            ("a name is wanted", "a", "a name is wanted"),
            ("no such plan as gold", "gold", "no such plan as …"),
            ("marigold is no plan", "gold", "marigold is no plan"),
        ] {
            assert_eq!(without(text, value), wanted, "{text}");
        }
    }

    #[test]
    fn json_that_is_shown_is_left_out_of_the_reason() {
        for (text, wanted) in [
            (r#"{"a":[]} is no match"#, "… is no match"),
            (r#"no match: {"a": {"b": "cut…"#, "no match: …"),
            ("no match: {'a': None, 'b': [1", "no match: …"),
            ("no match: [{'a': True}]", "no match: …"),
            ("one of ['a', 'b']", "one of ['a', 'b']"),
            ("expected {name} or [a-z]", "expected {name} or [a-z]"),
            ("unknown letter: b", "unknown letter: …"),
            (
                r#"length [{"min": Number(3), "value": String("[")}] is wrong"#,
                "length … is wrong",
            ),
            (
                "ValidationError: {'tags': {0: {'tag': [\"a tag isn't empty\"]}}}",
                "ValidationError: tag: a tag isn't empty",
            ),
        ] {
            assert_eq!(without_shown(text), wanted);
        }
    }

    #[test]
    fn the_words_are_found_where_frameworks_put_them() {
        for (body, wanted) in [
            (
                json!({ "error": "Key 'name' not present" }),
                "Key 'name' not present",
            ),
            (
                json!({ "detail": [{ "loc": ["body", "name"], "msg": "Field required", "type": "missing" }] }),
                "body.name: Field required",
            ),
            (
                json!({ "error": { "code": 7, "message": "No such plan" } }),
                "No such plan",
            ),
            (json!({ "name": ["is too long"] }), "name: is too long"),
            (
                json!({ "type": "about:blank", "title": "Bad Request", "detail": "size is odd" }),
                "size is odd",
            ),
            (
                json!({ "errors": { "kind": ["can't be blank"] } }),
                "kind: can't be blank",
            ),
            (
                json!({ "code": 422, "errors": { "json": { "website": ["Not a valid URL."] } }, "status": "Unprocessable" }),
                "website: Not a valid URL.",
            ),
            (json!({ "errors": { "size": "is odd" } }), "size: is odd"),
            (
                json!({ "detail": "Validation failed", "extra": [{ "message": "Expected `float`", "key": "rate" }] }),
                "rate: Expected `float`",
            ),
            (
                json!({ "title": "Error", "violations": [{ "propertyPath": "name", "message": "is too short" }] }),
                "name: is too short",
            ),
            (
                json!({ "name": "BadDataError", "message": "Request validation failed. Refer to the `details` list for more information.", "details": [{ "message": "Weight only supports 1 decimal." }] }),
                "Weight only supports 1 decimal.",
            ),
            (
                json!({ "message": "Validation failed", "details": { "body": [{ "message": "is too long", "path": ["name"] }] } }),
                "name: is too long",
            ),
            (
                json!({ "message": "Invalid request", "reasons": ["the size is odd", "the name is long"] }),
                "the size is odd",
            ),
            (
                json!({ "message": "The key is not valid. Please pass a valid one.", "details": [{ "reason": "KEY_INVALID" }] }),
                "The key is not valid. Please pass a valid one.",
            ),
            (
                json!({ "message": "Validation failed", "details": [] }),
                "Validation failed",
            ),
        ] {
            assert_eq!(
                said(&body, &Value::Null, 0).as_deref(),
                Some(wanted),
                "{body}"
            );
        }
        for body in [
            json!({ "ok": false }),
            json!([]),
            json!({ "message": " " }),
            json!({ "data": { "name": "a thing" } }),
            json!({ "name": "a thing" }),
        ] {
            assert_eq!(said(&body, &Value::Null, 0), None, "{body}");
        }
    }
}
