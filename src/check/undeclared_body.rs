//! `undeclared-body`

use super::{Check, Rule, Subject, documented};
use crate::finding::Finding;

documented! {
    /// A body came with a response that declares no content.
    ///
    /// # What it holds
    ///
    /// A response object without `content` promises nothing about a body; a service that sends one
    /// all the same has a contract that the document does not show.
    ///
    /// # Why
    ///
    /// Clients come to rely on what they see. Declare it, so that it can be held.
    ///
    /// # Not a finding when
    ///
    /// - the body is empty, or was not recorded;
    /// - the status itself is not declared.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '404': { description: Not there }
    /// response: { status: 404, headers: { content-type: application/json }, body: '{}' }
    /// ```
    pub UndeclaredBody = "undeclared-body", Warning;
}

impl Check for UndeclaredBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        !subject.has_body()
            || super::unexpected_body::forbids_body(subject)
            || subject
                .declared()
                .is_none_or(|declared| !declared.content.media_types.is_empty())
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Some(declared) = subject.declared() else {
            return;
        };
        let status = subject.exchange.response.status;
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "the {} response of {} declares no content, and a body came",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(declared.entry.clone())
                .with_label("declares no content")
                .with_expected("no body")
                .with_actual(format!(
                    "{} bytes of {}",
                    subject.exchange.response.body.bytes().len(),
                    subject
                        .exchange
                        .response
                        .header("content-type")
                        .unwrap_or("an unnamed type")
                ))
                .with_came(subject.came())
                .with_discriminator(status.as_str())
                .with_help("declare the media type and its schema under `content`"),
        );
    }
}
