//! `misused-status`

use http::{StatusCode, header};

use super::{Check, Rule, Subject, documented, sign_in::handles_credentials};
use crate::{
    contract::{Location, SecurityKind, StatusKey},
    finding::Finding,
};

documented! {
    /// A status that means something else than what can have happened.
    ///
    /// # What it holds
    ///
    /// 304 does not answer an unsafe method (RFC 9110 §15.4.5), neither 413 nor 415 a request that had
    /// no content to be too large or of a wrong type (§15.5.14, §15.5.16), and 401 no request to an
    /// operation that asks for no credential (§15.5.2).
    ///
    /// # Why
    ///
    /// Clients act on the status: they show a cached copy, shrink an upload, or sign in again.
    ///
    /// # Not a finding when
    ///
    /// - with 415, the operation takes a body that the request left out: the missing `Content-Type` is
    ///   the reason;
    /// - with 401, a credential went along: it may be a wrong one, which may be refused anywhere;
    /// - with 401, the operation declares that status, or signs somebody in.
    ///
    /// # Example
    ///
    /// ```yaml
    /// request: { method: DELETE }
    /// responses: { 3XX: { description: Elsewhere } }
    /// response: { status: 304 }
    /// ```
    pub MisusedStatus = "misused-status", Warning;
}

impl Check for MisusedStatus {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        misuse(subject).is_none()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some((why, expected)) = misuse(subject) else {
            return;
        };
        let status = subject.exchange.response.status;
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!("{} answers {} {why}", subject.operation.id, status.as_u16()),
                )
                .at(subject.operation.address.clone())
                .with_expected(expected)
                .with_actual(status.to_string())
                .with_discriminator(status.as_str()),
        );
    }
}

/// What the request was that the status cannot answer, and what would answer it.
fn misuse(subject: &Subject<'_>) -> Option<(&'static str, &'static str)> {
    let request = &subject.exchange.request;
    let is_empty = request.body.is_known_empty();
    match subject.exchange.response.status {
        StatusCode::NOT_MODIFIED if !request.method.is_safe() => Some((
            "to an unsafe method",
            "412 where a condition failed, else what was done",
        )),
        StatusCode::PAYLOAD_TOO_LARGE if is_empty => Some((
            "to a request without content",
            "a status that says what is wrong",
        )),
        StatusCode::UNSUPPORTED_MEDIA_TYPE if has_no_content(subject) => Some((
            "to a request without content",
            "a status that says what is wrong",
        )),
        StatusCode::UNAUTHORIZED if is_open(subject) => Some((
            "though the document asks for no credential",
            "an answer, or a security requirement in the document",
        )),
        _ => None,
    }
}

/// Whether a request has no content, and no field of one, to an operation that takes none.
pub(super) fn has_no_content(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    request.body.is_known_empty()
        && subject.operation.request_body.is_none()
        && !request.headers.contains_key(header::CONTENT_TYPE)
        && !request.headers.contains_key(header::CONTENT_ENCODING)
}

/// Whether the document asks for no credential, says nothing of a 401, and none was sent.
fn is_open(subject: &Subject<'_>) -> bool {
    let operation = subject.operation;
    let is_declared = subject
        .declared()
        .is_some_and(|response| matches!(response.key, StatusKey::Exact(_)));
    operation.security.iter().all(|one| one.schemes.is_empty())
        && !is_declared
        && !handles_credentials(operation)
        && !sends_a_credential(subject)
}

fn sends_a_credential(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let usual = [
        header::AUTHORIZATION,
        header::COOKIE,
        header::PROXY_AUTHORIZATION,
    ];
    let known = || {
        let schemes = subject
            .contract
            .operations()
            .iter()
            .flat_map(|operation| &operation.security);
        schemes
            .flat_map(|requirement| &requirement.schemes)
            .filter_map(|scheme| scheme.kind.as_ref())
    };
    usual.iter().any(|name| request.headers.contains_key(name))
        || known().any(|kind| match kind {
            SecurityKind::ApiKey {
                location: Location::Header,
                name,
                ..
            } => request.headers.contains_key(name.as_str()),
            SecurityKind::ApiKey {
                location: Location::Query,
                name,
                ..
            } => request
                .url
                .query_pairs()
                .any(|(key, _)| key == name.as_str()),
            _ => false,
        })
}
