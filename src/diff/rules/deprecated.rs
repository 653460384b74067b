//! `deprecated`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::contract::Operation;

documented! {
    /// An operation or a parameter is deprecated, or is to go at a date.
    ///
    /// # What it checks
    ///
    /// `deprecated` that is new on an operation or a parameter, and `x-sunset` that is new or another.
    ///
    /// # Why
    ///
    /// Clients should know before it goes.
    ///
    /// # Not a finding when
    ///
    /// - it was deprecated before.
    pub Deprecated = "deprecated", Note;
}

impl ChangeRule for Deprecated {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            let (old, new) = (&operation.old, &operation.new);
            let change = |what: String| {
                Change::new(&Self::RULE, what)
                    .of(operation.id())
                    .at_old(&old.address)
                    .at_new(&new.address)
            };
            if new.deprecated && !old.deprecated {
                changes.push(change(format!("{} is deprecated", new.id)));
            }
            let sunset = |contract: &crate::contract::Contract, operation: &Operation| {
                contract
                    .document()
                    .get(&operation.address.join("x-sunset"))
                    .and_then(|value| value.as_str().map(str::to_owned))
            };
            let date = sunset(subject.new, new);
            if date != sunset(subject.old, old) {
                let what = date.map_or("the date of its end is taken back".to_owned(), |date| {
                    format!("it ends on {date}")
                });
                changes.push(change(what).with_discriminator("sunset"));
            }
            for (before, after) in operation.parameters() {
                if let Some(after) = after
                    && after.deprecated
                    && before.is_some_and(|before| !before.deprecated)
                {
                    changes.push(
                        change(format!(
                            "{} parameter `{}` is deprecated",
                            after.location, after.name
                        ))
                        .with_discriminator(format!("{} {}", after.location, after.name)),
                    );
                }
            }
        }
    }
}
