//! What a test runs that `contract_tests!` has written.

use std::{error::Error, fmt::Write as _, future::Future, sync::Arc};

use oasgate_document::Document;
use serde::Serialize;
use serde_json::Value;

use super::{Gate, GateReport, contract};
use crate::contract::Contract;

/// How a written test ends: the run, or why it could not begin.
type Ended = Result<GateReport<'static>, Box<dyn Error>>;

/// Holds one operation: `hold` is given a gate for it and runs it.
///
/// # Panics
///
/// When the document cannot be read, the run cannot begin, or the contract does not hold.
#[doc(hidden)]
#[track_caller]
pub fn run_operation<F, R>(document: &str, folder: &str, operation: &str, hold: F)
where
    F: FnOnce(Gate<'static>) -> R,
    R: Future<Output = Ended>,
{
    let contract = contract::shared(document, folder).unwrap_or_else(|error| panic!("{error}"));
    if let Err(error) = contract.operation(operation) {
        // The name was found in the document, so the operation is one that could not be read.
        panic!("{error}{}", defects(&contract));
    }
    let gate = Gate::new(contract).only(operation);
    match runtime().block_on(hold(gate)) {
        Ok(ran) => ran.assert(),
        Err(error) => panic!("{error}"),
    }
}

/// Holds each operation of a document that exists only when the program runs: a text, or what `serde`
/// writes as the document. `hold` is given a gate for each.
///
/// # Panics
///
/// When the document cannot be read, an operation is named that it does not have, a run cannot begin, or the
/// contract does not hold; the message names each operation that fails.
#[doc(hidden)]
#[track_caller]
pub fn run_document<F, R>(document: &impl Serialize, only: &[&str], except: &[&str], hold: F)
where
    F: Fn(Gate<'static>) -> R,
    R: Future<Output = Ended>,
{
    let contract = Arc::new(made(document).unwrap_or_else(|error| panic!("{error}")));
    let named = |names: &[&str]| -> Vec<String> {
        names
            .iter()
            .map(|name| match contract.operation(name) {
                Ok(operation) => operation.id.to_string(),
                Err(error) => panic!("{error}"),
            })
            .collect()
    };
    let (only, except) = (named(only), named(except));
    let is_one = |names: &[String], id: &str| names.iter().any(|name| name == id);
    let mut failures: Vec<String> = Vec::new();
    let mut number = 0;
    let runtime = runtime();
    for declared in contract.document().operations() {
        let id = declared.id.as_str();
        if is_one(&except, id) || !only.is_empty() && !is_one(&only, id) {
            continue;
        }
        number += 1;
        if contract.operation(id).is_err() {
            // It is declared, so that it is one that could not be read.
            failures.push(format!("{id}: it cannot be read{}", defects(&contract)));
            continue;
        }
        let gate = Gate::new(Arc::clone(&contract)).only(id);
        match runtime.block_on(hold(gate)) {
            Ok(ran) => failures.extend(ran.failure().map(|why| format!("{id}: {why}"))),
            Err(error) => failures.push(format!("{id}: {error}")),
        }
    }
    assert!(
        number > 0,
        "the document has no operation that is not left out"
    );
    if !failures.is_empty() {
        let mut text = format!("{} of {number} operations failed\n", failures.len());
        for failure in &failures {
            let _ = write!(text, "\n{failure}");
        }
        panic!("{text}");
    }
}

/// What could not be read of a document, a line each.
fn defects(contract: &Contract) -> String {
    let defects = contract.defects();
    let lines = defects.iter().map(|one| format!("\n  {}", one.message));
    lines.collect()
}

/// The contract of a document in memory.
fn made(document: &impl Serialize) -> Result<Contract, Box<dyn Error>> {
    let text = match serde_json::to_value(document)? {
        Value::String(text) => text,
        // In lines, so that a finding has one of its own.
        value => serde_json::to_string_pretty(&value)?,
    };
    Ok(Contract::from_document(Document::parse(
        "the document",
        text,
    )?))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no runtime could be started: {error}"))
}
