//! `removed-request-body`

use super::{Change, ChangeRule, Rule, Subject, documented, of_request_body};
use crate::diff::operations::Role;

documented! {
    /// A request body is no longer declared.
    ///
    /// # What it checks
    ///
    /// An operation that had a request body still has one.
    ///
    /// # Why
    ///
    /// What clients send is ignored, or refused.
    ///
    /// # Not a finding when
    ///
    /// - the operation is called by the service: `added-required-body` tells when a body was always sent.
    pub RemovedRequestBody = "removed-request-body", Warning;
}

impl ChangeRule for RemovedRequestBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            let (old, new) = (&operation.old.request_body, &operation.new.request_body);
            if operation.role == Role::Called && old.is_some() && new.is_none() {
                let what = "a request body is no longer declared";
                changes.push(of_request_body(&Self::RULE, operation, what));
            }
        }
    }
}
