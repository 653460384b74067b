//! `removed-sent-parameter`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{contract::Location, diff::Flow};

documented! {
    /// A webhook or a callback may come without a parameter that it always had.
    ///
    /// # What it checks
    ///
    /// A header, a cookie or a query parameter that the service always sent with a webhook or a callback, and that is
    /// optional now or gone.
    ///
    /// # Why
    ///
    /// Clients rely on what is promised: a signature, the kind of an event.
    ///
    /// # Not a finding when
    ///
    /// - it was optional;
    /// - clients send it: `added-required-parameter` and `removed-parameter`.
    pub RemovedSentParameter = "removed-sent-parameter", Error;
}

impl ChangeRule for RemovedSentParameter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.calling() {
            for (old, new) in operation.parameters() {
                let Some(old) = old.filter(|one| one.required && one.location != Location::Path)
                else {
                    continue;
                };
                if new.is_some_and(|new| new.required) {
                    continue;
                }
                let what = match new {
                    Some(_) => "was always sent and is optional",
                    None => "was always sent and is gone",
                };
                let parameter = format!("{} parameter `{}`", old.location, old.name);
                changes.push(
                    Change::new(&Self::RULE, format!("{parameter} {what}"))
                        .of(operation.id())
                        .in_flow(Flow::Request)
                        .with_place(parameter)
                        .with_discriminator(format!("{} {}", old.location, old.name))
                        .at_old(&old.address)
                        .at_new(new.map_or(&operation.new.address, |new| &new.address)),
                );
            }
        }
    }
}
