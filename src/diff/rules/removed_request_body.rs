//! `removed-request-body`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{Flow, operations::Role};

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
            if operation.role == Role::Called
                && let (Some(old), None) =
                    (&operation.old.request_body, &operation.new.request_body)
            {
                changes.push(
                    Change::new(&Self::RULE, "a request body is no longer declared")
                        .of(operation.id())
                        .in_flow(Flow::Request)
                        .with_place("request body")
                        .at_old(&old.address)
                        .at_new(&operation.new.address),
                );
            }
        }
    }
}
