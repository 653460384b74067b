//! Ctrl-C, or a request to end: once to end the run and still write its reports, twice to end at once.
//! Where no run has begun, there is nothing to report and the program ends at once.

use std::{io::Write as _, sync::OnceLock, time::Duration};

use oasgate::gate::Interrupt;

use crate::{exit::Exit, start};

/// The run that is asked to end, once there is one.
static RUN: OnceLock<Interrupt> = OnceLock::new();

/// How long a run may take to end and write its reports: one that waits for a pipe that nobody writes would never.
const MAX_ENDING: Duration = Duration::from_secs(60);

/// The variable that says so in whole seconds, for where what asks the run to end waits less.
const END_WITHIN: &str = "OASGATE_END_WITHIN";

fn longest_end() -> Duration {
    let said = std::env::var(END_WITHIN).ok();
    said.and_then(|seconds| seconds.parse().ok())
        .map_or(MAX_ENDING, Duration::from_secs)
}

/// From now on a request to end is one to this run, which reports what it did until then.
pub(crate) fn end_by(interrupt: &Interrupt) {
    // A process makes one run; of a second one the first would go on being told.
    let _ = RUN.set(interrupt.clone());
}

/// Watches for Ctrl-C on a thread of its own, which nothing that the run does keeps from hearing it.
pub(crate) fn watch() {
    std::thread::spawn(|| {
        // Without a runtime Ctrl-C ends the program as it always does.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            runtime.block_on(listen());
        }
    });
}

async fn listen() {
    if asked_to_end().await.is_err() {
        return;
    }
    if let Some(run) = RUN.get().filter(|run| !run.is_set()) {
        run.set();
        // Asked a second time, or not ended in time: either way it is over.
        let _ = tokio::time::timeout(longest_end(), asked_to_end()).await;
    }
    end_at_once();
}

fn end_at_once() -> ! {
    start::stop_at_once();
    // Nobody is left to tell when standard error itself is gone.
    let _ = writeln!(
        std::io::stderr(),
        "interrupted: nothing can be said about the contract"
    );
    std::process::exit(Exit::CouldNotRun.code().into());
}

/// Waits for Ctrl-C, or for what a CI system sends when it cancels.
#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
