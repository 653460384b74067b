//! `limit-reached`

use super::{Check, Content, Rule, Subject, documented};
use crate::{
    exchange::{Body, CutReason},
    finding::{Finding, Remedy},
    wire::MalformedBody,
};

documented! {
    /// A response went on past a limit, and was cut off there.
    ///
    /// # What it holds
    ///
    /// A response ends, within the size and time that this run allows. The limits guard the gate
    /// against a response without end and against one that unpacks to more than memory holds. A JSON body
    /// is read up to a million values, and 127 levels deep.
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

/// The limit that kept the body from being read: what there is too much of, and how much is read.
fn unread(subject: &Subject<'_>) -> Option<(&'static str, usize)> {
    match subject.body() {
        Content::Malformed(MalformedBody::TooLarge { limit }) => Some(("values", *limit)),
        Content::Malformed(MalformedBody::TooDeep { limit }) => Some(("levels", *limit)),
        _ => None,
    }
}

impl Check for LimitReached {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let is_cut = matches!(
            subject.exchange.response.body,
            Body::Cut {
                reason: CutReason::Limit(_) | CutReason::Head(_) | CutReason::TimedOut,
                ..
            }
        );
        !is_cut && unread(subject).is_none()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let status = subject.exchange.response.status;
        let place = subject.response_address();
        if let Some((what, limit)) = unread(subject) {
            let message = format!(
                "the body of a {} response of {} is too large to be checked",
                status.as_u16(),
                subject.operation.id
            );
            findings.push(
                subject
                    .finding(&Self::RULE, message)
                    .at(place.clone())
                    .with_expected(format!("at most {limit} {what}"))
                    .with_actual("more")
                    .with_discriminator(what),
            );
            return;
        }
        let Body::Cut { bytes, reason } = &subject.exchange.response.body else {
            return;
        };
        let (expected, help) = match reason {
            CutReason::Limit(limit) => (format!("at most {limit} bytes"), Remedy::RaiseBodyLimit),
            CutReason::Head(limit) => (
                format!("header fields of at most {limit} bytes"),
                Remedy::RaiseHeaderLimit,
            ),
            CutReason::TimedOut => (
                "an end within the time allowed".to_owned(),
                Remedy::RaiseTimeout,
            ),
            _ => return,
        };
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
