//! The ids of the rules, for what tells findings apart by their rule. Nothing outside this room writes an
//! id as a text, so that a rule can be renamed where it stands.

pub(crate) const ACCEPTED_INCOMPLETE: &str =
    super::accepted_incomplete::AcceptedIncomplete::RULE.id;
pub(crate) const ACCEPTED_INVALID: &str = super::accepted_invalid::AcceptedInvalid::RULE.id;
pub(crate) const ACCEPTED_UNDECLARED_METHOD: &str =
    super::accepted_undeclared_method::AcceptedUndeclaredMethod::RULE.id;
pub(crate) const ALLOW_MISMATCH: &str = super::allow_mismatch::AllowMismatch::RULE.id;
pub(crate) const BROKEN_OBJECT_AUTHORIZATION: &str =
    super::broken_object_authorization::BrokenObjectAuthorization::RULE.id;
pub(crate) const BROKEN_POLLING: &str = super::broken_polling::BrokenPolling::RULE.id;
pub(crate) const FAILED_MODIFICATION: &str =
    super::failed_modification::FailedModification::RULE.id;
pub(crate) const HEADER_MISMATCH: &str = super::header_mismatch::HeaderMismatch::RULE.id;
pub(crate) const IGNORED_AUTH: &str = super::ignored_auth::IgnoredAuth::RULE.id;
pub(crate) const INCOMPLETE_RESPONSE: &str =
    super::incomplete_response::IncompleteResponse::RULE.id;
pub(crate) const MALFORMED_BODY: &str = super::malformed_body::MalformedBody::RULE.id;
pub(crate) const MALFORMED_LOCATION: &str = super::malformed_location::MalformedLocation::RULE.id;
pub(crate) const MALFORMED_PROBLEM_DETAILS: &str =
    super::malformed_problem_details::MalformedProblemDetails::RULE.id;
pub(crate) const MALFORMED_RETRY_AFTER: &str =
    super::malformed_retry_after::MalformedRetryAfter::RULE.id;
pub(crate) const MERGE_PATCH_MISMATCH: &str =
    super::merge_patch_mismatch::MergePatchMismatch::RULE.id;
pub(crate) const MISSING_AFTER_CREATE: &str =
    super::missing_after_create::MissingAfterCreate::RULE.id;
pub(crate) const MISSING_ALLOW: &str = super::missing_allow::MissingAllow::RULE.id;
pub(crate) const MISSING_BODY: &str = super::missing_body::MissingBody::RULE.id;
pub(crate) const MISSING_CONTENT_TYPE: &str =
    super::missing_content_type::MissingContentType::RULE.id;
pub(crate) const MISSING_LOCATION: &str = super::missing_location::MissingLocation::RULE.id;
pub(crate) const MISSING_WWW_AUTHENTICATE: &str =
    super::missing_www_authenticate::MissingWwwAuthenticate::RULE.id;
pub(crate) const NO_RESPONSE: &str = super::no_response::NoResponse::RULE.id;
pub(crate) const PUT_NOT_IDEMPOTENT: &str = super::put_not_idempotent::PutNotIdempotent::RULE.id;
pub(crate) const READ_ONLY_ACCEPTED: &str = super::read_only_accepted::ReadOnlyAccepted::RULE.id;
pub(crate) const REJECTED_VALID: &str = super::rejected_valid::RejectedValid::RULE.id;
pub(crate) const REQUEST_MISMATCH: &str = super::request_mismatch::RequestMismatch::RULE.id;
pub(crate) const SCHEMA_MISMATCH: &str = super::schema_mismatch::SchemaMismatch::RULE.id;
pub(crate) const SERVER_ERROR: &str = super::server_error::ServerError::RULE.id;
pub(crate) const SHAPE_DRIFT: &str = super::shape_drift::ShapeDrift::RULE.id;
pub(crate) const SLOW_RESPONSE: &str = super::slow_response::SlowResponse::RULE.id;
pub(crate) const STACK_TRACE_LEAK: &str = super::stack_trace_leak::StackTraceLeak::RULE.id;
pub(crate) const UNCHECKED_BODY: &str = super::unchecked_body::UncheckedBody::RULE.id;
pub(crate) const UNDECLARED_BODY: &str = super::undeclared_body::UndeclaredBody::RULE.id;
pub(crate) const UNDECLARED_CONTENT_TYPE: &str =
    super::undeclared_content_type::UndeclaredContentType::RULE.id;
pub(crate) const UNDECLARED_PROPERTY: &str =
    super::undeclared_property::UndeclaredProperty::RULE.id;
pub(crate) const UNDECLARED_STATUS: &str = super::undeclared_status::UndeclaredStatus::RULE.id;
pub(crate) const UNDOCUMENTED_CONSTRAINT: &str =
    super::undocumented_constraint::UndocumentedConstraint::RULE.id;
pub(crate) const UNEXPECTED_BODY: &str = super::unexpected_body::UnexpectedBody::RULE.id;
pub(crate) const UNKNOWN_OPERATION: &str = super::unknown_operation::UnknownOperation::RULE.id;
pub(crate) const UNREACHED: &str = super::unreached::Unreached::RULE.id;
pub(crate) const UNSTABLE_READ: &str = super::unstable_read::UnstableRead::RULE.id;
pub(crate) const UNREAD_ENTRY: &str = super::unread_entry::UnreadEntry::RULE.id;
pub(crate) const USE_AFTER_DELETE: &str = super::use_after_delete::UseAfterDelete::RULE.id;
pub(crate) const WRITE_ONLY_LEAK: &str = super::write_only_leak::WriteOnlyLeak::RULE.id;
pub(crate) const DEAD_LOCATION: &str = super::dead_location::DeadLocation::RULE.id;
pub(crate) const MISUSED_STATUS: &str = super::misused_status::MisusedStatus::RULE.id;

pub(crate) use super::discriminators::{
    DEPENDS_ON_STATE, NOT_REPEATED, REFUSED_OTHERWISE, SHOWS_NOTHING, TO, UNDER_DEFAULT,
    WITH_A_NUL, WITHOUT_CONTENT,
};
