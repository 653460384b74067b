//! `read-only-accepted`

use serde_json::Value;

use super::{
    Rule, compare, documented,
    sequence::{SequenceCheck, Step, finding_about},
};
use crate::{contract::Schema, finding::Finding};

documented! {
    /// A value that the document keeps from clients was taken over from one.
    ///
    /// # What it holds
    ///
    /// A `readOnly` property that a request sent is not shown with that value afterwards, where it had
    /// another one before, or where the value is one that no service comes upon by itself.
    ///
    /// # Why
    ///
    /// Who can set a role, an owner or a balance by naming it takes over what is not his: mass
    /// assignment, the third of OWASP's API risks.
    ///
    /// # Not a finding when
    ///
    /// - the request was refused;
    /// - the same value was there before, or came without being sent;
    /// - it is a name that stands in the path, which the client chooses;
    /// - it happens once only: the steps are repeated before it is told.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { get: /things/7, status: 200, came: { name: one, owner: ann } }
    /// - { put: /things/7, status: 200, sent: { name: one, owner: 5c1e6b1e-0f1a } }
    /// - { get: /things/7, status: 200, came: { name: one, owner: 5c1e6b1e-0f1a } }
    /// ```
    pub ReadOnlyAccepted = "read-only-accepted", Error, [Inferred];
}

impl SequenceCheck for ReadOnlyAccepted {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn is_confirmed_twice(&self) -> bool {
        true
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        if !last.is_safe() || !last.is_done() {
            return None;
        }
        let at = before.iter().rposition(|step| !step.is_safe())?;
        let write = &before[at];
        let is_of_it = write.path() == last.path() || write.made(last.path());
        if !write.is_done() || !is_of_it || write.asker != last.asker {
            return None;
        }
        // What showed it before it was written; what was created just now was not there.
        let shown = |step: &&Step<'_>| {
            step.is_safe()
                && step.is_done()
                && step.path() == last.path()
                && step.asker == last.asker
        };
        let first = before[..at].iter().rfind(shown);
        // What another request created without sending the value shows what comes by itself.
        let usual = before[..at].iter().find(|step| {
            step.operation.id == write.operation.id
                && step.is_done()
                && step.exchange.request.body != write.exchange.request.body
        });
        let name = taken_over(first, usual, write, last)?;
        let message = format!(
            "{} takes `{name}` over, which is readOnly",
            write.operation.id
        );
        finding_about(&Self::RULE, steps, write, message).map(|finding| {
            finding
                .with_expected("a value that the service chooses")
                .with_discriminator(name)
        })
    }
}

fn taken_over(
    first: Option<&Step<'_>>,
    usual: Option<&Step<'_>>,
    write: &Step<'_>,
    last: &Step<'_>,
) -> Option<String> {
    let sent = compare::sent(write)?;
    let after = compare::came(last)?;
    let schemas: [Option<Schema>; 2] = [
        compare::request_schema(write.operation).cloned(),
        compare::response_schema(last).cloned(),
    ];
    let before = first.and_then(compare::came);
    let usual = usual.and_then(compare::came);
    let shown = |whole: &Option<Value>, name: &str| -> Option<Value> {
        compare::alike(whole.as_ref()?, &sent).get(name).cloned()
    };
    let members = sent.as_object()?;
    let found = members.iter().find(|(name, value)| {
        let of_it = compare::property(&schemas, name);
        let is_read_only = of_it.iter().flatten().any(Schema::is_read_only);
        let is_shown = compare::alike(&after, &sent)
            .get(name.as_str())
            .is_some_and(|after| compare::is_same(after, value));
        let was = shown(&before, name).or_else(|| shown(&usual, name));
        let is_proved = match was {
            Some(was) => !compare::is_same(&was, value),
            None => is_telling(value),
        };
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let is_in_path = last.path().rsplit('/').any(|segment| segment == text);
        is_read_only && is_shown && is_proved && !(is_in_path && write.path() == last.path())
    });
    found.map(|(name, _)| name.clone())
}

/// Whether a value is one that no service comes upon by itself.
fn is_telling(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() >= 8,
        Value::Number(number) => number
            .as_f64()
            .is_some_and(|number| number.abs() >= 10_000.0),
        _ => false,
    }
}
