//! What a refusal says, sentence by sentence, and which part of the request it speaks of.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    check::Part,
    contract::{Location, Operation},
    wire::RequestParts,
};

/// How much of one text of a refusal is read, in characters.
pub(super) const MAX_TEXT: usize = 2_000;

/// How many texts of a refusal are read.
const MAX_SENTENCES: usize = 200;

/// Words that say of a part that it must be there.
const MISSING: &[&str] = &[
    "required",
    "missing",
    "mandatory",
    "not present",
    "not provided",
    "not specified",
    "must be present",
    "must be provided",
    "must be specified",
    "must be supplied",
    "must be given",
    "must be set",
    "be blank",
    "be empty",
];

/// A part of a request that a refusal names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) part: Part,
    /// The property, where the part is the body.
    pub(crate) property: Option<String>,
}

impl Named {
    fn parameter(location: Location, name: &str) -> (String, Self) {
        let part = Part::Parameter(location, name.to_owned());
        let property = None;
        (name.to_owned(), Self { part, property })
    }

    fn property(name: &str) -> (String, Self) {
        let property = Some(name.to_owned());
        let part = Part::Body;
        (name.to_owned(), Self { part, property })
    }
}

/// The properties of a request's body that a refusal names.
pub(crate) fn blamed_properties(parts: &RequestParts, refusal: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(refusal);
    let body: Option<Value> = serde_json::from_slice(refusal).ok();
    let said = sentences(body.as_ref(), &text);
    let named = said.iter().filter_map(|hint| hint.speaks_of(parts));
    named.filter_map(|named| named.property).collect()
}

/// The declared parts that a refusal says are missing, and that were not sent.
pub(crate) fn missing_parts(
    operation: &Operation,
    parts: &RequestParts,
    said: &[Hint],
) -> Vec<Named> {
    let parameters = operation.parameters.iter();
    let absent = parameters.filter(|one| parts.get(one.location, &one.name).is_none());
    let mut absent: Vec<(String, Named)> = absent
        .map(|one| Named::parameter(one.location, &one.name))
        .collect();
    if let Some((range, Value::Object(members))) = &parts.body {
        let content = operation.request_body.as_ref().map(|body| &body.content);
        let schema = content.and_then(|content| content.entry(range)?.schema.as_ref());
        let names = schema.map(crate::contract::Schema::property_names);
        let names = names.unwrap_or_default().into_iter();
        let unsent = names.filter(|name| !members.contains_key(name));
        absent.extend(unsent.map(|name| Named::property(&name)));
    }
    let mut missing: Vec<Named> = Vec::new();
    for hint in said {
        if absent.is_empty() || !hint.says_missing() {
            continue;
        }
        let of_text: Vec<&Named> = absent
            .iter()
            .filter(|(name, _)| mentions(&hint.text, name))
            .map(|(_, named)| named)
            .collect();
        let named = if of_text.is_empty() {
            Vec::from_iter(hint.only_beside(&absent))
        } else {
            of_text
        };
        for one in named {
            if !missing.contains(one) {
                missing.push(one.clone());
            }
        }
    }
    missing
}

/// [`missing_parts`] of a refusal as it came.
pub(crate) fn missing_in(
    operation: &Operation,
    parts: &RequestParts,
    refusal: &[u8],
) -> Vec<Named> {
    let body: Option<Value> = serde_json::from_slice(refusal).ok();
    let said = sentences(body.as_ref(), &String::from_utf8_lossy(refusal));
    missing_parts(operation, parts, &said)
}

/// One text of a refusal, with the texts that stand beside it.
pub(crate) struct Hint {
    pub(super) text: String,
    beside: Vec<String>,
}

impl Hint {
    /// The one part of a request that the texts name; `None` where they name none, or several.
    pub(super) fn speaks_of(&self, parts: &RequestParts) -> Option<Named> {
        let parameters = parts.parameters.iter();
        let parameters = parameters.map(|(location, name, _)| Named::parameter(*location, name));
        let bodies = parts.body.iter().filter_map(|(_, body)| body.as_object());
        let properties = bodies.flat_map(|members| members.keys());
        let properties = properties.map(|name| Named::property(name));
        let all: Vec<(String, Named)> = parameters.chain(properties).collect();
        // The text itself says it best; a field beside it may name the part as well.
        let mut in_text = all.iter().filter(|(name, _)| mentions(&self.text, name));
        match (in_text.next(), in_text.next()) {
            (Some((_, named)), None) => Some(named.clone()),
            (None, _) => self.only_beside(&all).cloned(),
            (Some(_), Some(_)) => None,
        }
    }

    /// The one of some parts that a text beside this one names.
    fn only_beside<'n>(&self, all: &'n [(String, Named)]) -> Option<&'n Named> {
        let is_named =
            |(name, _): &&(String, Named)| self.beside.iter().any(|text| mentions(text, name));
        let mut named = all.iter().filter(is_named);
        let only = named.next().filter(|_| named.next().is_none())?;
        Some(&only.1)
    }

    /// Whether the text says that something must be there.
    fn says_missing(&self) -> bool {
        let text = self.text.to_lowercase();
        let is_negated = text.contains("not required") || text.contains("must be missing");
        !is_negated && MISSING.iter().any(|words| text.contains(words))
    }
}

/// Whether a text has a name in it as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    !name.is_empty()
        && text.match_indices(&name).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(is_part)
                && !text[at + name.len()..].chars().next().is_some_and(is_part)
        })
}

/// The texts of a refusal: those of its JSON body, else the whole of it.
pub(super) fn sentences(body: Option<&Value>, text: &str) -> Vec<Hint> {
    let mut found = Vec::new();
    match body {
        Some(body) => walk(body, &[], &mut found),
        None => found.push(Hint {
            text: text.chars().take(MAX_TEXT).collect(),
            beside: Vec::new(),
        }),
    }
    found
}

fn walk(value: &Value, beside: &[String], found: &mut Vec<Hint>) {
    if found.len() >= MAX_SENTENCES {
        return;
    }
    match value {
        Value::String(text) => found.push(Hint {
            text: text.chars().take(MAX_TEXT).collect(),
            beside: beside.to_vec(),
        }),
        Value::Array(items) => {
            for item in items {
                walk(item, beside, found);
            }
        }
        Value::Object(members) => {
            // `{"loc": ["query", "limit"], "msg": "must be at most 10"}`
            let mut texts = Vec::new();
            for member in members.values() {
                match member {
                    Value::String(text) => texts.push(text.clone()),
                    Value::Array(items) => {
                        texts.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => {}
                }
            }
            for (name, member) in members {
                let mut around = texts.clone();
                around.push(name.clone());
                if texts.is_empty() {
                    around.extend(beside.iter().cloned());
                }
                walk(member, &around, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_word_of_its_own() {
        assert!(mentions("`limit` must be", "limit"));
        assert!(!mentions("limits apply", "limit"));
        assert!(!mentions("page_limit is", "limit"));
    }

    fn missing(text: &str) -> Vec<String> {
        let document = serde_json::json!({
            "openapi": "3.0.3",
            "info": { "title": "t", "version": "1" },
            "paths": { "/zones": { "post": {
                "operationId": "make",
                "parameters": [
                    { "name": "region", "in": "query", "schema": { "type": "string" } },
                ],
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "kind": { "type": "string" },
                        "size": { "type": "integer" },
                    },
                } } } },
                "responses": { "201": { "description": "Fine" } },
            } } },
        });
        let document =
            oasgate_document::Document::parse("t", document.to_string()).expect("a document");
        let contract = crate::contract::Contract::from_document(document);
        let operation = crate::gate::fixture::operation(&contract, "make");
        let body = serde_json::json!({ "size": 1 });
        let parts = RequestParts {
            body: Some(("application/json".to_owned(), body)),
            ..RequestParts::default()
        };
        let missing = missing_in(&operation, &parts, text.as_bytes());
        let name = |named: Named| named.property.unwrap_or_else(|| named.part.to_string());
        missing.into_iter().map(name).collect()
    }

    #[test]
    fn a_refusal_names_what_is_missing() {
        for (text, wanted) in [
            (
                r#"{"error":"Key 'name' not present or not a String"}"#,
                "name",
            ),
            (r#"{"errors":{"kind":["can't be blank"]}}"#, "kind"),
            (
                r#"{"detail":[{"loc":["body","name"],"msg":"Field required"}]}"#,
                "name",
            ),
            ("missing field `kind` at line 1 column 10", "kind"),
            ("name and kind are required", "kind name"),
            (
                r#"[{"field":"region","message":"is mandatory"}]"#,
                "query region",
            ),
        ] {
            let mut names = missing(text);
            names.sort();
            assert_eq!(names.join(" "), wanted, "{text}");
        }
    }

    #[test]
    fn what_was_sent_or_is_not_said_to_be_missing_is_not_missing() {
        for text in [
            r#"{"error":"size is required"}"#,
            r#"{"error":"the name is too long"}"#,
            r#"{"error":"kind is not required here"}"#,
            "required",
        ] {
            assert_eq!(missing(text), Vec::<String>::new(), "{text}");
        }
    }
}
