//! The flows that mitmproxy saves (`mitmdump -w`), one tagged netstring after another, uncompressed.
//!
//! Each is `LENGTH:PAYLOAD` and a letter for its type. Flows that are not of HTTP are passed over.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw, RawEntry, RecordingError,
    beginning::Beginning,
    blocks::{Blocks, ENTRY_LIMIT, Stop},
    message,
};
use crate::exchange::{Body, Kept, REDACTED_HOST, Request, Response};

pub(super) struct Mitmproxy;

/// The most digits of a length.
const MAX_DIGITS: usize = 10;

/// How deep values are read.
const MAX_DEPTH: usize = 32;

impl Format for Mitmproxy {
    fn name(&self) -> &'static str {
        "mitmproxy flows"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        // The first member of a dictionary is a name, which has a length too.
        let is_length = |text: &str| {
            (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut parts = beginning.text.splitn(3, ':');
        parts.next().is_some_and(is_length) && parts.next().is_some_and(is_length)
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        Box::new(Flows {
            blocks: Blocks::new(input),
            file,
            number: 0,
            done: false,
        })
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        let Raw::Bytes(bytes) = entry else {
            return Err(EntryError::Unlike {
                part: "flow",
                found: "not bytes",
            });
        };
        let (flow, _) = read(bytes, MAX_DEPTH)?;
        let part = |name: &str| flow.get(name).filter(|part| matches!(part, Net::Dict(_)));
        let request = part("request").ok_or(EntryError::missing("flow", "request"))?;
        let response = part("response").ok_or_else(|| {
            let error = flow.get("error").and_then(|error| error.get("msg"));
            let reason = error
                .and_then(Net::text)
                .filter(|reason| !reason.is_empty());
            EntryError::NoResponse(reason.map_or("there is none".into(), Into::into))
        })?;
        let request_headers = headers(request);
        let response_headers = headers(response);
        let code = response
            .get("status_code")
            .or_else(|| response.get("code"))
            .and_then(Net::number)
            .ok_or(EntryError::missing("response", "status_code"))?;
        let time = |part: &Net, name: &str| part.get(name).and_then(Net::number);
        let elapsed = time(response, "timestamp_end")
            .zip(time(request, "timestamp_start"))
            .and_then(|(end, start)| Duration::try_from_secs_f64(end - start).ok());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float is cut to the range, and what is no status is told"
        )]
        let code = code as u64;
        Ok(Messages {
            request: Request {
                method: message::method(&text(request, "method").unwrap_or_default())?,
                url: message::url(&url(request)?)?,
                body: body(request, &request_headers),
                headers: request_headers,
                credentials: Vec::new(),
                purpose: None,
            },
            response: Response {
                status: message::status(code)?,
                body: body(response, &response_headers),
                headers: response_headers,
                elapsed,
                wire_length: None,
            },
            kept: Kept::default(),
        })
    }
}

fn text(part: &Net, name: &str) -> Option<String> {
    part.get(name)
        .and_then(Net::text)
        .filter(|text| !text.is_empty())
}

fn url(request: &Net) -> Result<String, EntryError> {
    let path = text(request, "path").ok_or(EntryError::missing("request", "path"))?;
    if path.contains("://") {
        return Ok(path);
    }
    let scheme = text(request, "scheme").unwrap_or_else(|| "http".to_owned());
    // The name that the client asked for, which a transparent proxy knows from the header alone.
    let host = text(request, "authority").or_else(|| {
        let fields = headers(request);
        let host = fields.get("host").and_then(|host| host.to_str().ok());
        host.map(str::to_owned)
    });
    let host = host.or_else(|| {
        let host = text(request, "host")?;
        let port = request.get("port").and_then(Net::number)?;
        Some(format!("{host}:{port}"))
    });
    let host = host.unwrap_or_else(|| REDACTED_HOST.to_owned());
    Ok(format!("{scheme}://{host}{path}"))
}

fn headers(part: &Net) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(Net::List(fields)) = part.get("headers") {
        for field in fields {
            if let Net::List(pair) = field
                && let [name, value] = pair.as_slice()
                && let (Some(name), Some(value)) = (name.text(), value.text())
            {
                message::add_header(&mut headers, &name, &value);
            }
        }
    }
    headers
}

fn body(part: &Net, headers: &HeaderMap) -> Body {
    match part.get("content") {
        Some(Net::Bytes(bytes)) => message::body(bytes.clone(), headers),
        // What was streamed through is not kept.
        _ => Body::NotRecorded,
    }
}

/// A value of a tagged netstring.
#[derive(Debug)]
enum Net {
    Bytes(Bytes),
    Number(f64),
    List(Vec<Net>),
    Dict(Vec<(Bytes, Net)>),
    /// `null`, and what is of no use here.
    Other,
}

impl Net {
    fn get(&self, name: &str) -> Option<&Net> {
        let Self::Dict(members) = self else {
            return None;
        };
        let found = members
            .iter()
            .find(|(key, _)| key.as_ref() == name.as_bytes());
        found.map(|(_, value)| value)
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Reads a value; gives what follows it, too.
fn read(bytes: &Bytes, depth: usize) -> Result<(Net, Bytes), EntryError> {
    let broken = || EntryError::Unlike {
        part: "flow",
        found: "no tagged netstring",
    };
    let colon = bytes
        .iter()
        .take(MAX_DIGITS + 1)
        .position(|byte| *byte == b':');
    let colon = colon.ok_or_else(broken)?;
    let length = std::str::from_utf8(&bytes[..colon])
        .ok()
        .and_then(|text| text.parse().ok());
    let length: usize = length.ok_or_else(broken)?;
    let end = colon + 1 + length;
    let kind = *bytes.get(end).ok_or_else(broken)?;
    let payload = bytes.slice(colon + 1..end);
    let rest = bytes.slice(end + 1..);
    let number = || {
        std::str::from_utf8(&payload)
            .ok()
            .and_then(|text| text.parse().ok())
    };
    let value = match kind {
        b',' | b';' => Net::Bytes(payload),
        b'#' | b'^' => Net::Number(number().ok_or_else(broken)?),
        b'!' | b'~' => Net::Other,
        b']' | b'}' if depth == 0 => return Err(EntryError::TooDeep),
        b']' => {
            let (mut items, mut rest) = (Vec::new(), payload);
            while !rest.is_empty() {
                let (item, after) = read(&rest, depth - 1)?;
                items.push(item);
                rest = after;
            }
            Net::List(items)
        }
        b'}' => {
            let (mut members, mut rest) = (Vec::new(), payload);
            while !rest.is_empty() {
                let (key, after) = read(&rest, depth - 1)?;
                let Net::Bytes(key) = key else {
                    return Err(broken());
                };
                let (value, after) = read(&after, depth - 1)?;
                members.push((key, value));
                rest = after;
            }
            Net::Dict(members)
        }
        _ => return Err(broken()),
    };
    Ok((value, rest))
}

struct Flows {
    blocks: Blocks,
    file: Arc<str>,
    number: u64,
    done: bool,
}

/// Why there is no further flow.
enum Trouble {
    Cut,
    Broken(String),
}

impl Flows {
    /// The next flow; `None` at the end.
    fn flow(&mut self) -> Result<Option<Bytes>, Trouble> {
        let mut digits = String::new();
        loop {
            match self.blocks.peek() {
                Ok(byte) if byte.is_ascii_digit() && digits.len() < MAX_DIGITS => {
                    digits.push(char::from(byte));
                }
                Ok(b':') if !digits.is_empty() => break,
                Ok(_) => return Err(Trouble::Broken("no length of a flow follows".to_owned())),
                Err(Stop::End) if digits.is_empty() => return Ok(None),
                Err(stop) => return Err(stop.into()),
            }
            self.blocks.advance(1);
        }
        let length = digits.parse::<usize>().unwrap_or(usize::MAX);
        if length > ENTRY_LIMIT {
            return Err(Trouble::Broken(format!(
                "the flow is longer than {ENTRY_LIMIT} bytes"
            )));
        }
        // The colon, the payload and all but the last byte; then the letter.
        self.blocks.advance(1 + length);
        self.blocks.peek()?;
        self.blocks.advance(1);
        Ok(Some(self.blocks.cut()))
    }
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::End => Self::Cut,
            Stop::Broken(error) => Self::Broken(error.to_string()),
            Stop::TooLong => Self::Broken(format!("the flow is longer than {ENTRY_LIMIT} bytes")),
        }
    }
}

impl Iterator for Flows {
    type Item = Result<RawEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let trouble = match self.flow() {
                Ok(None) => {
                    self.done = true;
                    continue;
                }
                Ok(Some(bytes)) => {
                    if !is_http(&bytes) {
                        continue;
                    }
                    self.number += 1;
                    return Some(Ok(RawEntry {
                        number: self.number,
                        line: None,
                        raw: Raw::Bytes(bytes),
                    }));
                }
                Err(trouble) => trouble,
            };
            self.done = true;
            let read = match self.number {
                1 => "1 entry".to_owned(),
                many => format!("{many} entries"),
            };
            let message = match trouble {
                Trouble::Cut => format!("the recording is cut off after {read}"),
                Trouble::Broken(reason) => {
                    format!("the recording cannot be read on after {read}: {reason}")
                }
            };
            return Some(Err(RecordingError {
                file: Arc::clone(&self.file),
                entry: None,
                line: None,
                message,
            }));
        }
        None
    }
}

/// Whether a flow is of HTTP; what cannot be read is told later.
fn is_http(bytes: &Bytes) -> bool {
    match read(bytes, MAX_DEPTH) {
        Ok((flow, _)) => flow
            .get("type")
            .and_then(Net::text)
            .is_none_or(|kind| kind == "http"),
        Err(_) => true,
    }
}
