//! `added-parameter`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::Flow;

documented! {
    /// A parameter is new and optional, or no longer required.
    ///
    /// # What it checks
    ///
    /// Optional parameters that only the new document has, and those that were required and are optional now.
    ///
    /// # Why
    ///
    /// It belongs in a changelog. Nobody loses.
    ///
    /// # Not a finding when
    ///
    /// - it is required: `added-required-parameter`.
    pub AddedParameter = "added-parameter", Note;
}

impl ChangeRule for AddedParameter {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            for (old, new) in operation.parameters() {
                let Some(new) = new else { continue };
                let what = match old {
                    None if !new.required => "is new and optional",
                    Some(old) if old.required && !new.required => "is no longer required",
                    _ => continue,
                };
                changes.push(
                    Change::new(
                        &Self::RULE,
                        format!("{} parameter `{}` {what}", new.location, new.name),
                    )
                    .of(operation.id())
                    .in_flow(Flow::Request)
                    .with_place(format!("{} parameter `{}`", new.location, new.name))
                    .with_discriminator(format!("{} {}", new.location, new.name))
                    .at_old(old.map_or(&operation.old.address, |old| &old.address))
                    .at_new(&new.address),
                );
            }
        }
    }
}
