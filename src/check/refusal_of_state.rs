//! Whether a refusal is about the state of the service, or about what it needs beside a request, and so not about the
//! form of what was sent.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{
    Subject,
    refusal::{declared_names, named_properties},
    refusal_words::{repeats, said_in_all, sent_values, words},
};
use crate::contract::{Location, Operation};

/// Words of a sentence that says that something is wrong with a request, or missing from it.
const WORDS_OF_FORM: [&str; 16] = [
    "absent",
    "argument",
    "at least",
    "body",
    "content",
    "expected",
    "field",
    "header",
    "invalid",
    "missing",
    "must",
    "parameter",
    "provide",
    "require",
    "specify",
    "supply",
];

/// Whether the refusal can only be about the state of the service.
pub(super) fn is_about_the_state(subject: &Subject<'_>) -> bool {
    let operation = subject.operation;
    let Some(said) = words(subject) else {
        // Without a word it may be about what could have been sent, or about a name in the path.
        return takes_nothing(operation) && sends_no_value(subject);
    };
    let said = said.to_lowercase();
    if speaks_of_a_state(subject, &said) {
        return true;
    }
    let names_own = operation.path.parameters().next().is_some() && subject.made_up.is_empty();
    let is_open_to_doubt = operation.is_safe() && !names_own && !takes_nothing(operation);
    if is_open_to_doubt || !sends_no_value(subject) {
        return false;
    }
    // What is lacking may be called by its name.
    let is_lacking = operation.parameters_in(Location::Query).any(|parameter| {
        let name = parameter.name.to_lowercase();
        word_list(&said).any(|word| word == name)
    });
    !WORDS_OF_FORM.iter().any(|one| said.contains(one))
        && !is_lacking
        && named_properties(subject).is_empty()
}

/// Whether a request can have no form but that of the operation itself: there is nothing to choose.
fn takes_nothing(operation: &Operation) -> bool {
    operation.parameters.is_empty()
        && operation.request_body.is_none()
        && operation.path.parameters().next().is_none()
}

/// Whether a request has no value but names in its path.
fn sends_no_value(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let mut parameters = subject.operation.parameters.iter();
    let takes_fields = parameters
        .any(|parameter| [Location::Header, Location::Cookie].contains(&parameter.location));
    let has_query = request.url.query().is_some_and(|query| !query.is_empty());
    let body = request.body.bytes().trim_ascii();
    let has_body = !request.body.is_known_empty() && body != b"null";
    !(takes_fields || has_query || has_body)
}

/// What is said of a thing that is not in the state for what was asked of it, in lower case.
const OF_A_STATE: [&str; 5] = [
    r"\b(?:cannot|can ?not|can't|could not|couldn't|unable to|not (?:allowed|permitted|possible)|may not|must not)\b.*\b(?:while|in (?:the |its )?(?:current )?(?:state|status|phase)|current (?:state|status|phase)|in progress)\b",
    r"\b(?:in (?:the |its )?(?:current )?(?:state|status|phase)|in progress|is (?:still )?(?:running|locked|archived|closed|paused|finished))\b.*\b(?:cannot|can ?not|can't|could not|not (?:allowed|permitted|possible)|may not)\b",
    r"\b(?:already|still|not(?: currently| yet)?|no longer) (?:running|started|stopped|paused|finished|completed|in progress|cancell?ed|archived|closed|locked)\b",
    r"\b(?:does not|doesn't) (?:appear|seem) to be running\b",
    r"\bcannot perform this operation on (?:an? )?(?:archived|closed|deleted|locked|running|stopped)\b",
];

/// [`OF_A_STATE`], read once. That each can be read is tested.
static OF_A_STATE_READ: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let all = OF_A_STATE.iter();
    all.filter_map(|pattern| Regex::new(pattern).ok()).collect()
});

/// Whether words in lower case speak of the state that something is in, and of nothing that was sent: neither by the name
/// of a member of the body or of a parameter, nor by a value.
fn speaks_of_a_state(subject: &Subject<'_>, said: &str) -> bool {
    if !OF_A_STATE_READ.iter().any(|one| one.is_match(said)) {
        return false;
    }
    let request = &subject.exchange.request;
    let body = serde_json::from_slice::<Value>(request.body.bytes()).unwrap_or_default();
    let mut names: Vec<String> = body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_lowercase())
        .collect();
    let query = request.url.query_pairs();
    names.extend(query.map(|(name, _)| name.to_lowercase()));
    let is_named = word_list(said).any(|word| names.iter().any(|name| name == word));
    let mut values: Vec<Value> = Vec::new();
    values_of(&body, &mut values, 0);
    let query = request.url.query_pairs();
    values.extend(query.map(|(_, value)| Value::String(value.to_lowercase())));
    !is_named && !repeats(said, &values) && named_properties(subject).is_empty()
}

/// The texts and numbers of a body, in lower case, down to a depth at which no refusal speaks of them.
fn values_of(value: &Value, found: &mut Vec<Value>, depth: usize) {
    if depth > 6 || found.len() > 200 {
        return;
    }
    match value {
        Value::String(text) => found.push(Value::String(text.to_lowercase())),
        Value::Number(_) => found.push(value.clone()),
        Value::Array(items) => items
            .iter()
            .for_each(|item| values_of(item, found, depth + 1)),
        Value::Object(members) => {
            let members = members.values();
            members.for_each(|member| values_of(member, found, depth + 1));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn word_list(said: &str) -> impl Iterator<Item = &str> {
    said.split(|one: char| !one.is_alphanumeric() && one != '_')
}

/// What a service says that needs another one, or a part of its installation, which is not there.
const OUTSIDE: [&str; 19] = [
    "can't connect to",
    "can't resolve",
    "cannot connect to",
    "cannot resolve",
    "connection refused",
    "connection timed out",
    "could not connect to",
    "could not resolve",
    "credentials were not found",
    "currently supported",
    "failed to resolve",
    "is disabled",
    "is not configured",
    "is not enabled",
    "mode is not",
    "name or service not known",
    "network is unreachable",
    "no such host",
    "not installed",
];

/// What libraries and services say of the same, which may be said of a value too: it counts where nothing of the body is
/// named.
const OUTSIDE_UNLESS_NAMED: [&str; 26] = [
    "[errno -2]",
    "[errno -3]",
    "[errno -5]",
    "[errno 101]",
    "[errno 110]",
    "[errno 111]",
    "[errno 113]",
    "could not fetch",
    "could not get",
    "econnrefused",
    "econnreset",
    "ehostunreach",
    "enetunreach",
    "enotfound",
    "etimedout",
    "failed to fetch",
    "getaddrinfo",
    "httpconnectionpool",
    "httpsconnectionpool",
    "max retries exceeded",
    "nameresolutionerror",
    "not been configured",
    "not configured",
    "not enabled",
    "not set up",
    "temporary failure in name resolution",
];

/// Keys of other services that an installation may lack.
const KEYS: [&str; 5] = [
    "access key",
    "api key",
    "api token",
    "client secret",
    "secret key",
];

/// Whether the refusal says that another service cannot be reached, or that a part of the installation is missing.
pub(super) fn is_about_the_outside(subject: &Subject<'_>) -> bool {
    let Some(said) = said_in_all(subject) else {
        return false;
    };
    let said = said.to_lowercase();
    if OUTSIDE.iter().any(|one| said.contains(one)) || speaks_of_a_host(subject, &said) {
        return true;
    }
    let lacks_a_key = ["missing", "no ", "not set"].iter().any(|one| said.contains(one))
        && KEYS.iter().any(|one| said.contains(one))
        // One that the document has a place for was to be sent.
        && !declared_names(subject).iter().any(|name| {
            let name = name.to_lowercase().replace(['_', '-'], " ");
            KEYS.iter().any(|key| name.contains(key)) && said.contains(&name)
        });
    (lacks_a_key || OUTSIDE_UNLESS_NAMED.iter().any(|one| said.contains(one)))
        && named_properties(subject).is_empty()
}

/// Whether words in lower case repeat the host of a URL that was sent and say that it cannot be reached.
fn speaks_of_a_host(subject: &Subject<'_>, said: &str) -> bool {
    const NETWORK: [&str; 7] = [
        "connect",
        "dns",
        "refused",
        "resol",
        "retries",
        "timed out",
        "unreachable",
    ];
    let is_said = |text: &String| {
        let url = url::Url::parse(text).ok();
        let host = url.as_ref().and_then(url::Url::host_str);
        host.is_some_and(|host| !host.is_empty() && said.contains(host))
    };
    NETWORK.iter().any(|one| said.contains(one)) && sent_values(subject).iter().any(is_said)
}

#[cfg(test)]
mod tests {
    use super::{OF_A_STATE, OF_A_STATE_READ};

    #[test]
    fn each_pattern_of_a_state_can_be_read() {
        assert_eq!(OF_A_STATE_READ.len(), OF_A_STATE.len());
    }

    #[test]
    fn a_state_is_told_from_a_rule_of_form() {
        for (said, is_state) in [
            (
                "job variables for a flow run in state cancelling cannot be updated",
                true,
            ),
            ("a plan cannot be changed while it is used", true),
            ("the task is already running", true),
            ("irc daemon does not appear to be running", true),
            ("cannot perform this operation on archived features", true),
            ("the run is not yet finished", true),
            ("a name cannot be empty", false),
            ("the state must be one of open, closed", false),
            ("already exists", false),
            ("a value cannot be negative", false),
        ] {
            let found = OF_A_STATE_READ.iter().any(|one| one.is_match(said));
            assert_eq!(found, is_state, "{said}");
        }
    }
}
