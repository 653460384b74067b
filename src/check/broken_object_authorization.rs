//! `broken-object-authorization`

use super::{
    Rule, documented,
    sequence::{SequenceCheck, Step, finding, is_at_or_below},
};
use crate::finding::Finding;

documented! {
    /// One user reads or changes what belongs to another.
    ///
    /// # What it holds
    ///
    /// What one credential made, a second one that is configured neither reads nor changes nor deletes.
    ///
    /// # Why
    ///
    /// A service that asks who is there, and not whose it is, gives everybody's data to everybody. It is
    /// the first entry of OWASP's list of API risks.
    ///
    /// # Not a finding when
    ///
    /// - no second credential is configured;
    /// - the operation, or the one that made the thing, needs no credential;
    /// - the thing was deleted before.
    ///
    /// Configure as second credential one that must not see what the first made: a user of another
    /// account.
    ///
    /// # Example
    ///
    /// ```yaml
    /// security: [{ token: [] }]
    /// steps:
    /// - { post: /things, status: 201, made: /things/7 }
    /// - { get: /things/7, by: other, status: 200 }
    /// ```
    pub BrokenObjectAuthorization = "broken-object-authorization", Error;
}

impl SequenceCheck for BrokenObjectAuthorization {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        let is_refused = !last.status().is_success();
        if last.asker.is_empty() || is_refused || !last.operation.requires_credential() {
            return None;
        }
        let path = last.path();
        let made = before.iter().rposition(|step| {
            let is_above = |made: &String| is_at_or_below(path, made.trim_end_matches('/'));
            step.asker.is_empty()
                && step.status().is_success()
                && step.operation.requires_credential()
                && step.made.as_ref().is_some_and(is_above)
        })?;
        if before[made + 1..]
            .iter()
            .any(|step| step.may_have_removed(path))
        {
            return None;
        }
        let does = match last.exchange.request.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" => "shows",
            "DELETE" => "deletes",
            _ => "changes",
        };
        let message = format!(
            "{} {does} for `{}` what another made",
            last.operation.id, last.asker
        );
        finding(&Self::RULE, steps, message).map(|finding| {
            finding
                .with_label(format!("{} made it for another", before[made].operation.id))
                .with_expected("401, 403 or 404")
                .with_discriminator(does)
        })
    }
}
