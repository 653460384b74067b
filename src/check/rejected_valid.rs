//! `rejected-valid`

use super::{Check, Credential, Intent, Rule, Subject, documented};
use crate::{contract::Operation, finding::Finding, wire::has_wide_field};

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
    /// - the operation hands out credentials, such as a sign-in: made-up ones are rightly refused;
    /// - with 400, 414 or 422, the request names a resource that was made up, in its path or as an id
    ///   in its query or body: no rule of form need be behind the refusal;
    /// - the operation needs a credential and the request did not carry the right one;
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
    pub RejectedValid = "rejected-valid", Error;
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
            || OF_A_NAME.contains(&status) && !subject.made_up.is_empty()
            || subject.credential != Credential::Unknown && subject.operation.requires_credential()
            || hands_out_credentials(subject.operation)
            || has_wide_field(subject.operation, &subject.exchange.request)
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let status = subject.exchange.response.status;
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "{} refuses with {} a request that obeys the document",
                        subject.operation.id,
                        status.as_u16()
                    ),
                )
                .at(subject.operation.address.clone())
                .with_expected("an answer to a valid request")
                .with_actual(status.to_string())
                .with_discriminator(status.as_str())
                .with_help(
                    "say in the document what the service wants, or take the request as it is",
                ),
        );
    }
}

/// Whether an operation takes credentials in its body or query, or is named for it.
fn hands_out_credentials(operation: &Operation) -> bool {
    const PARTS: &[&str] = &[
        "password",
        "passwd",
        "secret",
        "granttype",
        "refreshtoken",
        "otp",
    ];
    const NAMES: &[&str] = &[
        "auth",
        "authenticate",
        "authorize",
        "login",
        "oauth",
        "session",
        "sessions",
        "signin",
        "signup",
        "token",
    ];
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let last = operation
        .path
        .as_str()
        .rsplit('/')
        .find(|segment| !segment.is_empty() && !segment.starts_with('{'))
        .map(plain);
    let takes = |name: &str| {
        let name = plain(name);
        PARTS.iter().any(|part| name.contains(part))
    };
    !operation.method.is_safe()
        && (last.is_some_and(|last| NAMES.contains(&last.as_str()))
            || operation.parameters.iter().any(|one| takes(&one.name))
            || operation
                .request_body
                .iter()
                .flat_map(|body| &body.content.media_types)
                .filter_map(|media_type| media_type.schema.as_ref())
                .any(|schema| schema.property_names().iter().any(|name| takes(name))))
}
