//! `write-only-leak`

use oasgate_document::{Address, Pointer};
use serde_json::Value;

use super::{Check, Content, Rule, Subject, documented};
use crate::{
    contract::{Schema, Tape},
    finding::Finding,
    wire::Parsed,
};

documented! {
    /// A property that the document declares `writeOnly` came back in a response.
    ///
    /// # What it holds
    ///
    /// A `writeOnly` property may be sent, and is never shown (`OpenAPI` 3.0.4 §4.7.24).
    ///
    /// # Why
    ///
    /// The usual `writeOnly` property is a password.
    ///
    /// # Not a finding when
    ///
    /// - the schema in force for the response does not name the property as `writeOnly`;
    /// - a mask stands in its place: `**********`, or an empty text.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200':
    ///     description: Fine
    ///     content:
    ///       application/json:
    ///         schema: { type: object, properties: { password: { type: string, writeOnly: true } } }
    /// response: { status: 200, headers: { content-type: application/json }, body: '{"password": "x"}' }
    /// ```
    pub WriteOnlyLeak = "write-only-leak", Error;
}

impl Check for WriteOnlyLeak {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let shows_none = |(tape, schema): (&Tape<'_>, &Schema)| !schema.may_show_write_only(tape);
        subject.tape_and_schema().is_some_and(shows_none) || leaked(subject).is_empty()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let status = subject.exchange.response.status;
        for (instance, address) in leaked(subject) {
            findings.push(
                subject
                    .finding(
                        &Self::RULE,
                        format!(
                            "{instance} is writeOnly, and came back in a {} response of {}",
                            status.as_u16(),
                            subject.operation.id
                        ),
                    )
                    .at(address)
                    .with_expected("no such property in a response")
                    .with_actual(format!("{instance} is present"))
                    .with_instance(instance)
                    .with_discriminator(status.as_str()),
            );
        }
    }
}

/// The properties that came back though they are `writeOnly`, each with the schema that says so.
fn leaked(subject: &Subject<'_>) -> Vec<(Pointer, Address)> {
    let media_type = subject.media_type();
    let schema = media_type.and_then(|media_type| media_type.schema.as_ref());
    let (Some(schema), Content::Read(Parsed::Value(value))) = (schema, subject.body()) else {
        return Vec::new();
    };
    let mut shown = schema.write_only(value);
    shown.retain(|(instance, _)| !is_masked(instance, value));
    shown
}

/// Whether a text stands in place of the value that it hides, or shows nothing.
fn is_masked(instance: &Pointer, value: &Value) -> bool {
    const MASKS: [char; 4] = ['*', '•', '●', '∗'];
    let text = instance.get(value).and_then(Value::as_str);
    text.is_some_and(|text| text.chars().all(|one| MASKS.contains(&one)))
}
