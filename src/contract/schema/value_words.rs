//! Values in a few words, as messages show them.

use std::io;

use serde_json::Value;

use super::exact;

/// A JSON type with its article, as a sentence needs it.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

pub(super) fn kind_and_value(value: &Value) -> String {
    if value.is_null() {
        "null".to_owned()
    } else {
        format!("{}: {}", kind_of(value), brief(value))
    }
}

pub(super) fn length(value: &Value) -> String {
    let count = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    format!("{count}: {}", brief(value))
}

pub(super) fn names(value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return brief(value);
    };
    if members.is_empty() {
        return "an empty object".to_owned();
    }
    let mut shown: Vec<_> = members
        .keys()
        .take(8)
        .map(|name| format!("`{name}`"))
        .collect();
    if members.len() > shown.len() {
        shown.push(format!("and {} more", members.len() - shown.len()));
    }
    format!("only {}", shown.join(", "))
}

/// How many characters of a value a message shows.
const BRIEF: usize = 100;

/// A value as JSON, cut off where it is long.
pub(super) fn brief(value: &Value) -> String {
    let written = value.as_number().and_then(exact::written);
    match written {
        Some(text) => cut(&text),
        None => {
            let mut start = Start(Vec::new());
            // That it ended early shows in its length.
            let _ = serde_json::to_writer(&mut start, value);
            cut(&String::from_utf8_lossy(&start.0))
        }
    }
}

/// A text, cut off where it is long.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(BRIEF - 1) {
        Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

/// The first bytes of what is written, as many as are looked at.
struct Start(Vec<u8>);

impl io::Write for Start {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A letter has four bytes at most.
        if self.0.len() > 4 * BRIEF {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let taken = bytes.len().min(4 * BRIEF + 1);
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
