//! `unapplied-change`

use http::Method;
use serde_json::Value;

use super::{
    Rule, compare, documented,
    sequence::{SequenceCheck, Step, finding_about},
    sign_in::words,
};
use crate::finding::Finding;

documented! {
    /// A change that was accepted left everything as it was.
    ///
    /// # What it holds
    ///
    /// After a PUT or PATCH was answered with a 200, 201 or 204, a read shows what the response says, and
    /// not what was there before; where the response says nothing, some of what was sent.
    ///
    /// # Why
    ///
    /// A 2xx says that the request was carried out (RFC 9110 §15.3). A client that goes on from there
    /// works with what was never kept.
    ///
    /// # Not a finding when
    ///
    /// - the answer is a 202: the change may come later;
    /// - the response shows another value than was sent: the service made its own of it;
    /// - the response names another thing than the path does: the request has made one;
    /// - what was sent is not shown, is `readOnly`, a time, a tag, a revision, a state that the service goes through by
    ///   itself, or the name that the thing has in the path;
    /// - the values were the same before, or something else was changed in between;
    /// - it happens once only: the steps are repeated before it is told.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { get: /things/7, status: 200, came: { name: one } }
    /// - { put: /things/7, status: 200, sent: { name: two }, came: { name: two } }
    /// - { get: /things/7, status: 200, came: { name: one } }
    /// ```
    pub UnappliedChange = "unapplied-change", Error, [Inferred];
}

/// Words in the names of what changes by itself, and may lag behind what was asked for.
const STATES: &[&str] = &["phase", "progress", "state", "status"];

impl SequenceCheck for UnappliedChange {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn is_confirmed_twice(&self) -> bool {
        true
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        let (first, change) = last.around_a_change(before)?;
        let is_change = [Method::PUT, Method::PATCH].contains(&change.exchange.request.method);
        if !is_change || ![first, change, last].iter().all(|step| step.is_done()) {
            return None;
        }
        let at = kept(first, change, last)?;
        let message = format!(
            "{} answered {} and left {at} as it was",
            change.operation.id,
            change.status().as_u16()
        );
        // What failed on the way to it has no part in it.
        let done: Vec<Step<'_>> = steps
            .iter()
            .filter(|step| step.is_done())
            .cloned()
            .collect();
        finding_about(&Self::RULE, &done, change, message).map(|finding| {
            finding
                .with_expected("what was sent")
                .with_actual("what was there before")
                .with_discriminator("kept")
        })
    }
}

/// A place that shows what was there before, although the response shows what was sent; where the response
/// shows nothing, that of a change of which nothing is shown.
fn kept(first: &Step<'_>, change: &Step<'_>, last: &Step<'_>) -> Option<String> {
    let answered = compare::came(change);
    let sent = compare::sent(change)?;
    let answered = answered.as_ref().map(|value| compare::alike(value, &sent));
    if is_about_another(first, change, answered) {
        return None;
    }
    let (mut kept, mut applied) = (Vec::new(), 0);
    compare::each_sent(first, change, last, &mut |at, sent, before, after| {
        let name = at.last().unwrap_or_default();
        let is_state = words(&name)
            .iter()
            .any(|word| STATES.contains(&word.as_str()));
        // A secret and what is written elsewhere are not shown.
        let is_shown = !before.is_null() && !after.is_null();
        let is_plain = sent.is_string() || sent.is_number() || sent.is_boolean();
        // Under another name it would not be the thing that was asked for.
        let is_name = change.names_in_path(before);
        if is_state || is_name || !is_shown || !is_plain || compare::is_same(sent, before) {
            return;
        }
        if !compare::is_same(before, after) {
            applied += 1;
            return;
        }
        let is_said = match answered {
            Some(answered) => {
                let shown = at.get(answered).unwrap_or(&Value::Null);
                compare::is_same(shown, sent)
            }
            None => true,
        };
        if is_said {
            kept.push(at.as_str().to_owned());
        }
    });
    let is_certain = answered.is_some() || applied == 0;
    kept.into_iter().next().filter(|_| is_certain)
}

/// Whether the response shows another name where a read of the thing shows that of its path.
fn is_about_another(first: &Step<'_>, change: &Step<'_>, answered: Option<&Value>) -> bool {
    let before = compare::came(first);
    let answered = answered.and_then(Value::as_object);
    let (Some(Value::Object(before)), Some(answered)) = (before, answered) else {
        return false;
    };
    before.iter().any(|(name, value)| {
        let other = answered.get(name).filter(|other| !other.is_null());
        change.names_in_path(value) && other.is_some_and(|other| !compare::is_same(other, value))
    })
}
