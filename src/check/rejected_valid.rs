//! `rejected-valid`

use http::header::CONTENT_TYPE;

use super::{
    Check, Credential, Intent, Rule, Subject, documented,
    refusal::{is_about_body, named_properties},
    refusal_words::{reason, words},
    sign_in::handles_credentials,
};
use crate::{
    finding::Finding,
    wire::{carries, has_wide_field, parse_media_type},
};

documented! {
    /// A request that obeys the contract was refused as if it did not.
    ///
    /// # What it holds
    ///
    /// A request whose every part obeys the document is not answered with 400, 405, 406, 411, 413,
    /// 414, 415, 422 or 501.
    ///
    /// # Why
    ///
    /// The service holds a rule that the document does not tell, and every client will find it out
    /// by failing.
    ///
    /// # Not a finding when
    ///
    /// - the answer speaks of something else than the request's form: 401, 403, 404, 409, 410, 412,
    ///   423, 424, 428, 429 and every 5xx but 501; other checks speak for those;
    /// - with 400, 414 or 422, the operation hands out or verifies credentials, as a sign-in does: it
    ///   rightly refuses generated ones;
    /// - with 400, 414 or 422, the request names a resource that was generated, in its path or as an id
    ///   in its query or body, and the response does not speak of another property of the body: no rule
    ///   of form need be behind the refusal;
    /// - the operation needs a credential and the request did not carry the right one;
    /// - the body has bytes (`format: binary`) and travels as JSON, as the fields of a form or as a text, which
    ///   have no way to write them;
    /// - a declared header carries text beyond ASCII, which a recipient may refuse (RFC 9110 §5.5).
    ///
    /// # Example
    ///
    /// ```yaml
    /// parameters: [{ name: limit, in: query, schema: { type: integer } }]
    /// request: { query: limit=7, intent: obey }
    /// responses: { '400': { description: No } }
    /// response: { status: 400 }
    /// ```
    pub RejectedValid = "rejected-valid", Error, [ConfirmedWithFreshValues, OfStatus];
}

/// Statuses that say: the request is not one that this operation takes.
const REFUSALS: &[u16] = &[400, 405, 406, 411, 413, 414, 415, 422, 501];

/// Those that a service also gives for a name of nothing.
const OF_A_NAME: &[u16] = &[400, 414, 422];

impl Check for RejectedValid {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let status = subject.exchange.response.status.as_u16();
        subject.intent != Intent::Obey
            || !REFUSALS.contains(&status)
            || subject.credential != Credential::Unknown && subject.operation.requires_credential()
            || has_wide_field(subject.operation, &subject.exchange.request)
            || has_unwritable_bytes(subject)
            || OF_A_NAME.contains(&status) && is_about_a_value(subject)
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let status = subject.exchange.response.status;
        // Each reason is a finding of its own.
        let named: Vec<String> = named_properties(subject).into_iter().collect();
        let discriminator = match named.as_slice() {
            [] => status.as_str().to_owned(),
            names => format!("{} {}", status.as_str(), names.join(" ")),
        };
        let mut message = format!(
            "{} refuses with {} a request that obeys the document",
            subject.operation.id,
            status.as_u16()
        );
        let mut actual = status.to_string();
        if let Some(words) = words(subject) {
            message.push_str(": ");
            message.push_str(&reason(subject, &words));
            actual.push_str(": ");
            actual.push_str(&words);
        }
        findings.push(
            subject
                .finding(&Self::RULE, message)
                .at(subject.operation.address.clone())
                .with_expected("an answer to a valid request")
                .with_actual(actual)
                .with_discriminator(discriminator)
                .with_help(
                    "say in the document what the service wants, or take the request as it is",
                ),
        );
    }
}

/// Whether the body was sent as a media type that has no form for the bytes in it.
fn has_unwritable_bytes(subject: &Subject<'_>) -> bool {
    let request = &subject.exchange.request;
    let sent = request.headers.get(CONTENT_TYPE);
    let sent = sent.and_then(|field| parse_media_type(field.to_str().ok()?));
    let declared = subject.operation.request_body.as_ref();
    let media_type = declared.and_then(|body| body.content.best(&sent?));
    media_type.is_some_and(|media_type| !carries(media_type))
}

/// Whether the refusal may well be about what a value stands for, and not about its form.
fn is_about_a_value(subject: &Subject<'_>) -> bool {
    if handles_credentials(subject.operation) {
        return true;
    }
    let is_in_body = |name: &String| !subject.operation.path.parameters().any(|one| one == name);
    match subject.made_up {
        [] => false,
        // A name in the path is no excuse for what is said about the body.
        names => names.iter().any(is_in_body) || !is_about_body(subject),
    }
}
