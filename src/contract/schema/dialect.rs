//! Which rules the document's schemas are written by.

use oasgate_document::SpecVersion;
use serde_json::Value;

/// The rules that a schema object is written by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Swagger 2.0 and OpenAPI 3.0: a subset of draft 4 with `nullable`, boolean exclusive bounds
    /// and references that hide their siblings.
    OpenApi30,
    /// Draft 4: as above without `nullable`.
    Draft4,
    /// Drafts 6 and 7: references hide their siblings, `items` may be a list.
    Draft7,
    /// Draft 2019-09: references have siblings, `items` may be a list.
    Draft201909,
    /// Draft 2020-12, and OpenAPI 3.1 and later.
    Draft202012,
}

impl Dialect {
    /// The dialect of a document: by its version and its `jsonSchemaDialect`.
    pub(super) fn of(version: &SpecVersion, root: &Value) -> Self {
        if version.has_2020_12_schemas() {
            root.get("jsonSchemaDialect")
                .and_then(Value::as_str)
                .and_then(Self::by_uri)
                .unwrap_or(Self::Draft202012)
        } else {
            Self::OpenApi30
        }
    }

    /// The dialect that a `$schema` names; `None` when it is not known.
    pub(super) fn by_uri(uri: &str) -> Option<Self> {
        let uri = uri.trim_end_matches('#');
        Some(match uri.split_once("json-schema.org/")?.1 {
            "draft-04/schema" => Self::Draft4,
            "draft-06/schema" | "draft-07/schema" => Self::Draft7,
            "draft/2019-09/schema" => Self::Draft201909,
            "draft/2020-12/schema" => Self::Draft202012,
            _ => return None,
        })
    }

    /// Whether keywords beside a `$ref` are ignored.
    pub(super) const fn ref_hides_siblings(self) -> bool {
        matches!(self, Self::OpenApi30 | Self::Draft4 | Self::Draft7)
    }

    /// Whether a `type` is Swagger 2.0's `file`.
    pub(super) fn is_file(self, value: &Value) -> bool {
        self == Self::OpenApi30 && value == "file"
    }

    /// Whether `nullable` allows null.
    pub(super) const fn has_nullable(self) -> bool {
        matches!(self, Self::OpenApi30)
    }

    /// Whether `exclusiveMinimum` is a flag beside `minimum`.
    pub(super) const fn has_boolean_bounds(self) -> bool {
        matches!(self, Self::OpenApi30 | Self::Draft4)
    }

    /// Whether a list under `items` is what 2020-12 calls `prefixItems`.
    pub(super) const fn has_list_items(self) -> bool {
        !matches!(self, Self::Draft202012)
    }
}
