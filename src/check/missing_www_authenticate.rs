//! `missing-www-authenticate`

use http::{StatusCode, header::WWW_AUTHENTICATE};

use super::{Check, Rule, Subject, documented};
use crate::finding::Finding;

documented! {
    /// A 401 came without the `WWW-Authenticate` field.
    ///
    /// # What it holds
    ///
    /// A 401 response carries at least one challenge (RFC 9110 §15.5.2).
    ///
    /// # Why
    ///
    /// The standard demands it. Few services send it, and clients that are configured once do not
    /// miss it: therefore a note.
    ///
    /// # Not a finding when
    ///
    /// - the status is any other.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '401': { description: Who are you }
    /// response: { status: 401 }
    /// ```
    pub MissingWwwAuthenticate = "missing-www-authenticate", Note;
}

impl Check for MissingWwwAuthenticate {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let response = &subject.exchange.response;
        response.status != StatusCode::UNAUTHORIZED
            || response.headers.contains_key(WWW_AUTHENTICATE)
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "a 401 response of {} has no WWW-Authenticate field",
                        subject.operation.id
                    ),
                )
                .at(subject.operation.address.clone())
                .with_expected("WWW-Authenticate, as RFC 9110 §15.5.2 demands")
                .with_actual("none"),
        );
    }
}
