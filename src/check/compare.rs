//! What two representations of one resource may be compared by: what the client sent, never what the
//! service keeps for itself.

use oasgate_document::Pointer;
use serde_json::Value;

use super::{sequence::Step, sign_in::words};
use crate::contract::{Operation, Schema};

/// How deep representations are compared.
const MAX_DEPTH: usize = 8;

/// Words in the names of what a service sets with each write: times, tags, revisions.
const KEPT_BY_SERVICE: &[&str] = &[
    "at",
    "created",
    "date",
    "etag",
    "expires",
    "hash",
    "modified",
    "rev",
    "revision",
    "seen",
    "time",
    "timestamp",
    "updated",
    "version",
];

/// The JSON that a request carried.
pub(super) fn sent(step: &Step<'_>) -> Option<Value> {
    let request = &step.exchange.request;
    let is_json = request
        .headers
        .get(http::header::CONTENT_TYPE)?
        .to_str()
        .ok()?
        .contains("json");
    is_json
        .then(|| serde_json::from_slice(request.body.bytes()).ok())
        .flatten()
}

/// The JSON that a response carried.
pub(super) fn came(step: &Step<'_>) -> Option<Value> {
    serde_json::from_slice(step.exchange.response.body.complete()?).ok()
}

/// The schema of what a request of the operation carries.
pub(super) fn request_schema(operation: &Operation) -> Option<&Schema> {
    let media_types = &operation.request_body.as_ref()?.content.media_types;
    let json = media_types
        .iter()
        .find(|one| one.range.as_str().contains("json"));
    json?.schema.as_ref()
}

/// The schema of what a successful response of the operation carries.
pub(super) fn response_schema<'s>(step: &Step<'s>) -> Option<&'s Schema> {
    let declared = step
        .operation
        .responses
        .get(step.exchange.response.status)?;
    declared.content.media_types.first()?.schema.as_ref()
}

/// What a representation is usually wrapped in.
const WRAPPERS: &[&str] = &[
    "attributes",
    "data",
    "entity",
    "item",
    "object",
    "payload",
    "record",
    "resource",
    "result",
];

/// The part of a representation that has most properties of what was sent: the whole, or what one member wraps, as in
/// `{"data": {…}}`. Where several have as many, as `{"labels": {…}, "result": {…}}`, what is called a wrapper.
pub(super) fn alike<'v>(representation: &'v Value, sent: &Value) -> &'v Value {
    let (Some(members), Some(sent)) = (representation.as_object(), sent.as_object()) else {
        return representation;
    };
    let shared = |value: &Value| {
        let members = value.as_object();
        members.map_or(0, |members| {
            let shared = sent.keys().filter(|name| members.contains_key(*name));
            shared.count()
        })
    };
    let own = shared(representation);
    let mut best = (own, true, representation);
    for (name, member) in members {
        let rank = (shared(member), WRAPPERS.contains(&name.as_str()));
        if rank.0 > best.0 || rank.0 == best.0 && rank.0 > own && rank.1 && !best.1 {
            best = (rank.0, rank.1, member);
        }
    }
    best.2
}

/// Whether the document, or the name, says that the service sets a property by itself.
pub(super) fn is_kept_by_service(name: &str, schemas: &[Option<Schema>]) -> bool {
    let is_said = schemas
        .iter()
        .flatten()
        .any(|schema| schema.is_read_only() || is_time(schema));
    is_said
        || words(name)
            .iter()
            .any(|word| KEPT_BY_SERVICE.contains(&word.as_str()))
}

fn is_time(schema: &Schema) -> bool {
    let format = schema
        .target()
        .raw()
        .get("format")
        .and_then(Value::as_str)
        .map(str::to_owned);
    format.is_some_and(|format| ["date-time", "date", "time"].contains(&format.as_str()))
}

/// The same property of several schemas.
pub(super) fn property(schemas: &[Option<Schema>], name: &str) -> Vec<Option<Schema>> {
    let of = |schema: &Option<Schema>| schema.as_ref().and_then(|schema| schema.property(name));
    schemas.iter().map(of).collect()
}

/// Whether two values are the same, numbers by what they are worth.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => one == other,
    }
}

/// Calls `visit` with each property that a change sent, and what the reads before and after it show at its
/// place; never when one of the three has no JSON.
pub(super) fn each_sent(
    before: &Step<'_>,
    change: &Step<'_>,
    after: &Step<'_>,
    visit: &mut dyn FnMut(&Pointer, &Value, &Value, &Value),
) {
    let (Some(sent), Some(was), Some(is)) = (sent(change), came(before), came(after)) else {
        return;
    };
    let schemas = [
        request_schema(change.operation).cloned(),
        response_schema(after).cloned(),
    ];
    let shown = (&sent, alike(&was, &sent), alike(&is, &sent));
    walk(&Pointer::root(), shown, &schemas, 0, visit);
}

fn walk(
    at: &Pointer,
    (sent, before, after): (&Value, &Value, &Value),
    schemas: &[Option<Schema>],
    depth: usize,
    visit: &mut dyn FnMut(&Pointer, &Value, &Value, &Value),
) {
    let Some(members) = sent.as_object().filter(|_| depth < MAX_DEPTH) else {
        return;
    };
    for (name, sent) in members {
        let of_it = property(schemas, name);
        if is_kept_by_service(name, &of_it) {
            continue;
        }
        let (before, after) = (
            before.get(name).unwrap_or(&Value::Null),
            after.get(name).unwrap_or(&Value::Null),
        );
        let at = at.join(name);
        if sent.is_object() && before.is_object() && after.is_object() {
            walk(&at, (sent, before, after), &of_it, depth + 1, visit);
        } else {
            visit(&at, sent, before, after);
        }
    }
}
