//! `removed-security`

use super::{Change, ChangeRule, Rule, Subject, documented};

documented! {
    /// An operation needs no credential any more.
    ///
    /// # What it checks
    ///
    /// An operation that needed a credential and now needs none.
    ///
    /// # Why
    ///
    /// No client loses; it may still be a mistake.
    ///
    /// # Not a finding when
    ///
    /// - a credential is still one of the alternatives that are needed.
    pub RemovedSecurity = "removed-security", Note;
}

impl ChangeRule for RemovedSecurity {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            if operation.old.requires_credential() && !operation.new.requires_credential() {
                changes.push(
                    Change::new(&Self::RULE, "no credential is needed any more")
                        .of(operation.id())
                        .with_place("security")
                        .at_old(&operation.old.address)
                        .at_new(&operation.new.address),
                );
            }
        }
    }
}
