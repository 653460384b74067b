//! The methods that a document declares for a path.

use http::Method;

use super::Subject;
use crate::contract::{Operation, graph::Shape};

/// The methods of every operation whose path template is that of the subject's operation, names of
/// parameters left aside.
pub(super) fn declared_methods<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = &'s Method> {
    beside(subject).map(|operation| &operation.method)
}

/// Whether one of the operations of the path needs a credential.
pub(super) fn path_requires_credential(subject: &Subject<'_>) -> bool {
    beside(subject).any(Operation::requires_credential)
}

/// Whether any path template that the URL matches declares a method: a router need not tell the resources
/// of one from those of another.
pub(super) fn is_declared_for_url(subject: &Subject<'_>, method: &str) -> bool {
    let url = &subject.exchange.request.url;
    let mut operations = subject.contract.operations().iter();
    operations.any(|operation| {
        operation.method.as_str() == method && !operation.path.readings(url.path()).is_empty()
    })
}

fn beside<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = &'s Operation> {
    let own = Shape::of(subject.operation);
    subject
        .contract
        .operations()
        .iter()
        .map(AsRef::as_ref)
        .filter(move |operation| Shape::of(operation) == own)
}
