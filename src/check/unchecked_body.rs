//! `unchecked-body`

use super::{Check, Content, Rule, Subject, documented};
use crate::{
    exchange::{Body, CutReason},
    finding::Finding,
    wire::Parsed,
};

documented! {
    /// A body was not held against its schema, because its media type is one that is not parsed, or
    /// its content coding one that is not undone.
    ///
    /// # What it holds
    ///
    /// Where a schema is declared, the body is of a type that can be read: JSON, JSON lines, forms,
    /// text. XML and octets are taken as they are. The codings gzip, deflate, br and zstd are undone, no
    /// other. A sequence (JSON lines, events) is held by `itemSchema`; beside it `schema` means
    /// the array of all items since OpenAPI 3.2, and nothing before.
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
            media_type.schema.is_none()
                || unknown_coding(subject).is_none()
                    && (subject.tape().is_some()
                        || !matches!(subject.body(), Content::Read(Parsed::Opaque))
                            && !is_left_alone(subject))
        })
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Some(media_type) = subject.media_type() else {
            return;
        };
        let (what, discriminator) = match unknown_coding(subject) {
            Some(coding) => (format!("the content coding {coding} is not undone"), coding),
            None if is_left_alone(subject) => (
                format!("`schema` says nothing of the items of {}", media_type.range),
                media_type.range.as_str(),
            ),
            None => (
                format!("{} bodies are not parsed", media_type.range),
                media_type.range.as_str(),
            ),
        };
        findings.push(
            subject
                .finding(&Self::RULE, format!("{what}, so the schema was not held"))
                .at(media_type.address.clone())
                .with_discriminator(discriminator),
        );
    }
}

fn is_left_alone(subject: &Subject<'_>) -> bool {
    matches!(subject.body(), Content::Read(Parsed::Items(_))) && subject.leaves_items_alone()
}

fn unknown_coding<'s>(subject: &'s Subject<'_>) -> Option<&'s str> {
    match &subject.exchange.response.body {
        Body::Cut {
            reason: CutReason::UnknownCoding(coding),
            ..
        } => Some(coding),
        _ => None,
    }
}
