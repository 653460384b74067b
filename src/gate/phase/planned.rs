//! Phases whose cases are planned ahead and sent in one round.

use std::ops::ControlFlow;

use crate::{
    gate::{driver::Driver, rounds::in_rounds, schedule::Schedule, sequence},
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
    for round in in_rounds(round) {
        sequence::send_round(driver, &round).await?;
    }
    ControlFlow::Continue(())
}
