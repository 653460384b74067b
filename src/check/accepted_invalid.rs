//! `accepted-invalid`

use std::borrow::Cow;

use http::Method;
use oasgate_document::Address;
use serde_json::Value;

use super::{Breach, Check, Part, Rule, Subject, discriminators::TO, documented};
use crate::{
    contract::Location,
    exchange::Body,
    finding::Finding,
    wire::{self, Parameters, Parsed, read_body},
};

documented! {
    /// A request that breaks the contract was accepted.
    ///
    /// # What it holds
    ///
    /// A request that was sent to break one rule of the document is not answered with a 2xx or a 3xx: a
    /// redirect says where to go on, not that anything is wrong.
    ///
    /// # Why
    ///
    /// A rule that nobody enforces is no rule: clients come to depend on what gets through.
    ///
    /// # Not a finding when
    ///
    /// - some reading of the bytes as they were sent obeys the rule: a one-element array in a query is
    ///   its element, `true` and `null` are fine strings, an empty value may be an absent one;
    /// - the broken value stands in the path and holds a slash, a backslash or a NUL, or makes the path
    ///   of another operation: such a request may not have reached this one;
    /// - the only breach is a query parameter, header or cookie that the document does not know;
    /// - `format` alone is broken, also that of an alternative, unless `hold-formats` is set: few
    ///   services hold formats;
    /// - the body of a GET, HEAD or DELETE is broken: HTTP gives it no meaning;
    /// - a required parameter or the body was left out (`accepted-incomplete`).
    ///
    /// # Example
    ///
    /// ```yaml
    /// parameters: [{ name: limit, in: query, schema: { type: integer, maximum: 100 } }]
    /// request:
    ///   query: limit=101
    ///   breaks: { in: query, name: limit, keyword: maximum, rule: maximum 100 }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 200 }
    /// ```
    pub AcceptedInvalid = "accepted-invalid", Error;
}

impl Check for AcceptedInvalid {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let Some(breach) = subject.breaks else {
            return true;
        };
        !is_taken(subject)
            || breach.is_left_out()
            || breach.keyword == "format" && !subject.holds_formats
            || !is_proven(subject, breach)
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        let Some(breach) = subject.breaks.filter(|_| !self.holds(subject)) else {
            return;
        };
        let mut finding = subject
            .finding(
                &Self::RULE,
                format!("{} takes what breaks {breach}", subject.operation.id),
            )
            .at(place(subject, breach))
            .with_label(breach.rule.clone())
            .with_expected("a refusal, such as 400 or 422")
            .with_actual(match converted(subject, breach) {
                Some(kind) => format!("{} {TO}{kind}", subject.exchange.response.status),
                None => subject.exchange.response.status.to_string(),
            })
            .with_discriminator(breach.discriminator());
        if breach.part == Part::Body && !breach.pointer.is_root() {
            finding = finding.with_instance(breach.pointer.clone());
        }
        findings.push(finding);
    }
}

/// The type of a value of the body that a service takes for another one when it converts types: of a text where a
/// number is declared, of a number where a text is.
fn converted(subject: &Subject<'_>, breach: &Breach) -> Option<&'static str> {
    if breach.keyword != "type" || breach.part != Part::Body || breach.pointer.is_root() {
        return None;
    }
    let body: Value = serde_json::from_slice(subject.exchange.request.body.bytes()).ok()?;
    let wanted = breach.rule.strip_prefix("type ")?;
    let is_any_of = |types: &[&str]| types.contains(&wanted);
    match breach.pointer.get(&body)? {
        Value::Number(_) if is_any_of(&["string", "boolean"]) => Some("a number"),
        Value::Bool(_) if is_any_of(&["string", "integer", "number"]) => Some("a boolean"),
        Value::String(_) if is_any_of(&["integer", "number", "boolean"]) => Some("a string"),
        _ => None,
    }
}

/// Whether the answer says that the request was accepted.
fn is_taken(subject: &Subject<'_>) -> bool {
    let status = subject.exchange.response.status;
    status.is_success() || status.is_redirection()
}

/// Whether the bytes as sent break what they were meant to break.
fn is_proven(subject: &Subject<'_>, breach: &Breach) -> bool {
    let request = &subject.exchange.request;
    match &breach.part {
        Part::Parameter(location, name) => {
            let Some(parameter) = subject
                .operation
                .parameters_in(*location)
                .find(|parameter| parameter.name == *name)
            else {
                return false;
            };
            if is_about_names(breach) && *location == Location::Query {
                // Another pair of the query is what most services pass over.
                return false;
            }
            let parameter = if subject.holds_formats {
                Cow::Borrowed(parameter)
            } else {
                Cow::Owned(parameter.without_formats())
            };
            let breaks = |path: &[(String, String)]| {
                let sent = Parameters::of(subject.operation, request, path);
                wire::parameter_breaks(&parameter, &sent)
            };
            if *location != Location::Path {
                return breaks(&[]);
            }
            let readings = subject.operation.path.readings(request.url.path());
            !readings.is_empty()
                && readings
                    .iter()
                    .all(|path| !may_be_elsewhere(subject, name, path) && breaks(path))
        }
        Part::Body => {
            ![Method::GET, Method::HEAD, Method::DELETE].contains(&request.method)
                && subject.operation.request_body.as_ref().is_some_and(|body| {
                    // What cannot be read back was proven before it was written.
                    let breaks = wire::sent_body_breaks(body, request).unwrap_or(true);
                    // Few bodies come to this second look, which compiles their schemas again.
                    breaks
                        && (subject.holds_formats
                            || wire::sent_body_breaks(&body.without_formats(), request)
                                .unwrap_or(true))
                })
        }
    }
}

fn is_about_names(breach: &Breach) -> bool {
    matches!(
        breach.keyword.as_str(),
        "additionalProperties" | "propertyNames" | "unevaluatedProperties"
    )
}

/// Whether a path with this value may have led to another operation.
fn may_be_elsewhere(subject: &Subject<'_>, name: &str, path: &[(String, String)]) -> bool {
    let reroutes = path
        .iter()
        .filter(|(known, _)| known == name)
        .any(|(_, raw)| {
            let raw = raw.to_ascii_lowercase();
            ["%2f", "%5c", "%00", "%2e", ";"]
                .iter()
                .any(|odd| raw.contains(odd))
        });
    let request = &subject.exchange.request;
    reroutes
        || subject
            .contract
            .route(&request.method, &request.url)
            .is_ok_and(|route| route.operation.id != subject.operation.id)
}

/// The node of the document that was not enforced.
fn place(subject: &Subject<'_>, breach: &Breach) -> Address {
    let operation = subject.operation;
    match &breach.part {
        Part::Parameter(location, name) => operation
            .parameters_in(*location)
            .find(|parameter| parameter.name == *name)
            .map_or(&operation.address, |parameter| &parameter.address)
            .clone(),
        Part::Body => body_place(subject, breach).unwrap_or_else(|| {
            let body = operation.request_body.as_ref();
            body.map_or(&operation.address, |body| &body.address)
                .clone()
        }),
    }
}

/// The keyword in the body's schema.
fn body_place(subject: &Subject<'_>, breach: &Breach) -> Option<Address> {
    let request = &subject.exchange.request;
    let Body::Complete(bytes) = &request.body else {
        return None;
    };
    let field = request.headers.get(http::header::CONTENT_TYPE)?;
    let came = wire::parse_media_type(field.to_str().ok()?)?;
    let declared = subject.operation.request_body.as_ref()?;
    let media_type = declared.content.best(&came)?;
    let schema = media_type.schema.as_ref()?;
    let Ok(Parsed::Value(value)) = read_body(media_type, &came, bytes) else {
        return None;
    };
    let violations = schema.violations(&value);
    violations
        .iter()
        .find(|one| one.instance == breach.pointer && one.keyword == breach.keyword)
        .or_else(|| violations.first())
        .map(|one| one.schema.clone())
}
