//! The keywords of schema objects, and the versions of OpenAPI that have them.
//!
//! After OpenAPI Specification 2.0 §5.2.17, 3.0.4 §4.7.24, 3.1.1 §4.8.24 and JSON Schema 2020-12.

use oasgate_document::Address;
use serde_json::{Map, Value};

use super::{
    Subject,
    structure::Version::{self, V2, V30, V31, V32},
};

/// What a keyword does where it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It decides which values are valid, or in which direction they travel.
    Assertion,
    /// It says something about them.
    Annotation,
}

use Effect::{Annotation, Assertion};

/// A keyword: its first version, its last, and what it does.
pub(super) struct Keyword {
    pub(super) name: &'static str,
    first: Version,
    last: Version,
    pub(super) effect: Effect,
}

impl Keyword {
    pub(super) fn is_in(&self, version: Version) -> bool {
        (self.first..=self.last).contains(&version)
    }

    /// The versions that have it, as a message says it to a reader of `version`.
    pub(super) fn belongs(&self, version: Version) -> String {
        if self.first > version {
            format!("came with {}", self.first.name())
        } else {
            format!("is a keyword of {}", self.last.name())
        }
    }
}

const fn keyword(name: &'static str, first: Version, last: Version, effect: Effect) -> Keyword {
    Keyword {
        name,
        first,
        last,
        effect,
    }
}

const KEYWORDS: &[Keyword] = &[
    keyword("$ref", V2, V32, Assertion),
    keyword("additionalProperties", V2, V32, Assertion),
    keyword("allOf", V2, V32, Assertion),
    keyword("default", V2, V32, Annotation),
    keyword("description", V2, V32, Annotation),
    keyword("discriminator", V2, V32, Assertion),
    keyword("enum", V2, V32, Assertion),
    keyword("example", V2, V32, Annotation),
    keyword("exclusiveMaximum", V2, V32, Assertion),
    keyword("exclusiveMinimum", V2, V32, Assertion),
    keyword("externalDocs", V2, V32, Annotation),
    keyword("format", V2, V32, Assertion),
    keyword("items", V2, V32, Assertion),
    keyword("maxItems", V2, V32, Assertion),
    keyword("maxLength", V2, V32, Assertion),
    keyword("maxProperties", V2, V32, Assertion),
    keyword("maximum", V2, V32, Assertion),
    keyword("minItems", V2, V32, Assertion),
    keyword("minLength", V2, V32, Assertion),
    keyword("minProperties", V2, V32, Assertion),
    keyword("minimum", V2, V32, Assertion),
    keyword("multipleOf", V2, V32, Assertion),
    keyword("pattern", V2, V32, Assertion),
    keyword("properties", V2, V32, Assertion),
    keyword("readOnly", V2, V32, Assertion),
    keyword("required", V2, V32, Assertion),
    keyword("title", V2, V32, Annotation),
    keyword("type", V2, V32, Assertion),
    keyword("uniqueItems", V2, V32, Assertion),
    keyword("xml", V2, V32, Annotation),
    keyword("anyOf", V30, V32, Assertion),
    keyword("deprecated", V30, V32, Annotation),
    keyword("not", V30, V32, Assertion),
    keyword("nullable", V30, V30, Assertion),
    keyword("oneOf", V30, V32, Assertion),
    keyword("writeOnly", V30, V32, Assertion),
    keyword("$anchor", V31, V32, Annotation),
    keyword("$comment", V31, V32, Annotation),
    keyword("$defs", V31, V32, Annotation),
    keyword("$dynamicAnchor", V31, V32, Annotation),
    keyword("$dynamicRef", V31, V32, Assertion),
    keyword("$id", V31, V32, Annotation),
    keyword("$schema", V31, V32, Annotation),
    keyword("$vocabulary", V31, V32, Annotation),
    keyword("const", V31, V32, Assertion),
    keyword("contains", V31, V32, Assertion),
    keyword("contentEncoding", V31, V32, Annotation),
    keyword("contentMediaType", V31, V32, Annotation),
    keyword("contentSchema", V31, V32, Annotation),
    keyword("dependentRequired", V31, V32, Assertion),
    keyword("dependentSchemas", V31, V32, Assertion),
    keyword("else", V31, V32, Assertion),
    keyword("examples", V31, V32, Annotation),
    keyword("if", V31, V32, Assertion),
    keyword("maxContains", V31, V32, Assertion),
    keyword("minContains", V31, V32, Assertion),
    keyword("patternProperties", V31, V32, Assertion),
    keyword("prefixItems", V31, V32, Assertion),
    keyword("propertyNames", V31, V32, Assertion),
    keyword("then", V31, V32, Assertion),
    keyword("unevaluatedItems", V31, V32, Assertion),
    keyword("unevaluatedProperties", V31, V32, Assertion),
];

/// Keywords of JSON Schema that no version of OpenAPI gives a meaning, and that tools still read.
const OLDER: &[&str] = &[
    "$recursiveAnchor",
    "$recursiveRef",
    "additionalItems",
    "definitions",
    "dependencies",
    "id",
];

/// The keyword of a name, whichever version has it.
pub(super) fn named(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// Whether a name is a keyword of older drafts of JSON Schema alone.
pub(super) fn is_older(name: &str) -> bool {
    OLDER.contains(&name)
}

/// The names of all keywords.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().map(|keyword| keyword.name)
}

/// The schema objects of a document. In Swagger 2.0 parameters, headers and items are their own
/// schemas to everything else; their members are known to `invalid-structure`.
pub(super) fn schema_objects<'s>(
    subject: &'s Subject<'_>,
) -> impl Iterator<Item = (&'s Address, &'s Map<String, Value>)> {
    let is_swagger = Version::of(subject.document().version()) == V2;
    subject
        .schemas
        .iter()
        .filter(move |(at, members)| {
            let is_below = |name| at.pointer.tokens().any(|token| token == name);
            !is_swagger
                || (is_below("schema") || is_below("definitions")) && !members.contains_key("in")
        })
        .map(|(at, members)| (at, *members))
}
