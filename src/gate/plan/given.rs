//! Bodies that the document or the service shows, and values that the user or earlier responses gave for their
//! properties.

use serde_json::Value;

use super::Planner;
use crate::{
    contract::{Operation, Schema},
    gate::knowledge::shown::is_undescribed,
    run::given_value,
    wire::sendable,
};

impl Planner<'_> {
    /// The bodies that the document shows, else one like what the service shows, where the document leaves open what
    /// one is made of.
    pub(super) fn shown_bodies(&self) -> Vec<(String, Value)> {
        let declared = self
            .operation
            .request_body
            .iter()
            .flat_map(|body| sendable(&body.content));
        let declared: Vec<_> = declared
            .flat_map(|media_type| {
                media_type
                    .examples
                    .iter()
                    .filter(|example| {
                        media_type
                            .schema
                            .as_ref()
                            .is_none_or(|schema| schema.is_valid(&example.value))
                    })
                    .map(|example| {
                        let schema = media_type.schema.as_ref();
                        let value = &example.value;
                        let sent = schema.map(|schema| schema.without_read_only(value));
                        let sent = sent.unwrap_or_else(|| value.clone());
                        (media_type.range.as_str().to_owned(), sent)
                    })
            })
            .collect();
        if !declared.is_empty() {
            return declared;
        }
        let body = self.operation.request_body.iter();
        let undescribed = body
            .flat_map(|body| sendable(&body.content))
            .find(|media_type| is_undescribed(media_type));
        let like = undescribed.zip(self.like.clone());
        let like = like.map(|(media_type, like)| (media_type.range.as_str().to_owned(), like));
        like.into_iter().collect()
    }

    /// The bodies that the document shows as they stand, and each with given values after it.
    pub(super) fn shown_bodies_with_given(&self) -> Vec<(String, Value)> {
        let mut bodies = Vec::new();
        for (range, body) in self.shown_bodies() {
            let filled = self.with_given(&range, body.clone(), None);
            let is_other = filled != body;
            bodies.push((range.clone(), body));
            bodies.extend(is_other.then_some((range, filled)));
        }
        bodies
    }

    /// The body with given values in place of those of the same name, but for the property `kept`. A
    /// parameter of that name is meant before a property.
    pub(super) fn with_given(&self, range: &str, mut body: Value, kept: Option<&str>) -> Value {
        if self.settings.parameters.is_empty() {
            return body;
        }
        let Some(schema) = schema_of(self.operation, range) else {
            return body;
        };
        let names: Vec<String> = match &body {
            Value::Object(members) => members.keys().cloned().collect(),
            _ => return body,
        };
        let is_parameter =
            |name: &str| self.operation.parameters.iter().any(|one| one.name == name);
        let obeyed = schema.is_valid(&body);
        for name in names {
            let given = self.settings.given(&name);
            let Some(text) = given.first().filter(|_| !is_parameter(&name)) else {
                continue;
            };
            let Some(property) = schema.property(&name).filter(|_| kept != Some(&name)) else {
                continue;
            };
            let value = as_property(text, &property);
            if !property.is_valid(&value) {
                continue;
            }
            let before = std::mem::replace(&mut body[name.as_str()], value);
            if obeyed && !schema.is_valid(&body) {
                body[name.as_str()] = before;
            }
        }
        body
    }
}

fn schema_of<'o>(operation: &'o Operation, range: &str) -> Option<&'o Schema> {
    let body = operation.request_body.as_ref()?;
    body.content.entry(range)?.schema.as_ref()
}

/// A text as a property takes it: alone, or as the only element of an array.
fn as_property(text: &str, property: &Schema) -> Value {
    let alone = given_value(text, Some(property));
    if property.is_valid(&alone) {
        return alone;
    }
    match property.items() {
        Some(items) => Value::Array(vec![given_value(text, Some(&items))]),
        None => alone,
    }
}
