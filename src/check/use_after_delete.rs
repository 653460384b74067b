//! `use-after-delete`

use super::{
    Rule, documented,
    sequence::{SequenceCheck, Step, finding},
};
use crate::finding::Finding;

documented! {
    /// What was deleted is still there.
    ///
    /// # What it holds
    ///
    /// After a DELETE of one thing was answered with a 2xx, a safe request for that thing does not
    /// succeed.
    ///
    /// # Why
    ///
    /// Who deletes something wants it gone: data that stays after it was deleted leaks.
    ///
    /// # Not a finding when
    ///
    /// - the DELETE named a collection, not one thing;
    /// - the DELETE was answered with 202: it may still be under way;
    /// - the thing was made again in between;
    /// - the request is a DELETE again.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { post: /things, status: 201, made: /things/7 }
    /// - { delete: /things/7, status: 204 }
    /// - { get: /things/7, status: 200 }
    /// ```
    pub UseAfterDelete = "use-after-delete", Error, [Inferred];
}

impl SequenceCheck for UseAfterDelete {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        if !last.is_safe() || !last.status().is_success() {
            return None;
        }
        let path = last.path();
        let deleted = before.iter().rposition(|step| step.removed(path))?;
        if before[deleted..].iter().any(|step| step.made(path)) {
            return None;
        }
        let message = format!("{} shows what was deleted before", last.operation.id);
        let deletion = before[deleted].status();
        finding(&Self::RULE, steps, message).map(|finding| {
            finding
                .with_label(format!("after a DELETE was answered with {deletion}"))
                .with_expected("404 or 410")
                .with_discriminator("deleted")
        })
    }
}
