//! `removed-parameter`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{contract::Location, diff::Flow};

documented! {
    /// A parameter is no longer declared.
    ///
    /// # What it checks
    ///
    /// Each parameter of the old operation, outside the path, is found in the new one, in the same place.
    ///
    /// # Why
    ///
    /// What clients ask for with it is no longer done, though most services ignore what they do not know.
    ///
    /// # Not a finding when
    ///
    /// - it is renamed in the path only.
    pub RemovedParameter = "removed-parameter", Warning;
}

impl ChangeRule for RemovedParameter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            for (old, new) in operation.parameters() {
                let (Some(old), None) = (old, new) else {
                    continue;
                };
                if old.location == Location::Path {
                    continue;
                }
                changes.push(
                    Change::new(
                        &Self::RULE,
                        format!(
                            "{} parameter `{}` is no longer declared",
                            old.location, old.name
                        ),
                    )
                    .of(operation.id())
                    .in_flow(Flow::Request)
                    .with_place(format!("{} parameter `{}`", old.location, old.name))
                    .at_old(&old.address)
                    .at_new(&operation.new.address),
                );
            }
        }
    }
}
