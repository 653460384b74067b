//! `added-required-body`

use super::{Change, ChangeRule, Rule, Subject, documented, of_request_body};
use crate::{contract::RequestBody, diff::operations::Role};

documented! {
    /// A request body is required that clients need not send.
    ///
    /// # What it checks
    ///
    /// A request body that is new and required, or was optional and is now required. For a webhook or callback the
    /// other way round.
    ///
    /// # Why
    ///
    /// Requests that were complete are refused.
    ///
    /// # Not a finding when
    ///
    /// - it is optional.
    pub AddedRequiredBody = "added-required-body", Error;
}

impl ChangeRule for AddedRequiredBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            let (old, new) = (&operation.old.request_body, &operation.new.request_body);
            let (before, after) = match operation.role {
                Role::Called => (old, new),
                Role::Calling => (new, old),
            };
            let is_required =
                |body: &Option<RequestBody>| body.as_ref().is_some_and(|body| body.required);
            if !is_required(after) || is_required(before) {
                continue;
            }
            let what = match operation.role {
                Role::Called => "a request body is now required",
                Role::Calling => "a request body was always sent and is no longer",
            };
            changes.push(of_request_body(&Self::RULE, operation, what));
        }
    }
}
