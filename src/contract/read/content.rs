//! `content` maps, and the examples that stand beside schemas.

use indexmap::IndexMap;
use oasgate_document::{Address, Document};
use serde_json::Value;

use super::{Object, Reader, flag, text};
use crate::contract::{
    Content, DefectKind, Direction, Encoding, Example, Explode, MediaRange, MediaType, Reserved,
    Schema, Style,
};

impl Reader {
    pub(super) fn content(
        &mut self,
        document: &Document,
        holder: &Object<'_>,
        direction: Direction,
    ) -> Content {
        let entries = self.members(holder, "content");
        let mut media_types = Vec::new();
        for (key, at) in entries {
            let Some(range) = MediaRange::parse(key) else {
                self.complain(
                    DefectKind::MalformedObject,
                    at,
                    format!("`{key}` is not a media type"),
                );
                continue;
            };
            if let Some(object) = self.object(document, &at) {
                media_types.push(self.media_type(document, range, &object, direction));
            }
        }
        Content { media_types }
    }

    fn media_type(
        &mut self,
        document: &Document,
        range: MediaRange,
        object: &Object<'_>,
        direction: Direction,
    ) -> MediaType {
        let lifted = |reader: &Self, key: &str| {
            object
                .1
                .get(key)
                .filter(|schema| !schema.is_null())
                .map(|_| reader.schema(object.0.join(key), direction))
        };
        let schema = lifted(self, "schema");
        let item_schema = lifted(self, "itemSchema");
        MediaType {
            range,
            examples: self.examples(document, object, schema.as_ref()),
            schema,
            item_schema,
            encoding: self.encodings(document, object, direction),
            address: object.0.clone(),
        }
    }

    fn encodings(
        &mut self,
        document: &Document,
        media_type: &Object<'_>,
        direction: Direction,
    ) -> IndexMap<String, Encoding> {
        let entries = self.members(media_type, "encoding");
        let mut encodings = IndexMap::new();
        for (property, at) in entries {
            let Some(object) = self.object(document, &at) else {
                continue;
            };
            let style = match object.1.get("style").and_then(Value::as_str) {
                None => None,
                Some("form") => Some(Style::Form),
                Some("spaceDelimited") => Some(Style::SpaceDelimited),
                Some("pipeDelimited") => Some(Style::PipeDelimited),
                Some("deepObject") => Some(Style::DeepObject),
                Some(other) => {
                    self.complain(
                        DefectKind::MalformedObject,
                        at.join("style"),
                        format!("`{other}` is no style of a form field"),
                    );
                    None
                }
            };
            let spread = |spread| if spread { Explode::Yes } else { Explode::No };
            let headers = self.members(&object, "headers");
            let headers = headers
                .into_iter()
                .filter_map(|(name, at)| self.header(document, name, &at, direction))
                .collect();
            let encoding = Encoding {
                content_type: text(object.1, "contentType"),
                style,
                explode: flag(object.1, "explode").map(spread),
                reserved: match flag(object.1, "allowReserved") {
                    Some(true) => Reserved::Allowed,
                    _ => Reserved::Escaped,
                },
                headers,
            };
            encodings.insert(property.to_owned(), encoding);
        }
        encodings
    }

    /// The values that an object shows: its own first, then those of its schema.
    pub(super) fn examples(
        &mut self,
        document: &Document,
        holder: &Object<'_>,
        schema: Option<&Schema>,
    ) -> Vec<Example> {
        let (at, members) = holder;
        let mut examples = Vec::new();
        if let Some(value) = members.get("example") {
            examples.push(Example {
                name: None,
                value: value.clone(),
                address: at.join("example"),
            });
        }
        for (name, at) in self.members(holder, "examples") {
            let Some((at, example)) = self.object(document, &at) else {
                continue;
            };
            // 3.2 says `dataValue` for what is data and not text.
            for key in ["dataValue", "value"] {
                if let Some(value) = example.get(key) {
                    examples.push(Example {
                        name: Some(name.to_owned()),
                        value: value.clone(),
                        address: at.join(key),
                    });
                    break;
                }
            }
        }
        if let Some(schema) = schema {
            examples.extend(schema_examples(document, schema.address()));
        }
        examples
    }
}

/// `example`, `examples` and `default` of a schema object, behind its references.
pub(super) fn schema_examples(document: &Document, at: &Address) -> Vec<Example> {
    let Ok((at, Value::Object(members))) = document.follow(at) else {
        return Vec::new();
    };
    let mut examples = Vec::new();
    let mut show = |address: Address, value: &Value| {
        examples.push(Example {
            name: None,
            value: value.clone(),
            address,
        });
    };
    for key in ["example", "x-example"] {
        if let Some(value) = members.get(key) {
            show(at.join(key), value);
        }
    }
    for (index, value) in members
        .get("examples")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .enumerate()
    {
        show(at.join("examples").index(index), value);
    }
    if let Some(value) = members.get("default") {
        show(at.join("default"), value);
    }
    examples
}
