//! What tells one request from another.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::exchange::Request;

/// What tells a request from others on the wire: a number made of all that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity(u64);

/// The identity of a request.
pub(crate) fn identity(request: &Request) -> Identity {
    let mut hasher = DefaultHasher::new();
    request.method.hash(&mut hasher);
    request.url.as_str().hash(&mut hasher);
    for (name, value) in &request.headers {
        (name.as_str(), value.as_bytes()).hash(&mut hasher);
    }
    request.body.bytes().hash(&mut hasher);
    Identity(hasher.finish())
}
