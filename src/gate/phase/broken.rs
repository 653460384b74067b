//! Requests that break one rule each, in parts: what some operation has taken, the others are sent next.

use std::ops::ControlFlow;

use crate::{
    gate::{driver::Driver, rounds::in_rounds, schedule::Schedule, sequence},
    run::{Case, RunStatus},
    transport::Transport,
};

/// In how many parts they are sent.
const PARTS: usize = 3;

/// Sends the broken requests of all operations, as many of each as the budget allows.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    // What has succeeded in the meantime has something to show.
    for plan in &mut schedule.plans {
        if plan.accepted.is_none() {
            plan.accepted = driver.knowledge.used.accepted(&plan.operation).cloned();
        }
    }
    let left = driver.executor.budget.left();
    let mut all = schedule.take_broken(driver.context, left);
    for part in (1..=PARTS).rev() {
        let kinds = &driver.knowledge.broken;
        let queues = all.iter_mut();
        let next: Vec<Case> = queues.flat_map(|queue| queue.next(part, kinds)).collect();
        schedule.mark(&next);
        for round in in_rounds(next) {
            sequence::send_round(driver, &round).await?;
        }
    }
    ControlFlow::Continue(())
}
