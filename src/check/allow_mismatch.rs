//! `allow-mismatch`

use std::collections::BTreeSet;

use http::{Method, StatusCode, header::ALLOW};

use super::{
    Check, Rule, Subject, documented,
    methods::{declared_methods, is_declared_for_url},
};
use crate::finding::Finding;

documented! {
    /// `Allow` names other methods than the document.
    ///
    /// # What it holds
    ///
    /// The `Allow` field of a 405, and of an answer to OPTIONS, names the methods that the document
    /// declares for the path (RFC 9110 §10.2.1).
    ///
    /// # Why
    ///
    /// One of the two is wrong about what can be done here.
    ///
    /// # Not a finding when
    ///
    /// - the difference is HEAD or OPTIONS, on either side;
    /// - there is no `Allow` (`missing-allow` speaks of a 405 without one), or it says `*`;
    /// - a 405 leaves out the very method that it refuses, which the document declares
    ///   (`rejected-valid`).
    ///
    /// # Example
    ///
    /// ```yaml
    /// request: { method: OPTIONS, declared-method: GET, intent: other-method }
    /// responses: { '200': { description: Fine } }
    /// response: { status: 204, headers: { allow: 'GET, DELETE' } }
    /// ```
    pub AllowMismatch = "allow-mismatch", Warning, [OfOtherMethods];
}

impl Check for AllowMismatch {
    fn rule(&self) -> &'static Rule {
        &Self::RULE
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        let response = &subject.exchange.response;
        let speaks = response.status == StatusCode::METHOD_NOT_ALLOWED
            || subject.exchange.request.method == Method::OPTIONS && response.status.is_success();
        !speaks || !response.headers.contains_key(ALLOW) || Difference::of(subject).is_none()
    }

    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>) {
        if self.holds(subject) {
            return;
        }
        let Some(difference) = Difference::of(subject) else {
            return;
        };
        let mut words = Vec::new();
        if !difference.more.is_empty() {
            words.push(format!("names {} too", difference.more.join(", ")));
        }
        if !difference.less.is_empty() {
            words.push(format!("leaves out {}", difference.less.join(", ")));
        }
        let address = &subject.operation.address;
        findings.push(
            subject
                .finding(
                    &Self::RULE,
                    format!(
                        "Allow for {} {}",
                        subject.operation.path,
                        words.join(" and ")
                    ),
                )
                .at(address.parent().unwrap_or_else(|| address.clone()))
                .with_expected(declared(subject).into_iter().collect::<Vec<_>>().join(", "))
                .with_actual(allowed(subject).into_iter().collect::<Vec<_>>().join(", "))
                .with_discriminator(format!(
                    "+{} -{}",
                    difference.more.join(","),
                    difference.less.join(",")
                )),
        );
    }
}

/// In what two lists of methods differ.
struct Difference {
    /// Named by the field, not declared.
    more: Vec<String>,
    /// Declared, not named by the field.
    less: Vec<String>,
}

impl Difference {
    fn of(subject: &Subject<'_>) -> Option<Self> {
        let (declared, allowed) = (declared(subject), allowed(subject));
        if allowed.contains("*") {
            return None;
        }
        let request = &subject.exchange.request.method;
        let is_refused = subject.exchange.response.status == StatusCode::METHOD_NOT_ALLOWED;
        let counts = |method: &&String| !["HEAD", "OPTIONS"].contains(&method.as_str());
        let more: Vec<_> = allowed
            .difference(&declared)
            .filter(counts)
            .filter(|method| !is_declared_for_url(subject, method))
            .cloned()
            .collect();
        let less: Vec<_> = declared
            .difference(&allowed)
            .filter(counts)
            .filter(|method| !is_refused || *method != request.as_str())
            .cloned()
            .collect();
        (!more.is_empty() || !less.is_empty()).then_some(Self { more, less })
    }
}

fn declared(subject: &Subject<'_>) -> BTreeSet<String> {
    declared_methods(subject).map(ToString::to_string).collect()
}

/// Methods are told apart by case (RFC 9110 §9.1).
fn allowed(subject: &Subject<'_>) -> BTreeSet<String> {
    let fields = subject.exchange.response.headers.get_all(ALLOW);
    let texts = fields.iter().filter_map(|field| field.to_str().ok());
    texts
        .flat_map(|text| text.split(','))
        .map(|method| method.trim().to_owned())
        .filter(|method| !method.is_empty())
        .collect()
}
