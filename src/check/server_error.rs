//! `server-error`

use http::StatusCode;

use super::{Check, Rule, Subject, documented};
use crate::finding::{Finding, Severity};

documented! {
    /// The service failed: it answered 500, or a 5xx that its operation does not declare.
    ///
    /// # What it holds
    ///
    /// No request makes the service fail. A 500 is a failure even where it is covered by `5XX` or
    /// `default`; only a 5xx that the operation declares by its own number is part of the contract.
    ///
    /// # Why
    ///
    /// A 5xx says that the fault is the service's own. A request that breaks the contract deserves
    /// a 4xx; one that obeys it deserves an answer.
    ///
    /// # Not a finding when
    ///
    /// - the operation declares that very status, 500 included;
    /// - the status is 501 to 599 and covered by `5XX` or `default`;
    /// - the response is 503 with `Retry-After`: the service asks for patience, which is a note.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   default: { description: Whatever else }
    /// response: { status: 500 }
    /// ```
    pub ServerError = "server-error", Error, 100;
}

impl Check for ServerError {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let status = subject.exchange.response.status;
        if !status.is_server_error() {
            return true;
        }
        match subject.declared().map(|declared| declared.key) {
            Some(crate::contract::StatusKey::Exact(_)) => true,
            Some(_) => status != StatusCode::INTERNAL_SERVER_ERROR,
            None => false,
        }
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let response = &subject.exchange.response;
        let patient = response.status == StatusCode::SERVICE_UNAVAILABLE
            && response.headers.contains_key(http::header::RETRY_AFTER);
        let severity = if patient {
            Severity::Note
        } else {
            Self::RULE.severity
        };
        findings.push(
            subject
                .finding_of(
                    &Self::RULE,
                    severity,
                    format!("{} answered {}", subject.operation.id, response.status),
                )
                .at(subject.operation.responses.address.clone())
                .with_expected("no server error")
                .with_actual(response.status.to_string())
                .with_discriminator(response.status.as_str())
                .with_help("look into the service's log for this request"),
        );
    }
}
