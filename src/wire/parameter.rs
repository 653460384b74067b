//! A request's parameters, read back from what was sent.

use std::cell::Cell;

use http::{HeaderMap, header::COOKIE};
use mediatype::MediaTypeBuf;
use serde_json::Value;

use super::{
    Parsed,
    in_turn::position_in_turn,
    pairs, read_body,
    reading::{self, Shape, decode, decode_form, read_list},
};
use crate::{
    contract::{Explode, Location, MediaType, Operation, Parameter, Schema, Serialization, Style},
    exchange::Request,
};

/// A parameter whose text cannot be read as its style or content says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct UnreadableParameter {
    /// What is wrong, in one line.
    pub reason: String,
    /// The text as sent.
    pub text: String,
}

/// The places of a request where parameters travel, taken apart and still encoded.
#[derive(Debug)]
pub struct Parameters<'r> {
    operation: &'r Operation,
    path: &'r [(String, String)],
    /// Behind the value of the path that was read last: they are mostly read in their order.
    path_turn: Cell<usize>,
    query_text: &'r str,
    query: Vec<(String, &'r str)>,
    headers: &'r HeaderMap,
    cookies: Vec<(String, String)>,
}

impl<'r> Parameters<'r> {
    /// Takes a request of an operation apart; `path` holds the raw values that the route gave.
    pub fn of(
        operation: &'r Operation,
        request: &'r Request,
        path: &'r [(String, String)],
    ) -> Self {
        let query_text = request.url.query().unwrap_or_default();
        let query = pairs::split(query_text);
        let cookies = request
            .headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|field| {
                let text = String::from_utf8_lossy(field.as_bytes()).into_owned();
                text.split(';')
                    .filter_map(|pair| pair.trim().split_once('='))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect();
        Self {
            operation,
            path,
            path_turn: Cell::new(0),
            query_text,
            query,
            headers: &request.headers,
            cookies,
        }
    }

    /// The names of the query's pairs.
    pub fn query_names(&self) -> impl Iterator<Item = &str> {
        self.query.iter().map(|(name, _)| name.as_str())
    }

    /// Whether a query parameter came without a value where the document allows that (`allowEmptyValue`,
    /// OpenAPI 3.0.4 §4.7.12.2): it is there, and nothing more is said of it.
    pub fn is_rightly_empty(&self, parameter: &Parameter) -> bool {
        parameter.location == Location::Query
            && parameter.allow_empty_value
            && pairs::values(&self.query, &parameter.name) == [""]
    }

    /// Whether a query parameter came in another style than its own: who reads `filter[a]` knows no `filter`.
    pub(super) fn may_be_overlooked(&self, parameter: &Parameter) -> bool {
        let is_deep = matches!(
            &parameter.value,
            Serialization::Styled {
                style: Style::DeepObject,
                ..
            }
        );
        let opening = format!("{}[", parameter.name);
        is_deep && !self.query_names().any(|name| name.starts_with(&opening))
    }

    /// Reads one parameter; `None` when the request does not have it.
    ///
    /// # Errors
    ///
    /// When its text is not written as its style or content says.
    pub fn read(&self, parameter: &Parameter) -> Result<Option<Value>, UnreadableParameter> {
        match &parameter.value {
            Serialization::Content(media_type) => self.read_content(parameter, media_type),
            Serialization::Styled {
                schema,
                style,
                explode,
                ..
            } => self.read_styled(parameter, schema, *style, *explode),
        }
    }

    fn read_content(
        &self,
        parameter: &Parameter,
        media_type: &MediaType,
    ) -> Result<Option<Value>, UnreadableParameter> {
        let name = parameter.name.as_str();
        let text = match parameter.location {
            Location::Path => self.path_value(name).map(decode),
            Location::Query => pairs::values(&self.query, name)
                .first()
                .map(|value| decode_form(value)),
            Location::QueryString => {
                (!self.query_text.is_empty()).then(|| self.query_text.to_owned())
            }
            Location::Header => self.header(name),
            Location::Cookie => self.cookie(name).map(decode),
        };
        let Some(text) = text else { return Ok(None) };
        let Ok(range) = media_type.range.essence().parse::<MediaTypeBuf>() else {
            return Ok(None);
        };
        let is_form = range.essence().to_string() == "application/x-www-form-urlencoded";
        let bytes = if parameter.location == Location::QueryString && !is_form {
            decode(&text)
        } else {
            text.clone()
        };
        match read_body(media_type, &range, bytes.as_bytes()) {
            Ok(Parsed::Value(value)) => Ok(Some(value)),
            Ok(Parsed::Items(items)) => Ok(Some(Value::Array(items))),
            Ok(Parsed::Opaque) => Ok(None),
            Err(error) => Err(UnreadableParameter {
                reason: error.to_string(),
                text,
            }),
        }
    }

    fn read_styled(
        &self,
        parameter: &Parameter,
        schema: &Schema,
        style: Style,
        explode: Explode,
    ) -> Result<Option<Value>, UnreadableParameter> {
        let name = parameter.name.as_str();
        match parameter.location {
            Location::Path => match self.path_value(name) {
                None => Ok(None),
                Some(raw) => read_path(name, raw, schema, style, explode).map(Some),
            },
            Location::Header => {
                let Some(text) = self.header(name) else {
                    return Ok(None);
                };
                let parts = reading::split(&text, style);
                let parts: Vec<&str> = parts.into_iter().map(str::trim).collect();
                read_list(&text, &parts, schema, explode).map(Some)
            }
            Location::Query => {
                if self.is_rightly_empty(parameter) {
                    return Ok(None);
                }
                let others;
                let pairs = if is_spread(parameter) {
                    others = self.unclaimed(parameter, &self.query);
                    &others
                } else {
                    &self.query
                };
                pairs::read(pairs, name, schema, style, explode)
            }
            Location::Cookie => {
                let texts: Vec<(String, String)> = self
                    .cookies
                    .iter()
                    .map(|(name, value)| (name.clone(), as_in_a_query(value, style)))
                    .collect();
                let mut cookies: Vec<(String, &str)> = texts
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str()))
                    .collect();
                if is_spread(parameter) {
                    cookies = self.unclaimed(parameter, &cookies);
                }
                pairs::read(&cookies, name, schema, style, explode)
            }
            Location::QueryString => Ok(None),
        }
    }

    /// The pairs that no other parameter of the same place has, and no credential.
    fn unclaimed<'p>(
        &self,
        parameter: &Parameter,
        pairs: &[(String, &'p str)],
    ) -> Vec<(String, &'p str)> {
        let location = parameter.location;
        let others: Vec<&Parameter> = self
            .operation
            .parameters_in(location)
            .filter(|other| other.name != parameter.name)
            .collect();
        let named: Vec<String> = others
            .iter()
            .filter(|other| is_spread(other))
            .filter_map(|other| other.value.schema())
            .flat_map(Schema::property_names)
            .collect();
        let is_claimed = |name: &str| {
            others.iter().any(|other| {
                let rest = name.strip_prefix(other.name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
            }) || named.iter().any(|known| known == name)
                || self.operation.has_api_key(location, name)
        };
        pairs
            .iter()
            .filter(|(name, _)| !is_claimed(name))
            .cloned()
            .collect()
    }

    fn path_value(&self, name: &str) -> Option<&'r str> {
        let mut turn = self.path_turn.get();
        let at = position_in_turn(self.path, &mut turn, |(known, _)| known == name)?;
        self.path_turn.set(turn);
        self.path.get(at).map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> Option<String> {
        let fields: Vec<_> = self
            .headers
            .get_all(name)
            .iter()
            .map(|field| String::from_utf8_lossy(field.as_bytes()).trim().to_owned())
            .collect();
        (!fields.is_empty()).then(|| fields.join(","))
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Whether a parameter is an object whose properties are pairs of their own.
fn is_spread(parameter: &Parameter) -> bool {
    matches!(
        &parameter.value,
        Serialization::Styled {
            schema,
            style: Style::Form | Style::Cookie,
            explode: Explode::Yes,
            ..
        } if Shape::of(schema) == Shape::Object
    )
}

/// The text of a cookie as a query would carry it: a plus sign is one, and 3.2's `style: cookie` has no
/// escapes (§4.12.3).
fn as_in_a_query(text: &str, style: Style) -> String {
    let text = if style == Style::Cookie {
        text.replace('%', "%25")
    } else {
        text.to_owned()
    };
    text.replace('+', "%2B")
}

fn read_path(
    name: &str,
    raw: &str,
    schema: &Schema,
    style: Style,
    explode: Explode,
) -> Result<Value, UnreadableParameter> {
    let unreadable = |reason: &str| UnreadableParameter {
        reason: reason.to_owned(),
        text: raw.to_owned(),
    };
    // What nearly every path has.
    if style == Style::Simple && Shape::of(schema) == Shape::Primitive {
        return Ok(reading::read_text(&decode(raw), Some(schema)));
    }
    let exploded = explode == Explode::Yes;
    let parts: Vec<&str> = match style {
        Style::Label => {
            let rest = raw
                .strip_prefix('.')
                .ok_or_else(|| unreadable("a label begins with `.`"))?;
            // 3.0 joins unexploded labels with dots too; 3.1 with commas.
            if exploded || !rest.contains(',') && Shape::of(schema) != Shape::Primitive {
                rest.split('.').collect()
            } else {
                rest.split(',').collect()
            }
        }
        Style::Matrix => {
            let rest = raw
                .strip_prefix(';')
                .ok_or_else(|| unreadable("a matrix begins with `;`"))?;
            let pairs = rest
                .split(';')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            if exploded && Shape::of(schema) == Shape::Object {
                let texts: Vec<_> = pairs
                    .map(|(key, value)| (decode(key), decode(value)))
                    .collect();
                let texts = texts
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()));
                return Ok(reading::read_object(texts, Some(schema)));
            }
            let values: Vec<&str> = pairs
                .filter(|(key, _)| decode(key) == name)
                .map(|(_, value)| value)
                .collect();
            match values.as_slice() {
                [] => return Err(unreadable("the matrix has another name")),
                [one] if !exploded => one.split(',').collect(),
                _ => values,
            }
        }
        _ => reading::split(raw, style),
    };
    let whole = match style {
        Style::Label => decode(&raw[1..]),
        Style::Matrix => decode(parts.join(",").as_str()),
        _ => decode(raw),
    };
    let texts: Vec<_> = parts.iter().map(|part| decode(part)).collect();
    let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
    read_list(&whole, &parts, schema, explode)
}
