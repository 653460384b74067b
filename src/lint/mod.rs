//! One file for each rule about the document alone, and the list that registers them.
//!
//! A rule is a unit struct declared with `documented!`, like a check, and implements [`Lint`]. To add
//! one, write its file and its line in [`RULES`].

mod ambiguous_paths;
mod defects;
mod discriminator_mapping;
mod empty_object_schema;
mod example_mismatch;
mod impossible_schema;
mod invalid_structure;
mod keywords;
mod no_error_response;
mod nullable_without_type;
mod other_version_keyword;
mod prose_status;
mod query_or_fragment_in_path;
mod required_not_declared;
mod response_without_schema;
mod structure;
mod subject;
mod suspicious_token_url;
mod undeclared_path_parameter;
mod undefined_security_scheme;
mod unknown_format;
mod unknown_keyword;

pub(crate) use defects::rule_of;
pub use subject::Subject;

use crate::{
    contract::Contract,
    finding::{Finding, Rule, Sealed, documented},
};

/// One rule about a document.
pub trait Lint: Sync + Sealed {
    /// Its identity and documentation.
    fn rule(&self) -> &'static Rule;

    /// Adds a finding for each breach.
    fn look(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>);
}

/// Every rule, in the order in which they look.
pub const RULES: &[&dyn Lint] = &[
    &defects::MalformedObject,
    &defects::UnresolvedReference,
    &invalid_structure::InvalidStructure,
    &other_version_keyword::OtherVersionKeyword,
    &unknown_keyword::UnknownKeyword,
    &defects::InvalidSchema,
    &defects::InvalidPattern,
    &defects::DuplicateKey,
    &defects::DuplicateOperationId,
    &defects::DocumentLimit,
    &ambiguous_paths::AmbiguousPaths,
    &query_or_fragment_in_path::QueryOrFragmentInPath,
    &undeclared_path_parameter::UndeclaredPathParameter,
    &undefined_security_scheme::UndefinedSecurityScheme,
    &suspicious_token_url::SuspiciousTokenUrl,
    &prose_status::ProseStatus,
    &no_error_response::NoErrorResponse,
    &response_without_schema::ResponseWithoutSchema,
    &example_mismatch::ExampleMismatch,
    &impossible_schema::ImpossibleSchema,
    &required_not_declared::RequiredNotDeclared,
    &nullable_without_type::NullableWithoutType,
    &discriminator_mapping::DiscriminatorMapping,
    &empty_object_schema::EmptyObjectSchema,
    &unknown_format::UnknownFormat,
];

/// Looks at a contract with every rule; what it finds is in the order of the document.
pub fn lint(contract: &Contract) -> Vec<Finding> {
    let subject = Subject::new(contract);
    let mut findings = Vec::new();
    for rule in RULES {
        rule.look(&subject, &mut findings);
    }
    let document = contract.document();
    findings.sort_by_cached_key(|finding: &Finding| {
        finding
            .document
            .as_ref()
            .map(|at| (at.file, document.offset(at)))
    });
    findings
}

/// A finding of a rule.
fn finding(rule: &Rule, message: impl Into<String>) -> Finding {
    Finding::new(rule.id, rule.severity, message)
}
