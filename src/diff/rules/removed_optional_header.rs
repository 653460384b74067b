//! `removed-optional-header`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{Flow, positions::responses};

documented! {
    /// A response header that could come is no longer declared.
    ///
    /// # What it checks
    ///
    /// Each optional header of an old response is declared in the new one.
    ///
    /// # Why
    ///
    /// Clients that use it where it is there may wait in vain.
    ///
    /// # Not a finding when
    ///
    /// - it was required: `removed-response-header`.
    pub RemovedOptionalHeader = "removed-optional-header", Warning;
}

impl ChangeRule for RemovedOptionalHeader {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in subject.called() {
            for (old, new) in responses(operation) {
                for header in old.headers.iter().filter(|header| !header.required) {
                    let is_there = new
                        .headers
                        .iter()
                        .any(|other| other.name.eq_ignore_ascii_case(&header.name));
                    if is_there {
                        continue;
                    }
                    changes.push(
                        Change::new(
                            &Self::RULE,
                            format!(
                                "header {} of response {} is no longer declared",
                                header.name, old.key
                            ),
                        )
                        .of(operation.id())
                        .in_flow(Flow::Response)
                        .with_place(format!("header {} of response {}", header.name, old.key))
                        .with_discriminator(header.name.to_ascii_lowercase())
                        .at_old(&header.address)
                        .at_new(&new.address),
                    );
                }
            }
        }
    }
}
