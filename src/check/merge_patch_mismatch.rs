//! `merge-patch-mismatch`

use http::{Method, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::{
    Rule, compare, documented,
    sequence::{SequenceCheck, Step, finding_about},
};
use crate::{contract::Schema, finding::Finding};

documented! {
    /// A merge patch changed more than it said, or less.
    ///
    /// # What it holds
    ///
    /// After an `application/merge-patch+json` was answered with a 2xx, properties that it did not name
    /// are as they were, and those that it named as `null` are gone (RFC 7396).
    ///
    /// # Why
    ///
    /// A client that sends one field does not expect to lose the others.
    ///
    /// # Not a finding when
    ///
    /// - the property cannot be sent: it is `readOnly` or no schema of the request names it;
    /// - it is a time, a tag or a revision;
    /// - what was sent as `null` is required, is shown as `null`, or has its default again;
    /// - something else was changed in between;
    /// - it happens once only: the steps are repeated before it is told.
    ///
    /// # Example
    ///
    /// ```yaml
    /// steps:
    /// - { get: /things/7, status: 200, came: { name: one, note: a } }
    /// - { patch: /things/7, status: 200, headers-sent: { content-type: application/merge-patch+json }, sent: { note: null } }
    /// - { get: /things/7, status: 200, came: { name: one, note: a } }
    /// ```
    pub MergePatchMismatch = "merge-patch-mismatch", Error, [Inferred];
}

/// How deep a patch is followed.
const MAX_DEPTH: usize = 8;

impl SequenceCheck for MergePatchMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn is_confirmed_twice(&self) -> bool {
        true
    }

    fn breach(&self, steps: &[Step<'_>]) -> Option<Finding> {
        let (last, before) = steps.split_last()?;
        let (first, patch) = last.around_a_change(before)?;
        if !is_merge_patch(patch) || !patch.is_done() || !first.is_done() || !last.is_done() {
            return None;
        }
        let sent = compare::sent(patch)?;
        let (before, after) = (compare::came(first)?, compare::came(last)?);
        let (before, after) = (
            compare::alike(&before, &sent),
            compare::alike(&after, &sent),
        );
        let schemas = [
            patched_schema(patch),
            compare::response_schema(last).cloned(),
        ];
        let (kind, place) = mismatch(&sent, before, after, &schemas, 0)?;
        let what = match kind {
            Kind::Kept => format!("keeps {place}, which was sent as null"),
            Kind::Changed => format!("changes {place}, which was not sent"),
        };
        let message = format!("{} {what}", patch.operation.id);
        finding_about(&Self::RULE, steps, patch, message).map(|finding| {
            finding
                .with_expected("what RFC 7396 makes of it")
                .with_discriminator(match kind {
                    Kind::Kept => "kept",
                    Kind::Changed => "changed",
                })
        })
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Kept,
    Changed,
}

fn is_merge_patch(step: &Step<'_>) -> bool {
    let request = &step.exchange.request;
    let content_type = request.headers.get(CONTENT_TYPE);
    request.method == Method::PATCH
        && content_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/merge-patch+json"))
}

fn patched_schema(step: &Step<'_>) -> Option<Schema> {
    let media_types = &step.operation.request_body.as_ref()?.content.media_types;
    let patch = media_types
        .iter()
        .find(|one| one.range.as_str().contains("merge-patch"));
    patch?.schema.clone()
}

/// The first place where what is there is not what the patch makes of what was there.
fn mismatch(
    patch: &Value,
    before: &Value,
    after: &Value,
    schemas: &[Option<Schema>],
    depth: usize,
) -> Option<(Kind, String)> {
    let empty = Map::new();
    let patch = patch.as_object()?;
    let (before, after) = (before.as_object()?, after.as_object().unwrap_or(&empty));
    if depth > MAX_DEPTH {
        return None;
    }
    for (name, was) in before {
        let of_it = compare::property(schemas, name);
        // What no schema of the request names, the client cannot send.
        let is_sendable = of_it.first().is_some_and(Option::is_some);
        if !is_sendable || compare::is_kept_by_service(name, &of_it) {
            continue;
        }
        let is = after.get(name).unwrap_or(&Value::Null);
        let found = match patch.get(name) {
            None => (!compare::is_same(was, is)).then(|| (Kind::Changed, format!("`{name}`"))),
            Some(Value::Null) => {
                let is_kept = !was.is_null() && compare::is_same(was, is);
                (is_kept && !is_required(schemas, name) && !is_default(&of_it, was))
                    .then(|| (Kind::Kept, format!("`{name}`")))
            }
            Some(part) => mismatch(part, was, is, &of_it, depth + 1),
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

fn is_required(schemas: &[Option<Schema>], name: &str) -> bool {
    schemas.iter().flatten().any(|schema| {
        let target = schema.target();
        let required = target.raw().get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|one| one == name))
    })
}

fn is_default(schemas: &[Option<Schema>], value: &Value) -> bool {
    schemas.iter().flatten().any(|schema| {
        schema
            .target()
            .raw()
            .get("default")
            .is_some_and(|default| compare::is_same(default, value))
    })
}
