//! Phases whose cases are planned ahead and sent in one round.

use std::ops::ControlFlow;

use crate::{
    gate::{driver::Driver, schedule::Schedule},
    run::{Phase, RunStatus},
    transport::Transport,
};

/// Sends the cases of one phase, as many of each operation as the budget allows.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
    phase: Phase,
) -> ControlFlow<RunStatus> {
    let left = driver.executor.budget.left();
    let round = schedule.take(phase, driver.context, left).concat();
    schedule.mark(&round);
    driver.rounds(round).await
}
