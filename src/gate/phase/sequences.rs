//! Requests that build on each other.

use std::ops::ControlFlow;

use crate::{
    gate::{driver::Driver, sequence},
    run::{Phase, RunStatus},
    transport::Transport,
};

/// Sends the sequences, where they are wanted.
pub(crate) async fn run<T: Transport>(driver: &mut Driver<'_, T>) -> ControlFlow<RunStatus> {
    if driver.context.settings.has_phase(Phase::Sequences) {
        Box::pin(sequence::run(driver)).await?;
    }
    // Nothing more is sent, so that this only sees whether the run is to go on.
    driver.round(&[]).await?;
    ControlFlow::Continue(())
}
