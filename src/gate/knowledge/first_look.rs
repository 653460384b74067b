//! What lists showed before the run changed anything.
//!
//! In the end they are read once more. What is new there, gone or changed, and what nothing else tells of, is named:
//! a service may do more than its answers say.

use std::collections::BTreeSet;

use http::Method;
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    history::ExchangeRecord,
    view::{ExchangeView, plain},
};
use crate::{
    check::Intent,
    contract::{
        OperationIndex,
        graph::{is_plural_of, names_something, words},
    },
    run::{Case, CredentialChoice, Phase},
};

/// The most lists that are remembered.
const MAX_LOOKS: usize = 120;

/// The most bytes of a list that is remembered.
const MAX_BYTES: usize = 256 << 10;

/// How deep in an answer a list may stand.
const MAX_DEPTH: usize = 2;

/// How many characters of a name are told.
const MAX_NAME: usize = 60;

/// What an element may be known by, the best first.
const KNOWN_BY: [&str; 10] = [
    "id", "_id", "uuid", "guid", "pk", "uid", "key", "slug", "handle", "name",
];

/// The first answer of each list, by its operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct FirstLooks {
    looks: IndexMap<OperationIndex, ExchangeRecord>,
    /// Whether the run has changed anything.
    is_over: bool,
}

impl FirstLooks {
    /// Takes in what an operation answered, of the plainest request. Answers the names of what a list shows.
    pub(crate) fn observe(
        &mut self,
        index: OperationIndex,
        case: &Case,
        given: &ExchangeView<'_>,
    ) -> Vec<String> {
        if !case.operation.is_safe() {
            self.is_over = true;
        }
        let (exchange, parts) = (given.exchange, given.parts);
        let is_plain = case.phase == Phase::Examples && case.intent == Intent::Obey;
        let is_own =
            [CredentialChoice::Primary, CredentialChoice::Unasked].contains(&case.credential);
        let is_read =
            case.operation.method == Method::GET && exchange.request.method == Method::GET;
        let is_wanted = is_plain && is_own && is_read && exchange.response.status.is_success();
        if self.is_over || !is_wanted || exchange.response.body.bytes().len() > MAX_BYTES {
            return Vec::new();
        }
        let fewer = |known: &ExchangeRecord| known.parts.parameters.len() > parts.parameters.len();
        let is_better = self.looks.get(&index).is_none_or(fewer);
        if is_better && (self.looks.len() < MAX_LOOKS || self.looks.contains_key(&index)) {
            let look = ExchangeRecord::new(index, exchange.clone(), parts.clone());
            self.looks.insert(index, look);
        }
        names_shown(given, case.operation.last_segment())
    }

    /// The lists, where the run has changed anything since.
    pub(crate) fn before_changes(&self) -> impl Iterator<Item = &ExchangeRecord> {
        self.looks.values().filter(|_| self.is_over)
    }
}

/// The names of the elements of a list of collected things, as far as each can be the last segment of a path as it is.
fn names_shown(given: &ExchangeView<'_>, collected: &str) -> Vec<String> {
    let answer = given.json();
    let list = answer.and_then(|answer| answer.pointer(&place_of_list(answer, 0)?));
    let collected = words(collected);
    let elements = list.map(|list| elements(list, &collected));
    let elements = elements.unwrap_or_default();
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-._~".contains(one);
    let names = elements.into_iter().filter_map(|(name, _)| name);
    names
        .filter(|name| !name.is_empty() && name.chars().all(is_plain))
        .collect()
}

/// How a list differs from what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListChange {
    /// The names of what is new.
    pub(crate) new: Vec<String>,
    /// How many elements there are more that have no name.
    pub(crate) nameless: usize,
    /// What has other values than before, with their names.
    pub(crate) changed: Vec<(String, Vec<String>)>,
}

/// How a list of `collected` things differs from what it was, of what its elements can be `given` by a request.
pub(crate) fn list_change(
    before: &Value,
    after: &Value,
    collected: &str,
    given: &BTreeSet<String>,
) -> ListChange {
    let mut change = ListChange::default();
    let Some(place) = place_of_list(after, 0) else {
        return change;
    };
    let (Some(before), Some(after)) = (before.pointer(&place), after.pointer(&place)) else {
        return change;
    };
    let collected = words(collected);
    let (before, after) = (elements(before, &collected), elements(after, &collected));
    let count =
        |all: &[(Option<String>, &Value)]| all.iter().filter(|(name, _)| name.is_none()).count();
    change.nameless = count(&after).saturating_sub(count(&before));
    for (name, element) in after {
        let Some(name) = name else { continue };
        let same = before
            .iter()
            .filter(|(known, _)| known.as_ref() == Some(&name));
        let differing = |known: &Value| -> Vec<String> {
            let differs = |one: &&String| match (known.get(one), element.get(one)) {
                (Some(known), Some(now)) => known != now,
                _ => false,
            };
            given.iter().filter(differs).cloned().collect()
        };
        // Several may have one name: what is like one of them has not changed.
        match same.map(|(_, known)| differing(known)).min_by_key(Vec::len) {
            None => change.new.push(name),
            Some(members) if members.is_empty() => {}
            Some(members) => change.changed.push((name, members)),
        }
    }
    change
}

/// Where in an answer its list stands: the longest array of objects, or an object of objects.
fn place_of_list(answer: &Value, depth: usize) -> Option<String> {
    match answer {
        Value::Array(items) => items.iter().all(Value::is_object).then(String::new),
        Value::Object(members) if depth < MAX_DEPTH => {
            let longest = members
                .iter()
                .filter(|(_, member)| !member.as_array().is_some_and(Vec::is_empty))
                .filter_map(|(name, member)| {
                    let place = place_of_list(member, depth + 1)?;
                    let length = member.pointer(&place)?.as_array()?.len();
                    let name = name.replace('~', "~0").replace('/', "~1");
                    Some((length, format!("/{name}{place}")))
                })
                .max_by_key(|(length, _)| *length);
            let is_map = !members.is_empty() && members.values().all(Value::is_object);
            longest
                .map(|(_, place)| place)
                .or_else(|| is_map.then(String::new))
        }
        _ => None,
    }
}

/// The elements of a list of collected things, with what each is known by.
fn elements<'v>(list: &'v Value, collected: &[String]) -> Vec<(Option<String>, &'v Value)> {
    match list {
        Value::Array(items) => {
            let items = items.iter();
            items.map(|item| (name_of(item, collected), item)).collect()
        }
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, member)| (Some(short(name)), member))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn name_of(element: &Value, collected: &[String]) -> Option<String> {
    let members = element.as_object()?;
    let is_plain = |value: &&Value| value.is_string() || value.is_number();
    let called = KNOWN_BY.iter().find_map(|wanted| {
        let mut found = members
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let (_, value) = found.next()?;
        Some(value).filter(is_plain)
    });
    // `connection_id` in a list of connections.
    let own = || {
        let mut named = members.iter().filter(|(name, _)| {
            let words = words(name);
            let noun = words.split_last().map(|(_, noun)| noun);
            names_something(name) && noun.is_some_and(|noun| is_plural_of(collected, noun))
        });
        named.next().map(|(_, value)| value).filter(is_plain)
    };
    // The one of what has one, and not the two of what joins two things.
    let only = || {
        let mut named = members.iter().filter(|(name, _)| names_something(name));
        let (_, only) = named.next()?;
        Some(only).filter(|only| named.next().is_none() && is_plain(only))
    };
    Some(short(&plain(called.or_else(own).or_else(only)?)))
}

fn short(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(before: &Value, after: &Value) -> ListChange {
        let given = BTreeSet::from(["name".to_owned()]);
        list_change(before, after, "connections", &given)
    }

    #[test]
    fn what_is_new_is_named_wherever_the_list_stands() {
        for (before, after) in [
            (json!([{ "id": 1 }]), json!([{ "id": 2 }, { "id": 1 }])),
            (
                json!({ "total": 0, "data": { "items": [] } }),
                json!({ "total": 1, "data": { "items": [{ "id": 2 }] } }),
            ),
            (json!({}), json!({ "2": { "title": "x" } })),
        ] {
            assert_eq!(change(&before, &after).new, ["2"], "{after}");
        }
    }

    #[test]
    fn what_is_called_after_the_collection_names_an_element() {
        let one = json!({ "connection_id": "ftp", "team_name": "x", "schema": null });
        assert_eq!(change(&json!([]), &json!([one])).new, ["ftp"]);
    }

    #[test]
    fn of_several_with_one_name_what_is_like_one_of_them_has_not_changed() {
        let list = json!([{ "key": "a", "name": "Ann" }, { "key": "a", "name": "Bob" }]);
        assert_eq!(change(&list, &list), ListChange::default());
    }

    #[test]
    fn what_has_no_name_is_counted() {
        let before = json!([{ "petId": 1, "tagId": 1 }]);
        let after = json!([{ "petId": 1, "tagId": 1 }, { "petId": 1, "tagId": 2 }]);
        let change = change(&before, &after);
        assert_eq!((change.new.len(), change.nameless), (0, 1));
    }

    #[test]
    fn only_what_a_request_may_give_is_a_change() {
        let before = json!([{ "id": 1, "name": "Ann", "seen": 3 }]);
        let after = json!([{ "id": 1, "name": "Bob", "seen": 4 }]);
        let wanted = vec![("1".to_owned(), vec!["name".to_owned()])];
        assert_eq!(change(&before, &after).changed, wanted);
        assert_eq!(change(&before, &before), ListChange::default());
    }
}
