//! Runtime expressions (`OpenAPI` 3.1.1 §4.8.20.4): which part of an exchange a link's value is.

use std::fmt;

use oasgate_document::Pointer;
use serde_json::Value;

/// A value of a link: a constant, a part of an exchange, or a text with such parts in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// The value as it stands.
    Constant(Value),
    /// `$url`
    Url,
    /// `$method`
    Method,
    /// `$statusCode`
    StatusCode,
    /// `$request.…`
    Request(MessagePart),
    /// `$response.…`
    Response(MessagePart),
    /// `text {$expression} text`
    Text(Vec<Piece>),
}

/// A part of a request or response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagePart {
    /// `header.NAME`
    Header(String),
    /// `query.NAME`
    Query(String),
    /// `path.NAME`
    Path(String),
    /// `body` or `body#/pointer`
    Body(Pointer),
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// As it stands.
    Literal(String),
    /// What the expression gives.
    Expression(Expression),
}

impl Expression {
    /// Reads a link's value; `None` for an expression that is none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value.as_str() {
            Some(text) if text.starts_with('$') => Self::parse(text),
            Some(text) if text.contains("{$") => Self::embedded(text),
            _ => Some(Self::Constant(value.clone())),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "$url" => return Some(Self::Url),
            "$method" => return Some(Self::Method),
            "$statusCode" => return Some(Self::StatusCode),
            _ => {}
        }
        if let Some(part) = text.strip_prefix("$request.") {
            return Some(Self::Request(MessagePart::parse(part)?));
        }
        match MessagePart::parse(text.strip_prefix("$response.")?)? {
            // A response has neither a path nor a query.
            MessagePart::Path(_) | MessagePart::Query(_) => None,
            part => Some(Self::Response(part)),
        }
    }

    fn embedded(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("{$") {
            let (inside, after) = behind.split_once('}')?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Expression(Self::parse(&format!("${inside}"))?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Some(Self::Text(pieces))
    }
}

impl MessagePart {
    fn parse(text: &str) -> Option<Self> {
        if text == "body" {
            return Some(Self::Body(Pointer::root()));
        }
        if let Some(pointer) = text.strip_prefix("body#") {
            return Pointer::parse(pointer).map(Self::Body);
        }
        let (place, name) = text.split_once('.')?;
        let name = name.to_owned();
        match place {
            _ if name.is_empty() => None,
            "header" => Some(Self::Header(name)),
            "query" => Some(Self::Query(name)),
            "path" => Some(Self::Path(name)),
            _ => None,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => write!(f, "{value}"),
            Self::Url => f.write_str("$url"),
            Self::Method => f.write_str("$method"),
            Self::StatusCode => f.write_str("$statusCode"),
            Self::Request(part) => write!(f, "$request.{part}"),
            Self::Response(part) => write!(f, "$response.{part}"),
            Self::Text(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Literal(text) => f.write_str(text),
                Piece::Expression(expression) => write!(f, "{{{expression}}}"),
            }),
        }
    }
}

impl fmt::Display for MessagePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header.{name}"),
            Self::Query(name) => write!(f, "query.{name}"),
            Self::Path(name) => write!(f, "path.{name}"),
            Self::Body(pointer) if pointer.is_root() => f.write_str("body"),
            Self::Body(pointer) => write!(f, "body#{}", pointer.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_are_read_and_written_back() {
        for text in [
            "$url",
            "$method",
            "$statusCode",
            "$request.path.id",
            "$request.query.page",
            "$request.header.accept",
            "$request.body#/user/id",
            "$response.body",
            "$response.body#/data/0/id",
            "$response.header.Location",
            "/items/{$response.body#/id}?by={$request.path.user}",
        ] {
            let read = Expression::of(&json!(text)).unwrap_or_else(|| panic!("{text} is one"));
            assert_eq!(read.to_string(), text);
            assert!(!matches!(read, Expression::Constant(_)), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_a_constant_or_nothing() {
        assert_eq!(
            Expression::of(&json!("plain")),
            Some(Expression::Constant(json!("plain")))
        );
        assert_eq!(
            Expression::of(&json!(7)),
            Some(Expression::Constant(json!(7)))
        );
        for text in [
            "$response.path.id",
            "$response.cookie.a",
            "$request.header.",
            "$else",
            "a {$response.body#/id",
        ] {
            assert_eq!(Expression::of(&json!(text)), None, "{text}");
        }
    }
}
