//! `no-error-response`

use super::{Finding, Lint, Rule, Subject, documented, finding};
use crate::contract::StatusKey;

documented! {
    /// An operation declares no error at all.
    ///
    /// # What it holds
    ///
    /// Each operation declares at least one response of class 4 or 5, or `default`.
    ///
    /// # Why
    ///
    /// Every operation can fail, if only because it was asked wrongly; a client has to know how that
    /// looks.
    ///
    /// # Not a finding when
    ///
    /// - the operation takes nothing and needs no credential.
    pub NoErrorResponse = "no-error-response", Note;
}

impl Lint for NoErrorResponse {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        for operation in subject.contract.operations() {
            let takes_nothing = operation.parameters.is_empty()
                && operation.request_body.is_none()
                && operation.security.is_empty();
            let has_error =
                operation
                    .responses
                    .declared
                    .iter()
                    .any(|response| match response.key {
                        StatusKey::Exact(status) => {
                            status.is_client_error() || status.is_server_error()
                        }
                        StatusKey::Range(class) => class >= 4,
                        StatusKey::Default => true,
                    });
            if !takes_nothing && !has_error {
                findings.push(
                    finding(&Self::RULE, format!("{} declares no error", operation.id))
                        .with_operation(operation.id.as_str())
                        .at(operation.responses.address.clone()),
                );
            }
        }
    }
}
