//! Bodies by their media type, both ways.

use encoding_rs::Encoding;
use mediatype::{MediaTypeBuf, ReadParams as _};
use serde_json::Value;

use super::{form, json, multipart};
use crate::contract::MediaType;

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

/// Bytes that are not what their media type says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    match format {
        Format::Json => json::parse(&text)
            .map(Parsed::Value)
            .map_err(|error| syntax("JSON", &error)),
        Format::JsonLines => {
            let lines = text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty());
            let items = lines.map(|(index, line)| {
                json::parse(line).map_err(|error| MalformedBody::Syntax {
                    format: "JSON lines",
                    reason: format!("line {}: {error}", index + 1),
                })
            });
            items.collect::<Result<_, _>>().map(Parsed::Items)
        }
        Format::JsonSequence => {
            let items = text.split('\u{1e}').filter(|item| !item.trim().is_empty());
            let items = items
                .map(|item| json::parse(item).map_err(|error| syntax("JSON sequence", &error)));
            items.collect::<Result<_, _>>().map(Parsed::Items)
        }
        Format::Events => Ok(Parsed::Items(events(&text))),
        Format::Form => Ok(Parsed::Value(form::parse(&text))),
        Format::Text => Ok(Parsed::Value(Value::String(text))),
        Format::Opaque => Ok(Parsed::Opaque),
    }
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
    parse_body(media_type, bytes)
}

fn syntax(format: &'static str, error: &serde_json::Error) -> MalformedBody {
    MalformedBody::Syntax {
        format,
        reason: error.to_string(),
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

/// Server-sent events, each as an object with the fields that it has (HTML §9.2.6). `data` is text,
/// as the format has it.
fn events(text: &str) -> Vec<Value> {
    let mut events = Vec::new();
    let mut event = serde_json::Map::new();
    let mut data: Option<String> = None;
    for line in text.lines().chain([""]) {
        if line.is_empty() {
            if let Some(data) = data.take() {
                event.insert("data".to_owned(), Value::String(data));
            }
            if !event.is_empty() {
                events.push(Value::Object(std::mem::take(&mut event)));
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                let data = data.get_or_insert_default();
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(value);
            }
            "event" | "id" => {
                event.insert(field.to_owned(), Value::String(value.to_owned()));
            }
            "retry" => {
                if let Ok(milliseconds) = value.parse::<u64>() {
                    event.insert(field.to_owned(), milliseconds.into());
                }
            }
            _ => {}
        }
    }
    events
}

/// Writes a value as a body of a declared media type; the `Content-Type` to send beside it.
/// `None` for a type that cannot be written from a value, and for a range that names no type.
pub fn write_body(media_type: &MediaType, value: &Value) -> Option<(String, Vec<u8>)> {
    let name = if media_type.range.is_concrete() {
        media_type.range.as_str().to_owned()
    } else if media_type.range.essence() == "*/*" || media_type.range.essence() == "application/*" {
        "application/json".to_owned()
    } else {
        "text/plain".to_owned()
    };
    let parsed: MediaTypeBuf = name.parse().ok()?;
    let bytes = match Format::of(&parsed) {
        Format::Json => value.to_string().into_bytes(),
        Format::JsonLines => {
            let items = value
                .as_array()
                .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            items
                .iter()
                .map(|item| format!("{item}\n"))
                .collect::<String>()
                .into_bytes()
        }
        Format::Form => form::write(media_type, value)?.into_bytes(),
        Format::Text => match value {
            Value::String(text) => text.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        },
        Format::Opaque => match (value, parsed.essence().to_string().as_str()) {
            (_, "multipart/form-data") => return Some(multipart::write(media_type, value)),
            (Value::String(text), _) => text.clone().into_bytes(),
            _ => return None,
        },
        Format::JsonSequence | Format::Events => return None,
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
            parsed(
                "text/event-stream",
                b"event: a\ndata: 1\ndata: 2\n\n: hello\nretry: 5\n\n"
            ),
            Ok(Parsed::Items(vec![
                json!({"event": "a", "data": "1\n2"}),
                json!({"retry": 5})
            ]))
        );
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
