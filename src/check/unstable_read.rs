//! `unstable-read`

use super::{
    Rule, documented,
    sequence::{SequenceCheck, Step, finding},
};
use crate::finding::Finding;

documented! {
    /// The same safe request, sent twice in a row, is answered differently.
    ///
    /// # What it holds
    ///
    /// Two safe requests that are the same and follow each other are answered with statuses of the same
    /// class.
    ///
    /// # Why
    ///
    /// What is there for one request and not for the next is cached wrongly, spread over servers that
    /// disagree, or breaks by chance.
    ///
    /// # Not a finding when
    ///
    /// - something that may change the service was sent in between;
    /// - the service has too much to do: 429, or 503 with `Retry-After`;
    /// - one of the two says 202;
    /// - the operation is followed while it is pending, and the first of the two is no success: the
    ///   second may well be one.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { get: /things/7, status: 200 }
    /// - { get: /things/7, status: 404 }
    /// ```
    pub UnstableRead = "unstable-read", Error, [Inferred];
}

impl SequenceCheck for UnstableRead {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let [.., first, last] = steps else {
            return None;
        };
        let class = |step: &Step<'_>| step.status().as_u16() / 100;
        let is_excused =
            |step: &Step<'_>| step.is_overloaded() || step.status() == http::StatusCode::ACCEPTED;
        let is_pending = first.is_polled && !first.is_done();
        if !last.is_safe()
            || !is_same(first, last)
            || class(first) == class(last)
            || is_pending
            || is_excused(first)
            || is_excused(last)
        {
            return None;
        }
        let message = format!(
            "{} answers the same request with {} and then with {}",
            last.operation.id,
            first.status().as_u16(),
            last.status().as_u16()
        );
        finding(&Self::RULE, steps, message).map(|finding| {
            finding
                .with_expected(format!("{} again", first.status()))
                .with_discriminator("class")
        })
    }
}

fn is_same(first: &Step<'_>, last: &Step<'_>) -> bool {
    let (a, b) = (&first.exchange.request, &last.exchange.request);
    first.asker == last.asker
        && a.method == b.method
        && a.url == b.url
        && a.headers == b.headers
        && a.body == b.body
}
