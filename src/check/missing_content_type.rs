//! `missing-content-type`

use super::{Check, ContentType, Rule, Subject, documented};
use crate::finding::Finding;

documented! {
    /// A body came without a `Content-Type`, though the document declares media types for it.
    ///
    /// # What it holds
    ///
    /// A response with content says what the content is (RFC 9110 §8.3).
    ///
    /// # Why
    ///
    /// Without it a client has to guess, and clients guess differently.
    ///
    /// # Not a finding when
    ///
    /// - there is no body;
    /// - the response declares no content at all (then a body is `undeclared-body`);
    /// - the status itself is not declared.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { application/json: {} } }
    /// response: { status: 200, body: '{}' }
    /// ```
    pub MissingContentType = "missing-content-type", Error;
}

impl Check for MissingContentType {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        !matches!(subject.content_type(), ContentType::Absent)
            || !subject.has_body()
            || subject
                .declared()
                .is_none_or(|declared| declared.content.media_types.is_empty())
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Some(declared) = subject.declared() else {
            return;
        };
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "the {} response of {} has a body but no Content-Type",
                        subject.exchange.response.status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(declared.address.join("content"))
                .with_expected(declared.content.names())
                .with_actual("no Content-Type")
                .with_discriminator(subject.exchange.response.status.as_str())
                .with_help("send a Content-Type that the document declares"),
        );
    }
}
