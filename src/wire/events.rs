//! Server-sent events (HTML §9.2.6).

use serde_json::{Map, Value};

/// The events of a stream that are dispatched, each as an object with the fields that its block has.
///
/// A block without a data line dispatches nothing, nor does one that the end of the stream cuts off. Lines
/// end with CRLF, LF or CR alone. `data` is text, as the format has it.
pub(super) fn parse(text: &str) -> Vec<Value> {
    let mut events = Vec::new();
    let mut event = Map::new();
    let mut data: Option<String> = None;
    for line in lines(text) {
        if line.is_empty() {
            let mut event = std::mem::take(&mut event);
            if let Some(data) = data.take() {
                event.insert("data".to_owned(), Value::String(data));
                events.push(Value::Object(event));
            }
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut data {
                None => data = Some(value.to_owned()),
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
            },
            "event" => {
                event.insert(field.to_owned(), Value::String(value.to_owned()));
            }
            "id" if !value.contains('\0') => {
                event.insert(field.to_owned(), Value::String(value.to_owned()));
            }
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                if let Ok(milliseconds) = value.parse::<u64>() {
                    event.insert(field.to_owned(), milliseconds.into());
                }
            }
            _ => {}
        }
    }
    events
}

/// The lines that end in the text; what follows the last end of a line is none.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.find(['\r', '\n'])?;
        let line = &rest[..end];
        let behind = &rest[end..];
        rest = behind.strip_prefix("\r\n").unwrap_or(&behind[1..]);
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn what_is_dispatched_is_an_event() {
        let cases = [
            (
                "event: a\ndata: 1\ndata: 2\n\n",
                json!([{"event": "a", "data": "1\n2"}]),
            ),
            // No data, no event.
            ("event: a\n\n: hello\nretry: 5\n\n", json!([])),
            // The end of the stream cuts off what has no blank line behind it.
            ("data: 1\n\ndata: 2\n", json!([{"data": "1"}])),
            ("data: 1\n\ndata: 2", json!([{"data": "1"}])),
            // An empty line of data is data.
            (
                "data\n\ndata:\ndata:\n\n",
                json!([{"data": ""}, {"data": "\n"}]),
            ),
            (
                "data: 1\r\rdata: 2\r\n\r\ndata:3\n\n",
                json!([{"data": "1"}, {"data": "2"}, {"data": "3"}]),
            ),
            (
                "data:  x\nid: 7\nretry: 10\nother: y\n\n",
                json!([{"data": " x", "id": "7", "retry": 10}]),
            ),
            ("data: x\nretry: soon\nid: a\0b\n\n", json!([{"data": "x"}])),
        ];
        for (text, wanted) in cases {
            assert_eq!(json!(parse(text)), wanted, "{text:?}");
        }
    }
}
