//! A request put together from values.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, header};
use serde_json::Value;
use url::Url;

use super::{
    in_turn::position_in_turn,
    reading::nested_style,
    style::{Escaping, is_undefined, write_pairs, write_text},
    write_body,
};
use crate::{
    contract::{Explode, Location, Operation, Parameter, Reserved, Schema, Serialization, Style},
    exchange::Request,
};

/// The values of a request, before they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestParts {
    /// Parameter values, in the operation's order of parameters.
    pub parameters: Vec<(Location, String, Value)>,
    /// The body's media type, by its key in the document, and its value.
    pub body: Option<(String, Value)>,
}

impl RequestParts {
    /// The value of a parameter, if it has one.
    pub fn get(&self, location: Location, name: &str) -> Option<&Value> {
        self.parameters
            .iter()
            .find(|(at, known, _)| *at == location && known == name)
            .map(|(.., value)| value)
    }

    /// As [`RequestParts::get`], looked for first behind the value that was asked for before: `turn` says where that
    /// is. Who asks for one after the other in their order goes over them once.
    pub(super) fn get_in_turn(
        &self,
        turn: &mut usize,
        location: Location,
        name: &str,
    ) -> Option<&Value> {
        let is_it = |(at, known, _): &(Location, String, Value)| *at == location && known == name;
        let at = position_in_turn(&self.parameters, turn, is_it)?;
        self.parameters.get(at).map(|(.., value)| value)
    }

    /// Gives a parameter a value, in place of one that it may have.
    pub fn set(&mut self, location: Location, name: &str, value: Value) {
        match self
            .parameters
            .iter_mut()
            .find(|(at, known, _)| *at == location && known == name)
        {
            Some((.., known)) => *known = value,
            None => self.parameters.push((location, name.to_owned(), value)),
        }
    }

    /// Takes a parameter out.
    pub fn remove(&mut self, location: Location, name: &str) {
        self.parameters
            .retain(|(at, known, _)| *at != location || known != name);
    }
}

/// Values that no request can carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnwritableRequest {
    /// A path parameter has no value.
    #[error("the path parameter `{0}` has no value")]
    NoPathValue(String),
    /// A path value would make another path: it is empty, `.` or `..`.
    #[error("the value of the path parameter `{0}` would make another path")]
    OtherPath(String),
    /// A header or cookie cannot carry the value.
    #[error("the {location} `{name}` cannot carry its value")]
    Field {
        /// Header or cookie.
        location: Location,
        /// The name.
        name: String,
    },
    /// The body's media type cannot be written from a value.
    #[error("a body of {0} cannot be written")]
    Body(String),
}

/// Writes a request for an operation below `base`, which holds the server's base path.
///
/// # Errors
///
/// When the values cannot travel as the document says.
pub fn write_request(
    operation: &Operation,
    base: &Url,
    parts: &RequestParts,
) -> Result<Request, UnwritableRequest> {
    let mut declared = Declared::of(operation);
    let mut turn = 0;
    let mut failure = None;
    let path = operation.path.fill(|name| {
        let value = parts.get_in_turn(&mut turn, Location::Path, name);
        let Some(value) = value.filter(|value| !is_undefined(value)) else {
            failure.get_or_insert(UnwritableRequest::NoPathValue(name.to_owned()));
            return String::new();
        };
        let text = match declared.find(Location::Path, name) {
            Some(parameter) => text_of(parameter, value, Escaping::Percent),
            None => Escaping::Percent.apply(&super::style::plain(value)),
        };
        if text.is_empty() || matches!(text.as_str(), "." | "..") {
            failure.get_or_insert(UnwritableRequest::OtherPath(name.to_owned()));
        }
        text
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(name) = operation.path.parameters().next()
        && path.split('/').any(|segment| matches!(segment, "." | ".."))
    {
        return Err(UnwritableRequest::OtherPath(name.to_owned()));
    }
    // What a base is checked for once is not checked again for each request.
    let mut url = base.clone();
    url.set_fragment(None);
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    let query = query(operation, parts);
    url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
    let mut request = Request::new(operation.method.clone(), url);
    fields(operation, parts, &mut request)?;
    if let Some((range, value)) = &parts.body {
        let media_type = operation
            .request_body
            .as_ref()
            .and_then(|body| body.content.entry(range));
        let (content_type, bytes) = media_type
            .and_then(|media_type| write_body(media_type, value))
            .ok_or_else(|| UnwritableRequest::Body(range.clone()))?;
        let content_type = HeaderValue::from_str(&content_type)
            .map_err(|_| UnwritableRequest::Body(range.clone()))?;
        request.headers.insert(header::CONTENT_TYPE, content_type);
        request.body = bytes.into();
    }
    Ok(request)
}

/// The declared parameters of an operation, asked for in about their order.
struct Declared<'o> {
    all: &'o [Parameter],
    next: usize,
}

impl<'o> Declared<'o> {
    fn of(operation: &'o Operation) -> Self {
        Self {
            all: &operation.parameters,
            next: 0,
        }
    }

    /// The parameter of a name, looked for behind the one before first.
    fn find(&mut self, location: Location, name: &str) -> Option<&'o Parameter> {
        let is_it = |one: &Parameter| one.location == location && one.name == name;
        let at = position_in_turn(self.all, &mut self.next, is_it)?;
        self.all.get(at)
    }
}

fn query(operation: &Operation, parts: &RequestParts) -> Vec<String> {
    let mut pairs = Vec::new();
    let mut all = Declared::of(operation);
    for (location, name, value) in &parts.parameters {
        let declared = all.find(*location, name);
        match (location, declared.map(|parameter| &parameter.value)) {
            (
                Location::Query,
                Some(Serialization::Styled {
                    schema,
                    style,
                    explode,
                    reserved,
                }),
            ) => {
                let escaping = match reserved {
                    Reserved::Allowed => Escaping::Reserved,
                    Reserved::Escaped => Escaping::Percent,
                };
                let value = with_nested_texts(schema, value);
                pairs.extend(write_pairs(name, &value, *style, *explode, escaping));
            }
            (Location::Query, Some(Serialization::Content(media_type))) => {
                let text = content_text(media_type, value);
                pairs.push(format!(
                    "{}={}",
                    Escaping::Percent.apply(name),
                    Escaping::Percent.apply(&text)
                ));
            }
            (Location::Query, None) if value.is_null() => {}
            (Location::Query, None) => pairs.push(format!(
                "{}={}",
                Escaping::Percent.apply(name),
                Escaping::Percent.apply(&super::style::plain(value))
            )),
            (Location::QueryString, Some(Serialization::Content(media_type))) => {
                let text = content_text(media_type, value);
                let is_form = media_type.range.essence() == "application/x-www-form-urlencoded";
                pairs.push(if is_form {
                    text
                } else {
                    Escaping::Percent.apply(&text)
                });
            }
            _ => {}
        }
    }
    pairs
}

pub(super) fn content_text(media_type: &crate::contract::MediaType, value: &Value) -> String {
    write_body(media_type, value)
        .and_then(|(_, bytes)| String::from_utf8(bytes).ok())
        .unwrap_or_else(|| value.to_string())
}

/// Headers and cookies.
fn fields(
    operation: &Operation,
    parts: &RequestParts,
    request: &mut Request,
) -> Result<(), UnwritableRequest> {
    let mut cookies = Vec::new();
    let mut all = Declared::of(operation);
    for (location, name, value) in &parts.parameters {
        let unwritable = || UnwritableRequest::Field {
            location: *location,
            name: name.clone(),
        };
        let declared = all.find(*location, name);
        match location {
            Location::Header | Location::Cookie
                if is_undefined(value)
                    && !matches!(
                        declared.map(|parameter| &parameter.value),
                        Some(Serialization::Content(_))
                    ) => {}
            Location::Header => {
                let text = declared.map_or_else(
                    || super::style::plain(value),
                    |parameter| text_of(parameter, value, Escaping::None),
                );
                // White space at the ends is no part of a field's value (RFC 9110 §5.5).
                if text.trim() != text {
                    return Err(unwritable());
                }
                let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unwritable())?;
                let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| unwritable())?;
                request.headers.append(field, value);
            }
            Location::Cookie => match declared.map(|parameter| &parameter.value) {
                Some(Serialization::Styled { style, explode, .. }) => {
                    // 3.2's own style has no escapes: what a cookie cannot hold, it cannot carry.
                    let escaping = match style {
                        Style::Cookie => Escaping::None,
                        _ => Escaping::Percent,
                    };
                    let pairs = write_pairs(name, value, *style, *explode, escaping);
                    if escaping == Escaping::None && !pairs.iter().all(|one| is_cookie_text(one)) {
                        return Err(unwritable());
                    }
                    cookies.extend(pairs);
                }
                _ => cookies.push(format!(
                    "{name}={}",
                    Escaping::Percent.apply(&super::style::plain(value))
                )),
            },
            Location::Path | Location::Query | Location::QueryString => {}
        }
    }
    if !cookies.is_empty() {
        let value =
            HeaderValue::from_str(&cookies.join("; ")).map_err(|_| UnwritableRequest::Field {
                location: Location::Cookie,
                name: "Cookie".to_owned(),
            })?;
        request.headers.insert(header::COOKIE, value);
    }
    Ok(())
}

/// Whether a cookie may be written like this (RFC 6265 §4.1.1), commas apart, which join lists.
fn is_cookie_text(pair: &str) -> bool {
    pair.bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\";\\".contains(&byte))
}

fn text_of(parameter: &Parameter, value: &Value, escaping: Escaping) -> String {
    match &parameter.value {
        Serialization::Styled {
            schema,
            style,
            explode,
            ..
        } => {
            let value = with_nested_texts(schema, value);
            write_text(&parameter.name, &value, *style, *explode, escaping)
        }
        Serialization::Content(media_type) => escaping.apply(&content_text(media_type, value)),
    }
}

/// A value whose arrays inside arrays are written as 2.0's `items` say; every other value as it is.
fn with_nested_texts<'v>(schema: &Schema, value: &'v Value) -> Cow<'v, Value> {
    let Value::Array(items) = value else {
        return Cow::Borrowed(value);
    };
    let Some(element) = schema.items() else {
        return Cow::Borrowed(value);
    };
    let Some(style) = nested_style(&element) else {
        return Cow::Borrowed(value);
    };
    let texts = items.iter().map(|item| {
        let item = with_nested_texts(&element, item);
        write_text("", &item, style, Explode::No, Escaping::None)
    });
    Cow::Owned(texts.collect())
}
