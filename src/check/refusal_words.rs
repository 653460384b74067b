//! What a refusal says in its own words, so that a reader need not send the request to find out.

use serde_json::Value;

use super::{Content, Subject};
use crate::wire::Parsed;

/// Members that hold what an error says, the likeliest first.
const SAYING: &[&str] = &[
    "message",
    "msg",
    "detail",
    "details",
    "error_description",
    "description",
    "error",
    "errors",
    "reason",
    "title",
];

/// Members that hold the place that an error is about.
const PLACES: &[&str] = &[
    "loc",
    "instancePath",
    "pointer",
    "field",
    "property",
    "path",
    "param",
    "parameter",
];

/// How many characters are told.
const MAX_WORDS: usize = 160;

/// How deep errors are looked for.
const MAX_DEPTH: usize = 6;

/// The words of a response that refuses; `None` where it has none, or a page.
pub(super) fn words(subject: &Subject<'_>) -> Option<String> {
    let said = if let Content::Read(Parsed::Value(value)) = subject.body() {
        said(value, 0)?
    } else {
        let text = std::str::from_utf8(subject.exchange.response.body.bytes()).ok()?;
        let is_page = text.trim_start().starts_with('<');
        Some(text.to_owned()).filter(|_| !is_page)?
    };
    let mut words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = words.char_indices().nth(MAX_WORDS) {
        words.truncate(end);
        words.push('…');
    }
    let reason = subject.exchange.response.status.canonical_reason();
    // The status says that already.
    let is_more = !words.is_empty() && reason.is_none_or(|one| !one.eq_ignore_ascii_case(&words));
    is_more.then_some(words)
}

fn said(value: &Value, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => items.iter().take(8).find_map(|item| said(item, depth + 1)),
        Value::Object(members) => {
            let known = SAYING.iter().find_map(|name| {
                let member = members.get(*name)?;
                said(member, depth + 1)
            });
            // `{"name": ["is too long"]}`
            let Some(known) = known else {
                let mut others = members.iter().take(8);
                return others.find_map(|(name, member)| {
                    let is_nested = member.is_array() || member.is_object();
                    Some(format!("{name}: {}", said(member, depth + 1)?)).filter(|_| is_nested)
                });
            };
            match PLACES.iter().find_map(|name| place(members.get(*name)?)) {
                Some(place) if !known.contains(&place) => Some(format!("{place}: {known}")),
                _ => Some(known),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// `["body", "name"]` as `body.name`.
fn place(value: &Value) -> Option<String> {
    let steps: Vec<String> = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(steps) => steps
            .iter()
            .filter_map(|step| match step {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
            .collect(),
        _ => return None,
    };
    Some(steps.join(".")).filter(|place| !place.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::said;

    #[test]
    fn the_words_are_found_where_frameworks_put_them() {
        for (body, wanted) in [
            (
                json!({ "error": "Key 'name' not present" }),
                "Key 'name' not present",
            ),
            (
                json!({ "detail": [{ "loc": ["body", "name"], "msg": "Field required", "type": "missing" }] }),
                "body.name: Field required",
            ),
            (
                json!({ "error": { "code": 7, "message": "No such plan" } }),
                "No such plan",
            ),
            (json!({ "name": ["is too long"] }), "name: is too long"),
            (
                json!({ "type": "about:blank", "title": "Bad Request", "detail": "size is odd" }),
                "size is odd",
            ),
            (
                json!({ "errors": { "kind": ["can't be blank"] } }),
                "kind: can't be blank",
            ),
        ] {
            assert_eq!(said(&body, 0).as_deref(), Some(wanted), "{body}");
        }
        for body in [json!({ "ok": false }), json!([]), json!({ "message": " " })] {
            assert_eq!(said(&body, 0), None, "{body}");
        }
    }
}
