//! What a refusal is about, as far as its structure says so: a field that it names as a value, a key or
//! the end of a pointer, never a word somewhere in its prose.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Content, Subject};
use crate::{
    contract::{Location, Schema},
    wire::Parsed,
};

/// How many values of a response are looked at.
const MAX_VALUES: usize = 500;

/// The properties of a request's body that the response names.
pub(super) fn named_properties(subject: &Subject<'_>) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    if let Ok(sent) = serde_json::from_slice::<Value>(subject.exchange.request.body.bytes()) {
        names(&sent, &mut known, 0);
    }
    for schema in subject.operation.request_body.iter().flat_map(|body| {
        let media_types = body.content.media_types.iter();
        media_types.filter_map(|media_type| media_type.schema.as_ref())
    }) {
        known.extend(schema.property_names());
    }
    let mut named = BTreeSet::new();
    let mut left = MAX_VALUES;
    if let Content::Read(Parsed::Value(value)) = subject.body() {
        collect(value, &known, &mut named, &mut left);
    } else {
        let text = String::from_utf8_lossy(subject.exchange.response.body.bytes());
        in_text(&text, &known, &mut named);
    }
    named
}

/// The properties of a request's body that the document names.
pub(super) fn declared_names(subject: &Subject<'_>) -> BTreeSet<String> {
    let body = subject.operation.request_body.as_ref();
    let media_types = body.into_iter().flat_map(|body| &body.content.media_types);
    let sent = serde_json::from_slice::<Value>(subject.exchange.request.body.bytes());
    let sent = sent.unwrap_or_default();
    let mut declared = BTreeSet::new();
    for schema in media_types.filter_map(|media_type| media_type.schema.as_ref()) {
        declare(schema, &sent, &mut declared, 0);
    }
    declared
}

fn declare(schema: &Schema, sent: &Value, declared: &mut BTreeSet<String>, depth: usize) {
    if depth > 8 || declared.len() > MAX_VALUES {
        return;
    }
    declared.extend(schema.property_names());
    match sent {
        Value::Object(members) => {
            for (name, member) in members {
                if let Some(inner) = schema.property(name) {
                    declare(&inner, member, declared, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if let Some(inner) = schema.items() {
                let few = items.iter().take(8);
                few.for_each(|item| declare(&inner, item, declared, depth + 1));
            }
        }
        _ => {}
    }
}

/// Whether the response speaks of a query parameter or a header field that was sent: it names one in quotes, or as
/// `"loc": ["query", "limit"]`.
pub(super) fn is_about_query_or_header(subject: &Subject<'_>) -> bool {
    let text = String::from_utf8_lossy(subject.exchange.response.body.bytes());
    if is_about_path(subject, &text.to_lowercase()) {
        return false;
    }
    let others = subject.operation.parameters.iter();
    let mut others = others.filter(|one| one.location != Location::Path);
    others.any(|parameter| {
        let name = &parameter.name;
        name.len() > 2 && !subject.made_up.contains(name) && is_quoted(&text, name)
    })
}

/// Whether the response speaks of the request's body: it names one of its properties, or the body
/// itself.
pub(super) fn is_about_body(subject: &Subject<'_>) -> bool {
    if subject.exchange.request.body.bytes().is_empty() {
        return false;
    }
    let text = String::from_utf8_lossy(subject.exchange.response.body.bytes()).to_lowercase();
    if is_about_path(subject, &text) || text.contains("\"query\"") {
        return false;
    }
    ["json body", "request body", "\"body\""]
        .iter()
        .any(|word| text.contains(word))
        || !named_properties(subject).is_empty()
}

/// Whether a text in lower case speaks of the path: `"loc": ["path", "id"]`, as `FastAPI` says it, or the name of a
/// parameter.
fn is_about_path(subject: &Subject<'_>, text: &str) -> bool {
    let says_path = ["\"path\"", "path parameter"]
        .iter()
        .any(|word| text.contains(word));
    says_path
        || subject.operation.path.parameters().any(|name| {
            let name = name.to_lowercase();
            name.len() > 2 && text.contains(&name)
        })
}

fn names(value: &Value, known: &mut BTreeSet<String>, depth: usize) {
    if depth > 8 || known.len() > MAX_VALUES {
        return;
    }
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            known.insert(name.clone());
            names(member, known, depth + 1);
        }),
        Value::Array(items) => items
            .iter()
            .take(8)
            .for_each(|item| names(item, known, depth + 1)),
        _ => {}
    }
}

fn collect(
    value: &Value,
    known: &BTreeSet<String>,
    named: &mut BTreeSet<String>,
    left: &mut usize,
) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    match value {
        Value::String(text) => in_text(text, known, named),
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, known, named, left)),
        // As FastAPI does: `loc` and `msg` are the reason, `input` is what was sent.
        Value::Object(members) if members.contains_key("loc") && members.contains_key("msg") => {
            for part in ["loc", "msg"].iter().filter_map(|name| members.get(*name)) {
                collect(part, known, named, left);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                // As Rails and Laravel do: `{"errors": {"name": ["is too long"]}}`.
                if known.contains(name) && (member.is_array() || member.is_object()) {
                    named.insert(name.clone());
                }
                collect(member, known, named, left);
            }
        }
        _ => {}
    }
}

/// A text that is a name, a pointer or a path of names, or that has one in quotes; a name in two words
/// (`abort_timeout`, `abortTimeout`) is no word of prose either.
fn in_text(text: &str, known: &BTreeSet<String>, named: &mut BTreeSet<String>) {
    let last = text
        .trim()
        .trim_end_matches(']')
        .rsplit(['/', '.', '[', '#'])
        .next();
    if let Some(last) = last.map(|last| last.trim_matches(['\'', '"']))
        && known.contains(last)
        && !text.contains(' ')
    {
        named.insert(last.to_owned());
        return;
    }
    for name in known {
        let is_compound = name.contains(['_', '-']) || name.chars().skip(1).any(char::is_uppercase);
        let is_named = is_quoted(text, name) || is_compound && text.contains(name.as_str());
        if is_named {
            named.insert(name.clone());
        }
    }
}

/// Whether a name stands in quotes in a text.
fn is_quoted(text: &str, name: &str) -> bool {
    ['\'', '"', '`']
        .iter()
        .any(|quote| text.contains(&format!("{quote}{name}{quote}")))
}
