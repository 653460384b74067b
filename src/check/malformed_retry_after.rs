//! `malformed-retry-after`

use http::header::RETRY_AFTER;

use super::{Check, Rule, Subject, documented};
use crate::{finding::Finding, wire::http_syntax::RetryAfter};

documented! {
    /// The `Retry-After` field is neither a number of seconds nor an HTTP date.
    ///
    /// # What it holds
    ///
    /// `Retry-After` is a non-negative number of seconds or an HTTP date (RFC 9110 §10.2.3).
    ///
    /// # Why
    ///
    /// A client that cannot read it retries at once, when the service asked for patience.
    ///
    /// # Not a finding when
    ///
    /// - the date is in the past: that means now.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '202': { description: Soon }
    /// response: { status: 202, headers: { retry-after: soon } }
    /// ```
    pub MalformedRetryAfter = "malformed-retry-after", Error;
}

impl Check for MalformedRetryAfter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        subject
            .exchange
            .response
            .headers
            .get_all(RETRY_AFTER)
            .iter()
            .all(|value| {
                value.to_str().is_ok_and(|text| {
                    RetryAfter::parse(text).is_some() || crate::exchange::holds_redaction(text)
                })
            })
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let response = &subject.exchange.response;
        let came = response
            .headers
            .get(RETRY_AFTER)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "Retry-After in a {} response of {} cannot be read",
                        response.status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected("seconds, or an HTTP date (RFC 9110 §10.2.3)")
                .with_actual(came.unwrap_or_default())
                .with_discriminator(response.status.as_str()),
        );
    }
}
