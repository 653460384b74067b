//! Requests that build on each other.

use std::ops::ControlFlow;

use crate::{
    gate::{driver::Driver, schedule::Schedule, sequence},
    run::{Phase, RunStatus},
    transport::Transport,
};

/// Sends the first sequence about each resource, where sequences are wanted and the budget has room for as many
/// requests again.
pub(crate) async fn first<T: Transport>(driver: &mut Driver<'_, T>) -> ControlFlow<RunStatus> {
    let context = driver.context;
    if !context.settings.has_phase(Phase::Sequences) {
        return ControlFlow::Continue(());
    }
    let wanted = sequence::estimate(context.contract, context.graph, context.settings);
    let wanted: usize = wanted.iter().sum();
    if wanted <= driver.executor.budget.left() / 2 {
        Box::pin(sequence::first(driver)).await?;
    }
    driver.round(&[]).await?;
    ControlFlow::Continue(())
}

/// Sends the sequences, where they are wanted.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    if driver.context.settings.has_phase(Phase::Sequences) {
        Box::pin(sequence::run(driver)).await?;
        if driver.executor.budget.left() == 0 {
            for operation in sequence::operations(&driver.context) {
                schedule.note_cut(Phase::Sequences, &operation);
            }
        }
    }
    // Nothing more is sent, so that this only sees whether the run is to go on.
    driver.round(&[]).await?;
    ControlFlow::Continue(())
}
