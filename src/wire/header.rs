//! Response headers, read by their style or content and held against their schema.

use http::HeaderMap;
use mediatype::MediaTypeBuf;
use oasgate_document::Address;
use serde_json::Value;

use super::{
    Parsed, json, parse_body,
    reading::{self, Shape},
    style::{Escaping, write_text},
};
use crate::contract::{Digits, Explode, Header, Schema, Serialization, Style, Violation};

/// How a header breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderBreach {
    /// It is required and absent.
    Missing,
    /// Its text cannot be read at all; a sentence, and the text.
    Unreadable(String, String),
    /// It is JSON where a style is declared; how the style writes the value, and the text.
    Json(String, String),
    /// Its value breaks the schema; the first keyword it breaks, and the text.
    Broken(Box<Violation>, String),
}

impl HeaderBreach {
    /// What is wrong, in one line.
    pub fn message(&self) -> String {
        match self {
            Self::Missing => "the required header is missing".to_owned(),
            Self::Unreadable(reason, _) => reason.clone(),
            Self::Json(..) => "the value is JSON, but the document describes it by `schema` and \
                               not by `content: application/json`"
                .to_owned(),
            Self::Broken(violation, _) => violation.message.clone(),
        }
    }

    /// What the contract wants.
    pub fn expected(&self) -> String {
        match self {
            Self::Missing => "the header".to_owned(),
            Self::Unreadable(..) => "a value that can be read".to_owned(),
            Self::Json(styled, _) => format!("`{styled}`, as `style: simple` writes it"),
            Self::Broken(violation, _) => violation.expected.clone(),
        }
    }

    /// What came.
    pub fn actual(&self) -> String {
        match self {
            Self::Missing => "no such header".to_owned(),
            Self::Unreadable(_, text) | Self::Json(_, text) | Self::Broken(_, text) => text.clone(),
        }
    }

    /// What tells it from other breaches of the same header.
    pub fn kind(&self) -> String {
        match self {
            Self::Missing => "missing".to_owned(),
            Self::Unreadable(..) => "unreadable".to_owned(),
            Self::Json(..) => "json".to_owned(),
            Self::Broken(violation, _) => violation.keyword.clone(),
        }
    }

    /// The keyword of the document that is broken.
    pub fn schema(&self) -> Option<&Address> {
        match self {
            Self::Broken(violation, _) => Some(&violation.schema),
            Self::Missing | Self::Unreadable(..) | Self::Json(..) => None,
        }
    }
}

/// Reads a header out of a response's and holds every value of it against its schema.
///
/// A field that stands more than once is one list for an array or object (RFC 9110 §5.3), and
/// otherwise held value by value. `Set-Cookie` is never joined.
///
/// # Errors
///
/// The first breach.
pub fn read_header(header: &Header, headers: &HeaderMap) -> Result<(), HeaderBreach> {
    Digits::of_texts(|| read_and_validate(header, headers))
}

fn read_and_validate(header: &Header, headers: &HeaderMap) -> Result<(), HeaderBreach> {
    let mut texts = Vec::new();
    for value in headers.get_all(header.name.as_str()) {
        let text = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
        texts.push(text);
    }
    if texts.is_empty() {
        return if header.required {
            Err(HeaderBreach::Missing)
        } else {
            Ok(())
        };
    }
    match &header.value {
        Serialization::Content(media_type) => texts.iter().try_for_each(|text| {
            let range = media_type.range.essence();
            let Ok(parsed) = range.parse::<MediaTypeBuf>() else {
                return Ok(());
            };
            match parse_body(&parsed, text.as_bytes()) {
                Err(error) => Err(HeaderBreach::Unreadable(error.to_string(), text.clone())),
                Ok(Parsed::Value(value)) => media_type
                    .schema
                    .as_ref()
                    .map_or(Ok(()), |schema| held(schema, &value, text)),
                Ok(_) => Ok(()),
            }
        }),
        Serialization::Styled {
            schema,
            style,
            explode,
            ..
        } => {
            let shape = Shape::of(schema);
            let is_cookie = header.name.eq_ignore_ascii_case("set-cookie");
            // A cookie may hold commas: its lines are the elements (RFC 6265 §3, OpenAPI 3.2 §4.21).
            if is_cookie && shape == Shape::Array {
                let value = reading::read_array(texts.iter().map(String::as_str), Some(schema));
                return held(schema, &value, &texts.join("\n"));
            }
            if !is_cookie && shape == Shape::Array {
                let joined = texts.join(",");
                let parts = texts.iter().flat_map(|text| split(text, *style));
                let value = reading::read_array(parts, Some(schema));
                return held(schema, &value, &joined)
                    .map_err(|breach| as_json(breach, &joined, shape, *explode));
            }
            if !is_cookie && shape == Shape::Object {
                let joined = texts.join(",");
                let unreadable = || {
                    let reason = "the value is not written as an object".to_owned();
                    HeaderBreach::Unreadable(reason, joined.clone())
                };
                let read = object(&joined, *explode, schema).ok_or_else(unreadable);
                return read
                    .and_then(|value| held(schema, &value, &joined))
                    .map_err(|breach| as_json(breach, &joined, shape, *explode));
            }
            texts
                .iter()
                .try_for_each(|text| held(schema, &reading::read_text(text, Some(schema)), text))
        }
    }
}

/// A breach of a text that is JSON of the shape that is wanted: what its parts break says nothing to a reader, and
/// which part that is depends on how many there are.
fn as_json(breach: HeaderBreach, text: &str, shape: Shape, explode: Explode) -> HeaderBreach {
    let opening = if shape == Shape::Object { '{' } else { '[' };
    if !text.starts_with(opening) {
        return breach;
    }
    let Some(value) = json::parse_loosely(text) else {
        return breach;
    };
    let mut styled = write_text("", &value, Style::Simple, explode, Escaping::None);
    if let Some((end, _)) = styled.char_indices().nth(MAX_STYLED) {
        styled.truncate(end);
        styled.push('…');
    }
    HeaderBreach::Json(styled, text.to_owned())
}

/// How many characters of a value are shown as its style would write it.
const MAX_STYLED: usize = 80;

fn split(text: &str, style: Style) -> impl Iterator<Item = &str> {
    let is_empty = text.is_empty();
    reading::split(text, style)
        .into_iter()
        .map(str::trim)
        .filter(move |_| !is_empty)
}

fn object(text: &str, explode: Explode, schema: &Schema) -> Option<Value> {
    let parts: Vec<&str> = split(text, Style::Simple).collect();
    let pairs: Vec<(&str, &str)> = match explode {
        Explode::Yes => parts
            .iter()
            .map(|part| part.split_once('='))
            .collect::<Option<_>>()?,
        Explode::No if parts.len().is_multiple_of(2) => {
            parts.chunks(2).map(|pair| (pair[0], pair[1])).collect()
        }
        Explode::No => return None,
    };
    Some(reading::read_object(pairs, Some(schema)))
}

fn held(schema: &Schema, value: &Value, text: &str) -> Result<(), HeaderBreach> {
    let violations = (!schema.is_valid(value)).then(|| schema.violations(value));
    match violations.into_iter().flatten().next() {
        Some(violation) => Err(HeaderBreach::Broken(Box::new(violation), text.to_owned())),
        None => Ok(()),
    }
}
