//! `failed-modification`

use http::{Method, StatusCode};

use super::{
    Rule, compare, documented,
    sequence::{SequenceCheck, Step, finding_about},
};
use crate::finding::Finding;

documented! {
    /// A change that was refused took effect all the same.
    ///
    /// # What it holds
    ///
    /// After a PUT, PATCH or DELETE was answered with a 4xx, what was there is as it was before: what
    /// was sent is not shown, nothing is gone, and a 404 has created nothing. After a POST was, its
    /// collection lists nothing that it did not list before.
    ///
    /// # Why
    ///
    /// A 4xx says that the request was not carried out (RFC 9110 §15.5). Clients repeat or give up what
    /// was done already.
    ///
    /// # Not a finding when
    ///
    /// - the values were the same before;
    /// - what differs was not sent, is `readOnly`, a time, a tag or a revision;
    /// - something else was changed in between;
    /// - what is listed anew was created by an earlier request: a list may be late;
    /// - it happens once only: the steps are repeated before it is told.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { get: /things/7, status: 200, came: { name: one } }
    /// - { patch: /things/7, status: 422, sent: { name: two, size: x } }
    /// - { get: /things/7, status: 200, came: { name: two } }
    /// ```
    pub FailedModification = "failed-modification", Error, [Inferred];
}

impl SequenceCheck for FailedModification {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn is_confirmed_twice(&self) -> bool {
        true
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        let (first, change) = last.around_a_change(before)?;
        if !change.status().is_client_error() {
            return None;
        }
        let method = &change.exchange.request.method;
        let is_missing =
            |step: &Step<'_>| [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&step.status());
        let was_deleted = *method == Method::DELETE;
        let effect = if *method == Method::POST {
            listed_anew(first, last, before).map(|_| "created what it refused to create".to_owned())
        } else if ![Method::PUT, Method::PATCH, Method::DELETE].contains(method) {
            None
        } else if is_missing(first) && last.is_done() {
            (!was_deleted).then(|| "created what it said it could not".to_owned())
        } else if first.is_done() && is_missing(last) {
            let may_have = was_deleted && !is_missing(change);
            may_have.then(|| "deleted what it refused to delete".to_owned())
        } else if first.is_done() && last.is_done() {
            taken_over(first, change, last).map(|at| format!("took {at} over all the same"))
        } else {
            None
        }?;
        let status = change.status();
        let message = format!(
            "{} answered {} and {effect}",
            change.operation.id,
            status.as_u16()
        );
        finding_about(&Self::RULE, steps, change, message).map(|finding| {
            finding
                .with_expected("what was there before")
                .with_actual(format!("{status}, and a change"))
                .with_discriminator("refused")
        })
    }
}

/// Whether an earlier step made the thing at a path: a list may show it late.
fn is_made(before: &[Step<'_>], path: &str) -> bool {
    before
        .iter()
        .any(|step| step.made.as_deref() == Some(path) || step.path() == path)
}

/// What a list shows that it did not show before and that no earlier step made.
fn listed_anew<'s>(first: &Step<'_>, last: &'s Step<'_>, before: &[Step<'_>]) -> Option<&'s str> {
    let mut shown = last.listed.iter();
    let new = shown.find(|path| !first.listed.contains(path) && !is_made(before, path))?;
    (first.is_done() && last.is_done()).then_some(new)
}

/// A place that shows what was sent, and showed something else before.
fn taken_over(first: &Step<'_>, change: &Step<'_>, last: &Step<'_>) -> Option<String> {
    let mut found = None;
    compare::each_sent(first, change, last, &mut |at, sent, before, after| {
        if found.is_none() && compare::is_same(sent, after) && !compare::is_same(before, after) {
            found = Some(at.as_str().to_owned());
        }
    });
    found
}
