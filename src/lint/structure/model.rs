//! What the table of objects is made of.

use oasgate_document::SpecVersion;
use serde_json::{Map, Value};

/// The versions of OpenAPI whose documents are built differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::lint) enum Version {
    V2,
    V30,
    V31,
    V32,
}

impl Version {
    pub(in crate::lint) const fn of(version: &SpecVersion) -> Self {
        match version {
            SpecVersion::Swagger2 => Self::V2,
            SpecVersion::OpenApi30(_) => Self::V30,
            SpecVersion::OpenApi31(_) => Self::V31,
            SpecVersion::OpenApi32(_) => Self::V32,
        }
    }

    /// As messages name it.
    pub(in crate::lint) const fn name(self) -> &'static str {
        match self {
            Self::V2 => "Swagger 2.0",
            Self::V30 => "OpenAPI 3.0",
            Self::V31 => "OpenAPI 3.1",
            Self::V32 => "OpenAPI 3.2",
        }
    }
}

/// What a member holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Any,
    Text,
    Flag,
    Number,
    /// A count: a number that is neither negative nor broken.
    Integer,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// An object whose members are anything.
    Free,
    /// A schema object, which other rules look at.
    Schema,
    Nested(&'static Object),
    /// An object, or a reference to one.
    OrReference(&'static Object),
    ListOf(&'static Kind),
    MapOf(&'static Kind),
}

impl Kind {
    /// What it is, as a message says what was expected; `None` when the value is of the kind.
    pub(super) fn missed_by(self, value: &Value) -> Option<String> {
        let is_right = match self {
            Self::Any => true,
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Integer => value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0),
            Self::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Self::Schema => value.is_object() || value.is_boolean(),
            Self::Free | Self::Nested(_) | Self::OrReference(_) | Self::MapOf(_) => {
                value.is_object()
            }
            Self::ListOf(_) => value.is_array(),
        };
        if is_right {
            return None;
        }
        Some(match self {
            Self::Any => String::new(),
            Self::Text => "a string".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Integer => "a whole number from 0 up".to_owned(),
            Self::Word(words) => format!("one of `{}`", words.join("`, `")),
            Self::Schema => "a schema".to_owned(),
            Self::Free | Self::Nested(_) | Self::OrReference(_) | Self::MapOf(_) => {
                "an object".to_owned()
            }
            Self::ListOf(_) => "a list".to_owned(),
        })
    }
}

/// A member of an object, in the versions that have it.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) first: Version,
    pub(super) last: Version,
    /// The last version in which the object must have it.
    required_to: Option<Version>,
    /// What has its place in the other versions.
    pub(super) instead: &'static str,
}

/// A member that every version has and none requires.
pub(super) const fn member(name: &'static str, kind: Kind) -> Member {
    Member {
        name,
        kind,
        first: Version::V2,
        last: Version::V32,
        required_to: None,
        instead: "",
    }
}

impl Member {
    pub(super) const fn from(self, first: Version) -> Self {
        Self { first, ..self }
    }

    pub(super) const fn within(self, first: Version, last: Version) -> Self {
        Self {
            first,
            last,
            ..self
        }
    }

    pub(super) const fn required(self) -> Self {
        self.required_to(Version::V32)
    }

    pub(super) const fn required_to(self, last: Version) -> Self {
        Self {
            required_to: Some(last),
            ..self
        }
    }

    pub(super) const fn instead(self, instead: &'static str) -> Self {
        Self { instead, ..self }
    }

    pub(super) fn is_in(&self, version: Version) -> bool {
        (self.first..=self.last).contains(&version)
    }

    pub(super) fn is_required_in(&self, version: Version) -> bool {
        self.is_in(version) && self.required_to.is_some_and(|last| version <= last)
    }
}

/// What an object says that a list of members cannot: sentences about members, by their names.
pub(super) type Law = fn(&Map<String, Value>, Version, &mut dyn FnMut(Option<&str>, String));

/// An object of OpenAPI.
pub(super) struct Object {
    /// As messages call it.
    pub(super) name: &'static str,
    pub(super) members: &'static [&'static [Member]],
    /// What stands under names of the author's own: paths, statuses, expressions.
    pub(super) names: Option<Kind>,
    pub(super) laws: &'static [Law],
}

impl Object {
    pub(super) const fn new(name: &'static str, members: &'static [&'static [Member]]) -> Self {
        Self {
            name,
            members,
            names: None,
            laws: &[],
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members().any(|member| member.name == name)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &'static Member> + Clone + use<> {
        self.members.iter().flat_map(|group| group.iter())
    }
}
