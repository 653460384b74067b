//! `put-not-idempotent`

use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    Rule, compare, documented,
    sequence::{SequenceCheck, Step, finding_about},
};
use crate::finding::Finding;

documented! {
    /// The same PUT has another effect the second time, or says again that it created something.
    ///
    /// # What it holds
    ///
    /// A PUT that is sent twice leaves the numbers, booleans and lengths of arrays that it sent as the
    /// first left them, and the second is not answered with 201 (RFC 9110 §9.2.2, §9.3.4).
    ///
    /// # Why
    ///
    /// Clients and proxies repeat a PUT whose response was lost.
    ///
    /// # Not a finding when
    ///
    /// - what differs was not sent, is `readOnly`, a time, a tag or a revision;
    /// - something else was changed or deleted in between;
    /// - it happens once only: the steps are repeated before it is told.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { put: /things/7, status: 200, sent: { size: 2 } }
    /// - { get: /things/7, status: 200, came: { size: 2 } }
    /// - { put: /things/7, status: 200, sent: { size: 2 } }
    /// - { get: /things/7, status: 200, came: { size: 4 } }
    /// ```
    pub PutNotIdempotent = "put-not-idempotent", Warning, [Inferred];
}

impl SequenceCheck for PutNotIdempotent {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn is_confirmed_twice(&self) -> bool {
        true
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        let (second, what) = if last.exchange.request.method == Method::PUT {
            let is_again =
                last.status() == StatusCode::CREATED && put_before(before, last).is_some();
            (last, is_again.then_some("created again")?)
        } else {
            let (first, second) = last.around_a_change(before)?;
            let at = before.iter().rposition(|step| std::ptr::eq(step, second))?;
            put_before(&before[..at], second)?;
            differs(first, second, last)?;
            (second, "changed")
        };
        let message = match what {
            "changed" => format!(
                "{} has another effect when it is sent again",
                second.operation.id
            ),
            _ => format!(
                "{} answers 201 for what was there before",
                second.operation.id
            ),
        };
        finding_about(&Self::RULE, steps, second, message).map(|finding| {
            finding
                .with_expected("the effect of the first")
                .with_discriminator(what)
        })
    }
}

/// The same PUT before another, nothing but reads between them.
fn put_before<'s>(before: &'s [Step<'s>], again: &Step<'_>) -> Option<&'s Step<'s>> {
    let request = &again.exchange.request;
    let first = before
        .iter()
        .rfind(|step| !step.exchange.request.method.is_safe())?;
    let sent = &first.exchange.request;
    let is_same = sent.method == Method::PUT
        && request.method == Method::PUT
        && sent.url == request.url
        && sent.body == request.body
        && first.asker == again.asker;
    (is_same && first.is_done() && again.is_done()).then_some(first)
}

/// Whether a number, a boolean or the length of an array that was sent is another after the second.
fn differs(first: &Step<'_>, put: &Step<'_>, last: &Step<'_>) -> Option<()> {
    if !first.is_done() || !last.is_done() {
        return None;
    }
    let mut is_other = false;
    compare::each_sent(first, put, last, &mut |_, _, before, after| {
        is_other |= match (before, after) {
            (Value::Array(a), Value::Array(b)) => a.len() != b.len(),
            _ => {
                let is_plain = (before.is_number() || before.is_boolean())
                    && (after.is_number() || after.is_boolean());
                is_plain && !compare::is_same(before, after)
            }
        };
    });
    is_other.then_some(())
}
