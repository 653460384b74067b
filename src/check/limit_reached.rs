//! `limit-reached`

use super::{Check, Rule, Subject, documented};
use crate::{
    exchange::{Body, CutReason},
    finding::Finding,
};

documented! {
    /// A response went on past a limit, and was cut off there.
    ///
    /// # What it holds
    ///
    /// A response ends, within the size and time that this run allows. The limits guard the gate
    /// against a response without end and against one that unpacks to more than memory holds.
    ///
    /// # Why
    ///
    /// What fills the gate's memory fills a client's.
    ///
    /// # Not a finding when
    ///
    /// - the response ended by itself, at whatever size below the limit.
    ///
    /// Raise the limit where a service is meant to send more.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine, content: { text/plain: {} } }
    /// response: { status: 200, headers: { content-type: text/plain }, body: 'la la la', cut: limit }
    /// ```
    pub LimitReached = "limit-reached", Error, [NotShrunk];
}

impl Check for LimitReached {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        !matches!(
            subject.exchange.response.body,
            Body::Cut {
                reason: CutReason::Limit(_) | CutReason::Head(_) | CutReason::TimedOut,
                ..
            }
        )
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Body::Cut { bytes, reason } = &subject.exchange.response.body else {
            return;
        };
        let (expected, help) = match reason {
            CutReason::Limit(limit) => (
                format!("at most {limit} bytes"),
                "raise the limit with --max-body if the service is meant to send this much",
            ),
            CutReason::Head(limit) => (
                format!("header fields of at most {limit} bytes"),
                "raise the limit with --max-headers if the service is meant to send this much",
            ),
            CutReason::TimedOut => (
                "an end within the time allowed".to_owned(),
                "raise the limit with --timeout if the service is meant to take this long",
            ),
            _ => return,
        };
        let status = subject.exchange.response.status;
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "a {} response of {} did not end within its limit",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected(expected)
                .with_actual(match reason {
                    CutReason::Head(_) => "more".to_owned(),
                    _ => format!("no end after {} bytes", bytes.len()),
                })
                .with_discriminator(match reason {
                    CutReason::TimedOut => "time",
                    CutReason::Head(_) => "head",
                    _ => "size",
                })
                .with_help(help),
        );
    }
}
