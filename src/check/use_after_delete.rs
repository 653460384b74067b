//! `use-after-delete`

use http::StatusCode;
use serde_json::Value;

use super::{
    Rule,
    discriminators::SHOWS_NOTHING,
    documented,
    sequence::{SequenceCheck, Step, finding},
};
use crate::{
    exchange::Exchange,
    finding::{Finding, Severity},
};

documented! {
    /// What was deleted is still there.
    ///
    /// # What it holds
    ///
    /// After a DELETE of one thing was answered with a 2xx, a safe request for that thing does not
    /// succeed.
    ///
    /// # Why
    ///
    /// Who deletes something wants it gone: data that stays after it was deleted leaks. A success that shows
    /// nothing, such as `{}`, leaks nothing, and clients take it for a thing: a warning.
    ///
    /// # Not a finding when
    ///
    /// - the DELETE named a collection, not one thing;
    /// - the DELETE was answered with 202: it may still be under way;
    /// - the thing was made again in between;
    /// - it is answered with a 204;
    /// - the request is a DELETE again.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { post: /things, status: 201, made: /things/7 }
    /// - { delete: /things/7, status: 204 }
    /// - { get: /things/7, status: 200 }
    /// ```
    pub UseAfterDelete = "use-after-delete", Error, [Inferred];
}

impl SequenceCheck for UseAfterDelete {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        if !last.is_safe() || !last.status().is_success() || last.status() == StatusCode::NO_CONTENT
        {
            return None;
        }
        let path = last.path();
        let deleted = before.iter().rposition(|step| step.removed(path))?;
        if before[deleted..].iter().any(|step| step.made(path)) {
            return None;
        }
        let deletion = before[deleted].status();
        if shows_nothing(last.exchange) {
            let (id, status) = (&last.operation.id, last.status().as_u16());
            let message = format!("{id} answers {status} and nothing for what was deleted before");
            return finding(&Self::RULE, steps, message).map(|finding| Finding {
                severity: Severity::Warning,
                ..finding
                    .with_label(format!("after a DELETE was answered with {deletion}"))
                    .with_expected("404 or 410")
                    .with_discriminator(SHOWS_NOTHING)
            });
        }
        let message = format!("{} shows what was deleted before", last.operation.id);
        finding(&Self::RULE, steps, message).map(|finding| {
            finding
                .with_label(format!("after a DELETE was answered with {deletion}"))
                .with_expected("404 or 410")
                .with_discriminator("deleted")
        })
    }
}

/// Whether a body is JSON with nothing in it: `null`, or an object, array or text that is empty.
fn shows_nothing(exchange: &Exchange) -> bool {
    let bytes = exchange.response.body.bytes();
    let is_empty = |value: Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    serde_json::from_slice(bytes).is_ok_and(is_empty)
}
