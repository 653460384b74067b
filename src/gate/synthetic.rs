//! Which values of a request name resources that were made up.
//!
//! A service may refuse the name of nothing with 400 or 404 whatever the name looks like. What the
//! user gave, and what came back in a response, names things that exist.

use serde_json::Value;

use super::knowledge::view::plain;
use crate::{
    contract::{Location, Schema},
    generate::{Generator, Strategies},
    run::{LiveSettings, given_value},
    wire::RequestParts,
};

/// The names of the parameters and properties whose values name made-up resources.
pub(crate) fn synthetic_ids(parts: &RequestParts, settings: &LiveSettings) -> Vec<String> {
    let mut names = Vec::new();
    for (location, name, value) in &parts.parameters {
        if (*location == Location::Path || names_something(name))
            && !is_given(settings, name, value)
        {
            names.push(name.clone());
        }
    }
    if let Some((_, body)) = &parts.body {
        in_body(body, settings, &mut names);
    }
    names
}

/// A name for the path of what the client names: a service may refuse one for its letters, and what is
/// built on it should not hang on that.
pub(crate) fn drawn_name(
    schema: &Schema,
    generator: &mut Generator,
    strategies: &Strategies,
) -> Option<Value> {
    let strategy = strategies.valid(schema);
    let mut fallback = None;
    for value in (0..50).filter_map(|_| generator.draw(&strategy)) {
        if let Some(number) = value.as_i64() {
            let usual = Value::from(usual_number(number));
            return Some(if schema.is_valid(&usual) {
                usual
            } else {
                value
            });
        }
        match value.as_str() {
            Some("" | "." | "..") => {}
            Some(text) if !is_plain_name(text) => fallback = fallback.or(Some(value)),
            _ => return Some(value),
        }
    }
    fallback
}

/// A number that names nothing by chance, and after which a service that counts on has many left.
fn usual_number(drawn: i64) -> u64 {
    100_000 + drawn.unsigned_abs() % 900_000
}

fn is_plain_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_'))
}

fn in_body(value: &Value, settings: &LiveSettings, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let is_plain = !member.is_object() && !member.is_null();
                if is_plain && names_something(name) && !is_given(settings, name, member) {
                    names.push(name.clone());
                } else {
                    in_body(member, settings, names);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                in_body(item, settings, names);
            }
        }
        _ => {}
    }
}

fn is_given(settings: &LiveSettings, name: &str, value: &Value) -> bool {
    if let Value::Array(items) = value {
        return !items.is_empty() && items.iter().all(|item| is_given(settings, name, item));
    }
    let text = plain(value);
    settings
        .given(name)
        .into_iter()
        .any(|given| given == text || given_value(given, None::<&Schema>) == *value)
}

/// Whether a name says that its value names a resource: `user_id`, `userIds`, `token`, `parent_uuid`.
fn names_something(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "cursor", "guid", "guids", "id", "ids", "ref", "refs", "slug", "slugs", "token", "tokens",
        "uuid", "uuids",
    ];
    // What a page is continued with only the service hands out.
    const OF_PAGES: &[&str] = &[
        "starting_after",
        "ending_before",
        "continue",
        "continuation",
    ];
    if OF_PAGES.contains(&name) {
        return true;
    }
    WORDS.iter().any(|word| {
        // Cut from the name itself: a lower-cased copy may have another length.
        let parts = name.len().checked_sub(word.len());
        let parts = parts.and_then(|at| name.split_at_checked(at));
        parts.is_some_and(|(before, last)| {
            last.eq_ignore_ascii_case(word)
                && (before.is_empty()
                    || before.ends_with(['_', '-', '.'])
                    || last.starts_with(char::is_uppercase))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::names_something;

    #[test]
    fn ids_and_tokens_name_something_and_other_words_do_not() {
        for name in [
            "id",
            "user_id",
            "userId",
            "parent-uuid",
            "data_export_token",
            "tagIDs",
            "\u{212a}_id",
            "\u{212a}Id",
        ] {
            assert!(names_something(name), "{name}");
        }
        for name in [
            "paid",
            "valid",
            "limit",
            "kids",
            "title",
            "\u{130}d",
            "i\u{307}d",
            "\u{212a}",
        ] {
            assert!(!names_something(name), "{name}");
        }
    }
}
