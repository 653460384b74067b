//! `undeclared-status`

use http::StatusCode;

use super::{Breach, Check, Intent, Rule, Subject, documented};
use crate::{
    contract::Operation,
    finding::{Finding, Severity},
};

documented! {
    /// A response came with a status that its operation does not declare.
    ///
    /// # What it holds
    ///
    /// An operation declares the status of every response it gives: exactly (`404`), by class
    /// (`4XX`, with a capital X), or with `default` for the rest.
    ///
    /// # Why
    ///
    /// A client generated from the document has no branch for a status that is not in it. What
    /// comes then is an exception in somebody else's program.
    ///
    /// # Not a finding when
    ///
    /// - the status is declared by class, or the operation has a `default` response;
    /// - the status is a 5xx: that is `server-error`;
    /// - it is a 415 to a media type that is not declared, or a 400 to text that is not of its media type:
    ///   both are HTTP's own (RFC 9110 §15.5.1, §15.5.16), and are notes;
    /// - the response is 429, which speaks of load, not of the contract, and is a note.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '200': { description: It is there }
    /// response: { status: 418 }
    /// ```
    pub UndeclaredStatus = "undeclared-status", Error, [OfStatus];
}

impl Check for UndeclaredStatus {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        subject.declared().is_some() || subject.exchange.response.status.is_server_error()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let response = &subject.exchange.response;
        let status = response.status;
        let severity = if status == StatusCode::TOO_MANY_REQUESTS || is_of_http(subject) {
            Severity::Note
        } else {
            Self::RULE.severity
        };
        let operation = subject.operation;
        let mut finding = subject
            .finding_of(
                &Self::RULE,
                severity,
                format!(
                    "{} is not a declared response of {}",
                    status.as_u16(),
                    operation.id
                ),
            )
            .at(operation.responses.address.clone())
            .with_label(declares(operation))
            .with_expected(declared_list(operation))
            .with_actual(shown(subject))
            .with_came(subject.came())
            .with_discriminator(status.as_str());
        if let Some(key) = speaks_of(operation, status) {
            finding = finding.with_help(format!(
                "the description of {key} speaks of a {}: declare it as a response of its own",
                status.as_u16()
            ));
        } else {
            finding = finding.with_help(format!(
                "declare {} (or a range, or `default`) under `responses`, or stop sending it",
                status.as_u16()
            ));
        }
        findings.push(finding);
    }
}

/// Whether the request was refused before anybody looked at what the operation wants.
fn is_of_http(subject: &Subject<'_>) -> bool {
    let is_refusal = [StatusCode::BAD_REQUEST, StatusCode::UNSUPPORTED_MEDIA_TYPE]
        .contains(&subject.exchange.response.status);
    is_refusal && subject.intent == Intent::Break && subject.breaks.is_none_or(Breach::is_of_bytes)
}

fn declared_list(operation: &Operation) -> String {
    let keys: Vec<_> = operation
        .responses
        .declared
        .iter()
        .map(|response| response.key.to_string())
        .collect();
    if keys.is_empty() {
        "no response is declared".to_owned()
    } else {
        keys.join(", ")
    }
}

fn declares(operation: &Operation) -> String {
    if operation.responses.declared.is_empty() {
        "declares no response".to_owned()
    } else {
        format!("declares {}", declared_list(operation))
    }
}

/// The status with the header fields that tell most about it.
fn shown(subject: &Subject<'_>) -> String {
    let response = &subject.exchange.response;
    let mut shown = response.status.to_string();
    for name in ["Location", "Retry-After", "Content-Type"] {
        if let Some(value) = response.header(name) {
            shown.push_str(", ");
            shown.push_str(name);
            shown.push_str(": ");
            shown.push_str(value);
        }
    }
    shown
}

/// The declared response whose description names the status, such as a 200 that speaks of a 202.
fn speaks_of(operation: &Operation, status: StatusCode) -> Option<String> {
    operation
        .responses
        .declared
        .iter()
        .find(|response| {
            response
                .description
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|word| word == status.as_str())
        })
        .map(|response| response.key.to_string())
}
