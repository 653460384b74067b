//! `removed-error-response`

use super::{Change, ChangeRule, Rule, Subject, documented};
use crate::diff::{
    Flow,
    positions::{is_covered, is_success},
};

documented! {
    /// A status that tells an error is no longer declared.
    ///
    /// # What it checks
    ///
    /// Each other status of an old operation, `default` included, is declared by the new one.
    ///
    /// # Why
    ///
    /// Clients that tell errors apart by it do so in vain; most handle any error.
    ///
    /// # Not a finding when
    ///
    /// - its class or `default` is declared.
    pub RemovedErrorResponse = "removed-error-response", Warning;
}

impl ChangeRule for RemovedErrorResponse {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn look(&self, subject: &Subject<'_>, changes: &mut Vec<Change>) {
        for operation in &subject.matched {
            for response in &operation.old.responses.declared {
                if !is_success(response.key) && !is_covered(&operation.new.responses, response.key)
                {
                    changes.push(
                        Change::new(
                            &Self::RULE,
                            format!("response {} is no longer declared", response.key),
                        )
                        .of(operation.id())
                        .in_flow(Flow::Response)
                        .with_place(format!("response {}", response.key))
                        .with_discriminator(response.key.to_string())
                        .at_old(&response.entry)
                        .at_new(&operation.new.responses.address),
                    );
                }
            }
        }
    }
}
