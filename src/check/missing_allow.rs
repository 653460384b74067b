//! `missing-allow`

use http::{StatusCode, header::ALLOW};

use super::{Check, Rule, Subject, documented};
use crate::finding::Finding;

documented! {
    /// A 405 came without the `Allow` field.
    ///
    /// # What it holds
    ///
    /// A 405 response names the methods that are allowed (RFC 9110 §15.5.6). An empty `Allow` is
    /// an answer too.
    ///
    /// # Why
    ///
    /// The field is what turns "no" into "like this".
    ///
    /// # Not a finding when
    ///
    /// - the status is any other.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '405': { description: Not like this }
    /// response: { status: 405 }
    /// ```
    pub MissingAllow = "missing-allow", Error, [OfOtherMethods];
}

impl Check for MissingAllow {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let response = &subject.exchange.response;
        response.status != StatusCode::METHOD_NOT_ALLOWED || response.headers.contains_key(ALLOW)
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
                        "a 405 response of {} has no Allow field",
                        subject.operation.id
                    ),
                )
                .at(subject.operation.address.clone())
                .with_expected("Allow, as RFC 9110 §15.5.6 demands")
                .with_actual("none"),
        );
    }
}
