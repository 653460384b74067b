//! Bodies of `multipart/form-data` (RFC 7578), each part by its `encoding` (OpenAPI 3.1.1 §4.8.15).

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use mediatype::{MediaTypeBuf, ReadParams as _};
use serde_json::{Map, Value};

use super::{
    MalformedBody, body,
    file::{File, offered},
    header::read_header,
    json,
    media_type::parse_media_type,
    pairs,
    reading::{self, Shape},
    style::{Escaping, plain, write_pairs},
};
use crate::contract::{Encoding, Explode, MediaRange, MediaType, Schema, Style};

/// The boundary between parts. What is sent is made here, so it cannot hold this text by accident
/// more likely than a value can be guessed.
const BOUNDARY: &str = "oasgate-f2c1a7d85b0e4936";

/// One part, as it travels.
struct Part<'b> {
    name: String,
    headers: HeaderMap,
    bytes: &'b [u8],
}

/// A part that is not as the document's `encoding` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartBreach {
    /// The property that the part carries.
    pub part: String,
    /// What is wrong, in a few words.
    pub message: String,
    /// What the document wants.
    pub expected: String,
    /// What came.
    pub actual: String,
}

/// Whether a media type is one whose parts are taken apart.
pub(super) fn is_form_data(media_type: &MediaTypeBuf) -> bool {
    media_type
        .essence()
        .to_string()
        .eq_ignore_ascii_case("multipart/form-data")
}

/// A body as the object that a reader of the document makes of it; `None` where it is not kept in a
/// form that can be taken apart.
pub(super) fn read(
    media_type: &MediaType,
    schema: &Schema,
    came: &MediaTypeBuf,
    bytes: &[u8],
) -> Result<Option<Value>, MalformedBody> {
    let Some(parts) = split(came, bytes)? else {
        return Ok(None);
    };
    let mut object = styled(media_type, schema, &parts);
    let finder = schema.property_finder();
    for part in parts {
        if style_of(media_type, &part.name).is_some() {
            continue;
        }
        let property = finder.find(&part.name);
        let is_list = property
            .as_ref()
            .is_some_and(|property| Shape::of(property) == Shape::Array);
        let element = property.as_ref().filter(|_| is_list);
        let element = element.and_then(Schema::items);
        let is_json = has_json(&part, media_type.encoding.get(&part.name));
        let value = if is_json && !(is_list && element.is_some() && !begins_a_list(part.bytes)) {
            let text = String::from_utf8_lossy(part.bytes);
            let at = format!("the part `{}`: ", part.name);
            let value = json::Texts::new().parse(&text);
            value.map_err(|error| body::malformed("JSON", &at, &error))?
        } else {
            let text = String::from_utf8_lossy(part.bytes);
            let schema = if is_list {
                element.as_ref()
            } else {
                property.as_ref()
            };
            let value = reading::read_text(&text, schema);
            if is_list {
                Value::Array(vec![value])
            } else {
                value
            }
        };
        match object.get_mut(&part.name) {
            None => {
                object.insert(part.name, value);
            }
            Some(Value::Array(known)) if is_list => match value {
                Value::Array(more) => known.extend(more),
                one => known.push(one),
            },
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(Some(Value::Object(object)))
}

fn style_of(media_type: &MediaType, name: &str) -> Option<Style> {
    media_type.encoding.get(name)?.style
}

/// The properties whose parts are written by a style (since 3.1), as the fields of a form are.
fn styled(media_type: &MediaType, schema: &Schema, parts: &[Part<'_>]) -> Map<String, Value> {
    let texts: Vec<(String, String)> = parts
        .iter()
        .filter(|part| style_of(media_type, &part.name).is_some())
        .map(|part| {
            let text = String::from_utf8_lossy(part.bytes);
            (part.name.clone(), Escaping::Form.apply(&text))
        })
        .collect();
    let sent: Vec<(String, &str)> = texts
        .iter()
        .map(|(name, text)| (name.clone(), text.as_str()))
        .collect();
    let mut object = Map::new();
    let finder = schema.property_finder();
    for (name, encoding) in &media_type.encoding {
        let (Some(style), Some(property)) = (encoding.style, finder.find(name)) else {
            continue;
        };
        let explode = encoding.explode.unwrap_or(Explode::Yes);
        let value = pairs::read(&sent, name, &property, style, explode)
            .unwrap_or_else(|unreadable| Some(Value::String(unreadable.text)));
        if let Some(value) = value {
            object.insert(name.clone(), value);
        }
    }
    object
}

fn begins_a_list(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'[')
}

/// Whether a part is JSON: it says so, or it says nothing and `encoding` does.
fn has_json(part: &Part<'_>, encoding: Option<&Encoding>) -> bool {
    let is_json = |text: &str| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
            || essence.to_ascii_lowercase().ends_with("+json")
    };
    match content_type(part) {
        Some(own) => is_json(&own),
        None => encoding
            .and_then(|encoding| encoding.content_type.as_deref())
            .is_some_and(is_json),
    }
}

fn content_type(part: &Part<'_>) -> Option<String> {
    let value = part.headers.get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// What is wrong with the parts of a body by `encoding`: their media types, and the header fields
/// that they must have.
pub fn part_breaches(media_type: &MediaType, came: &MediaTypeBuf, bytes: &[u8]) -> Vec<PartBreach> {
    let mut breaches = Vec::new();
    if !is_form_data(came) || media_type.encoding.is_empty() {
        return breaches;
    }
    let Ok(Some(parts)) = split(came, bytes) else {
        return breaches;
    };
    for part in &parts {
        let Some(encoding) = media_type.encoding.get(&part.name) else {
            continue;
        };
        if let (Some(wanted), Some(own)) = (&encoding.content_type, content_type(part))
            && !is_one_of(wanted, &own)
        {
            breaches.push(PartBreach {
                part: part.name.clone(),
                message: "its media type is not a declared one".to_owned(),
                expected: wanted.clone(),
                actual: own,
            });
        }
        for declared in &encoding.headers {
            let Err(breach) = read_header(declared, &part.headers) else {
                continue;
            };
            breaches.push(PartBreach {
                part: part.name.clone(),
                message: format!("its header {}: {}", declared.name, breach.message()),
                expected: breach.expected(),
                actual: breach.actual(),
            });
        }
    }
    breaches
}

/// Whether a media type is in a list of types and ranges, such as `image/png, image/*`.
fn is_one_of(wanted: &str, own: &str) -> bool {
    let Some(own) = parse_media_type(own) else {
        return false;
    };
    wanted
        .split(',')
        .filter_map(|range| MediaRange::parse(range.trim()))
        .any(|range| range.matches(&own).is_some())
}

/// The parts of a body. `None` where no part begins: recorders leave the text of files out. A part that
/// begins with another boundary than the header's is malformed (RFC 2046 §5.1.1).
fn split<'b>(came: &MediaTypeBuf, bytes: &'b [u8]) -> Result<Option<Vec<Part<'b>>>, MalformedBody> {
    let broken = |reason: &str| MalformedBody::Syntax {
        format: "multipart/form-data",
        reason: reason.to_owned(),
    };
    let boundary = came
        .params()
        .find(|(name, _)| name.as_str().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.unquoted_str().into_owned())
        .ok_or_else(|| broken("the Content-Type names no boundary"))?;
    let delimiter = format!("--{boundary}");
    let Some(first) = first_delimiter(bytes, delimiter.as_bytes()) else {
        let is_of_parts = bytes.trim_ascii_start().starts_with(b"--");
        return if is_of_parts {
            Err(broken(
                "its parts have another boundary than its Content-Type",
            ))
        } else {
            Ok(None)
        };
    };
    let mut rest = &bytes[first + delimiter.len()..];
    let between = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(Some(parts));
        }
        let Some(begin) = find(rest, b"\r\n") else {
            return Err(broken("a part is cut off"));
        };
        rest = &rest[begin..];
        let Some(end) = find(rest, between.as_bytes()) else {
            return Err(broken("the last boundary is missing"));
        };
        parts.push(part(&rest[..end]).ok_or_else(|| broken("a part has no name"))?);
        rest = &rest[end + between.len()..];
    }
}

/// Where the first delimiter stands: at the beginning or behind a line break.
fn first_delimiter(bytes: &[u8], delimiter: &[u8]) -> Option<usize> {
    if bytes.starts_with(delimiter) {
        return Some(0);
    }
    let at_line = [b"\n", delimiter].concat();
    find(bytes, &at_line).map(|at| at + 1)
}

/// A part from its header fields, which begin with a line break, to its end.
fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let end = find(bytes, b"\r\n\r\n")?;
    let mut headers = HeaderMap::new();
    let mut name = None;
    for line in String::from_utf8_lossy(&bytes[..end]).lines() {
        let Some((field, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        if field.eq_ignore_ascii_case("content-disposition") {
            name = disposition_name(value);
        }
        if let (Ok(field), Ok(value)) = (
            HeaderName::from_bytes(field.trim().as_bytes()),
            HeaderValue::from_str(value),
        ) {
            headers.append(field, value);
        }
    }
    Some(Part {
        name: name?,
        headers,
        bytes: &bytes[end + 4..],
    })
}

/// The `name` of a `Content-Disposition`.
fn disposition_name(value: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (key, text) = parameter.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case("name")
            .then(|| text.trim().trim_matches('"').replace("%22", "\""))
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, wanted)
}

/// An object as parts; the media type with its boundary, and the bytes.
pub(super) fn write(media_type: &MediaType, value: &Value) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    let members = value.as_object().into_iter().flatten();
    let finder = media_type.schema.as_ref().map(Schema::property_finder);
    // A part has no way to say null but to be left out.
    for (name, value) in members.filter(|(_, value)| !value.is_null()) {
        let property = finder.as_ref().and_then(|finder| finder.find(name));
        write_property(&mut body, media_type, (name, property), value);
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// The parts of one property.
fn write_property(
    body: &mut Vec<u8>,
    media_type: &MediaType,
    (name, property): (&str, Option<Schema>),
    value: &Value,
) {
    let encoding = media_type.encoding.get(name);
    if let Some(style) = encoding.and_then(|encoding| encoding.style) {
        let explode = encoding
            .and_then(|encoding| encoding.explode)
            .unwrap_or(Explode::Yes);
        for pair in write_pairs(name, value, style, explode, Escaping::None) {
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            write_part(body, name, None, "", value.as_bytes());
        }
        return;
    }
    let said = encoding.and_then(|encoding| encoding.content_type.as_deref());
    let whole_is_json = said.is_some_and(|kind| kind.contains("json"));
    let element = property.as_ref().filter(|_| value.is_array());
    let element = element.and_then(Schema::items);
    let is_file = |schema: &Option<Schema>| {
        let schema = schema.as_ref();
        schema.is_some_and(|schema| File::of(schema, encoding).is_some())
    };
    // Each element of a list is a part (RFC 7578 §4.3).
    let (items, schema) = match value {
        Value::Array(items) if !whole_is_json && (is_file(&element) || !is_file(&property)) => {
            (items.as_slice(), element)
        }
        one => (std::slice::from_ref(one), property),
    };
    let said = said.and_then(offered);
    let headers = encoding.map_or_else(String::new, shown_headers);
    for item in items {
        let file = schema
            .as_ref()
            .and_then(|schema| Some((File::of(schema, encoding)?, schema)));
        let content_type = match (&file, item) {
            (Some((file, _)), _) => Some(file.media_type.as_str()),
            (None, Value::Object(_) | Value::Array(_)) if said.is_none() => {
                Some("application/json")
            }
            _ => said.as_deref(),
        };
        let mut fields = headers.clone();
        if let Some(content_type) = content_type {
            let _ = write!(fields, "Content-Type: {content_type}\r\n");
        }
        let content = match &file {
            _ if whole_is_json => item.to_string().into_bytes(),
            Some((file, schema)) => file.content(item, schema),
            None => plain(item).into_bytes(),
        };
        let file_name = file.map(|(file, _)| file.name(name));
        write_part(body, name, file_name.as_deref(), &fields, &content);
    }
}

fn write_part(body: &mut Vec<u8>, name: &str, file: Option<&str>, fields: &str, content: &[u8]) {
    let quoted = |name: &str| name.replace('"', "%22").replace(['\r', '\n'], " ");
    let file = file.map_or_else(String::new, |file| {
        format!("; filename=\"{}\"", quoted(file))
    });
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{file}\r\n{fields}\r\n",
        quoted(name)
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

/// The header fields of a part for which the document shows a value.
fn shown_headers(encoding: &Encoding) -> String {
    encoding
        .headers
        .iter()
        .filter(|header| !header.name.eq_ignore_ascii_case("content-type"))
        .filter_map(|header| Some((header, header.examples.first()?)))
        .map(|(header, example)| format!("{}: {}\r\n", header.name, plain(&example.value)))
        .collect()
}
