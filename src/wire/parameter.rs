//! A request's parameters, read back from what was sent.

use http::{HeaderMap, header::COOKIE};
use jsonschema::JsonType;
use mediatype::MediaTypeBuf;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{Parsed, parse_body, reading};
use crate::{
    contract::{Explode, Location, MediaType, Parameter, Schema, Serialization, Style},
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
    path: &'r [(String, String)],
    query_text: &'r str,
    query: Vec<(String, &'r str)>,
    headers: &'r HeaderMap,
    cookies: Vec<(String, String)>,
}

impl<'r> Parameters<'r> {
    /// Takes a request apart; `path` holds the raw values that the route gave.
    pub fn of(request: &'r Request, path: &'r [(String, String)]) -> Self {
        let query_text = request.url.query().unwrap_or_default();
        let pairs = query_text.split('&').filter(|pair| !pair.is_empty());
        let query = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode_form(name), value))
            .collect();
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
            path,
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
            Location::Query => self.values(name).first().map(|value| decode_form(value)),
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
        match parse_body(&range, bytes.as_bytes()) {
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
                let parts: Vec<&str> = text.split(',').map(str::trim).collect();
                read_list(&text, &parts, schema, explode).map(Some)
            }
            Location::Query => {
                let values = self.values(name);
                if parameter.allow_empty_value && values == [""] {
                    return Ok(None);
                }
                if style == Style::DeepObject {
                    return Ok(self.deep(name, schema));
                }
                self.read_pairs(&values, schema, style, explode)
            }
            Location::Cookie => {
                let values: Vec<&str> = self.cookie(name).into_iter().collect();
                self.read_pairs(&values, schema, style, explode)
            }
            Location::QueryString => Ok(None),
        }
    }

    /// The values of a form-like parameter, each still encoded.
    fn read_pairs(
        &self,
        values: &[&str],
        schema: &Schema,
        style: Style,
        explode: Explode,
    ) -> Result<Option<Value>, UnreadableParameter> {
        let shape = Shape::of(schema);
        let Some(first) = values.first() else {
            // An exploded object has no pair of its own name: its properties are pairs.
            if shape == Shape::Object && explode == Explode::Yes {
                let names = schema.property_names();
                let pairs: Vec<(&str, String)> = self
                    .query
                    .iter()
                    .filter(|(name, _)| names.contains(name))
                    .map(|(name, value)| (name.as_str(), decode_form(value)))
                    .collect();
                let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
                let object = reading::read_object(pairs, Some(schema));
                return Ok(object
                    .as_object()
                    .is_some_and(|object| !object.is_empty())
                    .then_some(object));
            }
            return Ok(None);
        };
        let decoded = |values: &[&str]| {
            values
                .iter()
                .map(|value| decode_form(value))
                .collect::<Vec<_>>()
        };
        if explode == Explode::Yes {
            let texts = decoded(values);
            let array = || reading::read_array(texts.iter().map(String::as_str), Some(schema));
            let primitive = || reading::read_text(&texts[0], Some(schema));
            return Ok(Some(match shape {
                Shape::Array => array(),
                Shape::Object | Shape::Primitive => primitive(),
                Shape::Either => {
                    let one = primitive();
                    if values.len() == 1 && schema.is_valid(&one) {
                        one
                    } else {
                        array()
                    }
                }
            }));
        }
        let parts: Vec<&str> = match style {
            Style::SpaceDelimited => split_any(first, &["%20", "+", " "]),
            Style::PipeDelimited => split_any(first, &["%7C", "%7c", "|"]),
            Style::TabDelimited => split_any(first, &["%09", "\t"]),
            _ => first.split(',').collect(),
        };
        // A comma that was escaped although it delimits is a comma all the same.
        let parts = if parts.len() == 1 && style == Style::Form && shape != Shape::Primitive {
            split_any(first, &["%2C", "%2c"])
        } else {
            parts
        };
        let texts = decoded(&parts);
        let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
        read_list(&decode_form(first), &parts, schema, explode).map(Some)
    }

    /// `name[key]=value` pairs as an object; `None` when there is none.
    fn deep(&self, name: &str, schema: &Schema) -> Option<Value> {
        let mut tree = Map::new();
        for (pair, value) in &self.query {
            let Some(rest) = pair.strip_prefix(name).filter(|rest| rest.starts_with('[')) else {
                continue;
            };
            let keys: Vec<&str> = rest
                .split('[')
                .skip(1)
                .map(|key| key.trim_end_matches(']'))
                .collect();
            insert(&mut tree, &keys, decode_form(value));
        }
        (!tree.is_empty()).then(|| typed(Value::Object(tree), Some(schema)))
    }

    fn path_value(&self, name: &str) -> Option<&'r str> {
        self.path
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn values(&self, name: &str) -> Vec<&'r str> {
        self.query
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| *value)
            .collect()
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

/// What a schema wants, as far as it decides how text is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Primitive,
    Array,
    Object,
    /// An array or something else.
    Either,
}

impl Shape {
    fn of(schema: &Schema) -> Self {
        let types = schema.types();
        let primitive = [
            JsonType::String,
            JsonType::Number,
            JsonType::Integer,
            JsonType::Boolean,
        ]
        .into_iter()
        .any(|kind| types.contains(kind));
        match (
            types.contains(JsonType::Array),
            types.contains(JsonType::Object),
            primitive,
        ) {
            (true, _, true) => Self::Either,
            (true, _, false) => Self::Array,
            (false, true, false) => Self::Object,
            _ => Self::Primitive,
        }
    }
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
        _ => raw.split(',').collect(),
    };
    let whole = match style {
        Style::Simple => decode(raw),
        Style::Label => decode(&raw[1..]),
        _ => decode(parts.join(",").as_str()),
    };
    let texts: Vec<_> = parts.iter().map(|part| decode(part)).collect();
    let parts: Vec<&str> = texts.iter().map(String::as_str).collect();
    read_list(&whole, &parts, schema, explode)
}

/// A delimited text: an array of its parts, an object of its parts in pairs, or the whole.
fn read_list(
    whole: &str,
    parts: &[&str],
    schema: &Schema,
    explode: Explode,
) -> Result<Value, UnreadableParameter> {
    let primitive = || reading::read_text(whole, Some(schema));
    let array = || {
        let parts = if whole.is_empty() { &[] } else { parts };
        reading::read_array(parts.iter().copied(), Some(schema))
    };
    match Shape::of(schema) {
        Shape::Primitive => Ok(primitive()),
        Shape::Array => Ok(array()),
        Shape::Either => {
            let one = primitive();
            Ok(if schema.is_valid(&one) { one } else { array() })
        }
        Shape::Object => {
            let unreadable = || UnreadableParameter {
                reason: "the value is not written as an object".to_owned(),
                text: whole.to_owned(),
            };
            let pairs: Option<Vec<(&str, &str)>> = match explode {
                Explode::Yes => parts.iter().map(|part| part.split_once('=')).collect(),
                Explode::No if parts.len().is_multiple_of(2) => {
                    Some(parts.chunks(2).map(|pair| (pair[0], pair[1])).collect())
                }
                Explode::No => None,
            };
            Ok(reading::read_object(
                pairs.ok_or_else(unreadable)?,
                Some(schema),
            ))
        }
    }
}

fn insert(tree: &mut Map<String, Value>, keys: &[&str], text: String) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    let is_list = matches!(rest, [""]);
    if rest.is_empty() || is_list {
        match tree.get_mut(*key) {
            None if is_list => {
                tree.insert((*key).to_owned(), Value::Array(vec![Value::String(text)]));
            }
            None => {
                tree.insert((*key).to_owned(), Value::String(text));
            }
            Some(Value::Array(values)) => values.push(Value::String(text)),
            Some(first) => *first = Value::Array(vec![first.take(), Value::String(text)]),
        }
        return;
    }
    let below = tree
        .entry(*key)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(below) = below {
        insert(below, rest, text);
    }
}

/// Gives the texts in a tree the types that the schema wants.
fn typed(value: Value, schema: Option<&Schema>) -> Value {
    match value {
        Value::String(text) => match schema.map(Shape::of) {
            Some(Shape::Array) => reading::read_array([text.as_str()], schema),
            _ => reading::read_text(&text, schema),
        },
        Value::Array(items) => {
            let below = schema.and_then(Schema::items);
            items
                .into_iter()
                .map(|item| typed(item, below.as_ref()))
                .collect()
        }
        Value::Object(members) => {
            // Numbered keys are how arrays of objects are written.
            let numbered = members.keys().all(|key| key.parse::<usize>().is_ok());
            if numbered && schema.is_some_and(|schema| Shape::of(schema) == Shape::Array) {
                return typed(
                    Value::Array(members.into_iter().map(|(_, value)| value).collect()),
                    schema,
                );
            }
            let typed_members = members.into_iter().map(|(name, value)| {
                let below = schema.and_then(|schema| schema.property(&name));
                let value = typed(value, below.as_ref());
                (name, value)
            });
            Value::Object(typed_members.collect())
        }
        other => other,
    }
}

fn split_any<'t>(text: &'t str, delimiters: &[&str]) -> Vec<&'t str> {
    let mut parts = vec![text];
    for delimiter in delimiters {
        parts = parts
            .into_iter()
            .flat_map(|part| part.split(delimiter))
            .collect();
    }
    parts
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Like [`decode`], with `+` for a space, as forms and most services read a query.
fn decode_form(text: &str) -> String {
    decode(&text.replace('+', " "))
}
