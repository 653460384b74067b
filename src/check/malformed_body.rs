//! `malformed-body`

use super::{Check, Content, Rule, Subject, documented};
use crate::{finding::Finding, wire};

documented! {
    /// A body does not parse as its own content type says, its charset included.
    ///
    /// # What it holds
    ///
    /// A body of type `application/json` (or `…+json`) is JSON as RFC 8259 has it, read strictly:
    /// `NaN` and `Infinity` are no JSON, a property stands once in its object, nothing follows the
    /// value. A text is in the charset it names. A form, a list of JSON lines, are what they say.
    ///
    /// # Why
    ///
    /// Lenient parsers differ in what they forgive. Two clients read two different things from
    /// one duplicated key.
    ///
    /// # Not a finding when
    ///
    /// - the body was cut by our own limit (`limit-reached`) or broke off (`incomplete-response`);
    /// - the body was not recorded;
    /// - the content type is one that is not parsed (`unchecked-body`, a note).
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { application/json: {} } }
    /// response: { status: 200, headers: { content-type: application/json }, body: '{"a": NaN}' }
    /// ```
    pub MalformedBody = "malformed-body", Error;
}

/// What was not read to its end may be well formed: that is `limit-reached`.
fn is_too_large(malformed: &wire::MalformedBody) -> bool {
    matches!(
        malformed,
        wire::MalformedBody::TooLarge { .. } | wire::MalformedBody::TooDeep { .. }
    )
}

impl Check for MalformedBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        super::unexpected_body::forbids_body(subject)
            || subject.tape().is_some()
            || !matches!(subject.body(), Content::Malformed(malformed) if !is_too_large(malformed))
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Content::Malformed(malformed) = subject.body() else {
            return;
        };
        let status = subject.exchange.response.status;
        let content_type = subject
            .exchange
            .response
            .header("content-type")
            .unwrap_or("its content type");
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "the body of a {} response of {} is not {content_type}",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected(content_type)
                .with_actual(malformed.to_string())
                .with_discriminator(status.as_str()),
        );
    }
}
