//! `unchecked-body`

use super::{Check, Content, Rule, Subject, documented};
use crate::{finding::Finding, wire::Parsed};

documented! {
    /// A body was not held against its schema, because its media type is one that is not parsed.
    ///
    /// # What it holds
    ///
    /// Where a schema is declared, the body is of a type that can be read: JSON, JSON lines, forms,
    /// text. XML and octets are taken as they are.
    ///
    /// # Why
    ///
    /// What was not looked at must not look as if it had been.
    ///
    /// # Not a finding when
    ///
    /// - no schema is declared for the media type.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { application/xml: { schema: { type: object } } } }
    /// response: { status: 200, headers: { content-type: application/xml }, body: '<a/>' }
    /// ```
    pub UncheckedBody = "unchecked-body", Note;
}

impl Check for UncheckedBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        subject.media_type().is_none_or(|media_type| {
            media_type.schema.is_none() || !matches!(subject.body(), Content::Read(Parsed::Opaque))
        })
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Some(media_type) = subject.media_type() else {
            return;
        };
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "{} bodies are not parsed, so their schema was not held",
                        media_type.range
                    ),
                )
                .at(media_type.address.clone())
                .with_discriminator(media_type.range.as_str()),
        );
    }
}
