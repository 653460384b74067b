//! Values that the document itself shows, anywhere: what it calls an example may well be the name of something that
//! is there.

use std::collections::HashSet;

use oasgate_document::Document;
use serde_json::Value;

/// Members whose values are shown to a reader, or sent by whoever reads the document.
const SHOW: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// How many texts are kept.
const MAX_TEXTS: usize = 100_000;

/// The longest text that names something, in bytes.
const MAX_NAME: usize = 200;

/// The texts and numbers that a document shows.
#[derive(Debug, Default)]
pub(super) struct ShownValues(HashSet<String>);

impl ShownValues {
    pub(super) fn of(document: &Document) -> Self {
        let mut shown = Self::default();
        // Each node, and whether it is shown.
        let mut open: Vec<(&Value, bool)> = document
            .files()
            .filter_map(|(file, _)| Some((document.file(file)?, false)))
            .collect();
        while let Some((value, is_shown)) = open.pop() {
            match value {
                Value::Object(members) => open.extend(
                    members
                        .iter()
                        .map(|(name, value)| (value, is_shown || SHOW.contains(&name.as_str()))),
                ),
                Value::Array(items) => open.extend(items.iter().map(|item| (item, is_shown))),
                value if is_shown => shown.insert(value),
                _ => {}
            }
        }
        shown
    }

    fn insert(&mut self, value: &Value) {
        if let Some(text) = text_of(value)
            && text.len() <= MAX_NAME
            && self.0.len() < MAX_TEXTS
        {
            self.0.insert(text);
        }
    }

    pub(super) fn holds(&self, value: &Value) -> bool {
        text_of(value).is_some_and(|text| self.0.contains(&text))
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
