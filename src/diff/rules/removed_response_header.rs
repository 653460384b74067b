//! `removed-response-header`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{Flow, positions::responses};

documented! {
    /// A response header that always came may be missing.
    ///
    /// # What it checks
    ///
    /// Each required header of an old response is required in the new one.
    ///
    /// # Why
    ///
    /// Clients rely on what is promised: a `Location`, a cursor.
    ///
    /// # Not a finding when
    ///
    /// - it was optional: `removed-optional-header`.
    pub RemovedResponseHeader = "removed-response-header", Error;
}

impl ChangeRule for RemovedResponseHeader {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            for (old, new) in responses(operation) {
                for header in old.headers.iter().filter(|header| header.required) {
                    let other = new
                        .headers
                        .iter()
                        .find(|other| other.name.eq_ignore_ascii_case(&header.name));
                    if other.is_some_and(|other| other.required) {
                        continue;
                    }
                    let what = if other.is_some() {
                        "is optional"
                    } else {
                        "is no longer declared"
                    };
                    changes.push(
                        Change::new(
                            &Self::RULE,
                            format!("header {} of response {} {what}", header.name, old.key),
                        )
                        .of(operation.id())
                        .in_flow(Flow::Response)
                        .with_place(format!("header {} of response {}", header.name, old.key))
                        .with_status(old.key)
                        .with_discriminator(header.name.to_ascii_lowercase())
                        .at_old(&header.address)
                        .at_new(other.map_or(&new.address, |other| &other.address)),
                    );
                }
            }
        }
    }
}
