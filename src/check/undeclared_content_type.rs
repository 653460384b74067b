//! `undeclared-content-type`

use super::{Check, ContentType, Rule, Subject, documented};
use crate::{exchange::holds_redaction, finding::Finding};

documented! {
    /// A response's `Content-Type` is malformed, or is none of those that the document declares.
    ///
    /// # What it holds
    ///
    /// The content type is a media type (RFC 9110 §8.3.1), and one of the response's `content`
    /// keys, or a range among them (`application/*`), names it. The most specific key decides.
    ///
    /// # Why
    ///
    /// A client picks its parser by the content type. An HTML error page where JSON was promised
    /// is the most common breach of all.
    ///
    /// # Not a finding when
    ///
    /// - the types differ only in case or in parameters that the document does not name
    ///   (`; charset=utf-8`);
    /// - the response declares no content (then a body is `undeclared-body`);
    /// - the status itself is not declared;
    /// - there is no body and the content type is well formed;
    /// - a recorder has replaced the type by a placeholder.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { application/json: {} } }
    /// response: { status: 200, headers: { content-type: text/html }, body: '<p>Hello' }
    /// ```
    pub UndeclaredContentType = "undeclared-content-type", Error;
}

impl Check for UndeclaredContentType {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        match subject.content_type() {
            ContentType::Absent => true,
            ContentType::Malformed(text) => {
                subject.exchange.origin.kept().is_some() && holds_redaction(text)
            }
            ContentType::Known(_) => {
                !subject.has_body()
                    || subject.declared().is_none_or(|declared| {
                        declared.content.media_types.is_empty() || subject.media_type().is_some()
                    })
            }
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let status = subject.exchange.response.status;
        let (message, actual) = match subject.content_type() {
            ContentType::Malformed(text) => (
                format!(
                    "the Content-Type of a {} response of {} is not a media type",
                    status.as_u16(),
                    subject.operation.id
                ),
                text.clone(),
            ),
            ContentType::Known(came) => (
                format!(
                    "{} is not declared for the {} response of {}",
                    came.essence(),
                    status.as_u16(),
                    subject.operation.id
                ),
                came.to_string(),
            ),
            ContentType::Absent => return,
        };
        let mut finding = subject
            .finding(&Self::RULE, message)
            .with_discriminator(format!("{} {}", status.as_str(), essence(subject)))
            .with_came(subject.came())
            .with_actual(actual);
        if let Some(declared) = subject.declared() {
            finding = finding
                .at(declared.address.join("content"))
                .with_expected(declared.content.names());
        } else {
            finding = finding
                .at(subject.operation.responses.address.clone())
                .with_expected("type/subtype");
        }
        findings.push(finding);
    }
}

/// What tells one wrong type from another without its parameters, which may differ each time.
fn essence(subject: &Subject<'_>) -> String {
    match subject.content_type() {
        ContentType::Known(came) => came.essence().to_string().to_lowercase(),
        ContentType::Malformed(_) => "malformed".to_owned(),
        ContentType::Absent => String::new(),
    }
}
