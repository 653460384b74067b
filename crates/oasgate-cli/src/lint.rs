//! `oasgate lint`: the document by itself.

use std::time::Instant;

use clap::Args as ClapArgs;

use crate::{
    Result,
    common::{Output, RunArgs},
};
use oasgate::{gate, lint};

/// Tell what is wrong with the document itself
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  oasgate lint spec/api.yaml\n  oasgate lint spec/api.yaml --fail-on warning --report junit=lint.xml"
)]
pub(crate) struct Args {
    #[command(flatten)]
    run: RunArgs,
}

pub(crate) fn run(args: &Args, output: &Output) -> Result {
    let started = Instant::now();
    let prepared = args.run.prepare()?;
    let findings = lint::lint(&prepared.contract);
    let outcome = gate::lint_outcome(
        &prepared.contract,
        findings,
        &prepared.settings,
        started.elapsed(),
    );
    prepared.finish(outcome, output)
}
