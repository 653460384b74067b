//! How a credential, or what is none, is put into a request: where the scheme of the document says, and in its form.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};

use crate::{
    contract::{Location, SecurityKind},
    exchange::{CredentialPlace, CredentialSlot, Request},
    transport::Secret,
};

/// A token that no service gave out.
pub(super) const WRONG: &str = "oasgate-wrong-credential";

/// Whether the right credential is sent, one that no service gave out, or what is none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Proof {
    Right,
    Wrong,
    Malformed,
}

pub(super) fn send(
    kind: Option<&SecurityKind>,
    request: &mut Request,
    secret: &Secret,
    proof: Proof,
) {
    let place = match kind {
        Some(SecurityKind::MutualTls) => return,
        Some(SecurityKind::Http { scheme }) if scheme == "basic" => CredentialPlace::Basic,
        // The user may have given it with its scheme.
        Some(SecurityKind::ApiKey {
            scheme: Some(scheme),
            ..
        }) if !secret.has_words() => CredentialPlace::Scheme(scheme.clone()),
        Some(SecurityKind::ApiKey { location, name, .. }) => match location {
            Location::Header => match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => CredentialPlace::Header(name),
                Err(_) => return,
            },
            Location::Cookie => CredentialPlace::Cookie(name.clone()),
            _ => CredentialPlace::Query(name.clone()),
        },
        // As well here: a bearer token has no blank (RFC 6750 §2.1).
        _ if secret.has_words() => CredentialPlace::Header(header::AUTHORIZATION),
        _ => CredentialPlace::Bearer,
    };
    match proof {
        Proof::Right => {
            replace_credential(request, &place);
            request.credentials.push(CredentialSlot {
                secret: secret.name().to_owned(),
                place,
            });
        }
        Proof::Wrong => send_wrong(request, &place),
        Proof::Malformed => send_malformed(request, &place),
    }
}

/// A credential takes the place of what was there.
pub(super) fn replace_credential(request: &mut Request, place: &CredentialPlace) {
    if let Some(name) = place.header() {
        request.headers.remove(name);
        let mut slots = std::mem::take(&mut request.credentials);
        slots.retain(|slot| slot.place.header() != Some(name));
        request.credentials = slots;
    }
}

fn send_wrong(request: &mut Request, place: &CredentialPlace) {
    match place {
        CredentialPlace::Bearer => {
            insert(request, header::AUTHORIZATION, &format!("Bearer {WRONG}"));
        }
        CredentialPlace::Basic => {
            let user = STANDARD.encode(WRONG);
            insert(request, header::AUTHORIZATION, &format!("Basic {user}"));
        }
        CredentialPlace::Scheme(scheme) => {
            insert(request, header::AUTHORIZATION, &format!("{scheme} {WRONG}"));
        }
        CredentialPlace::Header(name) => insert(request, name.clone(), WRONG),
        CredentialPlace::Query(name) => {
            request.url.query_pairs_mut().append_pair(name, WRONG);
        }
        CredentialPlace::Cookie(name) => {
            let known = request.headers.get(header::COOKIE);
            let known = known.and_then(|value| value.to_str().ok());
            let known = known.map_or_else(String::new, |known| format!("{known}; "));
            insert(request, header::COOKIE, &format!("{known}{name}={WRONG}"));
        }
    }
}

fn send_malformed(request: &mut Request, place: &CredentialPlace) {
    match place {
        // No scheme stands before it.
        CredentialPlace::Bearer | CredentialPlace::Scheme(_) => {
            insert(request, header::AUTHORIZATION, WRONG);
        }
        // No base64.
        CredentialPlace::Basic => insert(request, header::AUTHORIZATION, "Basic !"),
        CredentialPlace::Header(_) | CredentialPlace::Query(_) | CredentialPlace::Cookie(_) => {}
    }
}

fn insert(request: &mut Request, name: HeaderName, text: &str) {
    if let Ok(mut value) = HeaderValue::from_str(text) {
        value.set_sensitive(true);
        request.headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_comes_with_its_scheme_is_sent_as_it_is() {
        let place = |token: &str| {
            let url = "http://localhost/a".parse().expect("a URL");
            let mut request = Request::new(http::Method::GET, url);
            send(
                None,
                &mut request,
                &Secret::new("TOKEN", token),
                Proof::Right,
            );
            request.credentials.remove(0).place
        };
        assert_eq!(place("abc"), CredentialPlace::Bearer);
        let whole = CredentialPlace::Header(header::AUTHORIZATION);
        assert_eq!(place("Bearer abc"), whole);
    }
}
