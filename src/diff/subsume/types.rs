//! Sets of JSON types, whole numbers apart from others.

use serde_json::{Map, Value};

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(1 << 1);
    pub(super) const INTEGER: Self = Self(1 << 2);
    /// Numbers that are not whole.
    const FRACTION: Self = Self(1 << 3);
    pub(super) const NUMBER: Self = Self(1 << 2 | 1 << 3);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const ARRAY: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);
    pub(super) const ALL: Self = Self(0x7f);

    /// The types that values of a schema object may have, by `type`, `enum` and `const`.
    pub(super) fn of(members: &Map<String, Value>) -> Self {
        let mut types = members.get("type").map_or(Self::ALL, Self::named);
        if let Some(values) = members.get("enum").and_then(Value::as_array) {
            types = types.and(values.iter().map(Self::value).fold(Self(0), Self::or));
        }
        if let Some(value) = members.get("const") {
            types = types.and(Self::value(value));
        }
        types
    }

    /// What `type` names.
    pub(super) fn named(value: &Value) -> Self {
        match value {
            Value::String(name) => match name.as_str() {
                "null" => Self::NULL,
                "boolean" => Self::BOOLEAN,
                "integer" => Self::INTEGER,
                "number" => Self::NUMBER,
                "string" => Self::STRING,
                "array" => Self::ARRAY,
                "object" => Self::OBJECT,
                // Said elsewhere to be wrong.
                _ => Self::ALL,
            },
            Value::Array(names) => names.iter().map(Self::named).fold(Self(0), Self::or),
            _ => Self::ALL,
        }
    }

    /// The type of a value.
    pub(super) fn value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) => {
                let is_whole =
                    !number.is_f64() || number.as_f64().is_some_and(|one| one.fract() == 0.0);
                if is_whole {
                    Self::INTEGER
                } else {
                    Self::FRACTION
                }
            }
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The types that a keyword speaks of; `None` where it speaks of every value.
    pub(super) fn about(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "maximum" | "minimum" | "exclusiveMaximum" | "exclusiveMinimum" | "multipleOf" => {
                Self::NUMBER
            }
            "maxLength" | "minLength" | "pattern" => Self::STRING,
            "items" | "prefixItems" | "contains" | "minContains" | "maxContains" | "maxItems"
            | "minItems" | "uniqueItems" | "unevaluatedItems" => Self::ARRAY,
            "properties"
            | "additionalProperties"
            | "patternProperties"
            | "propertyNames"
            | "required"
            | "minProperties"
            | "maxProperties"
            | "dependentRequired"
            | "dependentSchemas"
            | "unevaluatedProperties" => Self::OBJECT,
            _ => return None,
        })
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}
