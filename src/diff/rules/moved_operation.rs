//! `moved-operation`

use super::{Change, ChangeRule, Rule, Subject, documented};

documented! {
    /// An operation is found at another path or method.
    ///
    /// # What it checks
    ///
    /// An operation whose method and path are no longer there, but whose `operationId` is.
    ///
    /// # Why
    ///
    /// Clients call the old address. Its other changes are told as well, as for an operation that stayed.
    ///
    /// # Not a finding when
    ///
    /// - the old method and path are still declared, by whatever id.
    pub MovedOperation = "moved-operation", Error;
}

impl ChangeRule for MovedOperation {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for (old, new) in &subject.moved {
            let what = format!(
                "{} moved from {} {} to {} {}",
                old.id, old.method, old.path, new.method, new.path
            );
            changes.push(
                Change::new(&Self::RULE, what)
                    .of(old.id.as_str())
                    .at_old(&old.address)
                    .at_new(&new.address),
            );
        }
    }
}
