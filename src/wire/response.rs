//! A response put together from values.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{
    request::content_text,
    style::{Escaping, write_text},
    write_body,
};
use crate::{
    contract::{DeclaredResponse, Header, Serialization},
    exchange,
};

/// The values of a response, before they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseParts {
    /// Header values by name.
    pub headers: Vec<(String, Value)>,
    /// The body's media type, by its key in the document, and its value.
    pub body: Option<(String, Value)>,
}

/// Values that no response can carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwritableResponse {
    /// A header cannot carry its value.
    #[error("the header `{0}` cannot carry its value")]
    Header(String),
    /// The body's media type cannot be written from a value.
    #[error("a body of {0} cannot be written")]
    Body(String),
}

/// Writes a response as one that is declared.
///
/// # Errors
///
/// When the values cannot travel as the document says.
pub fn write_response(
    declared: &DeclaredResponse,
    status: StatusCode,
    parts: &ResponseParts,
) -> Result<exchange::Response, UnwritableResponse> {
    let mut response = exchange::Response::new(status);
    for (name, value) in &parts.headers {
        let unwritable = || UnwritableResponse::Header(name.clone());
        let known = declared
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name));
        let text = known.map_or_else(
            || super::style::plain(value),
            |header| text_of(header, value),
        );
        // White space at the ends is no part of a field's value (RFC 9110 §5.5).
        if text.trim() != text {
            return Err(unwritable());
        }
        let field = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unwritable())?;
        let text = HeaderValue::from_str(&text).map_err(|_| unwritable())?;
        response.headers.append(field, text);
    }
    if let Some((range, value)) = &parts.body {
        let unwritable = || UnwritableResponse::Body(range.clone());
        let media_type = declared.content.entry(range).ok_or_else(unwritable)?;
        let (content_type, bytes) = write_body(media_type, value).ok_or_else(unwritable)?;
        let content_type = HeaderValue::from_str(&content_type).map_err(|_| unwritable())?;
        response.headers.insert(header::CONTENT_TYPE, content_type);
        response.body = bytes.into();
    }
    Ok(response)
}

fn text_of(header: &Header, value: &Value) -> String {
    match &header.value {
        Serialization::Styled { style, explode, .. } => {
            write_text(&header.name, value, *style, *explode, Escaping::None)
        }
        Serialization::Content(media_type) => content_text(media_type, value),
    }
}
