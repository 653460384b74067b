//! A response as the contract declares it, from one of its sources.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{
    super::{
        fields::can_stand_in_a_field,
        strategies::{anything, is_writable, status_of},
    },
    Answer, Recorded,
    answer::Source,
};
use crate::{
    contract::{self, Content, Header, MediaType, Operation, Schema},
    exchange::Response,
    generate::{self, Generator},
    wire::{ResponseParts, read_text, write_response},
};

/// What is known when a response is wanted.
pub(super) struct Asked<'f> {
    pub(super) operation: &'f Operation,
    pub(super) target: String,
    pub(super) seed: u64,
    /// How often the operation was called before.
    pub(super) number: usize,
    pub(super) recorded: &'f [Recorded],
}

/// How often a value is drawn that a place must be able to carry.
const ATTEMPTS: usize = 50;

/// The most edges that are answered in turn.
const MAX_EDGES: usize = 40;

/// Makes a response; the error is a sentence.
pub(super) fn respond(asked: &Asked<'_>, answer: &Answer) -> Result<Response, String> {
    if answer.source == Source::Recorded
        && let Some(response) = recorded(asked, answer.status)
    {
        return Ok(response);
    }
    let (status, declared) = wanted(asked.operation, answer.status)?;
    let purpose = [
        asked.operation.id.as_str(),
        "fake",
        &asked.number.to_string(),
    ];
    let mut generator = Generator::new(asked.seed, &purpose);
    let mut parts = ResponseParts::default();
    for header in &declared.headers {
        match header_value(header, asked, &mut generator) {
            Some(value) => parts.headers.push((header.name.clone(), value)),
            None if header.required => {
                return Err(format!("no value was found for the header {}", header.name));
            }
            None => {}
        }
    }
    let allows_content = !matches!(status.as_u16(), 100..200 | 204 | 304);
    if allows_content && !declared.content.media_types.is_empty() {
        parts.body = Some(body(&declared.content, asked, answer, &mut generator)?);
    }
    let mut response =
        write_response(declared, status, &parts).map_err(|error| error.to_string())?;
    complete(&mut response);
    Ok(response)
}

/// The status, and what the contract declares of it.
fn wanted(
    operation: &Operation,
    status: Option<u16>,
) -> Result<(StatusCode, &contract::DeclaredResponse), String> {
    if let Some(status) = status {
        let status = StatusCode::from_u16(status).map_err(|_| format!("{status} is no status"))?;
        let declared = operation.responses.get(status);
        return declared
            .map(|declared| (status, declared))
            .ok_or_else(|| format!("it declares no response {}", status.as_u16()));
    }
    let all: Vec<_> = operation
        .responses
        .declared
        .iter()
        .filter_map(|declared| Some((status_of(declared, operation)?, declared)))
        .collect();
    all.iter()
        .find(|(status, _)| status.is_success())
        .or_else(|| all.first())
        .copied()
        .ok_or_else(|| "it declares no response".to_owned())
}

fn body(
    content: &Content,
    asked: &Asked<'_>,
    answer: &Answer,
    generator: &mut Generator,
) -> Result<(String, Value), String> {
    let media_type = content
        .media_types
        .iter()
        .find(|media_type| is_writable(media_type))
        .ok_or_else(|| format!("a body of {} cannot be written", content.names()))?;
    let value = body_value(media_type, asked, answer, generator).ok_or_else(|| {
        format!(
            "no value of {} was found that its schema accepts",
            media_type.range.as_str()
        )
    })?;
    Ok((media_type.range.as_str().to_owned(), value))
}

fn body_value(
    media_type: &MediaType,
    asked: &Asked<'_>,
    answer: &Answer,
    generator: &mut Generator,
) -> Option<Value> {
    let schema = media_type.schema.as_ref();
    let accepts = |value: &Value| schema.is_none_or(|schema| schema.is_valid(value));
    if answer.source == Source::Example {
        let shown: Vec<_> = media_type
            .examples
            .iter()
            .map(|example| &example.value)
            .filter(|value| accepts(value))
            .collect();
        if let Some(value) = nth(&shown, asked.number) {
            return Some((*value).clone());
        }
    }
    let Some(schema) = schema else {
        let item = media_type.item_schema.as_ref();
        return Some(item.map_or_else(
            || anything(media_type),
            |item| generator.draw(&generate::valid(item)).into_iter().collect(),
        ));
    };
    let strategy = generate::valid(schema);
    if answer.source == Source::Edge {
        let edges = generate::edges(schema, &strategy, MAX_EDGES, generator);
        if let Some(edge) = nth(&edges, asked.number) {
            return Some(edge.value.clone());
        }
    }
    generator.draw(&strategy)
}

/// The `number`th of a list, which begins again at its end.
fn nth<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number % all.len().max(1))
}

fn header_value(header: &Header, asked: &Asked<'_>, generator: &mut Generator) -> Option<Value> {
    let schema = header.value.schema();
    let accepts = |value: &Value| schema.is_none_or(|schema| schema.is_valid(value));
    // Fields that HTTP itself gives a meaning are not filled with noise.
    if let Some(text) = meant(&header.name, asked) {
        let value = read_text(&text, schema);
        if accepts(&value) {
            return Some(value);
        }
    }
    let shown = header.examples.iter().map(|example| &example.value);
    if let Some(value) = shown.into_iter().find(|value| accepts(value)) {
        return Some(value.clone());
    }
    drawn(schema?, generator)
}

fn drawn(schema: &Schema, generator: &mut Generator) -> Option<Value> {
    let strategy = generate::valid(schema);
    (0..ATTEMPTS)
        .filter_map(|_| generator.draw(&strategy))
        .find(can_stand_in_a_field)
}

/// A value for a field whose meaning HTTP knows.
fn meant(name: &str, asked: &Asked<'_>) -> Option<String> {
    let text = match name.to_ascii_lowercase().as_str() {
        "location" | "content-location" => asked.target.clone(),
        "retry-after" => "1".to_owned(),
        "www-authenticate" => "Bearer".to_owned(),
        "allow" => asked.operation.method.to_string(),
        "etag" => "\"1\"".to_owned(),
        "date" | "last-modified" | "expires" => "Thu, 01 Jan 2026 00:00:00 GMT".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// Adds what HTTP wants of a status, where the contract does not say so.
fn complete(response: &mut Response) {
    let missing = match response.status {
        StatusCode::UNAUTHORIZED => (header::WWW_AUTHENTICATE, "Bearer"),
        StatusCode::METHOD_NOT_ALLOWED => (header::ALLOW, "GET"),
        _ => return,
    };
    let (name, value): (HeaderName, _) = missing;
    response
        .headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

/// A recorded response to the same request, else to any request of the operation.
fn recorded(asked: &Asked<'_>, status: Option<u16>) -> Option<Response> {
    let of_status = |recorded: &&Recorded| {
        status.is_none_or(|status| recorded.response.status.as_u16() == status)
    };
    let all: Vec<_> = asked.recorded.iter().filter(of_status).collect();
    let same: Vec<_> = all
        .iter()
        .filter(|recorded| recorded.target == asked.target)
        .copied()
        .collect();
    let found = nth(&same, asked.number).or_else(|| nth(&all, asked.number))?;
    let mut response = found.response.clone();
    // The body is the content itself now, and the connection is another one.
    for name in [
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
    ] {
        response.headers.remove(name);
    }
    Some(response)
}
