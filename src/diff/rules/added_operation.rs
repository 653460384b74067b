//! `added-operation`

use super::{Change, ChangeRule, Rule, Subject, documented};

documented! {
    /// An operation is new.
    ///
    /// # What it checks
    ///
    /// Each operation of the new document that the old one does not have.
    ///
    /// # Why
    ///
    /// It belongs in a changelog. Nobody loses.
    ///
    /// # Not a finding when
    ///
    /// - it was there under another path or method: `moved-operation`.
    pub AddedOperation = "added-operation", Note;
}

impl ChangeRule for AddedOperation {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for (operation, _) in &subject.added {
            changes.push(
                Change::new(
                    &Self::RULE,
                    format!("{} {} is new", operation.method, operation.path),
                )
                .of(operation.id.as_str())
                .at_new(&operation.address),
            );
        }
    }
}
