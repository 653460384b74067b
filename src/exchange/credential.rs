//! The credentials of a request until it goes onto the wire.
//!
//! A request is planned, shown, written down and kept with the names of its credentials beside it; the
//! transport puts the values in at the last moment. No text of a request stands for a credential, so
//! nothing that a document or a service says can ask for one.

use http::{HeaderName, header};

/// A credential that a request is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialSlot {
    /// The name of the secret, as an environment variable is called.
    pub secret: String,
    /// Where its value goes.
    pub place: CredentialPlace,
}

/// Where a credential stands in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialPlace {
    /// In `Authorization`, as a bearer token (RFC 6750 §2.1).
    Bearer,
    /// In `Authorization`, as user and password (RFC 7617).
    Basic,
    /// In `Authorization`, behind the name of another scheme.
    Scheme(String),
    /// In a header field, as it is.
    Header(HeaderName),
    /// In a parameter of the query.
    Query(String),
    /// In a cookie.
    Cookie(String),
}

impl CredentialPlace {
    /// The header field that the credential is all of.
    pub(crate) fn header(&self) -> Option<&HeaderName> {
        match self {
            Self::Bearer | Self::Basic | Self::Scheme(_) => Some(&header::AUTHORIZATION),
            Self::Header(name) => Some(name),
            Self::Query(_) | Self::Cookie(_) => None,
        }
    }
}

/// A name as an environment variable may be called: letters, digits and `_`.
pub fn variable(name: &str) -> String {
    name.chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}
