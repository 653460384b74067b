//! `added-required-parameter`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::Location,
    diff::{Flow, Shown, evidence, operations::Role},
};

documented! {
    /// A parameter is required that clients do not send.
    ///
    /// # What it checks
    ///
    /// A parameter that is new and required, or was optional and is now required. For a webhook or callback the other
    /// way round: a parameter that clients rely on became optional or is no longer sent.
    ///
    /// # Why
    ///
    /// Requests that were complete are refused.
    ///
    /// # Not a finding when
    ///
    /// - the parameter is optional: `added-parameter`;
    /// - it stands in the path: that is another path.
    pub AddedRequiredParameter = "added-required-parameter", Error;
}

impl ChangeRule for AddedRequiredParameter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            for (old, new) in operation.parameters() {
                let (before, after) = match operation.role {
                    Role::Called => (old, new),
                    Role::Calling => (new, old),
                };
                let Some(after) =
                    after.filter(|one| one.required && one.location != Location::Path)
                else {
                    continue;
                };
                if before.is_some_and(|before| before.required) {
                    continue;
                }
                let what = match (operation.role, before.is_some()) {
                    (Role::Called, false) => "is new and required",
                    (Role::Called, true) => "was optional and is required",
                    (Role::Calling, true) => "was always sent and is optional",
                    (Role::Calling, false) => "was always sent and is gone",
                };
                let mut change = Change::new(
                    &Self::RULE,
                    format!("{} parameter `{}` {what}", after.location, after.name),
                )
                .of(operation.id())
                .in_flow(Flow::Request)
                .with_place(format!("{} parameter `{}`", after.location, after.name))
                .with_discriminator(format!("{} {}", after.location, after.name));
                change = match old {
                    Some(old) => change.at_old(&old.address),
                    None => change.at_old(&operation.old.address),
                };
                change = match new {
                    Some(new) => change.at_new(&new.address),
                    None => change.at_new(&operation.new.address),
                };
                if operation.role == Role::Called {
                    change.shown = evidence::line(&operation.old, None, None).map(Shown::Request);
                }
                changes.push(change);
            }
        }
    }
}
