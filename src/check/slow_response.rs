//! `slow-response`

use super::{Check, Rule, Subject, documented};
use crate::{exchange::Body, finding::Finding};

documented! {
    /// A response took longer than the limit that was set.
    ///
    /// # What it holds
    ///
    /// From the first byte of the request to the last byte of the response no more time passes
    /// than configured. Without a configured limit nothing is held.
    ///
    /// # Why
    ///
    /// A response that comes after a client has given up did not come.
    ///
    /// # Not a finding when
    ///
    /// - no limit is set;
    /// - the time is not known, as in most recordings.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: Fine }
    /// settings: { slow-after-ms: 500 }
    /// response: { status: 200, elapsed-ms: 900 }
    /// ```
    pub SlowResponse = "slow-response", Error, [NotShrunk];
}

impl Check for SlowResponse {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        if matches!(subject.exchange.response.body, Body::Cut { .. }) {
            return true;
        }
        match (subject.slow_after, subject.exchange.response.elapsed) {
            (Some(limit), Some(elapsed)) => elapsed <= limit,
            _ => true,
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let (Some(limit), Some(elapsed)) = (subject.slow_after, subject.exchange.response.elapsed)
        else {
            return;
        };
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!("a response of {} was slow", subject.operation.id),
                )
                .at(subject.operation.address.clone())
                .with_expected(format!("at most {} ms", limit.as_millis()))
                .with_actual(format!("{} ms", elapsed.as_millis())),
        );
    }
}
