//! `removed-response`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::{
    contract::StatusKey,
    diff::{
        Flow,
        positions::{is_covered, is_success},
    },
};

documented! {
    /// A status of success is no longer declared.
    ///
    /// # What it checks
    ///
    /// Each status of success (2xx, 3xx) of an old operation is declared by the new one: by itself, by its class or by
    /// `default`. For a webhook or callback: a status with which a client answers and that the service no longer knows.
    ///
    /// # Why
    ///
    /// A client that waits for 201 gets something else.
    ///
    /// # Not a finding when
    ///
    /// - the status tells an error: `removed-error-response`.
    pub RemovedResponse = "removed-response", Error;
}

impl ChangeRule for RemovedResponse {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        no_longer_declared(&Self::RULE, subject, is_success, changes);
    }
}

/// A change of this rule for each status, of those that are `wanted`, that only the old document declares.
pub(super) fn no_longer_declared(
    rule: &Rule,
    subject: &Subject<'_>,
    wanted: impl Fn(StatusKey) -> bool,
    changes: &mut Vec<Change>,
) {
    for operation in &subject.matched {
        let (old, new) = (&operation.old.responses, &operation.new.responses);
        for response in &old.declared {
            if !wanted(response.key) || is_covered(new, response.key) {
                continue;
            }
            changes.push(
                Change::new(
                    rule,
                    format!("response {} is no longer declared", response.key),
                )
                .of(operation.id())
                .in_flow(Flow::Response)
                .with_place(format!("response {}", response.key))
                .with_status(response.key)
                .with_discriminator(response.key.to_string())
                .at_old(&response.entry)
                .at_new(&new.address),
            );
        }
    }
}
