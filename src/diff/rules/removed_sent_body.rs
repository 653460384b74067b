//! `removed-sent-body`

use super::{Change, ChangeRule, Rule, Subject, documented, is_required, of_request_body};

documented! {
    /// A webhook or a callback may come without the body that it always had.
    ///
    /// # What it checks
    ///
    /// A request body that the service always sent with a webhook or a callback, and that is optional now or gone.
    ///
    /// # Why
    ///
    /// Clients read what was promised to them.
    ///
    /// # Not a finding when
    ///
    /// - it was optional;
    /// - clients send it: `added-required-body` and `removed-request-body`.
    pub RemovedSentBody = "removed-sent-body", Error;
}

impl ChangeRule for RemovedSentBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.calling() {
            if is_required(&operation.old) && !is_required(&operation.new) {
                let what = "a request body was always sent and is no longer";
                changes.push(of_request_body(&Self::RULE, operation, what));
            }
        }
    }
}
