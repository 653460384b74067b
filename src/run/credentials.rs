//! What is sent to prove who asks, and what it looks like when it is left out or wrong.
//!
//! Requests are planned with the names of their credentials; the transport puts the values in.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{HeaderName, HeaderValue, header};
use serde_json::{Value, json};

use super::put_credential::{Proof, WRONG, replace_credential, send};
use crate::{
    contract::{Location, Operation, SecurityKind, SecurityRequirement, SecurityScheme},
    exchange::{CredentialPlace, CredentialSlot, Request, is_credential, variable},
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
    /// Operations that ask for a credential though the document does not say so.
    pub undeclared: UndeclaredGuards,
    /// Alternatives of `security` that the service does not accept this credential for.
    pub refused: RefusedAlternatives,
}

/// Alternatives of `security` in which a service has refused a credential that it accepts in another of them. Copies
/// share what is known.
#[derive(Clone, Debug, Default)]
pub struct RefusedAlternatives(Arc<Refused>);

#[derive(Debug, Default)]
struct Refused {
    /// What the alternatives are called.
    alternatives: RwLock<HashSet<String>>,
    /// Whether the service asks for a user and a password, where the document does not say what it wants.
    wants_basic: AtomicBool,
    /// Whether the service wants `Bearer` before a key that the document has in `Authorization` as it is.
    wants_bearer: AtomicBool,
}

impl RefusedAlternatives {
    /// Notes that the service asks for a user and a password (RFC 7617), where the document does not say what it wants.
    pub(crate) fn note_basic(&self) {
        self.0.wants_basic.store(true, Ordering::Relaxed);
    }

    /// Notes whether the service wants `Bearer` before a key that the document has in `Authorization` as it is.
    pub(crate) fn note_bearer(&self, is_wanted: bool) {
        self.0.wants_bearer.store(is_wanted, Ordering::Relaxed);
    }

    /// How a scheme is sent to this service.
    fn kind_of<'s>(&self, scheme: &'s SecurityScheme) -> Option<&'s SecurityKind> {
        let kind = scheme.kind.as_ref();
        let is_wanted = self.0.wants_bearer.load(Ordering::Relaxed);
        kind.filter(|kind| !(is_wanted && is_bare_key(kind)))
    }

    /// Replaces what is known of the alternatives.
    pub(crate) fn set(&self, refused: HashSet<String>) {
        let known = self.0.alternatives.write();
        *known.unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Of the alternatives of an operation that a credential can prove the first that was not refused; the first where
    /// all were.
    fn choose<'o>(
        &self,
        credential: &Credential,
        operation: &'o Operation,
    ) -> Option<&'o SecurityRequirement> {
        let mut provable = operation
            .security
            .iter()
            .filter(|one| credential.proves(one));
        let refused = self.0.alternatives.read();
        let refused = refused.unwrap_or_else(PoisonError::into_inner);
        let mut others = provable.clone();
        let accepted = others.find(|one| !refused.contains(&name_of(one)));
        accepted.or_else(|| provable.next())
    }
}

/// What an alternative of `security` is called: the names of its schemes.
fn name_of(alternative: &SecurityRequirement) -> String {
    let names = alternative.schemes.iter().map(|one| one.name.as_str());
    names.collect::<Vec<_>>().join(" and ")
}

/// Whether a key is all that `Authorization` has, as far as the document says. That field wants a scheme before it
/// (RFC 9110 §11.6.2), and many services do.
fn is_bare_key(kind: &SecurityKind) -> bool {
    let SecurityKind::ApiKey {
        location: Location::Header,
        name,
        scheme: None,
        ..
    } = kind
    else {
        return false;
    };
    name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str())
}

/// Operations that ask for a credential though the document does not say so, as a run finds out. Copies share what
/// is known.
#[derive(Clone, Debug, Default)]
pub struct UndeclaredGuards(Arc<Guards>);

#[derive(Debug, Default)]
struct Guards {
    /// The ids of the operations.
    guarded: RwLock<HashSet<String>>,
    /// What operations ask for where the document says it.
    usual: OnceLock<Usual>,
    /// Whether an operation that asks for a credential answered without one.
    are_ignored: AtomicBool,
}

/// What operations ask for where the document says it.
#[derive(Debug, Default)]
struct Usual {
    /// By path.
    at: HashMap<String, SecurityRequirement>,
    /// What most of them ask for.
    anywhere: Option<SecurityRequirement>,
}

impl UndeclaredGuards {
    /// From now on the credential is sent to an operation.
    pub(crate) fn note(&self, operation: &Operation) {
        let guarded = self.0.guarded.write();
        let mut guarded = guarded.unwrap_or_else(PoisonError::into_inner);
        guarded.insert(operation.id.to_string());
    }

    /// Notes that an operation that asks for a credential answered without one.
    pub(crate) fn note_ignored(&self) {
        self.0.are_ignored.store(true, Ordering::Relaxed);
    }

    /// Whether the service is known to answer without the credentials that the document asks for.
    pub(crate) fn are_ignored(&self) -> bool {
        self.0.are_ignored.load(Ordering::Relaxed)
    }

    fn holds(&self, operation: &Operation) -> bool {
        let guarded = self.0.guarded.read();
        let guarded = guarded.unwrap_or_else(PoisonError::into_inner);
        guarded.contains(operation.id.as_str())
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum CredentialChoice {
    /// The credential of the run itself.
    Primary,
    /// The credential of the run itself, also where the document asks for none.
    Unasked,
    /// None at all.
    Omitted,
    /// One that no service gave out.
    Invalid,
    /// An `Authorization` field that is not of the form of its scheme (RFC 9110 §11.6.2); nothing where the
    /// credential travels elsewhere.
    Malformed,
    /// That of another who may ask, by place among [`Credentials::others`].
    Secondary(usize),
}

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

    /// Takes what these operations ask for, of what is known, as what the others may ask for without saying so: what is
    /// asked for at the same path, else what most ask for.
    pub(crate) fn learn_usual(&self, operations: &[Arc<Operation>]) {
        let names = |one: &SecurityRequirement| -> Vec<String> {
            let schemes = one.schemes.iter();
            schemes.map(|scheme| scheme.name.clone()).collect()
        };
        let learn = || {
            let mut usual = Usual::default();
            let mut counted: Vec<(&SecurityRequirement, usize)> = Vec::new();
            for operation in operations {
                let Some(known) = self.refused.choose(&self.main, operation) else {
                    continue;
                };
                let at = usual.at.entry(operation.path.as_str().to_owned());
                at.or_insert_with(|| known.clone());
                let mut others = counted.iter_mut();
                match others.find(|(other, _)| names(other) == names(known)) {
                    Some((_, count)) => *count += 1,
                    None => counted.push((known, 1)),
                }
            }
            // Of those that are asked for equally often the first.
            let most = counted.iter().map(|(_, count)| *count).max();
            let most = counted.iter().find(|(_, count)| Some(*count) == most);
            usual.anywhere = most.map(|(known, _)| (*known).clone());
            usual
        };
        self.undeclared.0.usual.get_or_init(learn);
    }

    /// Whether a credential of the run itself goes to an operation.
    pub(crate) fn is_sent_to(&self, operation: &Operation) -> bool {
        let mut names = self.headers.iter().map(|(name, _)| name);
        let is_asked = !operation.is_open || self.undeclared.holds(operation);
        names.any(|name| is_credential(name.as_str())) || self.main.is_known() && is_asked
    }

    /// The alternatives of an operation that the credential of the run can prove, by what they are called, in the
    /// document's order.
    pub(crate) fn alternatives(&self, operation: &Operation) -> Vec<String> {
        let provable = operation
            .security
            .iter()
            .filter(|one| self.main.proves(one));
        provable.map(name_of).collect()
    }

    /// Whether what the run proves itself with to an operation is a key that is all that `Authorization` has, so that a
    /// service may want `Bearer` before it.
    pub(crate) fn is_sent_bare(&self, operation: &Operation) -> bool {
        let alternative = self.refused.choose(&self.main, operation);
        let mut schemes = alternative.iter().flat_map(|one| &one.schemes);
        schemes.any(|scheme| {
            let is_bare = scheme.kind.as_ref().is_some_and(is_bare_key);
            is_bare
                && self
                    .main
                    .secret(scheme)
                    .is_some_and(|secret| !secret.has_words())
        })
    }

    /// The same of operations of which the document does not say what they ask for.
    pub(crate) fn is_usually_bare(&self) -> bool {
        let usual = self.undeclared.0.usual.get();
        let usual = usual.and_then(|usual| usual.anywhere.as_ref());
        let mut schemes = usual.into_iter().flat_map(|one| &one.schemes);
        schemes.any(|scheme| scheme.kind.as_ref().is_some_and(is_bare_key))
    }

    /// All secrets, of everybody.
    pub fn secrets(&self) -> Vec<Secret> {
        let others = self.others.iter().map(|other| &other.credential);
        let mut secrets: Vec<Secret> = std::iter::once(&self.main)
            .chain(others)
            .flat_map(|one| one.token.iter().chain(one.schemes.values()))
            .cloned()
            .collect();
        let fields = self.headers.iter();
        secrets.extend(fields.filter_map(|(name, value)| {
            let field = CredentialField::of(name, value)?;
            Some(Secret::new(&field.slot.secret, field.value))
        }));
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
            if let Some(field) = CredentialField::of(name, value).filter(|_| is_own) {
                replace_credential(request, &field.slot.place);
                request.credentials.push(field.slot);
            } else if is_own || !is_secret {
                let mut value = value.clone();
                value.set_sensitive(is_secret);
                request.headers.insert(name, value);
            } else if which == CredentialChoice::Invalid {
                request
                    .headers
                    .insert(name, HeaderValue::from_static(WRONG));
            }
        }
        let (credential, proof) = match which {
            CredentialChoice::Primary | CredentialChoice::Unasked => (&self.main, Proof::Right),
            CredentialChoice::Invalid => (&self.main, Proof::Wrong),
            CredentialChoice::Malformed => (&self.main, Proof::Malformed),
            CredentialChoice::Secondary(at) => match self.others.get(at) {
                Some(other) => (&other.credential, Proof::Right),
                None => return,
            },
            CredentialChoice::Omitted => return,
        };
        let is_unasked = which == CredentialChoice::Unasked || self.undeclared.holds(operation);
        if is_unasked && operation.is_open {
            let usual = self.undeclared.0.usual.get();
            let usual = usual.and_then(|usual| {
                let here = usual.at.get(operation.path.as_str());
                here.or(usual.anywhere.as_ref())
            });
            let wants_basic = self.refused.0.wants_basic.load(Ordering::Relaxed);
            let form = if wants_basic {
                TokenForm::Basic
            } else {
                credential.unless_told
            };
            credential.put_unasked(usual, (form, &self.refused), request, proof);
        } else {
            let alternative = self.refused.choose(credential, operation);
            credential.put(operation, (alternative, &self.refused), request, proof);
        }
        if [CredentialChoice::Primary, CredentialChoice::Unasked].contains(&which) {
            self.put_own_fields(request);
        }
    }

    /// Puts in the fields that the user names. Where one is that of a scheme, as `X-API-Key`, the user has said what
    /// goes there, and the token is for others.
    fn put_own_fields(&self, request: &mut Request) {
        for (name, value) in &self.headers {
            let field = CredentialField::of(name, value);
            if let Some(field) = field.filter(|_| *name != header::AUTHORIZATION) {
                replace_credential(request, &field.slot.place);
                request.credentials.push(field.slot);
            }
        }
    }
}

/// A field for every request that carries a credential.
struct CredentialField<'v> {
    /// Where it goes, and the name of its secret.
    slot: CredentialSlot,
    /// The secret.
    value: &'v str,
}

impl<'v> CredentialField<'v> {
    /// The credential of a field; `None` where it has none, or one that is no text.
    fn of(name: &HeaderName, value: &'v HeaderValue) -> Option<Self> {
        let text = value.to_str().ok()?;
        if !is_credential(name.as_str()) {
            return None;
        }
        let token = text.strip_prefix("Bearer ");
        let (place, value) = match token.filter(|_| *name == header::AUTHORIZATION) {
            Some(token) => (CredentialPlace::Bearer, token),
            None => (CredentialPlace::Header(name.clone()), text),
        };
        let secret = format!("HEADER_{}", variable(name.as_str()));
        let slot = CredentialSlot { secret, place };
        Some(Self { slot, value })
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
            if hidden.iter().any(Option::is_some) {
                let kept = hidden.into_iter().zip(items);
                let kept = kept.map(|(hidden, item)| hidden.unwrap_or_else(|| item.clone()));
                return Some(kept.collect());
            }
            spelled_out(secrets, items, value)
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
        // A number stays one, so that the shape of what came is kept.
        Value::Number(number) => match hide(secrets, &number.to_string()) {
            Cow::Owned(_) if number.is_f64() => Some(json!(0.0)),
            Cow::Owned(_) => Some(json!(0)),
            Cow::Borrowed(_) => None,
        },
        Value::Null | Value::Bool(_) => None,
    }
}

/// A list without what it spells out byte by byte; `None` when that is no secret.
fn spelled_out(secrets: &[Secret], items: &[Value], list: &Value) -> Option<Value> {
    if !items
        .iter()
        .all(|item| item.is_number() || item.is_string())
    {
        return None;
    }
    let is_secret = matches!(hide(secrets, &list.to_string()), Cow::Owned(_));
    let hidden = |item: &Value| match item {
        Value::String(_) => json!("REDACTED"),
        _ => json!(0),
    };
    is_secret.then(|| items.iter().map(hidden).collect())
}

impl Credential {
    /// Whether there is anything to prove it with.
    pub fn is_known(&self) -> bool {
        self.token.is_some() || !self.schemes.is_empty()
    }

    /// Whether all of it was obtained by the run itself, as a token for an id and a secret of a client.
    pub(crate) fn is_obtained(&self) -> bool {
        let mut all = self.token.iter().chain(self.schemes.values());
        self.is_known() && all.all(Secret::is_obtained)
    }

    fn secret(&self, scheme: &SecurityScheme) -> Option<&Secret> {
        self.schemes.get(&scheme.name).or(self.token.as_ref())
    }

    /// Puts the secrets, or something wrong in place of them, where the operation wants them: those of an alternative
    /// for which all are known. As a bearer token where nothing is said, since the user gave one.
    fn put(
        &self,
        operation: &Operation,
        (alternative, learned): (Option<&SecurityRequirement>, &RefusedAlternatives),
        request: &mut Request,
        proof: Proof,
    ) {
        if let Some(alternative) = alternative {
            self.put_all(alternative, learned, request, proof);
        } else if let Some(token) = self.token.as_ref().filter(|_| !operation.is_open) {
            send_token(token, self.unless_told, request, proof);
        }
    }

    /// Whether there is a secret for each scheme of an alternative.
    fn proves(&self, alternative: &SecurityRequirement) -> bool {
        let mut schemes = alternative.schemes.iter();
        !alternative.schemes.is_empty() && schemes.all(|scheme| self.secret(scheme).is_some())
    }

    /// Puts the secrets of all schemes of an alternative.
    fn put_all(
        &self,
        alternative: &SecurityRequirement,
        learned: &RefusedAlternatives,
        request: &mut Request,
        proof: Proof,
    ) {
        for scheme in &alternative.schemes {
            if let Some(secret) = self.secret(scheme) {
                send(learned.kind_of(scheme), request, secret, proof);
            }
        }
    }

    /// Puts the secrets where they would go if the document asked for them: where the other operations want them.
    fn put_unasked(
        &self,
        usual: Option<&SecurityRequirement>,
        (form, learned): (TokenForm, &RefusedAlternatives),
        request: &mut Request,
        proof: Proof,
    ) {
        match (usual, &self.token) {
            (Some(usual), _) if self.proves(usual) => {
                self.put_all(usual, learned, request, proof);
            }
            (_, Some(token)) => send_token(token, form, request, proof),
            (_, None) => {}
        }
    }
}

/// Sends a token where the document says nothing of how.
fn send_token(token: &Secret, form: TokenForm, request: &mut Request, proof: Proof) {
    let basic = SecurityKind::Http {
        scheme: "basic".to_owned(),
    };
    let kind = (form == TokenForm::Basic).then_some(&basic);
    send(kind, request, token, proof);
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::contract::Contract;

    #[test]
    fn a_field_that_the_user_names_wins_over_the_token() {
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "t", "version": "1" },
            "paths": { "/a": { "get": { "security": [{ "key": [] }], "responses": {} } } },
            "components": { "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "X-API-KEY" },
            } },
        });
        let document = Document::parse("t", document.to_string()).expect("a document");
        let contract = Contract::from_document(document);
        let mut credentials = Credentials::with_token("the token");
        let name = HeaderName::from_static("x-api-key");
        let value = HeaderValue::from_static("the key");
        credentials.headers.push((name, value));
        let url = "http://localhost/a".parse().expect("a URL");
        let mut request = Request::new(http::Method::GET, url);
        let operation = &contract.operations()[0];
        credentials.apply(operation, &mut request, CredentialChoice::Primary);
        let sent: Vec<&str> = (request.credentials.iter())
            .map(|slot| slot.secret.as_str())
            .collect();
        assert_eq!(sent, ["HEADER_X_API_KEY"]);
    }
}
