//! `broken-polling`

use super::documented;
use crate::{
    contract::Operation,
    exchange::{Evidence, Exchange},
    finding::Finding,
};

documented! {
    /// Work that goes on in the background does not say where and when to look again, or never ends.
    ///
    /// # What it holds
    ///
    /// While an operation with a polling rule answers "pending", each response names a `Location` on
    /// the same origin and a `Retry-After`, and within the bound of the rule the work is done.
    ///
    /// # Why
    ///
    /// A client that cannot tell when to ask again asks all the time, or never.
    ///
    /// # Not a finding when
    ///
    /// - the operation has no polling rule;
    /// - the rule says that a header is not needed (`needs-location`, `needs-retry-after`).
    ///
    /// A `Location` on another origin is not followed, because the credential would go with it.
    pub BrokenPolling = "broken-polling", Error;
}

/// In which way polling is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollingFault {
    /// There is no `Location`.
    NoLocation,
    /// There is no `Retry-After`.
    NoRetryAfter,
    /// `Location` leads to another origin; the text.
    OtherOrigin(String),
    /// The bound was reached; what it is.
    NeverDone(String),
}

/// The finding for a response on the way that breaks the polling.
pub fn broken_polling(operation: &Operation, exchange: &Exchange, fault: &PollingFault) -> Finding {
    let status = exchange.response.status.as_u16();
    let (message, expected, actual, kind) = match fault {
        PollingFault::NoLocation => (
            format!(
                "a {status} of {} does not say where to look again",
                operation.id
            ),
            "a Location header".to_owned(),
            "no Location".to_owned(),
            "location",
        ),
        PollingFault::NoRetryAfter => (
            format!(
                "a {status} of {} does not say when to look again",
                operation.id
            ),
            "a Retry-After header".to_owned(),
            "no Retry-After".to_owned(),
            "retry-after",
        ),
        PollingFault::OtherOrigin(location) => (
            format!(
                "a {status} of {} sends the client to another origin",
                operation.id
            ),
            format!(
                "a Location on {}",
                exchange.request.url.origin().ascii_serialization()
            ),
            format!("Location: {location}"),
            "origin",
        ),
        PollingFault::NeverDone(bound) => (
            format!("{} is still pending after {bound}", operation.id),
            format!("an end within {bound}"),
            format!("{status} again"),
            "bound",
        ),
    };
    Finding::new(
        BrokenPolling::RULE.id,
        BrokenPolling::RULE.severity,
        message,
    )
    .with_operation(operation.id.as_str())
    .at(operation.responses.address.clone())
    .with_expected(expected)
    .with_actual(actual)
    .with_evidence(Evidence::of(exchange))
    .with_discriminator(kind)
}
