//! What is sent to prove who asks, and what it looks like when it is left out or wrong.
//!
//! Requests are planned with placeholders in the place of secrets; the transport puts those in.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;

use crate::{
    contract::{Location, Operation, SecurityKind, SecurityRequirement, SecurityScheme},
    exchange::{Request, is_credential},
    transport::Secret,
};

/// Everybody who may ask, and fields for every request. No value is ever shown: not by `Debug`, not
/// in a report.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Who asks, unless a case says otherwise.
    pub main: Credential,
    /// Fields for every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Others who may ask, to see whether one reaches what belongs to another.
    pub others: Vec<NamedCredential>,
}

/// What one who asks proves it with.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// A bearer token, an API key, or `user:password`, as the operation's security wants it.
    pub token: Option<Secret>,
    /// For single security schemes, by their name in the document; before the token.
    pub schemes: BTreeMap<String, Secret>,
    /// How the token is sent to an operation whose security the document does not tell.
    pub unless_told: TokenForm,
}

/// One who may ask, by name.
#[derive(Clone, Debug)]
pub struct NamedCredential {
    /// The name, as the configuration has it.
    pub name: String,
    /// What proves it.
    pub credential: Credential,
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenForm {
    /// As a bearer token.
    #[default]
    Bearer,
    /// As user and password.
    Basic,
}

/// Which credential goes into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialChoice {
    /// The credential of the run itself.
    Primary,
    /// The credential of the run itself, also where the document asks for none.
    Unasked,
    /// None at all.
    Omitted,
    /// One that no service gave out.
    Invalid,
    /// That of another who may ask, by place among [`Credentials::others`].
    Secondary(usize),
}

/// A token that no service gave out.
const WRONG: &str = "oasgate-wrong-credential";

impl Credentials {
    /// One who asks, with this token.
    pub fn with_token(token: impl Into<String>) -> Self {
        Self {
            main: Credential {
                token: Some(Secret::new("TOKEN", token)),
                ..Credential::default()
            },
            ..Self::default()
        }
    }

    /// Whether a credential is there to be left out.
    pub fn is_known(&self) -> bool {
        self.main.is_known()
            || self
                .headers
                .iter()
                .any(|(name, _)| is_credential(name.as_str()))
    }

    /// Whether a credential of the run itself goes to an operation.
    pub(crate) fn is_sent_to(&self, operation: &Operation) -> bool {
        let mut names = self.headers.iter().map(|(name, _)| name);
        names.any(|name| is_credential(name.as_str())) || self.main.is_known() && !operation.is_open
    }

    /// All secrets, of everybody.
    pub fn secrets(&self) -> Vec<Secret> {
        let others = self.others.iter().map(|other| &other.credential);
        let mut secrets: Vec<Secret> = std::iter::once(&self.main)
            .chain(others)
            .flat_map(|one| one.token.iter().chain(one.schemes.values()))
            .cloned()
            .collect();
        // Fields that carry a credential as they are have no place of their own, and are hidden too.
        secrets.extend(
            self.headers
                .iter()
                .filter(|(name, _)| is_credential(name.as_str()))
                .filter_map(|(name, value)| {
                    let text = value.to_str().ok()?;
                    let bare = text.split_once(' ').map_or(text, |(_, token)| token);
                    Some(Secret::new(&format!("HEADER_{name}"), bare))
                }),
        );
        secrets
    }

    /// Adds the fields for every request, and the credential as the operation wants it.
    pub(crate) fn apply(
        &self,
        operation: &Operation,
        request: &mut Request,
        which: CredentialChoice,
    ) {
        for (name, value) in &self.headers {
            let is_secret = is_credential(name.as_str());
            let is_own = [CredentialChoice::Primary, CredentialChoice::Unasked].contains(&which);
            if is_own || !is_secret {
                let mut value = value.clone();
                value.set_sensitive(is_secret);
                request.headers.insert(name, value);
            } else if which == CredentialChoice::Invalid {
                request
                    .headers
                    .insert(name, HeaderValue::from_static(WRONG));
            }
        }
        match which {
            CredentialChoice::Primary => self.main.put(operation, request, &Secret::placeholder),
            CredentialChoice::Unasked => self.main.put_unasked(operation, request),
            CredentialChoice::Invalid => self.main.put(operation, request, &|_| WRONG.to_owned()),
            CredentialChoice::Secondary(at) => {
                if let Some(other) = self.others.get(at) {
                    other
                        .credential
                        .put(operation, request, &Secret::placeholder);
                }
            }
            CredentialChoice::Omitted => {}
        }
    }
}

/// The text with all that these secrets ever were taken out.
pub(crate) fn hide<'t>(secrets: &[Secret], text: &'t str) -> Cow<'t, str> {
    let mut shown = Cow::Borrowed(text);
    for secret in secrets {
        if let Cow::Owned(hidden) = secret.hide(&shown) {
            shown = Cow::Owned(hidden);
        }
    }
    shown
}

/// The value with all that these secrets ever were taken out; `None` when there is none in it.
pub(crate) fn hide_in(secrets: &[Secret], value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => match hide(secrets, text) {
            Cow::Owned(hidden) => Some(Value::String(hidden)),
            Cow::Borrowed(_) => None,
        },
        Value::Array(items) => {
            let hidden: Vec<_> = items.iter().map(|item| hide_in(secrets, item)).collect();
            hidden.iter().any(Option::is_some).then(|| {
                let kept = hidden.into_iter().zip(items);
                kept.map(|(hidden, item)| hidden.unwrap_or_else(|| item.clone()))
                    .collect()
            })
        }
        Value::Object(members) => {
            let mut is_changed = false;
            let shown: serde_json::Map<_, _> = members
                .iter()
                .map(|(name, member)| {
                    let mut shown = Cow::Borrowed(name.as_str());
                    for secret in secrets {
                        if let Cow::Owned(hidden) = secret.hide_long(&shown) {
                            shown = Cow::Owned(hidden);
                        }
                    }
                    let hidden = hide_in(secrets, member);
                    is_changed |= matches!(shown, Cow::Owned(_)) || hidden.is_some();
                    let member = hidden.unwrap_or_else(|| member.clone());
                    (shown.into_owned(), member)
                })
                .collect();
            is_changed.then_some(Value::Object(shown))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

impl Credential {
    /// Whether there is anything to prove it with.
    pub fn is_known(&self) -> bool {
        self.token.is_some() || !self.schemes.is_empty()
    }

    fn secret(&self, scheme: &SecurityScheme) -> Option<&Secret> {
        self.schemes.get(&scheme.name).or(self.token.as_ref())
    }

    /// Puts the secrets, as `text` has them, where the operation wants them: those of the first
    /// alternative for which all are known. As a bearer token where nothing is said, since the user
    /// gave one.
    pub(crate) fn put(
        &self,
        operation: &Operation,
        request: &mut Request,
        text: &dyn Fn(&Secret) -> String,
    ) {
        let wanted = |one: &&SecurityRequirement| {
            !one.schemes.is_empty()
                && one
                    .schemes
                    .iter()
                    .all(|scheme| self.secret(scheme).is_some())
        };
        if let Some(alternative) = operation.security.iter().find(wanted) {
            for scheme in &alternative.schemes {
                if let Some(secret) = self.secret(scheme) {
                    send(scheme.kind.as_ref(), request, &text(secret));
                }
            }
        } else if let Some(token) = self.token.as_ref().filter(|_| !operation.is_open) {
            self.send_token(request, &text(token));
        }
    }

    /// Puts the secrets where they would go if the document asked for them.
    fn put_unasked(&self, operation: &Operation, request: &mut Request) {
        match &self.token {
            Some(token) if operation.is_open => self.send_token(request, &token.placeholder()),
            _ => self.put(operation, request, &Secret::placeholder),
        }
    }

    fn send_token(&self, request: &mut Request, text: &str) {
        let basic = SecurityKind::Http {
            scheme: "basic".to_owned(),
        };
        let kind = (self.unless_told == TokenForm::Basic).then_some(&basic);
        send(kind, request, text);
    }
}

fn send(kind: Option<&SecurityKind>, request: &mut Request, text: &str) {
    match kind {
        Some(SecurityKind::ApiKey { location, name }) => send_key(request, *location, name, text),
        Some(SecurityKind::Http { scheme }) if scheme == "basic" => {
            // A placeholder stays readable; the transport encodes what it puts in.
            let user = if crate::exchange::has_placeholder(text) {
                text.to_owned()
            } else {
                STANDARD.encode(text)
            };
            insert(request, header::AUTHORIZATION, &format!("Basic {user}"));
        }
        Some(SecurityKind::MutualTls) => {}
        _ => insert(request, header::AUTHORIZATION, &format!("Bearer {text}")),
    }
}

fn send_key(request: &mut Request, location: Location, name: &str, key: &str) {
    match location {
        Location::Header => {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                insert(request, name, key);
            }
        }
        Location::Cookie => {
            let text = request
                .headers
                .get(header::COOKIE)
                .and_then(|value| value.to_str().ok())
                .map_or_else(
                    || format!("{name}={key}"),
                    |known| format!("{known}; {name}={key}"),
                );
            insert(request, header::COOKIE, &text);
        }
        _ => {
            request.url.query_pairs_mut().append_pair(name, key);
        }
    }
}

fn insert(request: &mut Request, name: HeaderName, text: &str) {
    if let Ok(mut value) = HeaderValue::from_str(text) {
        value.set_sensitive(true);
        request.headers.insert(name, value);
    }
}
