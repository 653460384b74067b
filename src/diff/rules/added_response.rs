//! `added-response`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{Flow, positions::is_covered};

documented! {
    /// A status is declared that was not before.
    ///
    /// # What it checks
    ///
    /// Statuses that only the new document declares.
    ///
    /// # Why
    ///
    /// It belongs in a changelog. HTTP wants clients to treat a status that they do not know as the first of its
    /// class (RFC 9110 §15), so that nobody loses by the status alone.
    ///
    /// # Not a finding when
    ///
    /// - the old document declared its class or `default`: then its body and headers are compared with those.
    pub AddedResponse = "added-response", Note;
}

impl ChangeRule for AddedResponse {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            for response in &operation.new.responses.declared {
                if !is_covered(&operation.old.responses, response.key) {
                    changes.push(
                        Change::new(&Self::RULE, format!("response {} is new", response.key))
                            .of(operation.id())
                            .in_flow(Flow::Response)
                            .with_place(format!("response {}", response.key))
                            .with_discriminator(response.key.to_string())
                            .at_old(&operation.old.responses.address)
                            .at_new(&response.entry),
                    );
                }
            }
        }
    }
}
