//! Bodies by their media type, both ways.

use std::borrow::Cow;

use encoding_rs::Encoding;
use mediatype::{MediaTypeBuf, ReadParams as _};
use serde_json::Value;

use jsonschema::JsonType;

use super::{events, file, form, json, multipart, numbers, reading};
use crate::contract::{Digits, MediaType, Schema, Tape};

/// A body as its media type reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// One value: JSON, a form, a text.
    Value(Value),
    /// A sequence of values: JSON lines, server-sent events.
    Items(Vec<Value>),
    /// A type that is not taken apart: XML, images, archives.
    Opaque,
}

impl Parsed {
    /// The values that were read.
    pub(crate) fn values(&self) -> &[Value] {
        match self {
            Self::Value(value) => std::slice::from_ref(value),
            Self::Items(items) => items,
            Self::Opaque => &[],
        }
    }
}

/// Bytes that are not what their media type says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedBody {
    /// They are not in the character set.
    #[error("the bytes are not {charset}")]
    Charset {
        /// The character set's name.
        charset: String,
    },
    /// The character set is not one that exists.
    #[error("`{0}` is not a known character set")]
    UnknownCharset(String),
    /// The text breaks the format's syntax.
    #[error("not valid {format}: {reason}")]
    Syntax {
        /// The format, as people call it.
        format: &'static str,
        /// What is wrong, with line and column where there is one.
        reason: String,
    },
    /// It has more values than are read; nothing is said of the rest.
    #[error("it has more than {limit} values")]
    TooLarge {
        /// How many values are read.
        limit: usize,
    },
    /// Its arrays and objects nest deeper than is read; nothing is said of it.
    #[error("it nests deeper than {limit} levels")]
    TooDeep {
        /// How many levels are read.
        limit: usize,
    },
}

/// How a media type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    JsonLines,
    JsonSequence,
    Events,
    Form,
    Text,
    Opaque,
}

impl Format {
    fn of(media_type: &MediaTypeBuf) -> Self {
        // What nearly every body is.
        if media_type.suffix().is_none()
            && media_type.ty().as_str() == "application"
            && media_type.subty().as_str() == "json"
        {
            return Self::Json;
        }
        let essence = media_type.essence().to_string().to_ascii_lowercase();
        match essence.as_str() {
            "application/json" | "text/json" => Self::Json,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/jsonlines" => Self::JsonLines,
            "application/json-seq" => Self::JsonSequence,
            "text/event-stream" => Self::Events,
            "application/x-www-form-urlencoded" => Self::Form,
            "text/xml" => Self::Opaque,
            _ if essence.ends_with("+json") => Self::Json,
            _ if essence.ends_with("+json-seq") => Self::JsonSequence,
            _ if essence.starts_with("text/") && !essence.ends_with("+xml") => Self::Text,
            _ => Self::Opaque,
        }
    }
}

/// Reads a body by its media type.
///
/// # Errors
///
/// When the bytes are not what the media type, or its `charset`, says.
pub fn parse_body(media_type: &MediaTypeBuf, bytes: &[u8]) -> Result<Parsed, MalformedBody> {
    let format = Format::of(media_type);
    if format == Format::Opaque {
        return Ok(Parsed::Opaque);
    }
    let text = decode(media_type, bytes, format)?;
    let texts = json::Texts::new();
    match format {
        Format::Json => texts
            .parse(&text)
            .map(Parsed::Value)
            .map_err(|error| malformed("JSON", "", &error)),
        Format::JsonLines => {
            let lines = text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty());
            let items = lines.map(|(index, line)| {
                let at = format!("line {}: ", index + 1);
                let value = texts.parse(line);
                value.map_err(|error| malformed("JSON lines", &at, &error))
            });
            items.collect::<Result<_, _>>().map(Parsed::Items)
        }
        Format::JsonSequence => {
            // What stands before the first record separator is no part of a sequence (RFC 7464 §2.1).
            let (before, records) = text.split_once('\u{1e}').unwrap_or((&text, ""));
            if !before.trim().is_empty() {
                return Err(MalformedBody::Syntax {
                    format: "JSON sequence",
                    reason: "a text begins with the record separator".to_owned(),
                });
            }
            let items = records
                .split('\u{1e}')
                .filter(|item| !item.trim().is_empty());
            let items = items.map(|item| {
                let value = texts.parse(item);
                value.map_err(|error| malformed("JSON sequence", "", &error))
            });
            items.collect::<Result<_, _>>().map(Parsed::Items)
        }
        Format::Events => Ok(Parsed::Items(events::parse(&text))),
        Format::Form => Ok(Parsed::Value(form::parse(&text))),
        Format::Text => Ok(Parsed::Value(Value::String(text))),
        Format::Opaque => Ok(Parsed::Opaque),
    }
}

/// Reads a body of JSON without copying it. `None` for another body, and for one that [`parse_body`] may say something
/// of, or read otherwise than it stands: what it reads here, that reads to the same value.
pub(crate) fn tape<'b>(media_type: &MediaTypeBuf, bytes: &'b [u8]) -> Option<Tape<'b>> {
    if Format::of(media_type) != Format::Json {
        return None;
    }
    let mut parameters = media_type.params();
    let is_other = |(name, value): (mediatype::Name<'_>, mediatype::Value<'_>)| {
        name.as_str().eq_ignore_ascii_case("charset")
            && !value.unquoted_str().eq_ignore_ascii_case("utf-8")
    };
    if parameters.any(is_other) {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).ok()?;
    let tape = Tape::read(text, json::MAX_VALUES)?;
    let is_as_written = |text| {
        let mut digits = Digits::default();
        matches!(numbers::readable(text, &mut digits), Cow::Borrowed(_))
    };
    (!tape.may_need_digits || is_as_written(text)).then_some(tape)
}

/// Reads a body as a reader of the document does: like [`parse_body`], and the fields of a form or
/// the parts of `multipart/form-data` each by its `encoding` and its schema.
///
/// # Errors
///
/// As [`parse_body`], and when a part is not what it says.
pub fn read_body(
    declared: &MediaType,
    media_type: &MediaTypeBuf,
    bytes: &[u8],
) -> Result<Parsed, MalformedBody> {
    let Some(schema) = &declared.schema else {
        return parse_body(media_type, bytes);
    };
    if multipart::is_form_data(media_type) {
        let read = multipart::read(declared, schema, media_type, bytes)?;
        return Ok(read.map_or(Parsed::Opaque, Parsed::Value));
    }
    let format = Format::of(media_type);
    if format == Format::Form {
        let text = decode(media_type, bytes, format)?;
        return Ok(Parsed::Value(form::read(declared, schema, &text)));
    }
    if format == Format::Text {
        let text = decode(media_type, bytes, format)?;
        return Ok(read_scalar(schema, text));
    }
    parse_body(media_type, bytes)
}

/// A text as the scalar that its schema wants (OpenAPI 3.1.1 §4.8.14.3): `5` in `text/plain` is a number for
/// a schema of numbers. A schema that no text can meet (the rows of a CSV) is left alone.
fn read_scalar(schema: &Schema, text: String) -> Parsed {
    let types = schema.types();
    if types.contains(JsonType::String) {
        let whole = Value::String(text);
        if schema.is_valid(&whole) {
            return Parsed::Value(whole);
        }
        let text = whole.as_str().unwrap_or_default();
        let read = reading::read_text(text.trim(), Some(schema));
        return Parsed::Value(if schema.is_valid(&read) { read } else { whole });
    }
    let is_scalar = [JsonType::Integer, JsonType::Number, JsonType::Boolean]
        .into_iter()
        .any(|kind| types.contains(kind));
    let read = reading::read_text(text.trim(), Some(schema));
    if is_scalar || !read.is_string() {
        Parsed::Value(read)
    } else {
        Parsed::Opaque
    }
}

/// Why a JSON text of a body was not read; `at` says which of several it is.
pub(super) fn malformed(format: &'static str, at: &str, error: &json::JsonError) -> MalformedBody {
    match error {
        json::JsonError::TooLarge => MalformedBody::TooLarge {
            limit: json::MAX_VALUES,
        },
        json::JsonError::TooDeep => MalformedBody::TooDeep {
            limit: json::MAX_LEVELS,
        },
        json::JsonError::Syntax(error) => MalformedBody::Syntax {
            format,
            reason: format!("{at}{error}"),
        },
    }
}

/// The text, by the `charset` parameter. JSON is UTF-8 whatever is said (RFC 8259 §8.1) unless a
/// known `charset` says otherwise; a text without one is read as UTF-8 and, failing that, as the
/// bytes it is, because HTTP gives no default (RFC 9110 §8.3.2).
fn decode(
    media_type: &MediaTypeBuf,
    bytes: &[u8],
    format: Format,
) -> Result<String, MalformedBody> {
    let name = media_type
        .params()
        .find(|(name, _)| name.as_str().eq_ignore_ascii_case("charset"));
    let Some((_, name)) = name else {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) if format == Format::Text => {
                Ok(encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned())
            }
            Err(_) => Err(MalformedBody::Charset {
                charset: "UTF-8".to_owned(),
            }),
        };
    };
    let name = name.unquoted_str();
    let encoding = Encoding::for_label(name.trim().as_bytes())
        .ok_or_else(|| MalformedBody::UnknownCharset(name.to_string()))?;
    let (text, _, wrong) = encoding.decode(bytes);
    if wrong {
        return Err(MalformedBody::Charset {
            charset: encoding.name().to_owned(),
        });
    }
    Ok(text.into_owned())
}

/// Writes a value as a body of a declared media type; the `Content-Type` to send beside it.
/// `None` for a type that cannot be written from a value, and for a range that names no type.
pub fn write_body(media_type: &MediaType, value: &Value) -> Option<(String, Vec<u8>)> {
    let name = if media_type.range.is_concrete() {
        media_type.range.as_str().to_owned()
    } else {
        file::of_range(media_type).to_owned()
    };
    let parsed: MediaTypeBuf = name.parse().ok()?;
    let bytes = match Format::of(&parsed) {
        Format::Json => value.to_string().into_bytes(),
        Format::JsonLines => {
            let items = value
                .as_array()
                .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            let lines = items.iter().map(|item| format!("{item}\n"));
            lines.collect::<String>().into_bytes()
        }
        Format::JsonSequence => {
            let items = value
                .as_array()
                .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            let records = items.iter().map(|item| format!("\u{1e}{item}\n"));
            records.collect::<String>().into_bytes()
        }
        Format::Form => form::write(media_type, value)?.into_bytes(),
        Format::Text => match value {
            Value::String(text) => text.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        },
        Format::Opaque if multipart::is_form_data(&parsed) => {
            return Some(multipart::write(media_type, value));
        }
        Format::Opaque => file::whole(media_type, &name, value)?,
        Format::Events => return None,
    };
    Some((name, bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(media_type: &str, bytes: &[u8]) -> Result<Parsed, MalformedBody> {
        parse_body(
            &media_type.parse().expect("a test writes good media types"),
            bytes,
        )
    }

    #[test]
    fn each_type_is_read_its_own_way() {
        assert_eq!(
            parsed("application/json", b"{}"),
            Ok(Parsed::Value(json!({})))
        );
        assert_eq!(
            parsed("application/vnd.api+json; charset=utf-8", b"[1]"),
            Ok(Parsed::Value(json!([1])))
        );
        assert_eq!(
            parsed("application/jsonl", b"1\n\n2\n"),
            Ok(Parsed::Items(vec![json!(1), json!(2)]))
        );
        assert_eq!(
            parsed("text/plain", "ä".as_bytes()),
            Ok(Parsed::Value(json!("ä")))
        );
        assert_eq!(parsed("application/xml", b"<"), Ok(Parsed::Opaque));
        assert_eq!(
            parsed("text/event-stream", b"event: a\ndata: 1\n\n"),
            Ok(Parsed::Items(vec![json!({"event": "a", "data": "1"})]))
        );
        assert_eq!(
            parsed("application/json-seq", b"\x1e1\n\x1e2\n"),
            Ok(Parsed::Items(vec![json!(1), json!(2)]))
        );
        assert!(parsed("application/json-seq", b"1\n2\n").is_err());
    }

    #[test]
    fn the_character_set_is_held() {
        assert!(parsed("application/json", b"\"\xff\"").is_err());
        assert_eq!(
            parsed("text/plain; charset=latin1", b"\xe4"),
            Ok(Parsed::Value(json!("ä")))
        );
        assert!(parsed("text/plain; charset=utf-8", b"\xe4").is_err());
        assert!(parsed("text/plain; charset=klingon", b"x").is_err());
        assert_eq!(
            parsed("application/json", b"\xef\xbb\xbf{}"),
            Ok(Parsed::Value(json!({})))
        );
    }
}
