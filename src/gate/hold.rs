//! One exchange held against all checks.

use serde_json::Value;

use crate::{
    check::{CHECKS, Content, ContentType, Subject, has_trait},
    contract::Location,
    exchange::Body,
    finding::{Finding, Trait},
    run::Settings,
    snapshot::Key,
    wire::Parsed,
};

/// What holding one exchange gave.
#[derive(Debug, Default)]
pub struct Held {
    /// The breaches, with the severities that the settings give them.
    pub findings: Vec<Finding>,
    /// Whether the body keeps the contract, so that a snapshot may be taken of it.
    pub(crate) keeps_schema: bool,
}

/// Holds an exchange against every check.
pub fn hold(subject: &Subject<'_>, settings: &Settings) -> Held {
    let mut findings = Vec::new();
    for check in CHECKS {
        if !check.holds(subject) {
            check.explain(subject, &mut findings);
        }
    }
    let keeps_schema = !findings
        .iter()
        .any(|finding| has_trait(&finding.rule, Trait::SpoilsSnapshot));
    Held {
        keeps_schema,
        findings: findings
            .into_iter()
            .filter_map(|finding| settings.severities.apply(finding))
            .collect(),
    }
}

/// What a snapshot is taken of, and the name that it is kept under: a declared response with a body
/// that was read, whole.
pub(crate) fn snapshot_of<'s>(subject: &'s Subject<'_>) -> Option<(Key, &'s Value)> {
    subject.declared()?;
    let ContentType::Known(media_type) = subject.content_type() else {
        return None;
    };
    let Body::Complete(_) = subject.exchange.response.body else {
        return None;
    };
    let Content::Read(Parsed::Value(value)) = subject.body() else {
        return None;
    };
    let key = Key {
        operation: subject.operation.id.to_string(),
        status: subject.exchange.response.status.as_u16(),
        media_type: media_type.essence().to_string().to_ascii_lowercase(),
        has_options: has_options(subject),
    };
    (!value.is_string()).then_some((key, value))
}

/// Whether the query has a parameter that may be left out.
fn has_options(subject: &Subject<'_>) -> bool {
    let is_required = |name: &str| {
        let mut parameters = subject.operation.parameters_in(Location::Query);
        parameters.any(|one| one.required && one.name == name)
    };
    let is_key = |name: &str| subject.operation.has_api_key(Location::Query, name);
    let mut pairs = subject.exchange.request.url.query_pairs();
    pairs.any(|(name, _)| !is_required(&name) && !is_key(&name))
}
