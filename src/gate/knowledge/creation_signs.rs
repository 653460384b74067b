//! What says that a request has made something, and what it is called.

use http::StatusCode;
use serde_json::Value;

use super::{
    context::ResourceContext,
    existing::may_be_taken,
    view::{ExchangeView, plain},
};
use crate::{
    contract::{
        Location,
        graph::{NAMED_BY, words},
    },
    run::Case,
    wire::RequestParts,
};

/// The least length of a secret that a service makes up.
const MIN_SECRET: usize = 16;

/// Whether an answer hands out a secret that the request did not have, as for a key that was made:
/// `{"first_eight": "67a30dea", "secret": "..."}`.
pub(super) fn shows_new_secret(given: &ExchangeView<'_>) -> bool {
    let sent = String::from_utf8_lossy(given.exchange.request.body.bytes());
    let mut members = given
        .json()
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    members.any(|(name, value)| {
        let words = words(name);
        let has = |word: &str| words.iter().any(|one| one == word);
        let is_secret =
            has("secret") || has("apikey") || has("key") && (has("api") || has("private"));
        let text = value.as_str().filter(|text| text.len() >= MIN_SECRET);
        is_secret && text.is_some_and(|text| !sent.contains(text))
    })
}

/// Whether a creation is answered with a list that has no more elements than one that was sent: `{"names": ["a", "b"]}`.
pub(super) fn shows_as_many(given: &ExchangeView<'_>, sent: &Value) -> bool {
    let members = sent.as_object().into_iter().flatten();
    let arrays = members.filter_map(|(_, member)| member.as_array());
    let most = arrays.map(Vec::len).max().unwrap_or(0);
    if given.exchange.response.status != StatusCode::CREATED || most == 0 {
        return false;
    }
    let shown = given.json().and_then(Value::as_array);
    shown.is_some_and(|shown| shown.len() <= most && shown.iter().all(Value::is_object))
}

/// Whether a success says of itself that it is none: `{"success": false}`.
pub(super) fn says_it_failed(given: &ExchangeView<'_>) -> bool {
    given.json().is_some_and(|shown| {
        let mut names = ["ok", "success"].iter();
        *shown == Value::Bool(false)
            || names.any(|name| shown.get(name) == Some(&Value::Bool(false)))
    })
}

/// What the body of a creation names, by the name of the property.
fn given_names(parts: &RequestParts) -> impl Iterator<Item = (&String, &Value)> {
    let body = parts.body.as_ref();
    let members = body.and_then(|(_, body)| body.as_object());
    let members = members.into_iter().flatten();
    members.filter(|(name, _)| NAMED_BY.contains(&name.to_lowercase().as_str()))
}

/// The properties by which the body of a creation names what it makes.
pub(super) fn names_given(case: &Case) -> Vec<String> {
    given_names(&case.parts)
        .map(|(name, _)| name.clone())
        .collect()
}

/// Whether the body of a creation gives a name that was drawn, and that is hardly the name of anything.
pub(crate) fn gives_drawn_name(context: &ResourceContext<'_>, parts: &RequestParts) -> bool {
    given_names(parts).any(|(_, value)| is_drawn_name(context, value))
}

fn is_drawn_name(context: &ResourceContext<'_>, value: &Value) -> bool {
    plain(value).len() >= MIN_RANDOM_NAME && !context.contract.shows(value)
}

/// Whether a POST is answered with the name that was drawn for what it makes: nothing else was called so before, whatever
/// the status says of what is new.
pub(super) fn shows_drawn_name(
    context: &ResourceContext<'_>,
    case: &Case,
    given: &ExchangeView<'_>,
) -> bool {
    let names = given_names(&case.parts);
    let drawn: Vec<_> = names
        .filter(|(_, value)| is_drawn_name(context, value))
        .collect();
    if drawn.is_empty() || given.exchange.request.method != http::Method::POST {
        return false;
    }
    let Some(shown) = given.json() else {
        return false;
    };
    // `{"data": {"name": ...}}`
    let inner = shown.as_object().into_iter().flat_map(|all| all.values());
    let mut owners = std::iter::once(shown).chain(inner);
    owners.any(|owner| {
        drawn
            .iter()
            .any(|(name, value)| owner.get(name.as_str()) == Some(*value))
    })
}

/// Whether the body of a creation gives a name that the document shows.
pub(super) fn gives_shown_name(context: &ResourceContext<'_>, case: &Case) -> bool {
    given_names(&case.parts).any(|(_, value)| context.contract.shows(value))
}

/// Whether a request names what it is about by a value that was drawn, and that is hardly the name of anything.
pub(super) fn is_named_at_random(case: &Case) -> bool {
    let key = ResourceContext::key_parameter(&case.operation);
    let Some(key) = key.filter(|key| case.made_up.contains(&key.name)) else {
        return false;
    };
    let value = case.parts.get(Location::Path, &key.name);
    value.is_some_and(|value| {
        let is_long = plain(value).len() >= MIN_RANDOM_NAME;
        is_long && !may_be_taken(key, value)
    })
}

/// How many characters a drawn name has that nothing is called by chance.
pub(crate) const MIN_RANDOM_NAME: usize = 6;

/// Whether an element of a list has every plain value that was sent in the body or, where there was none, in the
/// query, and one at least.
pub(super) fn shows(item: &Value, parts: &RequestParts) -> bool {
    let Some(item) = item.as_object() else {
        return false;
    };
    let body = parts.body.as_ref().and_then(|(_, body)| body.as_object());
    let in_body = body.into_iter().flatten();
    let in_body = in_body.map(|(name, value)| (name.as_str(), value));
    let in_query = parts
        .parameters
        .iter()
        .filter(|(location, ..)| *location == Location::Query && parts.body.is_none());
    let in_query = in_query.map(|(_, name, value)| (name.as_str(), value));
    let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let mut shared = in_body
        .chain(in_query)
        .filter(|(_, value)| is_plain(value))
        .filter_map(|(name, value)| Some((item.get(name)?, value)))
        .peekable();
    // What a query says arrives as text.
    shared.peek().is_some()
        && shared
            .all(|(shown, sent)| shown == sent || body.is_none() && plain(shown) == plain(sent))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        exchange::{Body, Exchange, Origin, Response},
        gate::fixture::{case, contract},
        run::Phase,
    };

    fn sent(body: Value) -> RequestParts {
        RequestParts {
            body: Some(("application/json".to_owned(), body)),
            ..RequestParts::default()
        }
    }

    #[test]
    fn a_secret_that_was_not_sent_is_that_of_something_new() {
        let made = |body: &'static str, sent: &'static str| {
            let case = case(&contract(), "addPet", Phase::Random);
            let mut request = case.request;
            request.body = Body::Complete(sent.into());
            let mut response = Response::new(StatusCode::OK);
            response.body = Body::Complete(body.into());
            let exchange = Exchange {
                request,
                response,
                origin: Origin::Live,
            };
            shows_new_secret(&ExchangeView::new(&exchange, &case.parts))
        };
        assert!(made(
            r#"{"first": "67a3", "secret": "67a30dea0123456789"}"#,
            "{}"
        ));
        assert!(made(r#"{"apiKey": "67a30dea0123456789"}"#, "{}"));
        assert!(!made(
            r#"{"secret": "67a30dea0123456789"}"#,
            r#"{"secret": "67a30dea0123456789"}"#
        ));
        assert!(!made(
            r#"{"key": "67a30dea0123456789", "secret": "short"}"#,
            "{}"
        ));
    }

    #[test]
    fn an_element_is_what_was_sent_where_all_that_both_have_is_equal() {
        let item = json!({ "number": 7, "name": "a", "size": 2 });
        assert!(shows(&item, &sent(json!({ "name": "a", "other": true }))));
        assert!(!shows(&item, &sent(json!({ "name": "a", "size": 3 }))));
        assert!(!shows(&item, &sent(json!({ "other": true }))));
    }
}
