//! `missing-location`

use http::{StatusCode, header::LOCATION};

use super::{Check, Rule, Subject, documented};
use crate::finding::Finding;

documented! {
    /// A redirect came without the `Location` field.
    ///
    /// # What it holds
    ///
    /// A 301, 302, 303, 307 or 308 says where to go (RFC 9110 §15.4).
    ///
    /// # Why
    ///
    /// A client that follows redirects has nowhere to go.
    ///
    /// # Not a finding when
    ///
    /// - the status is 300, 304 or another 3xx that does not redirect by itself.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '302': { description: Over there }
    /// response: { status: 302 }
    /// ```
    pub MissingLocation = "missing-location", Error;
}

impl Check for MissingLocation {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let response = &subject.exchange.response;
        !redirects(response.status) || response.headers.contains_key(LOCATION)
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let status = subject.exchange.response.status;
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "a {} response of {} has no Location field",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected("Location, as RFC 9110 §15.4 demands")
                .with_actual("none")
                .with_discriminator(status.as_str()),
        );
    }
}

/// Whether the status tells a client to go elsewhere by itself.
fn redirects(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
