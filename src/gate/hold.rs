//! One exchange held against all checks.

use crate::{
    check::{CHECKS, Content, ContentType, Subject},
    exchange::Body,
    finding::Finding,
    run::Settings,
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
        .any(|finding| finding.rule.as_str() == "schema-mismatch");
    Held {
        keeps_schema,
        findings: findings
            .into_iter()
            .filter_map(|finding| settings.severities.apply(finding))
            .collect(),
    }
}

/// The media type and value that a snapshot is taken of: a declared response with a body that was
/// read, whole.
pub(crate) fn snapshot_of<'s>(subject: &'s Subject<'_>) -> Option<(String, &'s serde_json::Value)> {
    subject.declared()?;
    let ContentType::Known(media_type) = subject.content_type() else {
        return None;
    };
    let Body::Complete(_) = subject.exchange.response.body else {
        return None;
    };
    match subject.body() {
        Content::Read(Parsed::Value(value)) if !value.is_string() => {
            Some((media_type.essence().to_string().to_ascii_lowercase(), value))
        }
        _ => None,
    }
}
