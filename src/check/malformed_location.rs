//! `malformed-location`

use http::header::LOCATION;

use super::{Check, Rule, Subject, documented};
use crate::{finding::Finding, wire::http_syntax::is_uri_reference};

documented! {
    /// The `Location` field is not a URI reference.
    ///
    /// # What it holds
    ///
    /// `Location` holds one URI reference (RFC 9110 §10.2.2), absolute or relative.
    ///
    /// # Why
    ///
    /// Clients repair what they can, each in its own way, and go to different places.
    ///
    /// # Not a finding when
    ///
    /// - the reference is relative;
    /// - a recorder has replaced the value by a placeholder, or a part of it.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '201': { description: Made }
    /// response: { status: 201, headers: { location: 'over there <somewhere>' } }
    /// ```
    pub MalformedLocation = "malformed-location", Error;
}

impl Check for MalformedLocation {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        subject
            .exchange
            .response
            .headers
            .get_all(LOCATION)
            .iter()
            .all(|value| {
                value.to_str().is_ok_and(|text| {
                    is_uri_reference(text) || crate::exchange::holds_redaction(text)
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
            .get(LOCATION)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "Location in a {} response of {} is not a URI reference",
                        response.status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected("a URI reference (RFC 3986 §4.1)")
                .with_actual(came.unwrap_or_default())
                .with_discriminator(response.status.as_str()),
        );
    }
}
