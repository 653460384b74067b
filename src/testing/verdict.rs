//! One response held against one operation.

use std::fmt;

use bytes::Bytes;
use http::Response;

use crate::{
    check::{Subject, has_trait},
    contract::{Contract, Operation, OperationIn, UnknownOperation},
    exchange::{self, Exchange, Origin, Request},
    finding::{Finding, Severity, Trait},
    gate::{self, Settings},
    report::{Colour, render_finding},
};

/// What was found wrong with a response; empty when the contract holds.
#[derive(Debug)]
#[must_use = "a verdict that nobody looks at holds nothing; call `assert`"]
pub struct Verdict<'c> {
    contract: &'c Contract,
    findings: Vec<Finding>,
}

impl Verdict<'_> {
    /// The findings, notes included.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether nothing of severity `error` was found.
    pub fn holds(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Fails the test unless the contract holds.
    ///
    /// # Panics
    ///
    /// When it does not, with each finding beside the line of the document that it breaks.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.holds(), "the response breaks the contract\n\n{self}");
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
        {
            f.write_str(&render_finding(
                finding,
                self.contract.document(),
                Colour::None,
            ))?;
        }
        Ok(())
    }
}

/// Holds a response that a test has in hand against an operation.
///
/// # Errors
///
/// When the contract has no such operation; the message names the nearest.
pub fn hold<'c, B: AsRef<[u8]>>(
    contract: &'c Contract,
    operation: &str,
    response: &Response<B>,
) -> Result<Verdict<'c>, UnknownOperation> {
    let operation = contract.operation(operation)?;
    let mut held = exchange::Response::new(response.status());
    held.headers = response.headers().clone();
    held.body = Bytes::copy_from_slice(response.body().as_ref()).into();
    Ok(hold_response(operation, held))
}

/// Holds a response alone.
pub(super) fn hold_response(
    operation: OperationIn<'_>,
    response: exchange::Response,
) -> Verdict<'_> {
    let exchange = Exchange {
        request: some_request(&operation),
        response,
        origin: Origin::InHand,
    };
    verdict(operation.contract(), &operation, &exchange, &[])
}

/// Holds a whole exchange, whose operation is found by its method and path. `None` when it belongs to
/// no operation.
pub fn hold_exchange<'c>(contract: &'c Contract, exchange: &Exchange) -> Option<Verdict<'c>> {
    let route = contract
        .route(&exchange.request.method, &exchange.request.url)
        .ok()?;
    Some(verdict(
        contract,
        route.operation,
        exchange,
        &route.path_values,
    ))
}

fn verdict<'c>(
    contract: &'c Contract,
    operation: &Operation,
    exchange: &Exchange,
    path_values: &[(String, String)],
) -> Verdict<'c> {
    let subject = Subject::new(contract, operation, exchange, path_values);
    let mut findings = gate::hold(&subject, &Settings::default()).findings;
    if exchange.origin == Origin::InHand && path_values.is_empty() {
        // A response alone says nothing of its request.
        findings.retain(|finding| !has_trait(&finding.rule, Trait::OfRequest));
    }
    Verdict { contract, findings }
}

/// The request that a response in hand may have had: its method matters to HTTP, its values do not.
fn some_request(operation: &Operation) -> Request {
    let path = operation.path.fill(|name| format!("%7B{name}%7D"));
    let mut url = gate::base_of(None);
    url.set_path(&path);
    Request::new(operation.method.clone(), url)
}
