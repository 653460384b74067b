//! `schema-mismatch`

use super::{
    Check, Content, Rule, Subject, discriminators::UNDER_DEFAULT, documented, redacted::is_excused,
    subject::BodyBreach,
};
use crate::{
    contract::{DeclaredResponse, MediaType, StatusKey, Violation},
    finding::Finding,
    infer::{Came, Inferred},
    wire::Parsed,
};

documented! {
    /// A parsed body breaks the schema that the document gives for its status and media type.
    ///
    /// # What it holds
    ///
    /// The body of a response is valid under its schema, read for responses: `writeOnly`
    /// properties are not required, `readOnly` ones are. One finding for each schema keyword that
    /// is broken; how often is counted. Of a sequence (JSON lines, events) each item is valid under
    /// `itemSchema`, and since OpenAPI 3.2 the array of all items under `schema`.
    ///
    /// # Why
    ///
    /// This is the promise that clients are generated from.
    ///
    /// # Not a finding when
    ///
    /// - the media type is one that is not parsed (`unchecked-body`, a note);
    /// - the body does not parse (`malformed-body`) or is not complete;
    /// - the content type is not declared (`undeclared-content-type`);
    /// - a recorder has replaced the value, or a part of it, by a placeholder such as `REDACTED`;
    /// - the recording has only the properties that a client reads (Pact), and what breaks the schema is
    ///   that something is missing.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200':
    ///     description: Fine
    ///     content: { application/json: { schema: { type: object, required: [id] } } }
    /// response: { status: 200, headers: { content-type: application/json }, body: '{}' }
    /// ```
    pub SchemaMismatch = "schema-mismatch", Error, [SpoilsSnapshot];
}

impl Check for SchemaMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        if subject.media_type().is_none() {
            return true;
        }
        if subject.tape().is_some() && subject.body_verdict().is_valid {
            return true;
        }
        let Content::Read(_) = subject.body() else {
            return true;
        };
        subject.body_verdict().is_valid || is_recorded(subject) && breaches(subject).is_empty()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let status = subject.exchange.response.status;
        let under = if falls_under_default(subject) {
            UNDER_DEFAULT
        } else {
            ""
        };
        for BodyBreach {
            violation,
            others,
            came,
        } in breaches(subject)
        {
            let place = if violation.instance.is_root() {
                "the body".to_owned()
            } else {
                violation.instance.to_string()
            };
            findings.push(
                subject
                    .finding(
                        &Self::RULE,
                        format!(
                            "{place} of a {} response of {}: {}{}",
                            status.as_u16(),
                            subject.operation.id,
                            violation.message,
                            and_more(*others)
                        ),
                    )
                    .at(violation.schema.clone())
                    .with_expected(violation.expected.clone())
                    .with_actual(violation.actual.clone())
                    .with_came(Came::value(came.clone()))
                    .with_instance(violation.instance.clone())
                    .with_discriminator(format!(
                        "{} {}{under}",
                        status.as_str(),
                        violation.keyword
                    )),
            );
        }
    }
}

/// Whether a `default` stands for the status that describes others: a success beside declared successes, or a failure
/// where nothing else is declared.
fn falls_under_default(subject: &Subject<'_>) -> bool {
    let is_default = |declared: &DeclaredResponse| declared.key == StatusKey::Default;
    if !subject.declared().is_some_and(is_default) {
        return false;
    }
    let mut declared = subject.operation.responses.declared.iter();
    if subject.exchange.response.status.is_success() {
        declared.any(|response| match response.key {
            StatusKey::Exact(status) => status.is_success(),
            StatusKey::Range(class) => class == 2,
            StatusKey::Default => false,
        })
    } else {
        declared.all(is_default)
    }
}

/// What is wrong with the body, worked out once.
fn breaches<'s>(subject: &'s Subject<'_>) -> &'s [BodyBreach] {
    subject.body_breaches(|| match (subject.media_type(), subject.body()) {
        (Some(media_type), Content::Read(parsed)) => find_breaches(subject, media_type, parsed),
        _ => Vec::new(),
    })
}

fn find_breaches<'v>(
    subject: &Subject<'v>,
    media_type: &'v MediaType,
    parsed: &Parsed,
) -> Vec<BodyBreach> {
    let mut all: Vec<BodyBreach> = Vec::new();
    subject.each_value(media_type, parsed, &mut |schema, value| {
        for violation in schema.narrowed_violations(value) {
            if is_recorded(subject) && is_excused(value, &violation)
                || is_partial(subject) && is_of_what_is_missing(&violation)
            {
                continue;
            }
            let came = violation.instance.get(value).map(Inferred::of);
            let came = came.unwrap_or_default();
            let known = all.iter_mut().find(|known| {
                let seen = &known.violation;
                // Two branches of `allOf` tell one breach twice.
                let is_of_type = violation.keyword == "type"
                    && seen.instance == violation.instance
                    && seen.expected == violation.expected;
                seen.keyword == violation.keyword && (seen.schema == violation.schema || is_of_type)
            });
            match known {
                Some(known) => {
                    known.others += 1;
                    known.came = std::mem::take(&mut known.came).merge(came);
                }
                None => all.push(BodyBreach {
                    violation,
                    others: 0,
                    came,
                }),
            }
        }
    });
    all
}

/// How a sentence says that there are others like it.
pub(super) fn and_more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (and 1 more like it)".to_owned(),
        many => format!(" (and {many} more like it)"),
    }
}

fn is_recorded(subject: &Subject<'_>) -> bool {
    subject.exchange.origin.kept().is_some()
}

/// Whether the recording has only what somebody was interested in.
fn is_partial(subject: &Subject<'_>) -> bool {
    let kept = subject.exchange.origin.kept();
    kept.is_some_and(|kept| kept.response_body_is_partial)
}

/// Keywords that may be broken only because something is not there.
const ABOUT_PRESENCE: &[&str] = &[
    "anyOf",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "discriminator",
    "else",
    "if",
    "minContains",
    "minItems",
    "minProperties",
    "not",
    "oneOf",
    "required",
    "then",
];

fn is_of_what_is_missing(violation: &Violation) -> bool {
    ABOUT_PRESENCE.contains(&violation.keyword.as_str())
}
