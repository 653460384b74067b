//! The places of requests that values of other operations go to.

use std::fmt;

use oasgate_document::Pointer;
use serde_json::Value;

use crate::contract::{Location, Schema};

/// A place in a request that a value goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Need {
    /// A parameter.
    Parameter(Location, String),
    /// A node of the request body.
    Body(Pointer),
    /// A node of each element of an array in the request body.
    Each {
        /// The array.
        array: Pointer,
        /// The node inside an element.
        value: Pointer,
    },
}

impl Need {
    /// The name of the parameter, or the pointer into the body or into an element of the array.
    pub fn name(&self) -> &str {
        match self {
            Self::Parameter(_, name) => name,
            Self::Body(value) | Self::Each { value, .. } => value.as_str(),
        }
    }

    /// The name of the parameter, or of the property; empty where it is the whole body or a whole element.
    pub(crate) fn last_name(&self) -> String {
        match self {
            Self::Parameter(_, name) => name.clone(),
            Self::Body(value) | Self::Each { value, .. } => value.last().unwrap_or_default(),
        }
    }

    /// Whether it is in the request body.
    pub(crate) fn is_in_body(&self) -> bool {
        !matches!(self, Self::Parameter(..))
    }

    /// The property of the body that it is or is in; `None` for a parameter and where it is in no property.
    pub(crate) fn property(&self) -> Option<String> {
        match self {
            Self::Parameter(..) => None,
            Self::Body(value) => value.tokens().next(),
            Self::Each { array, .. } => array.tokens().next(),
        }
    }

    /// A property of what stands there in the body; a parameter stays what it is.
    pub(crate) fn below(&self, name: &str) -> Self {
        match self {
            Self::Parameter(..) => self.clone(),
            Self::Body(value) => Self::Body(value.join(name)),
            Self::Each { array, value } => Self::Each {
                array: array.clone(),
                value: value.join(name),
            },
        }
    }

    /// Each element of the array that stands there; `None` for a parameter and within another array.
    pub(crate) fn in_each(&self) -> Option<Self> {
        match self {
            Self::Body(array) => Some(Self::Each {
                array: array.clone(),
                value: Pointer::root(),
            }),
            Self::Parameter(..) | Self::Each { .. } => None,
        }
    }

    /// Whether it is a property of the body itself, or is all that names a thing in one: `{"place": {"id": 7}}`.
    pub(crate) fn is_shallow(&self) -> bool {
        match self {
            Self::Parameter(..) => true,
            Self::Body(value) => {
                let depth = value.tokens().count();
                depth < 2 || depth == 2 && self.is_plain_id()
            }
            Self::Each { .. } => false,
        }
    }

    /// Whether it is called an id and nothing else, so that what holds it names a thing.
    pub(crate) fn is_plain_id(&self) -> bool {
        super::names::is_plain_id(&self.last_name())
    }

    /// What a body has there, for an array in each element.
    pub(crate) fn within<'b>(&self, body: &'b Value) -> Vec<&'b Value> {
        match self {
            Self::Parameter(..) => Vec::new(),
            Self::Body(value) => value.get(body).into_iter().collect(),
            Self::Each { array, value } => {
                let elements = array.get(body).and_then(Value::as_array);
                let elements = elements.into_iter().flatten();
                elements.filter_map(|one| value.get(one)).collect()
            }
        }
    }

    /// As [`Self::within`], to be changed.
    pub(crate) fn within_mut<'b>(&self, body: &'b mut Value) -> Vec<&'b mut Value> {
        match self {
            Self::Parameter(..) => Vec::new(),
            Self::Body(value) => body.pointer_mut(value.as_str()).into_iter().collect(),
            Self::Each { array, value } => {
                let elements = body.pointer_mut(array.as_str());
                let elements = elements.and_then(Value::as_array_mut).into_iter().flatten();
                elements
                    .filter_map(|one| one.pointer_mut(value.as_str()))
                    .collect()
            }
        }
    }

    /// What the schema of a body says of it.
    pub(crate) fn schema_within(&self, body: &Schema) -> Option<Schema> {
        match self {
            Self::Parameter(..) => None,
            Self::Body(value) => body.property_at(value),
            Self::Each { array, value } => body.property_at(array)?.items()?.property_at(value),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(location, name) => write!(f, "{location} {name}"),
            Self::Body(pointer) if pointer.is_root() => f.write_str("body"),
            Self::Body(pointer) => write!(f, "body {}", pointer.as_str()),
            Self::Each { array, value } => {
                write!(f, "body {}/*{}", array.as_str(), value.as_str())
            }
        }
    }
}
