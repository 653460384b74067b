//! `removed-error-response`

use super::{Change, ChangeRule, Rule, Subject, documented, removed_response::no_longer_declared};
use crate::diff::positions::is_success;

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
        no_longer_declared(&Self::RULE, subject, |key| !is_success(key), changes);
    }
}
