//! Amendments as the text of an Overlay 1.1.0.
//!
//! The YAML is written by hand because nothing else here writes any: mappings and lists in block style, every text
//! in double quotes, which is JSON and so means the same to every reader.

use std::fmt::Write as _;

use oasgate_document::{Address, Document, Pointer};
use serde_json::{Map, Value, json};

use super::{Action, Amendment, Impact};

/// The overlay that holds amendments, for the document with this title. An overlay has at least one action, so that
/// there is none for no amendment.
pub fn overlay(amendments: &[Amendment], document: &Document) -> Option<String> {
    if amendments.is_empty() {
        return None;
    }
    let title = document
        .root()
        .pointer("/info/title")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut text = format!(
        "# Written by oasgate: what would have to change in the document for what was seen to be in it.\n\
         # Take what is right, leave out what is the service's fault, and apply it with --overlay.\n\
         overlay: 1.1.0\ninfo:\n  title: {}\n  version: 1.0.0\nactions:\n",
        json!(format!("What was seen of {title}"))
    );
    for amendment in amendments {
        for (number, action) in amendment.actions.iter().enumerate() {
            let _ = write!(text, "  - ");
            block(
                &mut text,
                &entry(amendment, action, number, document),
                4,
                true,
            );
        }
    }
    Some(text)
}

fn entry(amendment: &Amendment, action: &Action, number: usize, document: &Document) -> Value {
    let (at, rest) = match action {
        Action::Update(at, update) => (at, ("update", update.clone())),
        Action::Remove(at) => (at, ("remove", json!(true))),
    };
    let mut entry = Map::new();
    entry.insert("target".to_owned(), json!(json_path(at, document)));
    if number == 0 {
        entry.insert("description".to_owned(), json!(amendment.evidence));
        let answers: Vec<String> = amendment.answers.iter().map(ToString::to_string).collect();
        entry.insert(
            "x-oasgate".to_owned(),
            json!({
                "clients": match amendment.impact {
                    Impact::Compatible => "compatible",
                    Impact::Breaking => "breaking",
                },
                "proof": amendment.proof.as_str(),
                "answers": answers,
            }),
        );
    }
    entry.insert(rest.0.to_owned(), rest.1);
    Value::Object(entry)
}

/// A pointer as a normalised `JSONPath` (RFC 9535 §2.7).
fn json_path(pointer: &Pointer, document: &Document) -> String {
    let mut path = "$".to_owned();
    let mut here = Address::default();
    for token in pointer.tokens() {
        let is_index = document.get(&here).is_some_and(Value::is_array);
        here = here.join(&token);
        if is_index {
            let _ = write!(path, "[{token}]");
            continue;
        }
        path.push_str("['");
        for character in token.chars() {
            match character {
                '\'' => path.push_str("\\'"),
                '\\' => path.push_str("\\\\"),
                '\u{8}' => path.push_str("\\b"),
                '\u{c}' => path.push_str("\\f"),
                '\n' => path.push_str("\\n"),
                '\r' => path.push_str("\\r"),
                '\t' => path.push_str("\\t"),
                control if control.is_control() => {
                    let _ = write!(path, "\\u{:04x}", u32::from(control));
                }
                other => path.push(other),
            }
        }
        path.push_str("']");
    }
    path
}

/// A value in block style; the first line follows what stands before it where `follows` says so.
fn block(text: &mut String, value: &Value, indent: usize, follows: bool) {
    let margin = " ".repeat(indent);
    let mut first = follows;
    let mut line_start = |text: &mut String| {
        if !std::mem::take(&mut first) {
            text.push_str(&margin);
        }
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                line_start(text);
                let _ = write!(text, "{}:", key(name));
                below(text, member, indent);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                line_start(text);
                text.push_str("- ");
                if is_block(item) {
                    block(text, item, indent + 2, true);
                } else {
                    let _ = writeln!(text, "{item}");
                }
            }
        }
        scalar => {
            let _ = writeln!(text, "{scalar}");
        }
    }
}

fn below(text: &mut String, value: &Value, indent: usize) {
    if is_block(value) {
        text.push('\n');
        block(text, value, indent + 2, false);
    } else {
        let _ = writeln!(text, " {value}");
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// A plain key where YAML reads it as a text for certain, else in double quotes.
fn key(name: &str) -> String {
    let is_plain = name
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || "-_".contains(one))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_ascii_lowercase().as_str());
    if is_plain {
        name.to_owned()
    } else {
        json!(name).to_string()
    }
}
