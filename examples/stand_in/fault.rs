//! What a fault of a stand-in service is, and changes to responses that more than one of them makes.

use axum::{
    http::{HeaderValue, StatusCode, header::IntoHeaderName},
    response::Response,
};
use serde_json::Value;

/// A single breach of the contract; `A` is how it is done.
pub(crate) struct Fault<A> {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// The check that finds it.
    pub(crate) check: &'static str,
    /// Other checks that it breaks by being what it is.
    pub(crate) also: &'static [&'static str],
    /// What it does.
    #[allow(
        dead_code,
        reason = "shown by `--list-faults`, not by tests that include this file"
    )]
    pub(crate) about: &'static str,
    /// How it is done.
    pub(crate) act: A,
}

pub(crate) const fn fault<A>(
    name: &'static str,
    check: &'static str,
    about: &'static str,
    act: A,
) -> Fault<A> {
    Fault {
        name,
        check,
        also: &[],
        about,
        act,
    }
}

impl<A: Copy> Fault<A> {
    pub(crate) const fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

pub(crate) fn remove(value: &mut Value, name: &str) {
    if let Value::Object(members) = value {
        members.remove(name);
    }
}

pub(crate) fn with_status(mut response: Response, status: u16) -> Response {
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
}

pub(crate) fn with_field(
    mut response: Response,
    name: impl IntoHeaderName,
    value: &'static str,
) -> Response {
    let value = HeaderValue::from_static(value);
    response.headers_mut().insert(name, value);
    response
}
