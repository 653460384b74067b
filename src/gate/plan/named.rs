//! Whether a broken request is named after what it breaks.

use crate::{
    check::{Breach, Part},
    contract::Operation,
    exchange::Request,
    wire::{Parameters, path_values},
};

/// Whether a request still breaks the rule that it is named after once it has travelled: 7 in place
/// of a text arrives as the text 7, which may break another rule.
pub(super) fn is_named_rightly(operation: &Operation, request: &Request, breach: &Breach) -> bool {
    let Part::Parameter(location, name) = &breach.part else {
        return true;
    };
    let parameter = operation
        .parameters
        .iter()
        .find(|one| one.location == *location && one.name == *name);
    let path = path_values(operation, request);
    let sent = Parameters::of(request, &path);
    let Some((schema, Ok(Some(value)))) =
        parameter.and_then(|one| Some((one.value.schema()?, sent.read(one))))
    else {
        return true;
    };
    // What holds in an alternative is broken through it.
    let is_meant = |keyword: &str| {
        keyword == breach.keyword || ["anyOf", "oneOf", "not", "if"].contains(&keyword)
    };
    schema
        .violations(&value)
        .iter()
        .any(|violation| is_meant(&violation.keyword))
}
