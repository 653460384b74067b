//! `schema-mismatch`

use serde_json::Value;

use super::{Check, Content, Rule, Subject, documented};
use crate::{
    contract::{MediaType, Schema, Violation},
    finding::Finding,
    wire::Parsed,
};

documented! {
    /// A parsed body breaks the schema that the document gives for its status and media type.
    ///
    /// # What it holds
    ///
    /// The body of a response is valid under its schema, read for responses: `writeOnly`
    /// properties are not required, `readOnly` ones are. One finding for each schema keyword that
    /// is broken; how often is counted.
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
    /// - a recorder has replaced the value by a placeholder such as `REDACTED`.
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
    pub SchemaMismatch = "schema-mismatch", Error, 101;
}

impl Check for SchemaMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let Some(media_type) = subject.media_type() else {
            return true;
        };
        let Content::Read(parsed) = subject.body() else {
            return true;
        };
        values(media_type, parsed).all(|(schema, value)| schema.is_valid(value))
            || is_recorded(subject)
                && violations(media_type, parsed)
                    .iter()
                    .all(|violation| is_redacted(parsed, violation))
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some(media_type) = subject.media_type() else {
            return;
        };
        let Content::Read(parsed) = subject.body() else {
            return;
        };
        let status = subject.exchange.response.status;
        for violation in violations(media_type, parsed) {
            if is_recorded(subject) && is_redacted(parsed, &violation) {
                continue;
            }
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
                            "{place} of a {} response of {}: {}",
                            status.as_u16(),
                            subject.operation.id,
                            violation.message
                        ),
                    )
                    .at(violation.schema.clone())
                    .with_expected(violation.expected.clone())
                    .with_actual(violation.actual.clone())
                    .with_instance(violation.instance.clone())
                    .with_discriminator(format!(
                        "{} {}",
                        status.as_str(),
                        violation.discriminator()
                    )),
            );
        }
    }
}

/// Each value in the body with the schema it must be valid under: the whole body, or each item of a
/// sequential media type.
fn values<'v>(
    media_type: &'v MediaType,
    parsed: &'v Parsed,
) -> Box<dyn Iterator<Item = (&'v Schema, &'v Value)> + 'v> {
    match parsed {
        Parsed::Value(value) => {
            Box::new(media_type.schema.iter().map(move |schema| (schema, value)))
        }
        Parsed::Items(items) => Box::new(
            media_type
                .item_schema
                .iter()
                .flat_map(move |schema| items.iter().map(move |item| (schema, item))),
        ),
        Parsed::Opaque => Box::new(std::iter::empty()),
    }
}

fn violations(media_type: &MediaType, parsed: &Parsed) -> Vec<Violation> {
    let mut all: Vec<Violation> = Vec::new();
    for (schema, value) in values(media_type, parsed) {
        for violation in schema.violations(value) {
            // One for each schema location; the first instance that shows it.
            if !all.iter().any(|seen| {
                seen.schema == violation.schema && seen.discriminator() == violation.discriminator()
            }) {
                all.push(violation);
            }
        }
    }
    all
}

fn is_recorded(subject: &Subject<'_>) -> bool {
    matches!(
        subject.exchange.origin,
        crate::exchange::Origin::Recorded { .. }
    )
}

/// Whether the value that breaks the schema is a placeholder that a recorder put there.
fn is_redacted(parsed: &Parsed, violation: &Violation) -> bool {
    match parsed {
        Parsed::Value(value) => violation
            .instance
            .get(value)
            .and_then(Value::as_str)
            .is_some_and(crate::exchange::is_redacted),
        Parsed::Items(_) | Parsed::Opaque => false,
    }
}
