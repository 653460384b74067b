//! What says of an operation that it makes something: its id, its summary, the status that it declares.

use http::StatusCode;

use super::{names::words, successes};
use crate::contract::{Operation, StatusKey};

/// First words of the ids of operations that make something.
pub(super) const CREATES: &[&str] = &["add", "create", "insert", "new", "register"];

/// Whether an operation declares a 201.
pub(super) fn declares_created(operation: &Operation) -> bool {
    let created = StatusKey::Exact(StatusCode::CREATED);
    successes(operation).any(|response| response.key == created)
}

/// Whether the id of an operation begins with a word for making something, or its summary says that it creates:
/// `createApplication`, `Creates a new group`. What a summary adds may be a part of what the path names.
pub(super) fn is_called_a_creation(operation: &Operation) -> bool {
    let first = |text: &str| words(text).into_iter().next();
    let is_named = first(operation.id.as_str()).is_some_and(|one| CREATES.contains(&one.as_str()));
    let summary = operation.summary.as_deref().and_then(first);
    is_named || summary.is_some_and(|one| ["create", "creates"].contains(&one.as_str()))
}
