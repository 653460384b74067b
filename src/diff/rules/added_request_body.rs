//! `added-request-body`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::Flow;

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
            let Some(new) = new.as_ref().filter(|new| !new.required) else {
                continue;
            };
            let what = match old {
                None => "a request body may be sent",
                Some(old) if old.required => "the request body may be left out",
                Some(_) => continue,
            };
            changes.push(
                Change::new(&Self::RULE, what)
                    .of(operation.id())
                    .in_flow(Flow::Request)
                    .with_place("request body")
                    .at_old(
                        old.as_ref()
                            .map_or(&operation.old.address, |one| &one.address),
                    )
                    .at_new(&new.address),
            );
        }
    }
}
