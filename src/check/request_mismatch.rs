//! `request-mismatch`

use mediatype::MediaTypeBuf;
use serde_json::Value;

use super::{Check, Intent, Rule, Subject, documented};
use crate::{
    contract::{Location, MediaType, Schema, Violation},
    exchange::{Body, is_redacted},
    finding::Finding,
    wire::{Parameters, Parsed, part_breaches, read_body},
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
    /// - a recorder has replaced a value by a placeholder such as `REDACTED`;
    /// - the service refused the request with a 4xx: both sides saw that it was wrong;
    /// - the query has a pair that no parameter declares;
    /// - a credential is missing: recorders take them out.
    ///
    /// # Example
    ///
    /// ```yaml
    /// parameters: [{ name: limit, in: query, schema: { type: integer } }]
    /// request: { query: limit=many }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 200 }
    /// ```
    pub RequestMismatch = "request-mismatch", Error;
}

impl Check for RequestMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        if is_exempt(subject) {
            return true;
        }
        let mut findings = Vec::new();
        parameters(subject, &mut findings);
        body(subject, &mut findings);
        findings.is_empty()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if !is_exempt(subject) {
            parameters(subject, findings);
            body(subject, findings);
        }
    }
}

fn is_exempt(subject: &Subject<'_>) -> bool {
    subject.intent != Intent::Unknown || subject.exchange.response.status.is_client_error()
}

fn parameters(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let sent = Parameters::of(&subject.exchange.request, subject.path_values);
    for parameter in &subject.operation.parameters {
        let name = format!("{} `{}`", parameter.location, parameter.name);
        let told = |message: String, discriminator: String| {
            subject
                .finding(
                    &RequestMismatch::RULE,
                    format!(
                        "the request breaks {}: {name}: {message}",
                        subject.operation.id
                    ),
                )
                .at(parameter.address.clone())
                .with_discriminator(format!("{} {discriminator}", parameter.name))
        };
        match sent.read(parameter) {
            // A recorder may have taken the header or cookie out as a secret.
            Ok(None)
                if parameter.required
                    && matches!(parameter.location, Location::Header | Location::Cookie) => {}
            Ok(None) if parameter.required => findings.push(
                told(
                    "the required parameter is missing".to_owned(),
                    "missing".to_owned(),
                )
                .with_expected(format!("a value for {name}"))
                .with_actual("no such parameter"),
            ),
            Ok(None) => {}
            Err(unreadable) if is_redacted(&unreadable.text) => {}
            Err(unreadable) => findings.push(
                told(unreadable.reason.clone(), "unreadable".to_owned())
                    .with_expected(format!("{name} as its style or content says"))
                    .with_actual(unreadable.text),
            ),
            Ok(Some(value)) => {
                if let Some(schema) = parameter.value.schema() {
                    violations(schema, &value, |violation| {
                        findings.push(
                            told(violation.message.clone(), violation.discriminator())
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

fn body(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let request = &subject.exchange.request;
    let Some(declared) = &subject.operation.request_body else {
        return;
    };
    let Body::Complete(bytes) = &request.body else {
        return;
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
        return;
    }
    let content_type = request
        .headers
        .get(http::header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(content_type) = content_type else {
        return;
    };
    let Some(came) = content_type.parse::<MediaTypeBuf>().ok() else {
        findings.push(
            told(
                "the Content-Type is not a media type".to_owned(),
                "type malformed".to_owned(),
            )
            .with_expected(declared.content.names())
            .with_actual(content_type.into_owned()),
        );
        return;
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
        return;
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
    match read_body(media_type, &came, bytes) {
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
        Ok(Parsed::Value(value)) => held_body(media_type, &value, &told, findings),
        Ok(Parsed::Items(items)) => {
            if let Some(schema) = &media_type.item_schema {
                for item in &items {
                    held_value(schema, item, &told, findings);
                }
            }
        }
        Ok(Parsed::Opaque) => {}
    }
}

fn held_body(
    media_type: &MediaType,
    value: &Value,
    told: &dyn Fn(String, String) -> Finding,
    findings: &mut Vec<Finding>,
) {
    if let Some(schema) = &media_type.schema {
        held_value(schema, value, told, findings);
    }
}

fn held_value(
    schema: &Schema,
    value: &Value,
    told: &dyn Fn(String, String) -> Finding,
    findings: &mut Vec<Finding>,
) {
    violations(schema, value, |violation| {
        let place = if violation.instance.is_root() {
            String::new()
        } else {
            format!("{}: ", violation.instance)
        };
        findings.push(
            told(
                format!("{place}{}", violation.message),
                violation.discriminator(),
            )
            .at(violation.schema.clone())
            .with_instance(violation.instance.clone())
            .with_expected(violation.expected.clone())
            .with_actual(violation.actual.clone()),
        );
    });
}

fn violations(schema: &Schema, value: &Value, mut take: impl FnMut(Violation)) {
    if schema.is_valid(value) {
        return;
    }
    for violation in schema.violations(value) {
        let broken = violation.instance.get(value).and_then(Value::as_str);
        if !broken.is_some_and(is_redacted) {
            take(violation);
        }
    }
}
