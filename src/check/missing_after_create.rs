//! `missing-after-create`

use http::StatusCode;

use super::{
    Rule, documented,
    sequence::{SequenceCheck, Step, finding},
};
use crate::finding::Finding;

documented! {
    /// What was made a moment ago is not there.
    ///
    /// # What it holds
    ///
    /// After a request that makes something was answered with a 2xx, a safe request for what its
    /// response names, or a link leads to, is not answered with 404 or 410.
    ///
    /// # Why
    ///
    /// A service that says 201 and forgets loses data.
    ///
    /// # Not a finding when
    ///
    /// - the thing, or what it is a part of, was deleted in between;
    /// - it was changed in between, which may have given it another name;
    /// - it was answered with 202: it may still be under way;
    /// - some other parameter of the request was made up;
    /// - somebody else asks, who may not see it;
    /// - the same request succeeds at once when it is sent again: that is `unstable-read`.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { post: /things, status: 201, made: /things/7 }
    /// - { get: /things/7, status: 404 }
    /// - { get: /things/7, status: 404 }
    /// ```
    pub MissingAfterCreate = "missing-after-create", Error, [Inferred];
}

impl SequenceCheck for MissingAfterCreate {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let [before @ .., first, last] = steps else {
            return None;
        };
        // One 404 alone may be a read that is not stable.
        if !is_missing(first) || !is_missing(last) || first.path() != last.path() {
            return None;
        }
        let path = last.path();
        let made = before
            .iter()
            .rposition(|step| step.made(path) && step.asker == last.asker)?;
        let may_have_moved = |step: &Step<'_>| {
            step.may_have_removed(path)
                || !step.is_safe() && step.path() == path && step.status().is_success()
        };
        if last.is_made_up || before[made + 1..].iter().any(may_have_moved) {
            return None;
        }
        // What was there before is changed by a PUT, unless that says that it made it anew.
        let (earlier, maker) = (&before[..made], &before[made]);
        let was_there = |step: &Step<'_>| {
            step.made(path) || step.is_safe() && step.is_done() && step.path() == path
        };
        let is_put = maker.exchange.request.method == http::Method::PUT;
        if is_put && maker.status() != StatusCode::CREATED && earlier.iter().any(was_there) {
            return None;
        }
        let message = format!("{} does not know what was made before", last.operation.id);
        finding(&Self::RULE, steps, message).map(|finding| {
            finding
                .with_label(format!(
                    "{} was answered with {}",
                    maker.operation.id,
                    maker.status()
                ))
                .with_expected(format!("what {} made", maker.operation.id))
                .with_discriminator(maker.operation.id.as_str())
        })
    }
}

fn is_missing(step: &Step<'_>) -> bool {
    step.is_safe() && [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&step.status())
}
