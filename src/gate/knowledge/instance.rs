//! Things that a service has: a resource, and the values that name one in its path.

use std::ops::Range;

use serde_json::Value;

use super::view::plain;
use crate::contract::{Operation, ResourceIndex, graph::Shape};

/// Where the last segment of a text that is a URL or a path stands.
pub(crate) fn last_of_url(text: &str) -> Option<Range<usize>> {
    let end = text.trim_end_matches('/').len();
    let start = text[..end].rfind('/')? + 1;
    Some(start..end)
}

/// One thing that the service has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResourceInstance {
    /// The resource that it is one of.
    pub(crate) resource: ResourceIndex,
    /// The values in its path, by the number of the segment.
    pub(crate) values: Vec<(usize, Value)>,
    /// Its path at the service.
    pub(crate) path: String,
}

impl ResourceInstance {
    /// The value that names it among others of its resource.
    pub(crate) fn key(&self) -> Option<&Value> {
        Some(&self.values.last()?.1)
    }

    /// Whether a value is that one, as a number or as a text, or a URL that ends in it.
    pub(crate) fn has_key(&self, value: &Value) -> bool {
        let Some(key) = self.key() else { return false };
        let (key, value) = (plain(key), plain(value));
        key == value || last_of_url(&value).is_some_and(|last| value[last] == key)
    }

    /// The value that an operation at or below the thing wants for a path parameter.
    pub(crate) fn value_for(
        &self,
        shape: &Shape,
        operation: &Operation,
        name: &str,
    ) -> Option<&Value> {
        if !shape.contains(&Shape::of(operation)) {
            return None;
        }
        self.values
            .iter()
            .find(|(at, _)| shape.key_at(operation, *at) == Some(name))
            .map(|(_, value)| value)
    }
}
