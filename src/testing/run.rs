//! What a test runs that `contract_tests!` has written.

use std::{error::Error, future::Future};

use super::{Gate, Ran, contract};

/// How a written test ends: the run, or why it could not begin.
type Ended = Result<Ran<'static>, Box<dyn Error>>;

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
        let defects = contract.defects();
        let reasons: String = defects
            .iter()
            .map(|defect| format!("\n  {}", defect.message))
            .collect();
        panic!("{error}{reasons}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no runtime could be started: {error}"));
    let gate = Gate::new(contract).only(operation);
    match runtime.block_on(hold(gate)) {
        Ok(ran) => ran.assert(),
        Err(error) => panic!("{error}"),
    }
}
