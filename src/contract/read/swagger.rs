//! Swagger 2.0, read as the OpenAPI 3 that it means.
//!
//! What differs: a parameter is its own schema, bodies and form fields are parameters, `consumes`
//! and `produces` stand for the keys of `content`, `collectionFormat` for styles, `host` and
//! `basePath` for servers. Source: OpenAPI Specification 2.0 §4.

use std::collections::HashSet;

use indexmap::IndexMap;
use oasgate_document::{Address, Document, SWAGGER_FORM};
use serde_json::{Map, Value};

use super::key_scheme::key_scheme;
use super::{Object, Reader, content::schema_examples, flag, text};
use crate::contract::{
    Content, DefectKind, Direction, Encoding, Example, Explode, Header, HostPattern, Location,
    MediaRange, MediaType, Parameter, RequestBody, Reserved, Schema, SecurityKind, Serialization,
    Server, Style,
};

impl Reader {
    /// A parameter outside the body; `None` for one that is the body or a part of it.
    pub(super) fn swagger_parameter(
        &mut self,
        document: &Document,
        at: &Address,
    ) -> Option<Parameter> {
        let object = self.object(document, at)?;
        let location = match object.1.get("in").and_then(Value::as_str) {
            Some("body" | "formData") => return None,
            Some("path") => Location::Path,
            Some("query") => Location::Query,
            Some("header") => Location::Header,
            other => {
                let told = other.map_or_else(
                    || "a parameter says with `in` where it travels".to_owned(),
                    |other| {
                        format!("`in: {other}`: path, query, header, body or formData was expected")
                    },
                );
                self.complain(DefectKind::MalformedObject, object.0, told);
                return None;
            }
        };
        let Some(name) = text(object.1, "name") else {
            self.complain(
                DefectKind::MalformedObject,
                object.0,
                "a parameter has a `name`",
            );
            return None;
        };
        let value = self.swagger_value(&object, location, Direction::Request);
        Some(Parameter {
            name,
            location,
            required: location == Location::Path || flag(object.1, "required").unwrap_or(false),
            deprecated: false,
            allow_empty_value: flag(object.1, "allowEmptyValue").unwrap_or(false),
            examples: schema_examples(document, &object.0),
            value,
            description: text(object.1, "description"),
            address: object.0,
        })
    }

    /// A parameter or header that is its own schema.
    fn swagger_value(
        &mut self,
        object: &Object<'_>,
        location: Location,
        direction: Direction,
    ) -> Serialization {
        let (style, explode) = self.collection(object, location);
        Serialization::Styled {
            schema: self.schema(object.0.clone(), direction),
            style,
            explode,
            reserved: Reserved::Escaped,
        }
    }

    /// `collectionFormat` as a style (2.0 §4.7.7.1; `csv` unless it is said).
    fn collection(&mut self, object: &Object<'_>, location: Location) -> (Style, Explode) {
        let joined = match location {
            Location::Path | Location::Header => Style::Simple,
            _ => Style::Form,
        };
        match object.1.get("collectionFormat").and_then(Value::as_str) {
            None | Some("csv") => (joined, Explode::No),
            Some("ssv") => (Style::SpaceDelimited, Explode::No),
            Some("tsv") => (Style::TabDelimited, Explode::No),
            Some("pipes") => (Style::PipeDelimited, Explode::No),
            Some("multi") if location == Location::Query => (Style::Form, Explode::Yes),
            Some(other) => {
                self.complain(
                    DefectKind::MalformedObject,
                    object.0.join("collectionFormat"),
                    format!("`collectionFormat: {other}` does not go with `in: {location}`"),
                );
                (joined, Explode::No)
            }
        }
    }

    pub(super) fn swagger_header(
        &mut self,
        document: &Document,
        name: &str,
        at: &Address,
    ) -> Option<Header> {
        let object = self.object(document, at)?;
        let value = self.swagger_value(&object, Location::Header, Direction::Response);
        Some(Header {
            name: name.to_owned(),
            // 2.0 has no required headers.
            required: false,
            examples: schema_examples(document, &object.0),
            value,
            address: object.0,
        })
    }

    /// The body of a request, from its `body` parameter or its form fields.
    pub(super) fn swagger_body(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        item: &Object<'_>,
        own: &Object<'_>,
    ) -> Option<RequestBody> {
        let mut fields: Vec<Object<'_>> = Vec::new();

        let mut body = None;
        for holder in [item, own] {
            for at in self.elements(holder, "parameters") {
                // What is wrong with a parameter is told where parameters are read.
                let Ok((at, Value::Object(members))) = document.follow(&at) else {
                    continue;
                };
                match members.get("in").and_then(Value::as_str) {
                    Some("body") => body = Some((at, members)),
                    Some("formData") => {
                        fields.push((at, members));
                    }
                    _ => {}
                }
            }
        }
        let consumes = media_types(root, own, "consumes");
        if let Some(object) = body {
            let schema = object
                .1
                .contains_key("schema")
                .then(|| self.schema(object.0.join("schema"), Direction::Request));
            let examples = schema.as_ref().map_or_else(Vec::new, |schema| {
                schema_examples(document, schema.address())
            });
            let keys = if consumes.is_empty() {
                vec!["application/json".to_owned()]
            } else {
                consumes
            };
            return Some(RequestBody {
                required: flag(object.1, "required").unwrap_or(false),
                content: self.swagger_content(&keys, schema.as_ref(), &examples, &object.0),
                address: object.0,
            });
        }
        if fields.is_empty() {
            return None;
        }
        let form_at = own.0.join(SWAGGER_FORM);
        let is_said = !consumes.is_empty();
        let mut keys: Vec<String> = consumes
            .into_iter()
            .filter(|key| {
                key.starts_with("multipart/") || key == "application/x-www-form-urlencoded"
            })
            .collect();
        if keys.is_empty() {
            let file = fields.iter().find(|(_, field)| is_file(field));
            if let Some((at, _)) = file
                && is_said
            {
                let told = "a parameter of `type: file` travels in `multipart/form-data` or \
                            `application/x-www-form-urlencoded`, and `consumes` has neither";
                self.complain(DefectKind::MalformedObject, at.join("type"), told);
            }
            keys.push(
                if file.is_some() {
                    "multipart/form-data"
                } else {
                    "application/x-www-form-urlencoded"
                }
                .to_owned(),
            );
        }
        let encoding: IndexMap<String, Encoding> = fields
            .iter()
            .filter_map(|field| {
                let name = text(field.1, "name")?;
                // A file is a part as it is: no style speaks of it.
                if is_file(field.1) {
                    return None;
                }
                let (style, explode) = self.collection(field, Location::Query);
                let encoding = Encoding {
                    content_type: None,
                    style: Some(style),
                    explode: Some(explode),
                    reserved: Reserved::Escaped,
                    headers: Vec::new(),
                };
                Some((name, encoding))
            })
            .collect();
        let schema = self.schema(form_at.clone(), Direction::Request);
        let mut content = self.swagger_content(&keys, Some(&schema), &[], &form_at);
        for media_type in &mut content.media_types {
            media_type.encoding.clone_from(&encoding);
        }
        Some(RequestBody {
            required: fields
                .iter()
                .any(|(_, field)| flag(field, "required") == Some(true)),
            content,
            address: form_at,
        })
    }

    /// What a response carries: what `produces` lists, bytes where the schema says `type: file`; nothing
    /// without a `schema` (2.0 §4.7.13).
    pub(super) fn swagger_response_content(
        &mut self,
        document: &Document,
        root: &Object<'_>,
        own: &Object<'_>,
        response: &Object<'_>,
    ) -> Content {
        let mut keys = media_types(root, own, "produces");
        let schema = response.1.get("schema").filter(|schema| !schema.is_null());
        match schema {
            Some(_) if keys.is_empty() => keys.push("*/*".to_owned()),
            Some(_) => {}
            None => keys.clear(),
        }
        let schema = schema
            .filter(|schema| !schema.as_object().is_some_and(is_file))
            .map(|_| self.schema(response.0.join("schema"), Direction::Response));
        let mut content = self.swagger_content(&keys, schema.as_ref(), &[], &response.0);
        for (name, at) in self.members(response, "examples") {
            let (Some(shown), Some(value)) = (MediaRange::parse(name), document.get(&at)) else {
                continue;
            };
            let target = content
                .media_types
                .iter_mut()
                .find(|media_type| media_type.range.as_str() == shown.as_str());
            if let Some(media_type) = target {
                media_type.examples.push(Example {
                    name: Some(name.to_owned()),
                    value: value.clone(),
                    address: at,
                });
            }
        }
        content
    }

    fn swagger_content(
        &mut self,
        keys: &[String],
        schema: Option<&Schema>,
        examples: &[Example],
        address: &Address,
    ) -> Content {
        let mut media_types = Vec::new();
        let mut told = HashSet::new();
        for key in keys {
            match MediaRange::parse(key) {
                Some(range) => media_types.push(MediaType {
                    range,
                    schema: schema.cloned(),
                    item_schema: None,
                    examples: examples.to_vec(),
                    encoding: IndexMap::new(),
                    address: address.clone(),
                }),
                None if told.insert(key) => self.complain(
                    DefectKind::MalformedObject,
                    address.clone(),
                    format!("`{key}` is not a media type"),
                ),
                None => {}
            }
        }
        Content { media_types }
    }

    /// The one server that `host`, `basePath` and `schemes` name.
    pub(super) fn swagger_server(root: &Object<'_>) -> Vec<Server> {
        let base = text(root.1, "basePath").unwrap_or_default();
        let base = base.trim_end_matches('/');
        let host = text(root.1, "host");
        if base.is_empty() && host.is_none() {
            return Vec::new();
        }
        let scheme = root
            .1
            .get("schemes")
            .and_then(Value::as_array)
            .and_then(|schemes| {
                let named: Vec<_> = schemes.iter().filter_map(Value::as_str).collect();
                named
                    .iter()
                    .find(|scheme| **scheme == "https")
                    .or_else(|| named.first())
                    .copied()
            })
            .unwrap_or("https");
        let url = host.as_ref().map_or_else(
            || base.to_owned(),
            |host| format!("{scheme}://{host}{base}"),
        );
        let address = ["basePath", "host"]
            .into_iter()
            .find(|key| root.1.contains_key(*key))
            .map_or_else(|| root.0.clone(), |key| root.0.join(key));
        vec![Server {
            base_paths: vec![base.to_owned()],
            hosts: host
                .as_deref()
                .and_then(HostPattern::parse)
                .into_iter()
                .collect(),
            url,
            address,
        }]
    }

    /// A scheme of `securityDefinitions`.
    pub(super) fn swagger_scheme(
        &mut self,
        key: &str,
        scheme: &Object<'_>,
    ) -> Option<SecurityKind> {
        let word = |key: &str| scheme.1.get(key).and_then(Value::as_str);
        match (word("type"), word("in"), word("name")) {
            (Some("basic"), ..) => Some(SecurityKind::Http {
                scheme: "basic".to_owned(),
            }),
            (Some("apiKey"), Some(place @ ("query" | "header")), Some(name)) => {
                let location = if place == "query" {
                    Location::Query
                } else {
                    Location::Header
                };
                let before = key_scheme(key, scheme.1);
                Some(self.key_in(&scheme.0, location, name.to_owned(), before))
            }
            (Some("oauth2"), ..) => Some(SecurityKind::OAuth2 {
                token_url: text(scheme.1, "tokenUrl")
                    .filter(|_| word("flow") == Some("application")),
            }),
            _ => {
                let told = "a security definition is `type: basic`, `oauth2`, or `apiKey` with \
                            `in: query` or `header` and a `name`";
                if !self.defects.iter().any(|known| known.address == scheme.0) {
                    self.complain(DefectKind::MalformedObject, scheme.0.clone(), told);
                }
                None
            }
        }
    }
}

/// Whether a parameter or a schema stands for bytes (2.0, Parameter Object, `type`).
fn is_file(members: &Map<String, Value>) -> bool {
    members.get("type").and_then(Value::as_str) == Some("file")
}

/// The operation's own list of media types, else the document's; an empty list of its own lifts it.
fn media_types(root: &Object<'_>, own: &Object<'_>, key: &str) -> Vec<String> {
    let holder = if own.1.contains_key(key) { own } else { root };
    holder
        .1
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
