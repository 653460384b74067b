//! Parameters and headers: what they carry and how it is written.

use oasgate_document::{Address, Document};
use openapiv3::{CookieStyle, HeaderStyle, PathStyle, QueryStyle};
use serde_json::{Value, json};

use super::{Object, Reader, flag, text};
use crate::contract::{
    DefectKind, Direction, Explode, Header, Location, Parameter, Reserved, Serialization, Style,
};

/// Members that are read apart.
const LIFTED: &[&str] = &["content", "example", "examples", "schema"];

impl Parameter {
    /// Whether OpenAPI says to ignore it (3.1.1 §4.8.12.2): other parts of the document speak of
    /// these headers.
    pub(super) fn is_ignored(&self) -> bool {
        self.location == Location::Header
            && ["accept", "content-type", "authorization"]
                .contains(&self.name.to_ascii_lowercase().as_str())
    }
}

impl Reader {
    pub(super) fn parameter(&mut self, document: &Document, at: &Address) -> Option<Parameter> {
        let object = self.object(document, at)?;
        if object.1.get("in").and_then(Value::as_str) == Some("querystring") {
            return self.query_string(document, &object);
        }
        // 3.2's `style: cookie` is not among the styles that the typed model knows.
        let is_cookie_style = object.1.get("style").and_then(Value::as_str) == Some("cookie");
        let lifted: Vec<&str> = LIFTED
            .iter()
            .copied()
            .chain(is_cookie_style.then_some("style"))
            .collect();
        let placeholder = [("schema", json!({}))];
        let before = self.defects.len();
        let typed = self
            .typed::<openapiv3::Parameter>(&object, &lifted, &placeholder)
            .or_else(|| {
                // A wrong style or flag is told, and the parameter still counts with the defaults.
                let told = self.defects.len();
                let bare: Vec<&str> = object
                    .1
                    .keys()
                    .map(String::as_str)
                    .filter(|key| !["name", "in"].contains(key))
                    .collect();
                let typed = self.typed::<openapiv3::Parameter>(&object, &bare, &placeholder);
                self.defects.truncate(told.max(before));
                typed
            })?;
        let (location, style, reserved, allow_empty_value) = match &typed {
            openapiv3::Parameter::Query {
                style,
                allow_reserved,
                allow_empty_value,
                ..
            } => {
                let style = match style {
                    QueryStyle::Form => Style::Form,
                    QueryStyle::SpaceDelimited => Style::SpaceDelimited,
                    QueryStyle::PipeDelimited => Style::PipeDelimited,
                    QueryStyle::DeepObject => Style::DeepObject,
                };
                let reserved = if *allow_reserved {
                    Reserved::Allowed
                } else {
                    Reserved::Escaped
                };
                (
                    Location::Query,
                    style,
                    reserved,
                    allow_empty_value.unwrap_or(false),
                )
            }
            openapiv3::Parameter::Header {
                style: HeaderStyle::Simple,
                ..
            } => (Location::Header, Style::Simple, Reserved::Escaped, false),
            openapiv3::Parameter::Path { style, .. } => {
                let style = match style {
                    PathStyle::Matrix => Style::Matrix,
                    PathStyle::Label => Style::Label,
                    PathStyle::Simple => Style::Simple,
                };
                (Location::Path, style, Reserved::Escaped, false)
            }
            openapiv3::Parameter::Cookie {
                style: CookieStyle::Form,
                ..
            } => {
                let style = if is_cookie_style {
                    Style::Cookie
                } else {
                    Style::Form
                };
                (Location::Cookie, style, Reserved::Escaped, false)
            }
        };
        let data = typed.parameter_data();
        let value = self.serialization(
            document,
            &object,
            style,
            data.explode,
            reserved,
            Direction::Request,
        );
        Some(Parameter {
            required: location == Location::Path
                || flag(object.1, "required").unwrap_or(data.required),
            examples: self.examples(document, &object, value.schema()),
            name: data.name,
            location,
            deprecated: data.deprecated.unwrap_or(false),
            allow_empty_value,
            value,
            description: data.description,
            address: object.0,
        })
    }

    /// 3.2's `in: querystring`: the whole query as one value of a media type.
    fn query_string(&mut self, document: &Document, object: &Object<'_>) -> Option<Parameter> {
        let content = self.content(document, object, Direction::Request);
        let Some(media_type) = content.media_types.into_iter().next() else {
            self.complain(
                DefectKind::MalformedObject,
                object.0.clone(),
                "a parameter in `querystring` has `content`",
            );
            return None;
        };
        Some(Parameter {
            name: text(object.1, "name").unwrap_or_default(),
            location: Location::QueryString,
            required: flag(object.1, "required").unwrap_or(false),
            deprecated: flag(object.1, "deprecated").unwrap_or(false),
            allow_empty_value: false,
            examples: self.examples(document, object, media_type.schema.as_ref()),
            value: Serialization::Content(media_type),
            description: text(object.1, "description"),
            address: object.0.clone(),
        })
    }

    pub(super) fn header(
        &mut self,
        document: &Document,
        name: &str,
        at: &Address,
        direction: Direction,
    ) -> Option<Header> {
        let object = self.object(document, at)?;
        let typed: openapiv3::Header = self.typed(&object, LIFTED, &[("schema", json!({}))])?;
        let explode = flag(object.1, "explode");
        let value = self.serialization(
            document,
            &object,
            Style::Simple,
            explode,
            Reserved::Escaped,
            direction,
        );
        Some(Header {
            name: name.to_owned(),
            required: typed.required,
            examples: self.examples(document, &object, value.schema()),
            value,
            address: object.0,
        })
    }

    fn serialization(
        &mut self,
        document: &Document,
        object: &Object<'_>,
        style: Style,
        explode: Option<bool>,
        reserved: Reserved,
        direction: Direction,
    ) -> Serialization {
        if !object.1.contains_key("schema") && object.1.contains_key("content") {
            let content = self.content(document, object, direction);
            if let Some(media_type) = content.media_types.into_iter().next() {
                return Serialization::Content(media_type);
            }
        }
        let spread = explode.unwrap_or(matches!(style, Style::Form | Style::Cookie));
        Serialization::Styled {
            schema: self.schema(object.0.join("schema"), direction),
            style,
            explode: if spread { Explode::Yes } else { Explode::No },
            reserved,
        }
    }
}
