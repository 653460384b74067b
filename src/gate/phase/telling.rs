//! One request of each kind to each operation, before any operation gets its depth: who looks at a run
//! while it goes on sees the plainest faults of all operations first.

use std::ops::ControlFlow;

use crate::{
    gate::{driver::Driver, schedule::Schedule},
    run::RunStatus,
    transport::Transport,
};

/// Sends the first case of each kind of each operation, as many as the budget allows.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    let left = driver.executor.budget.left();
    for round in schedule.take_telling(&driver.context, left) {
        schedule.mark(&round);
        driver.rounds(round).await?;
    }
    ControlFlow::Continue(())
}
