//! What a case breaks on purpose: where, and which keyword.

use std::fmt;

use oasgate_document::Pointer;

use crate::contract::Location;

/// The one rule that an invalid case breaks on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The part of the request that is broken.
    pub part: Part,
    /// Where in the part's value; the root for the value itself.
    pub pointer: Pointer,
    /// The keyword that is broken: `maximum`, `type`, `required`.
    pub keyword: String,
    /// The rule in words: `maximum 100`, `required token`.
    pub rule: String,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A parameter.
    Parameter(Location, String),
    /// The body.
    Body,
}

impl Breach {
    /// A part that the contract requires is left out as a whole.
    pub fn left_out(part: Part) -> Self {
        Self {
            part,
            pointer: Pointer::root(),
            keyword: "required".to_owned(),
            rule: "required".to_owned(),
        }
    }

    /// The body's bytes are not what its media type says, or of a media type that is not declared.
    pub fn of_bytes(keyword: &str, rule: &str) -> Self {
        Self {
            part: Part::Body,
            pointer: Pointer::root(),
            keyword: keyword.to_owned(),
            rule: rule.to_owned(),
        }
    }

    /// Whether the bytes are what is broken, so that no value could be written to break it.
    pub fn is_of_bytes(&self) -> bool {
        ["json", "contentType"].contains(&self.keyword.as_str())
    }

    /// Whether a required parameter or the required body was left out as a whole.
    pub fn is_left_out(&self) -> bool {
        self.rule == "required" && self.pointer.is_root()
    }

    /// What tells this breach from others of the operation: the part, the place with indexes left
    /// open, and the keyword.
    pub fn discriminator(&self) -> String {
        let place: Vec<_> = self
            .pointer
            .as_str()
            .split('/')
            .map(|token| match token.parse::<usize>() {
                Ok(_) => "*",
                Err(_) => token,
            })
            .collect();
        format!("{} {} {}", self.part, place.join("/"), self.keyword)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(location, name) => write!(f, "{location} {name}"),
            Self::Body => f.write_str("body"),
        }
    }
}

/// As in `query limit: maximum 100` and `body /manifest/files/0: type string`.
impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_root() {
            write!(f, "{}: {}", self.part, self.rule)
        } else {
            write!(f, "{} {}: {}", self.part, self.pointer, self.rule)
        }
    }
}
