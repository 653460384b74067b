//! What the run created is deleted when it is over.

use std::time::Duration;

use crate::{
    gate::{driver::Driver, sequence},
    run::{CleanUp, RunStatus},
    transport::Transport,
};

/// How long a run that is interrupted, or whose time is over, may take to delete what it created.
const MAX_CLEANUP_TIME: Duration = Duration::from_secs(10);

/// Deletes what the run created. One that is interrupted or late does so too, but not for long. What is left is
/// named.
pub(crate) async fn run<T: Transport>(driver: &mut Driver<'_, T>, end: &RunStatus) {
    let is_left = driver.context.settings.clean_up == CleanUp::Leave;
    if is_left || driver.knowledge.created.is_empty() {
        return;
    }
    driver.executor.begin_cleanup();
    let is_late = driver.executor.budget.is_late();
    match end {
        RunStatus::Unreachable(_) | RunStatus::Failed(_) => sequence::name_leftovers(driver),
        RunStatus::Interrupted | RunStatus::Stopped(_)
            if is_late || *end == RunStatus::Interrupted =>
        {
            let cleanup = sequence::cleanup(driver);
            let ended = tokio::time::timeout(MAX_CLEANUP_TIME, cleanup).await;
            if ended.is_err() {
                let text = "there was no time to delete all that the run created".to_owned();
                driver.recorder.notice(text);
                sequence::name_leftovers(driver);
            }
        }
        _ => sequence::cleanup(driver).await,
    }
}
