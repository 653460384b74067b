//! One file for each rule that an exchange is held against, and the list that registers them.
//!
//! A check is a unit struct declared with the `documented!` macro, whose doc comment is its
//! documentation, and which implements [`Check`]: `holds` answers fast and allocates nothing,
//! `explain` builds the findings. The two must agree; a test holds them to it. To add a check,
//! write its file and its line in [`CHECKS`].

mod breach;
mod compare;
pub(crate) mod ids;
mod methods;
mod redacted;
mod refusal;
mod refusal_of_state;
mod refusal_statement;
mod refusal_unions;
mod refusal_words;
mod sequence;
mod sign_in;
mod subject;

mod accepted_incomplete;
mod accepted_invalid;
mod accepted_undeclared_method;
mod allow_mismatch;
mod broken_object_authorization;
mod broken_polling;
mod dead_location;
mod discriminators;
mod failed_modification;
mod header_mismatch;
mod ignored_auth;
mod incomplete_response;
mod limit_reached;
mod malformed_body;
mod malformed_location;
mod malformed_problem_details;
mod malformed_retry_after;
mod merge_patch_mismatch;
mod missing_after_create;
mod missing_allow;
mod missing_body;
mod missing_content_type;
mod missing_location;
mod missing_www_authenticate;
mod misused_status;
mod no_response;
mod put_not_idempotent;
mod read_only_accepted;
mod rejected_valid;
mod request_mismatch;
mod request_text;
mod schema_mismatch;
mod server_error;
mod shape_drift;
mod slow_response;
mod stack_trace_leak;
mod unapplied_change;
mod unchecked_body;
mod undeclared_body;
mod undeclared_content_type;
mod undeclared_property;
mod undeclared_status;
mod undocumented_constraint;
mod unexpected_body;
mod unknown_operation;
mod unreached;
mod unread_entry;
mod unstable_read;
mod use_after_delete;
mod write_only_leak;

pub use breach::{Breach, Part};
pub(crate) use refusal_statement::without_verb;
pub(crate) use refusal_words::says_absent;
pub use sequence::{SequenceCheck, Step};
pub(crate) use sign_in::may_revoke_credential;
pub use subject::{Content, ContentType, Credential, Intent, Subject};

use crate::finding::{Certainty, Finding, Rule, RuleId, Sealed, Trait, documented};

/// One rule held against an exchange.
pub trait Check: Sync + Sealed {
    /// Its identity and documentation.
    fn rule(&self) -> &'static Rule;

    /// Whether the exchange keeps the rule.
    fn holds(&self, subject: &Subject<'_>) -> bool;

    /// Adds a finding for each breach; adds none exactly when [`Check::holds`] answers yes.
    fn explain(&self, subject: &Subject<'_>, findings: &mut Vec<Finding>);
}

/// Every check on a single exchange, in the order in which findings are explained.
pub const CHECKS: &[&dyn Check] = &[
    &server_error::ServerError,
    &undeclared_status::UndeclaredStatus,
    &missing_content_type::MissingContentType,
    &undeclared_content_type::UndeclaredContentType,
    &undeclared_body::UndeclaredBody,
    &missing_body::MissingBody,
    &unexpected_body::UnexpectedBody,
    &incomplete_response::IncompleteResponse,
    &limit_reached::LimitReached,
    &malformed_body::MalformedBody,
    &unchecked_body::UncheckedBody,
    &schema_mismatch::SchemaMismatch,
    &write_only_leak::WriteOnlyLeak,
    &undeclared_property::UndeclaredProperty,
    &header_mismatch::HeaderMismatch,
    &missing_allow::MissingAllow,
    &missing_location::MissingLocation,
    &missing_www_authenticate::MissingWwwAuthenticate,
    &malformed_location::MalformedLocation,
    &malformed_retry_after::MalformedRetryAfter,
    &malformed_problem_details::MalformedProblemDetails,
    &misused_status::MisusedStatus,
    &stack_trace_leak::StackTraceLeak,
    &slow_response::SlowResponse,
    &request_mismatch::RequestMismatch,
    &accepted_invalid::AcceptedInvalid,
    &accepted_incomplete::AcceptedIncomplete,
    &rejected_valid::RejectedValid,
    &accepted_undeclared_method::AcceptedUndeclaredMethod,
    &allow_mismatch::AllowMismatch,
    &ignored_auth::IgnoredAuth,
];

/// Every check on a sequence.
pub const SEQUENCE_CHECKS: &[&dyn SequenceCheck] = &[
    &use_after_delete::UseAfterDelete,
    &missing_after_create::MissingAfterCreate,
    &unstable_read::UnstableRead,
    &broken_object_authorization::BrokenObjectAuthorization,
    &failed_modification::FailedModification,
    &unapplied_change::UnappliedChange,
    &dead_location::DeadLocation,
    &put_not_idempotent::PutNotIdempotent,
    &merge_patch_mismatch::MergePatchMismatch,
    &read_only_accepted::ReadOnlyAccepted,
];

/// Rules that no single exchange can be held against: long work, snapshots, the run as a whole.
pub const RUN_RULES: &[&Rule] = &[
    &no_response::NoResponse::RULE,
    &broken_polling::BrokenPolling::RULE,
    &shape_drift::ShapeDrift::RULE,
    &unknown_operation::UnknownOperation::RULE,
    &undocumented_constraint::UndocumentedConstraint::RULE,
    &unreached::Unreached::RULE,
    &unread_entry::UnreadEntry::RULE,
];

/// The rule about snapshots.
pub(crate) const SHAPE_DRIFT: &Rule = &shape_drift::ShapeDrift::RULE;
/// The rule of what of a recording could not be read.
pub const UNREAD_ENTRY: &str = unread_entry::UnreadEntry::RULE.id;

/// Every rule, for `explain` and for configuration.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    CHECKS
        .iter()
        .map(|check| check.rule())
        .chain(SEQUENCE_CHECKS.iter().map(|check| check.rule()))
        .chain(RUN_RULES.iter().copied())
}

/// Whether runs treat a rule so; `false` for an id that no rule has.
pub(crate) fn has_trait(rule: &RuleId, wanted: Trait) -> bool {
    rules().any(|one| one.id == rule.as_str() && one.has(wanted))
}

/// How sure a finding of a rule is that was seen so often; what the document says where no rule has the id.
pub(crate) fn certainty(rule: &RuleId, seen: u64) -> Certainty {
    let rule = rules().find(|one| one.id == rule.as_str());
    rule.map_or(Certainty::Stated, |rule| rule.certainty(seen))
}

pub use broken_polling::{PollingFault, broken_polling};
pub use no_response::no_response;
pub(crate) use server_error::{speaks_of_state, whatever_was_said, whatever_was_sent, without};
pub use undocumented_constraint::undocumented_constraint;
pub use unknown_operation::{unknown_host, unknown_operation};
pub use unreached::{nothing_left, unreached};
pub use unread_entry::unread_entry;
