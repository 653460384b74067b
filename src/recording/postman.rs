//! Postman: the responses that a collection keeps as examples, and what its runner Newman exports
//! (`newman run -r json`).
//!
//! Traps: URLs with variables (`{{baseUrl}}/things/:id`), as text or in parts; headers that are null or
//! switched off; bodies by mode; Newman's response bodies as lists of bytes. A variable whose value is not in
//! the file stays a placeholder, and breaks nothing.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use url::Url;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw, RawEntry, RecordingError,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    loose, message,
    postman_collection::{Collection, filled},
};
use crate::exchange::{Body, Kept, Request};

pub(super) struct Postman;
pub(super) struct Newman;

const WHOLE: &[Path] = &[&[]];
const EXECUTIONS: &[Path] = &[&[Step::Key("run"), Step::Key("executions"), Step::Each]];

impl Format for Newman {
    fn name(&self) -> &'static str {
        "Newman export"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        // The collection comes first, may be long, and has its items first, where one that Postman's own
        // service gives out has its information first.
        let is_begun = beginning.first_key() == Some("collection")
            && beginning.has("collection/item")
            && !beginning.has("collection/info");
        is_begun || beginning.has("run/executions") || beginning.has("run/stats")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, EXECUTIONS)
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        if entry.get("response").is_none_or(Value::is_null) {
            let reason = entry
                .get("requestError")
                .and_then(|error| error.get("message"));
            let reason = reason
                .and_then(Value::as_str)
                .unwrap_or("the request failed");
            return Err(EntryError::NoResponse(reason.to_owned().into()));
        }
        messages(&entry["request"], &entry["response"], &HashMap::new())
    }
}

impl Format for Postman {
    fn name(&self) -> &'static str {
        "Postman collection"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        let has = |path: &str| beginning.has(path);
        has("info") && has("item")
            || has("collection/info")
            || has("info/_postman_id")
            || beginning
                .scalar("info/schema")
                .is_some_and(|schema| schema.contains("getpostman"))
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        let whole = json_scan::elements(input, Arc::clone(&file), WHOLE);
        Box::new(whole.flat_map(move |whole| match whole {
            Ok(whole) => examples(whole, &file),
            error => Box::new(std::iter::once(error)),
        }))
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        if let Raw::Example(example) = entry {
            let (request, response) = example.parts()?;
            return messages(&request, &response, &example.collection().variables);
        }
        if let Raw::Bytes(text) = entry {
            Collection::read(text)?;
        }
        Err(EntryError::Unlike {
            part: "entry",
            found: "no example",
        })
    }
}

/// Every response that a collection keeps, with its request.
fn examples(whole: RawEntry, file: &Arc<str>) -> Entries {
    let collection = match &whole.raw {
        Raw::Bytes(text) => Collection::read(text).ok(),
        _ => None,
    };
    let Some(collection) = collection else {
        // It is told when an exchange is to be made of it.
        return Box::new(std::iter::once(Ok(whole)));
    };
    let file = Arc::clone(file);
    let numbered = (1..).zip(collection.examples());
    Box::new(numbered.map(move |(number, example)| match example {
        Ok(example) => Ok(RawEntry {
            number,
            line: None,
            raw: Raw::Example(example),
        }),
        Err(rest) => Err(RecordingError {
            file: Arc::clone(&file),
            entry: None,
            line: None,
            message: rest.to_string(),
        }),
    }))
}

fn messages(
    request: &Value,
    response: &Value,
    variables: &HashMap<String, String>,
) -> Result<Messages, EntryError> {
    let code = loose::first(response, &["code"])
        .and_then(loose::code)
        .ok_or(EntryError::missing("response", "code"))?;
    let mut headers = loose::headers(response.get("header"));
    let is_partial = headers.is_empty();
    if loose::text_of(response, &["_postman_previewlanguage"]).as_deref() == Some("json") {
        loose::default_content_type(&mut headers, "application/json");
    }
    let elapsed = loose::milliseconds(response.get("responseTime"));
    let body = match response.get("stream") {
        Some(stream) if !stream.is_null() => message::body(from_stream(stream)?, &headers),
        _ => loose::body(response.get("body"), &headers),
    };
    Ok(Messages {
        request: read_request(request, variables)?,
        response: loose::response(code, headers, body, elapsed)?,
        kept: Kept {
            has_no_cookies: true,
            // What an agent adds by itself, and what is inherited from a folder, is not written down.
            request_headers_are_partial: true,
            response_headers_are_partial: is_partial,
            ..Kept::default()
        },
    })
}

/// The bytes of a Node buffer.
fn from_stream(stream: &Value) -> Result<Bytes, EntryError> {
    let bytes = stream.get("data").and_then(Value::as_array);
    let bytes = bytes.and_then(|bytes| {
        let bytes = bytes.iter();
        let bytes = bytes.map(|byte| u8::try_from(byte.as_u64()?).ok());
        bytes.collect::<Option<Vec<u8>>>()
    });
    bytes.map(Bytes::from).ok_or(EntryError::Unlike {
        part: "body",
        found: "no list of bytes",
    })
}

fn read_request(
    request: &Value,
    variables: &HashMap<String, String>,
) -> Result<Request, EntryError> {
    // A request may be its URL alone.
    let url = request.get("url").unwrap_or(request);
    let method = loose::text_of(request, &["method"]).unwrap_or_else(|| "GET".to_owned());
    let mut headers = HeaderMap::new();
    for (name, value) in &loose::headers(request.get("header")) {
        let value = filled(&String::from_utf8_lossy(value.as_bytes()), variables);
        message::add_header(&mut headers, name.as_str(), &value);
    }
    let body = match loose::first(request, &["body"]) {
        None => Body::empty(),
        Some(body) => read_body(body, &mut headers, variables),
    };
    loose::request(&method, read_url(url, variables)?, headers, body)
}

fn read_body(part: &Value, headers: &mut HeaderMap, variables: &HashMap<String, String>) -> Body {
    let mode = loose::text_of(part, &["mode"]).unwrap_or_else(|| "raw".to_owned());
    match mode.as_str() {
        "raw" => {
            let language = part
                .pointer("/options/raw/language")
                .and_then(Value::as_str);
            if language == Some("json") {
                loose::default_content_type(headers, "application/json");
            }
            match loose::text_of(part, &["raw"]) {
                Some(text) => Body::from(filled(&text, variables)),
                None => Body::empty(),
            }
        }
        "urlencoded" => {
            loose::default_content_type(headers, "application/x-www-form-urlencoded");
            let fields = part.get("urlencoded").and_then(Value::as_array);
            let pairs = fields.into_iter().flatten().filter(|field| is_on(field));
            let pairs = pairs.filter_map(|field| {
                let value = loose::text_of(field, &["value"]).unwrap_or_default();
                Some((field.get("key")?.as_str()?, filled(&value, variables)))
            });
            Body::from(loose::query(pairs).trim_start_matches('?').to_owned())
        }
        // The parts of a form may be files, which are not here.
        _ => Body::NotRecorded,
    }
}

fn is_on(field: &Value) -> bool {
    field.get("disabled") != Some(&Value::Bool(true))
}

fn read_url(part: &Value, variables: &HashMap<String, String>) -> Result<Url, EntryError> {
    let raw = match part {
        Value::String(raw) => raw.clone(),
        _ => match loose::text_of(part, &["raw"]) {
            Some(raw) => raw,
            None => assembled(part).ok_or(EntryError::missing("request", "URL"))?,
        },
    };
    let raw = filled(&raw, variables);
    let raw = with_path_variables(&raw, part.get("variable"));
    // What stands for the base of all URLs is not known any more.
    let after_base = raw
        .strip_prefix("{{")
        .and_then(|rest| rest.split_once("}}"));
    match after_base {
        Some((_, "")) => loose::url("/"),
        Some((_, rest)) if rest.starts_with('/') => loose::url(rest),
        Some((_, rest)) if rest.starts_with('?') => loose::url(&format!("/{rest}")),
        _ if raw.contains("://") || raw.starts_with('/') => loose::url(&raw),
        _ => loose::url(&format!("http://{raw}")),
    }
}

/// A URL from its parts.
fn assembled(part: &Value) -> Option<String> {
    let joined = |key: &str, between: &str| match part.get(key)? {
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| match part {
                Value::Object(_) => loose::text_of(part, &["value"]),
                part => loose::text(part),
            });
            Some(texts.flatten().collect::<Vec<_>>().join(between))
        }
        part => loose::text(part),
    };
    let protocol = loose::text_of(part, &["protocol"]).unwrap_or_else(|| "http".to_owned());
    let mut url = format!("{protocol}://{}", joined("host", ".")?);
    if let Some(port) = loose::text_of(part, &["port"]).filter(|port| !port.is_empty()) {
        // Writing to a string does not fail.
        let _ = write!(url, ":{port}");
    }
    let path = joined("path", "/").unwrap_or_default();
    url.push('/');
    url.push_str(path.trim_start_matches('/'));
    let query = part
        .get("query")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let pairs = query.filter(|pair| is_on(pair)).filter_map(|pair| {
        let key = pair.get("key")?.as_str()?;
        match loose::text_of(pair, &["value"]) {
            Some(value) => Some(format!("{key}={value}")),
            None => Some(key.to_owned()),
        }
    });
    let pairs: Vec<_> = pairs.collect();
    if !pairs.is_empty() {
        let _ = write!(url, "?{}", pairs.join("&"));
    }
    Some(url)
}

/// A URL whose `:name` segments have their values; a placeholder where there is none.
fn with_path_variables(raw: &str, values: Option<&Value>) -> String {
    let start = raw.find("://").map_or(0, |at| at + 3);
    let end = raw[start..]
        .find(['?', '#'])
        .map_or(raw.len(), |at| start + at);
    let pairs = values.and_then(Value::as_array).into_iter().flatten();
    let mut known: HashMap<&str, &Value> = HashMap::new();
    for pair in pairs {
        if let Some(key) = pair.get("key").and_then(Value::as_str) {
            known.entry(key).or_insert(pair);
        }
    }
    let value = |name: &str| {
        let value = loose::text_of(known.get(name)?, &["value"]);
        value.filter(|value| !value.is_empty())
    };
    let segments = raw[start..end]
        .split('/')
        .enumerate()
        .map(|(index, segment)| match segment.strip_prefix(':') {
            Some(name) if index > 0 && !name.is_empty() => {
                value(name).unwrap_or_else(|| format!("{{{{{name}}}}}"))
            }
            _ => segment.to_owned(),
        });
    let path = segments.collect::<Vec<_>>().join("/");
    format!("{}{path}{}", &raw[..start], &raw[end..])
}
