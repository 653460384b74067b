//! The one place that speaks to `jsonschema::canonical`, which is experimental.

use std::collections::HashSet;

use jsonschema::canonical::{self, Containment, Satisfiability};
use serde_json::Value;

use super::{alternatives, nesting};

pub(crate) use jsonschema::canonical::{
    ArrayView, CanonicalSchema, CanonicalView, Distinctness, ObjectView, ObjectViolationView,
    StringView,
};

/// The longest schema, written out, that is canonicalised: what is longer costs too much.
const MAX_TEXT: usize = 2 << 20;

/// How many alternatives the parts of a schema may have when they are put together: each pair of
/// alternatives in an `allOf` doubles them, and with them the time and the memory that it takes.
const MAX_ALTERNATIVES: u64 = 4_096;

/// How many names one keyword may require: each is put beside each other one.
const MAX_REQUIRED: usize = 1_000;

/// How many branches a `oneOf` may have: each excludes each other one.
const MAX_EXCLUSIVE: usize = 1_000;

/// How many numbers values may be multiples of: what is a multiple of all of them has as many digits as they have
/// together.
const MAX_MULTIPLES: usize = 64;

/// How deep schemas may lead into each other: the canonical form is built one inside the other, and each
/// takes its part of the stack.
const MAX_NESTING: usize = 2_000;

/// How deep it goes on the stack of whoever asks.
const SHALLOW: usize = 100;

/// The stack where it goes deeper, in bytes. What is not touched costs nothing.
const STACK: usize = 128 << 20;

/// Does what recurses with a schema on a stack that is large enough for it; `None` where there is none.
fn on_a_deep_stack<T: Send>(schema: &Value, work: impl FnOnce() -> T + Send) -> Option<T> {
    if nesting::deepest(schema) <= SHALLOW {
        return Some(work());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Whether the canonical form costs more than it may.
fn is_too_costly(schema: &Value) -> bool {
    schema.to_string().len() > MAX_TEXT
        || requires_much(schema)
        || is_too_wide(schema)
        || nesting::deepest(schema) > MAX_NESTING
        || alternatives::widest(schema) > MAX_ALTERNATIVES
}

/// Whether one list of schemas is too long for what each of them costs beside the others.
fn is_too_wide(schema: &Value) -> bool {
    let mut multiples: HashSet<String> = HashSet::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(members) => {
                for (keyword, value) in members {
                    match (keyword.as_str(), value) {
                        ("oneOf", Value::Array(branches)) => {
                            if branches.len() > MAX_EXCLUSIVE {
                                return true;
                            }
                            open.extend(branches);
                        }
                        ("multipleOf", Value::Number(number)) => {
                            multiples.insert(number.to_string());
                        }
                        _ => open.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    multiples.len() > MAX_MULTIPLES
}

fn requires_much(schema: &Value) -> bool {
    match schema {
        Value::Array(list) => list.iter().any(requires_much),
        Value::Object(members) => members.iter().any(|(keyword, value)| match value {
            Value::Array(names) if keyword == "required" => names.len() > MAX_REQUIRED,
            Value::Object(lists) if keyword == "dependentRequired" => {
                let names = lists.values().filter_map(Value::as_array).map(Vec::len);
                names.sum::<usize>() > MAX_REQUIRED
            }
            value => requires_much(value),
        }),
        _ => false,
    }
}

/// How many bytes of alternatives may be laid beside each other where a canonical form is to come soon.
const MAX_SOON: usize = 2_500;

/// Whether the canonical form of a self-contained schema comes soon: its cost grows with each pair of alternatives.
pub(crate) fn comes_soon(schema: &Value) -> bool {
    alternatives::beside(schema) <= MAX_SOON
}

/// The canonical form of a self-contained schema. `None` where it has none, or is too large.
pub(crate) fn canonical(schema: &Value) -> Option<CanonicalSchema> {
    if is_too_costly(schema) {
        return None;
    }
    let canonical = on_a_deep_stack(schema, || {
        canonical::options()
            .offline()
            .should_validate_formats(true)
            .canonicalize(schema)
            .ok()
    })??;
    (!matches!(canonical.view(), CanonicalView::Raw(_))).then_some(canonical)
}

/// Whether it is proved that a self-contained schema accepts nothing.
pub(super) fn is_impossible(schema: &Value) -> bool {
    if is_too_costly(schema) {
        return false;
    }
    let proved = on_a_deep_stack(schema, || {
        canonical::options()
            .offline()
            .should_validate_formats(false)
            .canonicalize(schema)
            .is_ok_and(|canonical| canonical.satisfiability() == Satisfiability::No)
    });
    proved.unwrap_or(false)
}

/// Every value that a canonical schema refuses; `None` where that cannot be said exactly.
pub(crate) fn negation(schema: &CanonicalSchema) -> Option<CanonicalSchema> {
    schema
        .negate()
        .ok()
        .filter(|refused| refused.satisfiability() != Satisfiability::No)
}

/// Whether every value is accepted.
pub(crate) fn accepts_all(schema: &CanonicalSchema) -> bool {
    matches!(schema.view(), CanonicalView::True)
}

/// Whether it is proved that `outer` accepts every value that `inner` accepts.
pub(crate) fn covers(outer: &CanonicalSchema, inner: &CanonicalSchema) -> bool {
    matches!(outer.covers(inner), Ok(Containment::Yes))
}

/// Whether it is proved that nothing is accepted.
pub(crate) fn accepts_nothing(schema: &CanonicalSchema) -> bool {
    schema.satisfiability() == Satisfiability::No
}

/// The values that one schema accepts and another does not, as JSON Schema; `None` where that cannot
/// be said exactly, or where there are none.
pub(crate) fn difference(accepts: &CanonicalSchema, refuses: &CanonicalSchema) -> Option<Value> {
    accepts
        .subtract(refuses)
        .ok()
        .filter(|left| !accepts_nothing(left))
        .map(|left| left.to_json_schema())
}
