//! `added-required-body`

use super::{Change, ChangeRule, Rule, Subject, documented, is_required, of_request_body};

documented! {
    /// A request body is required that clients need not send.
    ///
    /// # What it checks
    ///
    /// A request body that is new and required, or was optional and is now required.
    ///
    /// # Why
    ///
    /// Requests that were complete are refused.
    ///
    /// # Not a finding when
    ///
    /// - it is optional;
    /// - the service itself sends it, with a webhook or a callback.
    pub AddedRequiredBody = "added-required-body", Error;
}

impl ChangeRule for AddedRequiredBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            if is_required(&operation.new) && !is_required(&operation.old) {
                let what = "a request body is now required";
                changes.push(of_request_body(&Self::RULE, operation, what));
            }
        }
    }
}
