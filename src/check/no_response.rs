//! `no-response`

use super::documented;
use crate::{
    contract::Operation,
    exchange::{Evidence, Request},
    finding::{Finding, Help, Remedy},
};

documented! {
    /// A request got no HTTP response although the service was there.
    ///
    /// # What it holds
    ///
    /// Whoever takes a connection and a request answers in HTTP, within the time that this run
    /// allows.
    ///
    /// # Why
    ///
    /// No document can declare a stalled or reset connection, and no client handles one well.
    ///
    /// # Not a finding when
    ///
    /// - the service cannot be reached at all: then there is nothing to hold, and the run ends;
    /// - the response began and then broke off (`incomplete-response`, `limit-reached`).
    pub NoResponse = "no-response", Error;
}

/// The finding for a request that got no response. `kind` tells one way of failing from another, and `is_late` says
/// whether the time limit was what ended it.
pub fn no_response(
    operation: &Operation,
    request: &Request,
    (reason, kind): (&str, &str),
    is_late: bool,
) -> Finding {
    let help = if is_late {
        Remedy::RaiseTimeout.into()
    } else {
        Help::from("look into the service's own log for a crash while it answered")
    };
    Finding::new(
        NoResponse::RULE.id,
        NoResponse::RULE.severity,
        format!("{} gave no response: {reason}", operation.id),
    )
    .with_operation(operation.id.as_str())
    .at(operation.address.clone())
    .with_expected("an HTTP response")
    .with_actual(reason)
    .with_evidence(Evidence::of_request(request))
    .with_discriminator(kind)
    .with_help(help)
}
