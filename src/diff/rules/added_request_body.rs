//! `added-request-body`

use super::{Change, ChangeRule, Rule, Subject, documented, of_request_body};

documented! {
    /// A request body may be sent that could not, or may be left out.
    ///
    /// # What it checks
    ///
    /// A request body that is new and optional, or was required and is optional now.
    ///
    /// # Why
    ///
    /// It belongs in a changelog. Nobody loses.
    ///
    /// # Not a finding when
    ///
    /// - it is required: `added-required-body`.
    pub AddedRequestBody = "added-request-body", Note;
}

impl ChangeRule for AddedRequestBody {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            let (old, new) = (&operation.old.request_body, &operation.new.request_body);
            if new.as_ref().is_none_or(|new| new.required) {
                continue;
            }
            let what = match old {
                None => "a request body may be sent",
                Some(old) if old.required => "the request body may be left out",
                Some(_) => continue,
            };
            changes.push(of_request_body(&Self::RULE, operation, what));
        }
    }
}
