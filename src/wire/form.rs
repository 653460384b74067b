//! Form bodies: `application/x-www-form-urlencoded` and `multipart/form-data`
//! (OpenAPI 3.1.1 §4.8.15).

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::style::{Escaping, plain, write_pairs};
use crate::contract::{Explode, MediaType, Style};

/// The pairs of a form as an object; a name that stands more than once has an array.
pub(super) fn parse(text: &str) -> Value {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let value = Value::String(value.into_owned());
        match object.get_mut(name.as_ref()) {
            None => {
                object.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(object)
}

/// An object as a form, each property by its `encoding`; `None` when it is no object.
pub(super) fn write(media_type: &MediaType, value: &Value) -> Option<String> {
    let mut form = Vec::new();
    for (name, value) in value.as_object()? {
        let encoding = media_type.encoding.get(name);
        let style = encoding.and_then(|encoding| encoding.style);
        let is_json = style.is_none()
            && (value.is_object()
                || encoding
                    .and_then(|one| one.content_type.as_deref())
                    .is_some_and(|one| one.contains("json")));
        if is_json {
            form.push(format!(
                "{}={}",
                Escaping::Form.apply(name),
                Escaping::Form.apply(&value.to_string())
            ));
            continue;
        }
        let style = style.unwrap_or(Style::Form);
        let explode =
            encoding
                .and_then(|encoding| encoding.explode)
                .unwrap_or(if style == Style::Form {
                    Explode::Yes
                } else {
                    Explode::No
                });
        form.extend(write_pairs(name, value, style, explode, Escaping::Form));
    }
    Some(form.join("&"))
}

/// The boundary between parts. What is sent is made here, so it cannot hold this text by accident
/// more likely than a value can be guessed.
const BOUNDARY: &str = "oasgate-f2c1a7d85b0e4936";

/// An object as parts; the media type with its boundary, and the bytes.
pub(super) fn write_multipart(value: &Value) -> (String, Vec<u8>) {
    let mut text = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let items = value
            .as_array()
            .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            let name = name.replace('"', "%22").replace(['\r', '\n'], " ");
            let _ = write!(
                text,
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n"
            );
            if item.is_object() || item.is_array() {
                text.push_str("Content-Type: application/json\r\n");
            }
            let _ = write!(text, "\r\n{}\r\n", plain(item));
        }
    }
    let _ = write!(text, "--{BOUNDARY}--\r\n");
    (
        format!("multipart/form-data; boundary={BOUNDARY}"),
        text.into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn a_name_that_stands_twice_has_an_array() {
        assert_eq!(
            parse("a=1&b=x+y&a=2&c"),
            json!({ "a": ["1", "2"], "b": "x y", "c": "" })
        );
    }
}
