//! `removed-operation`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::operations::Role;

documented! {
    /// An operation is no longer there.
    ///
    /// # What it checks
    ///
    /// Each operation of the old document is found in the new one by its method and path, whatever its path
    /// parameters are called, or by its `operationId`. A webhook or callback counts too: its client waits for
    /// calls that no longer come.
    ///
    /// # Why
    ///
    /// Every client that calls it fails.
    ///
    /// # Not a finding when
    ///
    /// - only the names of path parameters differ.
    pub RemovedOperation = "removed-operation", Error;
}

impl ChangeRule for RemovedOperation {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for (operation, role) in &subject.removed {
            let what = match role {
                Role::Called => {
                    format!("{} {} is no longer there", operation.method, operation.path)
                }
                Role::Calling => format!("{} is no longer called", operation.id),
            };
            changes.push(
                Change::new(&Self::RULE, what)
                    .of(operation.id.as_str())
                    .at_old(&operation.address),
            );
        }
    }
}
