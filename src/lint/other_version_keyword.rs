//! `other-version-keyword`

use serde_json::{Map, Value};

use super::{
    Finding, Lint, Rule, Subject, documented, finding,
    keywords::{self, Effect},
    structure::{ProblemKind, Version},
};
use crate::finding::Severity;

documented! {
    /// A keyword or member is written as another version of OpenAPI has it.
    ///
    /// # What it holds
    ///
    /// Members of objects, keywords of schemas and their forms are those of the version that the
    /// document names: no `webhooks`, `const` or list of types in 3.0, no `definitions` or
    /// `type: file` in 3.x, and before 3.1 nothing beside a `$ref` that would narrow it.
    ///
    /// # Why
    ///
    /// A tool of that version passes the keyword over, and takes what its author meant to exclude.
    ///
    /// # Not a finding when
    ///
    /// - `nullable-without-type` or `invalid-schema` tells it already;
    /// - the keyword is an annotation: that is a note, and none at all beside a `$ref`.
    pub OtherVersionKeyword = "other-version-keyword", Warning;
}

impl Lint for OtherVersionKeyword {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for problem in &subject.structure {
            if problem.kind == ProblemKind::OtherVersion {
                findings.push(finding(&Self::RULE, problem.message.clone()).at(problem.at.clone()));
            }
        }
        let version = Version::of(subject.document().version());
        for (at, members) in keywords::schema_objects(subject) {
            if version < Version::V31 && members.get("$ref").is_some_and(Value::is_string) {
                for name in beside_reference(members) {
                    let message = format!("`{name}` is ignored beside `$ref` before OpenAPI 3.1");
                    findings.push(
                        finding(&Self::RULE, message)
                            .at(at.join(name))
                            .with_help("wrap the reference: `allOf: [{$ref: ...}]` with the keyword beside `allOf`"),
                    );
                }
                continue;
            }
            for (name, value) in members {
                let Some((message, effect)) = told(name, value, version) else {
                    continue;
                };
                let mut one = finding(&Self::RULE, message).at(at.join(name));
                if effect == Effect::Annotation {
                    one.severity = Severity::Note;
                }
                findings.push(one);
            }
        }
    }
}

/// Keywords beside a `$ref` that would change what is valid. `type` repeats what the reference says,
/// and of `nullable` another rule tells.
fn beside_reference(members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    members.keys().map(String::as_str).filter(|name| {
        !matches!(*name, "$ref" | "type" | "nullable")
            && keywords::named(name).is_some_and(|keyword| keyword.effect == Effect::Assertion)
    })
}

/// What is said of a keyword and its value in a version.
fn told(name: &str, value: &Value, version: Version) -> Option<(String, Effect)> {
    let form = match (name, value) {
        ("type", Value::Array(_)) if version < Version::V31 => {
            Some("a list of types came with OpenAPI 3.1")
        }
        ("type", Value::String(name)) if name == "null" && version < Version::V31 => {
            Some("`type: \"null\"` came with OpenAPI 3.1")
        }
        ("type", Value::String(name)) if name == "file" && version > Version::V2 => Some(
            "`type: file` is of Swagger 2.0; here bytes are `type: string` with `format: binary`",
        ),
        ("exclusiveMinimum" | "exclusiveMaximum", Value::Number(_)) if version < Version::V31 => {
            Some(
                "an exclusive bound that is a number came with OpenAPI 3.1; here it is a flag beside `minimum` or `maximum`",
            )
        }
        ("discriminator", Value::String(_)) if version > Version::V2 => Some(
            "a discriminator that is a string is of Swagger 2.0; here it is an object with `propertyName`",
        ),
        ("discriminator", Value::Object(_)) if version == Version::V2 => Some(
            "a discriminator that is an object came with OpenAPI 3.0; here it is the name of a property",
        ),
        _ => None,
    };
    if let Some(form) = form {
        return Some((form.to_owned(), Effect::Assertion));
    }
    let keyword = keywords::named(name)?;
    // Since 3.1 `nullable` is told by `nullable-without-type` where it would matter.
    if keyword.is_in(version) || name == "nullable" && version > Version::V30 {
        return None;
    }
    Some((
        format!("`{name}` {}", keyword.belongs(version)),
        keyword.effect,
    ))
}
