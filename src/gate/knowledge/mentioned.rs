//! Ids of what a run may have made without knowing it: those that answers to changes speak of, as `POST /import` does that
//! answers with `["0af7e352-…"]`, and names that were drawn and sent. Only a list tells whether they are there, and new.

use std::collections::{HashMap, HashSet};

use http::Method;
use serde_json::Value;

use super::{
    context::ResourceContext,
    creation_signs::MIN_RANDOM_NAME,
    view::{ExchangeView, plain},
};
use crate::{exchange::is_stream, run::Case};

/// How many ids are remembered of each kind.
const MAX_IDS: usize = 10_000;

/// How deep an answer is looked through.
const MAX_DEPTH: usize = 4;

/// How many events of one answer are looked through.
const MAX_EVENTS: usize = 100;

/// How long an id is, in bytes.
const LENGTH: std::ops::RangeInclusive<usize> = 1..=128;

/// How long an id is at least that is known for one by its letters and digits.
const MIN_RANDOM_ID: usize = 8;

/// What a value in an answer is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Called {
    /// An id or several, or nothing at all: it may be one.
    Ids,
    /// Something else.
    Otherwise,
}

/// In how many answers an id may stand that the run has made: what more of them speak of is what things belong to, such
/// as the user who asks.
const MAX_ANSWERS: u32 = 5;

/// Ids of things that requests may have made which are no known creations.
#[derive(Clone, Debug, Default)]
pub(crate) struct MentionedIds {
    /// What answers to changes spoke of, and how many of them.
    answered: HashMap<String, u32>,
    /// What the run drew and sent.
    sent: HashSet<String>,
    /// What answers spoke of before anything was changed.
    before: HashSet<String>,
    /// Whether anything was changed.
    is_over: bool,
}

impl MentionedIds {
    /// Takes in what a request named and what it was answered with. Where it is known what an operation makes, its answer
    /// says nothing new.
    pub(crate) fn observe(
        &mut self,
        context: &ResourceContext<'_>,
        case: &Case,
        given: &ExchangeView<'_>,
        is_known: bool,
    ) {
        let (request, response) = (&given.exchange.request, &given.exchange.response);
        if !response.status.is_success() {
            return;
        }
        if case.operation.is_safe() {
            if !self.is_over && request.method == Method::GET {
                let room = MAX_IDS.saturating_sub(self.before.len());
                self.before.extend(Self::of(given).into_iter().take(room));
            }
            return;
        }
        self.is_over = true;
        if request.method != case.operation.method || request.method == Method::DELETE {
            return;
        }
        if !is_known {
            for id in Self::of(given) {
                if self.answered.len() < MAX_IDS || self.answered.contains_key(&id) {
                    *self.answered.entry(id).or_default() += 1;
                }
            }
        }
        let body = given.parts.body.as_ref().map(|(_, body)| body);
        self.collect_keys(context, case, body);
        let parameters = given.parts.parameters.iter().map(|(_, _, value)| value);
        for value in body.into_iter().chain(parameters) {
            self.collect_sent(context, value, 0);
        }
    }

    /// The ids that the answer to a change speaks of.
    pub(crate) fn of(given: &ExchangeView<'_>) -> HashSet<String> {
        let mut ids = HashSet::new();
        let response = &given.exchange.response;
        if let Some(answer) = given.json() {
            collect(&mut ids, answer, Called::Ids, 0);
        } else if response.header("content-type").is_some_and(is_stream) {
            let text = String::from_utf8_lossy(response.body.bytes());
            for line in text.lines().take(MAX_EVENTS) {
                let data = line.strip_prefix("data:").unwrap_or(line);
                if let Ok(event) = serde_json::from_str(data) {
                    collect(&mut ids, &event, Called::Otherwise, 0);
                }
            }
        }
        ids
    }

    /// Whether none is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.answered.is_empty() && self.sent.is_empty()
    }

    /// Whether a key is one that the run may have made.
    pub(crate) fn holds(&self, key: &Value) -> bool {
        let key = plain(key);
        let answers = self.answered.get(&key);
        let is_meant = answers.is_some_and(|count| *count <= MAX_ANSWERS);
        (is_meant || self.sent.contains(&key)) && !self.before.contains(&key)
    }

    /// Takes in the members of a body that no schema names, as in `{"lakes": {"type": "process"}}`: what such a body makes
    /// is called so.
    fn collect_keys(&mut self, context: &ResourceContext<'_>, case: &Case, body: Option<&Value>) {
        let members = body.and_then(Value::as_object);
        let schema = context
            .index(&case.operation)
            .and_then(|index| context.body_schema(index));
        let Some((members, schema)) = members.zip(schema) else {
            return;
        };
        for name in members.keys().take(MAX_IDS.saturating_sub(self.sent.len())) {
            if LENGTH.contains(&name.len()) && schema.property(name).is_none() {
                self.sent.insert(name.clone());
            }
        }
    }

    /// Takes in the texts of what was sent that were drawn, and are hardly the name of anything else.
    fn collect_sent(&mut self, context: &ResourceContext<'_>, sent: &Value, depth: usize) {
        if depth > MAX_DEPTH || self.sent.len() >= MAX_IDS {
            return;
        }
        match sent {
            Value::String(text) => {
                let is_name = (MIN_RANDOM_NAME..=*LENGTH.end()).contains(&text.len());
                if is_name && !context.contract.shows(sent) {
                    self.sent.insert(text.clone());
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.collect_sent(context, item, depth + 1);
                }
            }
            Value::Object(members) => {
                for member in members.values() {
                    self.collect_sent(context, member, depth + 1);
                }
            }
            _ => {}
        }
    }
}

/// The ids in an answer: texts with digits under the name of an id, and what looks like one wherever it stands.
fn collect(ids: &mut HashSet<String>, answer: &Value, called: Called, depth: usize) {
    if depth > MAX_DEPTH || ids.len() >= MAX_IDS {
        return;
    }
    match answer {
        Value::String(_) | Value::Number(_) => {
            let text = plain(answer);
            let is_id = text.contains(|one: char| one.is_ascii_digit())
                && !text.contains(char::is_whitespace);
            let is_meant = called == Called::Ids || answer.is_string() && looks_random(&text);
            if is_id && is_meant && LENGTH.contains(&text.len()) {
                ids.insert(text);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(ids, item, called, depth + 1);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.to_lowercase();
                let mut names = ["id", "ids", "uuid", "uuids", "key", "keys"].iter();
                let called = if names.any(|one| name.ends_with(one)) {
                    Called::Ids
                } else {
                    Called::Otherwise
                };
                collect(ids, member, called, depth + 1);
            }
        }
        _ => {}
    }
}

/// Whether a text has letters and digits and nothing that a time or a path has.
fn looks_random(text: &str) -> bool {
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"-_".contains(&one);
    text.len() >= MIN_RANDOM_ID
        && text.bytes().all(is_plain)
        && text.bytes().any(|one| one.is_ascii_alphabetic())
}
