//! `added-required-parameter`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::Location,
    diff::{Flow, Shown, evidence},
};

documented! {
    /// A parameter is required that clients do not send.
    ///
    /// # What it checks
    ///
    /// A parameter that is new and required, or was optional and is now required.
    ///
    /// # Why
    ///
    /// Requests that were complete are refused.
    ///
    /// # Not a finding when
    ///
    /// - the parameter is optional: `added-parameter`;
    /// - the service itself sends it, with a webhook or a callback;
    /// - it stands in the path: that is another path.
    pub AddedRequiredParameter = "added-required-parameter", Error;
}

impl ChangeRule for AddedRequiredParameter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            for (old, new) in operation.parameters() {
                let Some(new) = new.filter(|one| one.required && one.location != Location::Path)
                else {
                    continue;
                };
                if old.is_some_and(|old| old.required) {
                    continue;
                }
                let what = match old {
                    None => "is new and required",
                    Some(_) => "was optional and is required",
                };
                let parameter = format!("{} parameter `{}`", new.location, new.name);
                let mut change = Change::new(&Self::RULE, format!("{parameter} {what}"))
                    .of(operation.id())
                    .in_flow(Flow::Request)
                    .with_place(parameter)
                    .with_discriminator(format!("{} {}", new.location, new.name))
                    .at_old(old.map_or(&operation.old.address, |old| &old.address))
                    .at_new(&new.address);
                change.shown =
                    evidence::line(&operation.old, operation.role, None, None).map(Shown::Request);
                changes.push(change);
            }
        }
    }
}
