//! Values of bytes: which they are, what their part of a form says, and what is sent for one.
//!
//! Bytes travel as a part of `multipart/form-data` that has a `filename` (RFC 7578 §4.2), or as a whole body;
//! JSON and the fields of a form have no way to write them. How a document says that a value is of bytes differs:
//! `type: file` (2.0, Parameter Object), `format: binary` or `base64` (3.0.3, "Considerations for File Uploads"),
//! `contentMediaType` and `contentEncoding`, or the `contentType` of an encoding (3.1.1 §4.8.14.5 and §4.8.15).
//!
//! A service may look at the first bytes of what it is sent: for common types a tiny file of that type takes the
//! place of a generated text.

use base64::Engine as _;
use jsonschema::JsonType;
use oasgate_document::{Address, Document, SpecVersion};
use serde_json::{Map, Value};

use super::media_type::parse_media_type;
use crate::contract::{Content, Encoding, MediaType, Schema};

/// What bytes are of that nothing more is said of (RFC 2046 §4.5.1).
const OCTETS: &str = "application/octet-stream";

/// How deep references and compositions are followed.
const MAX_STEPS: usize = 8;

/// How many schema objects of one body are looked at for bytes.
const MAX_OBJECTS: usize = 500;

/// A value that travels as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// The media type that its part has.
    pub(super) media_type: String,
    coding: Coding,
}

/// How bytes are written as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// As they are.
    Raw,
    /// In base64 (RFC 4648 §4).
    Base64,
}

/// What a schema object says of bytes.
struct Bytes<'d> {
    media_type: Option<&'d str>,
    coding: Coding,
}

/// A file of a media type that stands for all of them.
struct Sample {
    /// Names of the media type.
    media_types: &'static [&'static str],
    extension: &'static str,
    content: &'static [u8],
    /// Whether a text is of the type already.
    is_one: fn(&str) -> bool,
}

const SAMPLES: &[Sample] = &[
    Sample {
        media_types: &["image/png"],
        extension: "png",
        content: include_bytes!("samples/pixel.png"),
        is_one: |_| false,
    },
    Sample {
        media_types: &["image/jpeg", "image/jpg"],
        extension: "jpg",
        content: include_bytes!("samples/pixel.jpg"),
        is_one: |_| false,
    },
    Sample {
        media_types: &["image/gif"],
        extension: "gif",
        content: include_bytes!("samples/pixel.gif"),
        is_one: |text| text.starts_with("GIF8"),
    },
    Sample {
        media_types: &["application/pdf", "application/x-pdf"],
        extension: "pdf",
        content: include_bytes!("samples/page.pdf"),
        is_one: |text| text.starts_with("%PDF-"),
    },
    Sample {
        media_types: &["application/zip", "application/x-zip-compressed"],
        extension: "zip",
        content: include_bytes!("samples/archive.zip"),
        is_one: |text| text.starts_with("PK"),
    },
    Sample {
        media_types: &["text/csv", "application/csv"],
        extension: "csv",
        content: include_bytes!("samples/table.csv"),
        is_one: |text| text.contains([',', '\n']),
    },
];

impl Sample {
    fn of(media_type: &str) -> Option<&'static Self> {
        let essence = essence(media_type);
        SAMPLES
            .iter()
            .find(|sample| sample.media_types.contains(&essence.as_str()))
    }

    /// The file where it may take the place of a value: both are valid, and the value is no file of the type.
    fn in_place_of(
        &self,
        value: &Value,
        schema: Option<&Schema>,
        coding: Coding,
    ) -> Option<Vec<u8>> {
        if value.as_str().is_some_and(self.is_one) {
            return None;
        }
        let content = match coding {
            Coding::Raw => self.content.to_vec(),
            Coding::Base64 => base64::engine::general_purpose::STANDARD
                .encode(self.content)
                .into_bytes(),
        };
        let read = Value::from(String::from_utf8_lossy(&content));
        let fits = schema.is_none_or(|schema| schema.is_valid(value) && schema.is_valid(&read));
        fits.then_some(content)
    }
}

impl File {
    /// The file that a value of a property is; `None` for a field of a form.
    pub(super) fn of(property: &Schema, encoding: Option<&Encoding>) -> Option<Self> {
        let said = encoding.and_then(|encoding| encoding.content_type.as_deref());
        let said = said.and_then(offered);
        let bytes = bytes(property.document(), property.address(), 0);
        match (bytes, said) {
            (Some(bytes), said) => Some(Self {
                media_type: said
                    .or_else(|| bytes.media_type.map(str::to_owned))
                    .unwrap_or_else(|| OCTETS.to_owned()),
                coding: bytes.coding,
            }),
            (None, Some(said)) if is_of_files(&said) && may_be_text(property) => Some(Self {
                media_type: said,
                coding: Coding::Raw,
            }),
            _ => None,
        }
    }

    /// A name for the file of a property, with the extension that its media type usually has.
    pub(super) fn name(&self, property: &str) -> String {
        match Sample::of(&self.media_type) {
            Some(sample) if self.coding == Coding::Raw => {
                format!("{property}.{}", sample.extension)
            }
            _ => property.to_owned(),
        }
    }

    /// What is sent for a value.
    pub(super) fn content(&self, value: &Value, schema: &Schema) -> Vec<u8> {
        Sample::of(&self.media_type)
            .and_then(|sample| sample.in_place_of(value, Some(schema), self.coding))
            .unwrap_or_else(|| text(value).into_bytes())
    }
}

/// A whole body of a media type that is not taken apart; `None` where a value has no form in it.
pub(super) fn whole(media_type: &MediaType, name: &str, value: &Value) -> Option<Vec<u8>> {
    let schema = media_type.schema.as_ref();
    let sample = Sample::of(name).and_then(|sample| sample.in_place_of(value, schema, Coding::Raw));
    if sample.is_some() {
        return sample;
    }
    // Since 3.1 a body of bytes has no schema at all.
    let is_open = schema.is_none() && is_of_files(name);
    (value.is_string() || is_open).then(|| text(value).into_bytes())
}

/// The media type that is sent for a range such as `image/*`.
pub(super) fn of_range(media_type: &MediaType) -> &'static str {
    let is_of_bytes = media_type
        .schema
        .as_ref()
        .is_some_and(|schema| bytes(schema.document(), schema.address(), 0).is_some());
    match media_type.range.essence().as_str() {
        "*/*" | "application/*" if is_of_bytes => OCTETS,
        "*/*" | "application/*" => "application/json",
        "application/*+json" => "application/vnd.oasgate+json",
        "application/*+xml" => "application/vnd.oasgate+xml",
        range => concrete(range).unwrap_or("text/plain"),
    }
}

/// The media types of a body in which its values can be written; all of them where there is none.
pub(crate) fn sendable(content: &Content) -> Vec<&MediaType> {
    let all = content.media_types.iter();
    if content.media_types.len() < 2 {
        return all.collect();
    }
    let fit: Vec<&MediaType> = all.clone().filter(|one| carries(one)).collect();
    if fit.is_empty() { all.collect() } else { fit }
}

/// Whether all values of a media type can be written in it: bytes have no form in JSON, in the fields of a form
/// or in a text, and an object has none in a text or in XML.
pub(crate) fn carries(media_type: &MediaType) -> bool {
    let essence = media_type.range.essence();
    let is_json = essence.contains("json");
    let is_of_text = essence.starts_with("text/") || essence.ends_with("xml");
    let schema = media_type.schema.as_ref();
    if is_of_text && !is_json && schema.is_some_and(|one| !one.types().contains(JsonType::String)) {
        return false;
    }
    let is_text =
        is_json || essence == "application/x-www-form-urlencoded" || essence.starts_with("text/");
    let schema = media_type.schema.as_ref().filter(|_| is_text);
    schema.is_none_or(|schema| {
        let mut left = MAX_OBJECTS;
        !holds_bytes(schema.document(), schema.address(), 0, &mut left)
    })
}

/// Whether bytes that are no text stand anywhere in a schema.
fn holds_bytes(document: &Document, at: &Address, depth: usize, left: &mut usize) -> bool {
    let Some(Value::Object(members)) = document.get(at) else {
        return false;
    };
    if depth > MAX_STEPS || *left == 0 {
        return false;
    }
    *left -= 1;
    if let Some(bytes) = said_of_bytes(members, document.version()) {
        return bytes.coding == Coding::Raw && bytes.media_type.is_none_or(|one| !is_text(one));
    }
    let mut below = composed(document, at, members);
    if members.get("items").is_some_and(Value::is_object) {
        below.push(at.join("items"));
    }
    let properties = members.get("properties").and_then(Value::as_object);
    let names = properties.into_iter().flat_map(Map::keys);
    below.extend(names.map(|name| at.join("properties").join(name)));
    below
        .iter()
        .any(|at| holds_bytes(document, at, depth + 1, left))
}

/// What a schema says of bytes, itself or through references and compositions.
fn bytes<'d>(document: &'d Document, at: &Address, depth: usize) -> Option<Bytes<'d>> {
    let members = document.get(at)?.as_object()?;
    if depth > MAX_STEPS {
        return None;
    }
    said_of_bytes(members, document.version()).or_else(|| {
        let below = composed(document, at, members);
        below.iter().find_map(|at| bytes(document, at, depth + 1))
    })
}

/// The schemas that speak of the same value.
fn composed(document: &Document, at: &Address, members: &Map<String, Value>) -> Vec<Address> {
    let reference = members.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|reference| document.resolve_at(at, reference).ok());
    let mut found: Vec<Address> = target.into_iter().collect();
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = members.get(keyword).and_then(Value::as_array);
        let count = parts.map_or(0, Vec::len);
        found.extend((0..count).map(|index| at.join(keyword).index(index)));
    }
    found
}

fn said_of_bytes<'d>(members: &'d Map<String, Value>, version: &SpecVersion) -> Option<Bytes<'d>> {
    let word = |keyword: &str| members.get(keyword).and_then(Value::as_str);
    let raw = |media_type| Bytes {
        media_type,
        coding: Coding::Raw,
    };
    match (version, word("type"), word("format")) {
        (SpecVersion::Swagger2, Some("file"), _) => return Some(raw(None)),
        (SpecVersion::Swagger2 | SpecVersion::OpenApi30(_), _, Some("binary")) => {
            return Some(raw(None));
        }
        (SpecVersion::OpenApi30(_), _, Some("base64")) => {
            return Some(Bytes {
                media_type: None,
                coding: Coding::Base64,
            });
        }
        (SpecVersion::Swagger2 | SpecVersion::OpenApi30(_), ..) => return None,
        _ => {}
    }
    let media_type = word("contentMediaType");
    match (word("contentEncoding"), media_type) {
        (Some("base64" | "base64url"), _) => Some(Bytes {
            media_type,
            coding: Coding::Base64,
        }),
        (_, Some(one)) if is_of_files(one) => Some(raw(media_type)),
        _ if word("format") == Some("binary") => Some(raw(media_type)),
        _ => None,
    }
}

/// The first media type of a list; where it has ranges alone, one that is in the first of them.
pub(super) fn offered(list: &str) -> Option<String> {
    let mut all = list.split(',').map(str::trim).filter(|one| !one.is_empty());
    let named = all.clone().find(|one| !one.contains('*'));
    named
        .or_else(|| all.find_map(|range| concrete(&essence(range))))
        .map(str::to_owned)
}

/// A media type of a range; `None` where any is in it.
fn concrete(range: &str) -> Option<&'static str> {
    Some(match range.split_once('/')?.0 {
        "image" => "image/png",
        "text" => "text/plain",
        "audio" => "audio/mpeg",
        "video" => "video/mp4",
        _ => return None,
    })
}

/// Whether what is of a media type is a file rather than a field: no JSON and no text, but for tables.
fn is_of_files(media_type: &str) -> bool {
    essence(media_type) == "text/csv" || !is_text(media_type)
}

/// Whether a media type is one of texts, which JSON can hold.
fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type);
    let (kind, name) = essence.split_once('/').unwrap_or_default();
    let named = [
        "json",
        "xml",
        "yaml",
        "javascript",
        "sql",
        "x-www-form-urlencoded",
    ];
    kind == "text" && name != "*"
        || kind == "application" && named.iter().any(|one| name == *one || name.ends_with(one))
}

/// Whether a property may be a text: it says so, or says nothing of its type.
fn may_be_text(property: &Schema) -> bool {
    property.types().contains(JsonType::String)
}

fn essence(media_type: &str) -> String {
    parse_media_type(media_type).map_or_else(
        || media_type.trim().to_ascii_lowercase(),
        |parsed| parsed.essence().to_string().to_ascii_lowercase(),
    )
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
