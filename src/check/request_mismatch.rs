//! `request-mismatch`

use serde_json::Value;

use super::{
    Check, Intent, Rule, Subject, documented,
    redacted::is_excused,
    schema_mismatch::and_more,
    subject::{RequestVerdict, is_torn, too_long},
};
use crate::{
    contract::{
        Digits, Location, Parameter, Schema, SecurityKind, SecurityScheme, Violation, effort,
    },
    exchange::{Body, holds_redaction, is_credential, quote_redactions},
    finding::Finding,
    wire::{
        MalformedBody, Parameters, Parsed, parse_media_type, part_breaches, path_that_obeys,
        read_body,
    },
};

documented! {
    /// A recorded request breaks the contract: the fault is the client's.
    ///
    /// # What it holds
    ///
    /// Every parameter of the request, read by its style, is valid under its schema; the required
    /// ones are there; the body has a declared media type and is valid under its schema, read for
    /// requests: `readOnly` properties are not required.
    ///
    /// # Why
    ///
    /// A consumer that sends what the contract does not allow works until the service begins to
    /// check.
    ///
    /// # Not a finding when
    ///
    /// - this run sent the request itself, whether to obey the contract or to break it;
    /// - a recorder has replaced a value, or a part of it, by a placeholder such as `REDACTED`;
    /// - the service refused the request with a 4xx: both sides saw that it was wrong;
    /// - the query has a pair that no parameter declares;
    /// - a credential is missing, or a header or cookie in a recording that left such fields out.
    ///
    /// # Example
    ///
    /// ```yaml
    /// parameters: [{ name: limit, in: query, schema: { type: integer } }]
    /// request: { query: limit=many }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 200 }
    /// ```
    pub RequestMismatch = "request-mismatch", Error, [OfRequest];
}

impl Check for RequestMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        verdict(subject).findings.is_empty()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        findings.extend(verdict(subject).findings.iter().cloned());
    }
}

/// What is wrong with a request that this run did not send; nothing with one that was refused.
pub(super) fn verdict<'s>(subject: &'s Subject<'_>) -> &'s RequestVerdict {
    subject.request_verdict(|| {
        let mut verdict = RequestVerdict::default();
        if is_exempt(subject) {
            return verdict;
        }
        Digits::of_texts(|| {
            let findings = &mut verdict.findings;
            let ((), effort) = effort::during(|| parameters(subject, findings));
            let left = too_long(&effort, "a parameter", &Value::Null);
            verdict.too_long.extend(left);
            let (unread, effort) = effort::during(|| body(subject, findings));
            verdict.unread = unread;
            let left = too_long(&effort, "its body", &Value::Null);
            verdict.too_long.extend(left);
        });
        verdict
    })
}

fn is_exempt(subject: &Subject<'_>) -> bool {
    subject.intent != Intent::Unknown || subject.exchange.response.status.is_client_error()
}

fn parameters(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let request = &subject.exchange.request;
    let path = path_that_obeys(subject.operation, request);
    let path = path.as_deref().unwrap_or(subject.path_values);
    let sent = Parameters::of(subject.operation, request, path);
    for parameter in &subject.operation.parameters {
        let name = || format!("{} `{}`", parameter.location, parameter.name);
        let told = |message: String, discriminator: String| {
            subject
                .finding(
                    &RequestMismatch::RULE,
                    format!(
                        "the request breaks {}: {}: {message}",
                        subject.operation.id,
                        name()
                    ),
                )
                .at(parameter.address.clone())
                .with_discriminator(format!("{} {discriminator}", parameter.name))
        };
        match sent.read(parameter) {
            Ok(None)
                if parameter.required
                    && (may_be_left_out(subject, parameter)
                        || sent.is_rightly_empty(parameter)) => {}
            Ok(None) if parameter.required => findings.push(
                told(
                    "the required parameter is missing".to_owned(),
                    "missing".to_owned(),
                )
                .with_expected(format!("a value for {}", name()))
                .with_actual("no such parameter"),
            ),
            Ok(None) => {}
            Err(unreadable) if holds_redaction(&unreadable.text) => {}
            Err(unreadable) => findings.push(
                told(unreadable.reason.clone(), "unreadable".to_owned())
                    .with_expected(format!("{} as its style or content says", name()))
                    .with_actual(unreadable.text),
            ),
            Ok(Some(value)) => {
                if let Some(schema) = parameter.value.schema() {
                    breaches(schema, [&value], |violation, others| {
                        let message = format!("{}{}", violation.message, and_more(others));
                        findings.push(
                            told(message, violation.keyword.clone())
                                .at(violation.schema.clone())
                                .with_expected(violation.expected.clone())
                                .with_actual(violation.actual.clone()),
                        );
                    });
                }
            }
        }
    }
}

/// Adds what is wrong with the body; answers the limit that kept it from being read.
fn body(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> Option<MalformedBody> {
    let request = &subject.exchange.request;
    let declared = subject.operation.request_body.as_ref()?;
    let Body::Complete(bytes) = &request.body else {
        return None;
    };
    let told = |message: String, discriminator: String| {
        subject
            .finding(
                &RequestMismatch::RULE,
                format!(
                    "the request breaks {}: body: {message}",
                    subject.operation.id
                ),
            )
            .at(declared.address.clone())
            .with_discriminator(format!("body {discriminator}"))
    };
    if bytes.is_empty() {
        if declared.required {
            findings.push(
                told(
                    "the required body is missing".to_owned(),
                    "missing".to_owned(),
                )
                .with_expected(declared.content.names())
                .with_actual("no body"),
            );
        }
        return None;
    }
    let content_type = request
        .headers
        .get(http::header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let content_type = content_type?;
    if holds_redaction(&content_type) {
        return None;
    }
    let Some(came) = parse_media_type(&content_type) else {
        findings.push(
            told(
                "the Content-Type is not a media type".to_owned(),
                "type malformed".to_owned(),
            )
            .with_expected(declared.content.names())
            .with_actual(content_type.into_owned()),
        );
        return None;
    };
    let Some(media_type) = declared.content.best(&came) else {
        if !declared.content.media_types.is_empty() {
            let essence = came.essence().to_string().to_lowercase();
            findings.push(
                told(
                    format!("{essence} is not a declared media type"),
                    format!("type {essence}"),
                )
                .with_expected(declared.content.names())
                .with_actual(content_type.into_owned()),
            );
        }
        return None;
    };
    for breach in part_breaches(media_type, &came, bytes) {
        findings.push(
            told(
                format!("the part `{}`: {}", breach.part, breach.message),
                format!("part {} {}", breach.part, breach.message),
            )
            .with_expected(breach.expected)
            .with_actual(breach.actual),
        );
    }
    let mended = std::str::from_utf8(bytes)
        .ok()
        .filter(|_| is_torn(bytes))
        .and_then(quote_redactions);
    let read = read_body(
        media_type,
        &came,
        mended.as_ref().map_or(bytes, String::as_bytes),
    );
    match read {
        Err(_) if mended.is_some() => {}
        Err(limit @ (MalformedBody::TooLarge { .. } | MalformedBody::TooDeep { .. })) => {
            return Some(limit);
        }
        Err(error) => findings.push(
            told(error.to_string(), "malformed".to_owned())
                .with_expected(format!("a body of {}", media_type.range))
                .with_actual(
                    String::from_utf8_lossy(bytes)
                        .chars()
                        .take(80)
                        .collect::<String>(),
                ),
        ),
        Ok(Parsed::Value(value)) => {
            if let Some(schema) = &media_type.schema {
                held(schema, [&value], &told, findings);
            }
        }
        Ok(Parsed::Items(items)) => {
            if let Some(schema) = &media_type.item_schema {
                held(schema, &items, &told, findings);
            }
            if let Some(schema) = subject.schema_of_all(media_type) {
                held(schema, [&Value::Array(items)], &told, findings);
            }
        }
        Ok(Parsed::Opaque) => {}
    }
    None
}

/// Whether a recorder may have left a parameter out: a credential, or what its format leaves out.
fn may_be_left_out(subject: &Subject<'_>, parameter: &Parameter) -> bool {
    let kept = subject.exchange.origin.kept().unwrap_or_default();
    let is_scheme = |scheme: &SecurityScheme| {
        matches!(
            &scheme.kind,
            Some(SecurityKind::ApiKey { location, name, .. })
                if *location == parameter.location && name.eq_ignore_ascii_case(&parameter.name)
        )
    };
    let mut schemes = subject
        .operation
        .security
        .iter()
        .flat_map(|one| &one.schemes);
    match parameter.location {
        Location::Header => {
            kept.request_headers_are_partial
                || is_credential(&parameter.name.to_ascii_lowercase())
                || schemes.any(is_scheme)
        }
        Location::Cookie => {
            kept.request_headers_are_partial || kept.has_no_cookies || schemes.any(is_scheme)
        }
        Location::Query => schemes.any(is_scheme),
        Location::Path | Location::QueryString => false,
    }
}

fn held<'v>(
    schema: &Schema,
    values: impl IntoIterator<Item = &'v Value>,
    told: &dyn Fn(String, String) -> Finding,
    findings: &mut Vec<Finding>,
) {
    breaches(schema, values, |violation, others| {
        let place = if violation.instance.is_root() {
            String::new()
        } else {
            format!("{}: ", violation.instance)
        };
        let message = format!("{place}{}{}", violation.message, and_more(others));
        findings.push(
            told(message, violation.keyword.clone())
                .at(violation.schema.clone())
                .with_instance(violation.instance.clone())
                .with_expected(violation.expected.clone())
                .with_actual(violation.actual.clone()),
        );
    });
}

/// Hands over the first breach of each keyword, and how many more there are of it.
fn breaches<'v>(
    schema: &Schema,
    values: impl IntoIterator<Item = &'v Value>,
    mut take: impl FnMut(Violation, usize),
) {
    let mut all: Vec<(Violation, usize)> = Vec::new();
    for value in values {
        if schema.is_valid(value) {
            continue;
        }
        for violation in schema.violations(value) {
            if is_excused(value, &violation) {
                continue;
            }
            let known = all.iter_mut().find(|(seen, _)| {
                seen.schema == violation.schema && seen.keyword == violation.keyword
            });
            match known {
                Some((_, others)) => *others += 1,
                None => all.push((violation, 0)),
            }
        }
    }
    for (violation, others) in all {
        take(violation, others);
    }
}
