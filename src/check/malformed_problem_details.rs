//! `malformed-problem-details`

use serde_json::Value;

use super::{Check, Content, ContentType, Rule, Subject, documented};
use crate::{finding::Finding, wire::Parsed, wire::http_syntax::is_uri_reference};

documented! {
    /// An `application/problem+json` body is not what RFC 9457 says problem details are.
    ///
    /// # What it holds
    ///
    /// Problem details are an object. Where they are present, `type` and `instance` are URI
    /// references, `title` and `detail` are strings, and `status` is the number of the response's
    /// own status (RFC 9457 §3.1).
    ///
    /// # Why
    ///
    /// Error handling is written once for all services that speak this format.
    ///
    /// # Not a finding when
    ///
    /// - members are missing: every one is optional;
    /// - there are other members: extensions are welcome.
    ///
    /// # Example
    ///
    /// ```yaml
    /// responses:
    ///   '404': { description: Not there, content: { application/problem+json: {} } }
    /// response: { status: 404, headers: { content-type: application/problem+json }, body: '{"title": 4}' }
    /// ```
    pub MalformedProblemDetails = "malformed-problem-details", Error;
}

impl Check for MalformedProblemDetails {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        breach(subject).is_none()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some((member, expected)) = breach(subject) else {
            return;
        };
        let status = subject.exchange.response.status;
        let actual = match subject.body() {
            Content::Read(Parsed::Value(body)) if member.is_empty() => body.to_string(),
            Content::Read(Parsed::Value(body)) => body[member].to_string(),
            _ => String::new(),
        };
        let place = subject.response_address();
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "problem details of a {} response of {} break RFC 9457",
                        status.as_u16(),
                        subject.operation.id
                    ),
                )
                .at(place.clone())
                .with_expected(expected)
                .with_actual(actual)
                .with_discriminator(format!("{} {member}", status.as_str())),
        );
    }
}

/// The first member that is not as RFC 9457 §3.1 has it (empty for the whole), and what it should be.
fn breach(subject: &Subject<'_>) -> Option<(&'static str, String)> {
    let ContentType::Known(came) = subject.content_type() else {
        return None;
    };
    let is = |name: mediatype::Name<'_>, wanted: &str| name.as_str().eq_ignore_ascii_case(wanted);
    let is_json = came.suffix().is_some_and(|suffix| is(suffix, "json"));
    if !is(came.ty(), "application") || !is(came.subty(), "problem") || !is_json {
        return None;
    }
    let Content::Read(Parsed::Value(body)) = subject.body() else {
        return None;
    };
    let Value::Object(members) = body else {
        return Some(("", "an object (RFC 9457 §3)".to_owned()));
    };
    for member in ["title", "detail"] {
        if members.get(member).is_some_and(|value| !value.is_string()) {
            return Some((member, format!("{member}: a string (RFC 9457 §3.1)")));
        }
    }
    for member in ["type", "instance"] {
        if members
            .get(member)
            .is_some_and(|value| !value.as_str().is_some_and(is_uri_reference))
        {
            return Some((member, format!("{member}: a URI reference (RFC 9457 §3.1)")));
        }
    }
    let status = subject.exchange.response.status.as_u16();
    if members
        .get("status")
        .is_some_and(|value| value.as_u64() != Some(u64::from(status)))
    {
        return Some((
            "status",
            format!("status: {status}, the response's own (RFC 9457 §3.1.2)"),
        ));
    }
    None
}
