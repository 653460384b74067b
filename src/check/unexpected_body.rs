//! `unexpected-body`

use http::{Method, StatusCode, header};

use super::{Check, Rule, Subject, documented};
use crate::finding::Finding;

documented! {
    /// A body came where HTTP allows none, or another length of it than `Content-Length` says.
    ///
    /// # What it holds
    ///
    /// Responses to HEAD and responses of status 1xx, 204 and 304 have no content (RFC 9110 §6.4.1,
    /// §9.3.2); where `Content-Length` is sent, that many bytes follow (RFC 9112 §6.3).
    ///
    /// # Why
    ///
    /// A client reads the surplus as the beginning of the next response, on a connection that
    /// others share: wrong data for somebody else, and a way to smuggle responses.
    ///
    /// # Not a finding when
    ///
    /// - a HEAD or 304 response carries the `Content-Length` that a GET would have had;
    /// - the length on the wire is not known: a recording keeps content with its codings undone.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '204': { description: Done }
    /// response: { status: 204, body: 'Done!' }
    /// ```
    pub UnexpectedBody = "unexpected-body", Error, [NotShrunk, OfFraming];
}

impl Check for UnexpectedBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        if forbids_body(subject) {
            !subject.has_body()
        } else {
            disagreement(subject).is_none()
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let response = &subject.exchange.response;
        let status = response.status.as_u16();
        let finding = if forbids_body(subject) {
            let method = &subject.exchange.request.method;
            let what = if method == Method::HEAD {
                "a response to HEAD".to_owned()
            } else {
                format!("a {status} response")
            };
            subject
                .finding(
                    &Self::RULE,
                    format!("{what} of {} has a body", subject.operation.id),
                )
                .with_expected("no body (RFC 9110 §6.4.1)")
                .with_actual(format!("{} bytes", response.body.bytes().len()))
                .with_discriminator(format!("{method} {status}"))
        } else {
            let Some((said, came)) = disagreement(subject) else {
                return;
            };
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "a {status} response of {} is not as long as it says",
                        subject.operation.id
                    ),
                )
                .with_expected(format!("Content-Length: {said}"))
                .with_actual(format!("{came} bytes"))
                .with_discriminator(format!("length {status}"))
        };
        let place = subject.response_address();
        findings.push(finding.at(place.clone()));
    }
}

/// Whether HTTP allows no content in this response.
pub(super) fn forbids_body(subject: &Subject<'_>) -> bool {
    let status = subject.exchange.response.status;
    subject.exchange.request.method == Method::HEAD
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED
}

/// What `Content-Length` says and what came, where both are known and differ.
fn disagreement(subject: &Subject<'_>) -> Option<(u64, u64)> {
    let response = &subject.exchange.response;
    let came = response.wire_length?;
    let said = response
        .headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    (said != came).then_some((said, came))
}
