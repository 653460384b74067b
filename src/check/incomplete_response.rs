//! `incomplete-response`

use super::{Check, Rule, Subject, documented};
use crate::{
    exchange::{Body, CutReason},
    finding::Finding,
};

documented! {
    /// A response broke off before its end, or its coding could not be undone.
    ///
    /// # What it holds
    ///
    /// A response that has begun is sent to its end, framed as HTTP says, and its
    /// `Content-Encoding` is the coding it really has.
    ///
    /// # Why
    ///
    /// Half a response is worse than none: what came may even parse.
    ///
    /// # Not a finding when
    ///
    /// - the gate itself stopped reading (`limit-reached`);
    /// - a recorder kept only part of the body.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { text/plain: {} } }
    /// response: { status: 200, headers: { content-type: text/plain }, body: 'half of', cut: connection }
    /// ```
    pub IncompleteResponse = "incomplete-response", Error, [NotShrunk, OfFraming];
}

impl Check for IncompleteResponse {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        !matches!(
            subject.exchange.response.body,
            Body::Cut {
                reason: CutReason::Connection(_) | CutReason::Coding(_),
                ..
            }
        )
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Body::Cut { bytes, reason } = &subject.exchange.response.body else {
            return;
        };
        let (what, discriminator) = match reason {
            CutReason::Connection(why) => {
                (format!("{why}, after {} bytes", bytes.len()), "connection")
            }
            CutReason::Coding(why) => (why.clone(), "coding"),
            _ => return,
        };
        let status = subject.exchange.response.status;
        let expected = match subject.exchange.response.header("content-length") {
            Some(length) => format!("Content-Length: {length}"),
            None => "a complete response".to_owned(),
        };
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "a {} response of {} broke off",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected(expected)
                .with_actual(what)
                .with_discriminator(discriminator),
        );
    }
}
