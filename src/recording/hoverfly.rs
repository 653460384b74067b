//! Hoverfly: simulations of every version (plain values, `exactMatch`, lists of matchers) and its journal.
//!
//! A pair whose request is a pattern (`glob`, `regex`) stands for many requests, and is told as an entry that
//! cannot be read.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    loose,
};
use crate::exchange::{Body, Kept, REDACTED_HOST};

pub(super) struct Hoverfly;

const PAIRS: &[Path] = &[
    &[Step::Key("data"), Step::Key("pairs"), Step::Each],
    &[Step::Key("journal"), Step::Each],
];

impl Format for Hoverfly {
    fn name(&self) -> &'static str {
        "Hoverfly"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        beginning.has("data/pairs") || beginning.has("journal/[]/request")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, PAIRS)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        let part = |key| {
            let part = entry.get(key).filter(|part| part.is_object());
            part.ok_or(EntryError::missing("pair", key))
        };
        let (request, response) = (part("request")?, part("response")?);
        let field = |key: &str| exact(key, request.get(key));
        let method = field("method")?.unwrap_or(Cow::Borrowed("GET"));
        let url = format!(
            "{}://{}{}{}",
            field("scheme")?.unwrap_or(Cow::Borrowed("http")),
            field("destination")?.unwrap_or(Cow::Borrowed(REDACTED_HOST)),
            field("path")?.unwrap_or(Cow::Borrowed("/")),
            query(request)?
        );
        let headers = loose::headers(request.get("headers"));
        let is_journal = entry.get("mode").is_some() || entry.get("timeStarted").is_some();
        let body = field("body")?.map_or(Body::NotRecorded, |body| Body::from(body.into_owned()));
        let response_headers = loose::headers(response.get("headers"));
        let is_encoded = response.get("encodedBody") == Some(&Value::Bool(true));
        let response_body = match response.get("body") {
            Some(Value::String(text)) if is_encoded => loose::base64_body(text, &response_headers)?,
            None if response.get("bodyFile").is_none() => Body::empty(),
            body => loose::body(body, &response_headers),
        };
        let code = response.get("status").and_then(loose::code);
        Ok(Messages {
            kept: Kept {
                has_no_cookies: !is_journal,
                request_headers_are_partial: !is_journal,
                response_headers_are_partial: response_headers.is_empty(),
                ..Kept::default()
            },
            request: loose::request(&method, loose::url(&url)?, headers, body)?,
            response: loose::response(
                code.ok_or(EntryError::missing("response", "status"))?,
                response_headers,
                response_body,
                loose::milliseconds(entry.get("latency")),
            )?,
        })
    }
}

/// The one value that a field has; `None` where it may be anything.
fn exact<'v>(name: &str, field: Option<&'v Value>) -> Result<Option<Cow<'v, str>>, EntryError> {
    let pattern = || EntryError::Pattern {
        part: format!("its {name}").into(),
        wanted: "that of one request",
    };
    match field {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.into())),
        Some(Value::Array(matchers)) => match matchers.as_slice() {
            [] => Ok(None),
            [only] => {
                let kind = only
                    .get("matcher")
                    .and_then(Value::as_str)
                    .unwrap_or("exact");
                let is_exact = ["exact", "json", "xml", "form"].contains(&kind);
                match only.get("value") {
                    Some(Value::String(text)) if is_exact => Ok(Some(text.into())),
                    _ => Err(pattern()),
                }
            }
            _ => Err(pattern()),
        },
        Some(Value::Object(matchers)) if matchers.is_empty() => Ok(None),
        Some(matcher) => ["exactMatch", "jsonMatch", "xmlMatch"]
            .iter()
            .find_map(|key| matcher.get(key)?.as_str())
            .map(|text| Some(text.into()))
            .ok_or_else(pattern),
    }
}

/// The query with its question mark: a text, or the matchers of each parameter.
fn query(request: &Value) -> Result<String, EntryError> {
    let part = loose::first(request, &["query", "queriesWithMatchers"]);
    if let Some(Value::Object(members)) = part
        && !members.contains_key("exactMatch")
    {
        let mut pairs = Vec::new();
        for (name, matchers) in members {
            match matchers
                .as_array()
                .filter(|list| list.iter().all(Value::is_string))
            {
                Some(values) => {
                    let values = values.iter().filter_map(Value::as_str);
                    pairs.extend(values.map(|value| (name.as_str(), value.to_owned())));
                }
                None => {
                    let value = exact("query", Some(matchers))?.unwrap_or_default();
                    pairs.push((name.as_str(), value.into_owned()));
                }
            }
        }
        return Ok(loose::query(pairs));
    }
    let text = exact("query", part)?.unwrap_or_default();
    Ok(if text.is_empty() {
        String::new()
    } else {
        format!("?{text}")
    })
}
