//! Ids that answers to changes speak of: an action may make things of another collection, as `POST /import` that answers
//! with `["0af7e352-…"]`. Only a list tells whether they are there, and new.

use std::collections::HashSet;

use http::Method;
use serde_json::Value;

use super::view::{ExchangeView, plain};
use crate::run::Case;

/// How many ids are remembered.
const MAX_IDS: usize = 10_000;

/// How deep an answer is looked through.
const MAX_DEPTH: usize = 3;

/// How long an id is, in bytes.
const LENGTH: std::ops::RangeInclusive<usize> = 1..=128;

/// Ids of things that requests may have made which are no known creations.
#[derive(Clone, Debug, Default)]
pub(crate) struct MentionedIds(HashSet<String>);

impl MentionedIds {
    /// Takes in what a change was answered with.
    pub(crate) fn observe(&mut self, case: &Case, given: &ExchangeView<'_>) {
        let (request, response) = (&given.exchange.request, &given.exchange.response);
        let is_change = request.method == case.operation.method
            && !case.operation.is_safe()
            && request.method != Method::DELETE;
        if !is_change || !response.status.is_success() {
            return;
        }
        let room = MAX_IDS.saturating_sub(self.0.len());
        self.0.extend(Self::of(given).into_iter().take(room));
    }

    /// The ids that the answer to a change speaks of.
    pub(crate) fn of(given: &ExchangeView<'_>) -> HashSet<String> {
        let mut ids = Self::default();
        if let Some(answer) = given.json() {
            ids.collect(answer, true, 0);
        }
        ids.0
    }

    /// Whether none is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key was spoken of.
    pub(crate) fn holds(&self, key: &Value) -> bool {
        self.0.contains(&plain(key))
    }

    fn collect(&mut self, answer: &Value, may_be_ids: bool, depth: usize) {
        if depth > MAX_DEPTH || self.0.len() >= MAX_IDS {
            return;
        }
        match answer {
            Value::String(_) | Value::Number(_) if may_be_ids => {
                let text = plain(answer);
                let is_id = text.contains(|one: char| one.is_ascii_digit())
                    && !text.contains(char::is_whitespace);
                if is_id && LENGTH.contains(&text.len()) {
                    self.0.insert(text);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.collect(item, may_be_ids, depth + 1);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let name = name.to_lowercase();
                    let names_ids = ["id", "ids", "uuid", "uuids", "key", "keys"]
                        .iter()
                        .any(|one| name.ends_with(one));
                    self.collect(member, names_ids, depth + 1);
                }
            }
            _ => {}
        }
    }
}
