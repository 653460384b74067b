//! Which specification a document follows.

use std::fmt;

use serde_json::Value;

use crate::DocumentError;

/// The specification that a document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecVersion {
    /// Swagger 2.0.
    Swagger2,
    /// OpenAPI 3.0.x; the text as written.
    OpenApi30(String),
    /// OpenAPI 3.1.x; the text as written.
    OpenApi31(String),
    /// OpenAPI 3.2.x; the text as written.
    OpenApi32(String),
}

impl SpecVersion {
    /// Whether schemas are JSON Schema 2020-12 unless they say otherwise (OpenAPI 3.1 and later).
    pub const fn has_2020_12_schemas(&self) -> bool {
        matches!(self, Self::OpenApi31(_) | Self::OpenApi32(_))
    }

    pub(crate) fn of(file: &str, root: &Value) -> Result<Self, DocumentError> {
        let not_openapi = |reason: String| DocumentError::NotOpenApi {
            file: file.to_owned(),
            reason,
        };
        let Some(members) = root.as_object() else {
            return Err(not_openapi(format!(
                "the top is {}, not an object",
                kind(root)
            )));
        };
        let unknown = |found: &str| DocumentError::UnknownVersion {
            file: file.to_owned(),
            found: found.to_owned(),
        };
        if let Some(version) = members.get("openapi") {
            // YAML reads an unquoted 3.0 as a number.
            let text = version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned);
            let is = |minor: &str| {
                text.strip_prefix(minor)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
            };
            return match () {
                () if is("3.0") => Ok(Self::OpenApi30(text)),
                () if is("3.1") => Ok(Self::OpenApi31(text)),
                () if is("3.2") => Ok(Self::OpenApi32(text)),
                () => Err(unknown(&text)),
            };
        }
        if let Some(version) = members.get("swagger") {
            let text = version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned);
            return if text == "2.0" || text == "2" {
                Ok(Self::Swagger2)
            } else {
                Err(unknown(&text))
            };
        }
        let mut keys: Vec<_> = members
            .keys()
            .take(4)
            .map(|key| format!("`{key}`"))
            .collect();
        if members.len() > keys.len() {
            keys.push("…".to_owned());
        }
        Err(not_openapi(format!(
            "it has no `openapi` or `swagger` version at the top (there {} {})",
            if keys.len() == 1 { "is" } else { "are" },
            if keys.is_empty() {
                "no keys".to_owned()
            } else {
                keys.join(", ")
            },
        )))
    }

    /// Whether schemas are JSON Schema 2020-12 (3.1 and later) rather than the older subset.
    pub fn has_json_schema_2020(&self) -> bool {
        matches!(self, Self::OpenApi31(_) | Self::OpenApi32(_))
    }
}

impl fmt::Display for SpecVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Swagger2 => f.write_str("Swagger 2.0"),
            Self::OpenApi30(version) | Self::OpenApi31(version) | Self::OpenApi32(version) => {
                write!(f, "OpenAPI {version}")
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
