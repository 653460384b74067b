//! What is sent to prove who asks, and what it looks like when it is left out or wrong.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};

use crate::{
    contract::{Location, Operation, SecurityKind},
    exchange::Request,
};

/// A token and header fields. Neither is ever shown: not by `Debug`, not in a report.
#[derive(Clone, Default)]
pub struct Credentials {
    /// A bearer token, an API key, or `user:password`, as the operation's security wants it.
    pub token: Option<String>,
    /// Fields for every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Credentials")
            .field("token", &self.token.is_some())
            .field("headers", &names)
            .finish()
    }
}

/// Which credential goes into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Right,
    Absent,
    Wrong,
}

/// A token that no service gave out.
const WRONG: &str = "oasgate-wrong-credential";

impl Credentials {
    /// Whether a credential is there to be left out.
    pub fn is_known(&self) -> bool {
        self.token.is_some()
            || self
                .headers
                .iter()
                .any(|(name, _)| crate::exchange::is_credential(name.as_str()))
    }

    /// Adds the fields for every request, and the credential as the operation wants it.
    pub(super) fn apply(&self, operation: &Operation, request: &mut Request, which: Use) {
        for (name, value) in &self.headers {
            if which == Use::Right || !crate::exchange::is_credential(name.as_str()) {
                let mut value = value.clone();
                value.set_sensitive(crate::exchange::is_credential(name.as_str()));
                request.headers.insert(name, value);
            } else if which == Use::Wrong {
                request
                    .headers
                    .insert(name, HeaderValue::from_static(WRONG));
            }
        }
        let token = match which {
            Use::Right => self.token.as_deref(),
            Use::Wrong => self.token.as_ref().map(|_| WRONG),
            Use::Absent => None,
        };
        if let Some(token) = token {
            send(operation, request, token);
        }
    }
}

/// Puts a token where the operation's first security alternative wants it; as a bearer token where
/// nothing is said, since the user gave one.
fn send(operation: &Operation, request: &mut Request, token: &str) {
    let schemes = operation
        .security
        .iter()
        .find(|one| !one.schemes.is_empty())
        .map(|one| one.schemes.as_slice());
    for scheme in schemes.unwrap_or_default() {
        match &scheme.kind {
            Some(SecurityKind::ApiKey { location, name }) => {
                return send_key(request, *location, name, token);
            }
            Some(SecurityKind::Http { scheme }) if scheme == "basic" => {
                return insert(
                    request,
                    header::AUTHORIZATION,
                    &format!("Basic {}", STANDARD.encode(token)),
                );
            }
            _ => {}
        }
    }
    insert(request, header::AUTHORIZATION, &format!("Bearer {token}"));
}

fn send_key(request: &mut Request, location: Location, name: &str, token: &str) {
    match location {
        Location::Header => {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                insert(request, name, token);
            }
        }
        Location::Cookie => {
            let text = request
                .headers
                .get(header::COOKIE)
                .and_then(|value| value.to_str().ok())
                .map_or_else(
                    || format!("{name}={token}"),
                    |known| format!("{known}; {name}={token}"),
                );
            insert(request, header::COOKIE, &text);
        }
        _ => {
            request.url.query_pairs_mut().append_pair(name, token);
        }
    }
}

fn insert(request: &mut Request, name: HeaderName, text: &str) {
    if let Ok(mut value) = HeaderValue::from_str(text) {
        value.set_sensitive(true);
        request.headers.insert(name, value);
    }
}
