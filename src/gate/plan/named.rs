//! Whether a broken request is named after what it breaks.

use serde_json::Value;

use crate::{
    check::{Breach, Part},
    contract::{Operation, Schema},
    exchange::Request,
    wire::{Parameters, path_values, sent_form},
};

/// Whether a request still breaks the rule that it is named after once it has travelled: 7 in place
/// of a text arrives as the text 7, which may break another rule.
pub(super) fn is_named_rightly(operation: &Operation, request: &Request, breach: &Breach) -> bool {
    // What holds in an alternative is broken through it.
    let is_meant = |keyword: &str| {
        keyword == breach.keyword || ["anyOf", "oneOf", "not", "if"].contains(&keyword)
    };
    let is_broken = |schema: &Schema, value: &Value| {
        schema
            .violations(value)
            .iter()
            .any(|violation| is_meant(&violation.keyword))
    };
    let is_there = |schema: &Schema, value: &Value| {
        schema.violations(value).iter().any(|violation| {
            is_meant(&violation.keyword) && breach.pointer.starts_with(&violation.instance)
        })
    };
    let Part::Parameter(location, name) = &breach.part else {
        let body = operation.request_body.as_ref();
        return body
            .and_then(|body| sent_form(body, request))
            .and_then(|(media_type, value)| Some((media_type.schema.as_ref()?, value)))
            .is_none_or(|(schema, value)| is_there(schema, &value));
    };
    let parameter = operation
        .parameters
        .iter()
        .find(|one| one.location == *location && one.name == *name);
    let path = path_values(operation, request);
    let sent = Parameters::of(operation, request, &path);
    let Some((schema, Ok(Some(value)))) =
        parameter.and_then(|one| Some((one.value.schema()?, sent.read(one))))
    else {
        return true;
    };
    is_broken(schema, &value)
}
