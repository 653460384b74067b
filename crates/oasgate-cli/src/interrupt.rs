//! Ctrl-C, or a request to end: once to end the run and still write its reports, twice to end at once.

use oasgate::gate::Interrupt;

use crate::{common::Exit, start};

/// Watches for Ctrl-C on the current runtime.
async fn watch(interrupt: Interrupt) {
    while asked_to_end().await.is_ok() {
        if interrupt.is_set() {
            start::stop_at_once();
            std::process::exit(Exit::CouldNotRun.code().into());
        }
        interrupt.set();
    }
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

/// Watches for Ctrl-C on a thread of its own, which nothing that the run does keeps from hearing it.
pub(crate) fn watch_on_a_thread(interrupt: Interrupt) {
    std::thread::spawn(move || {
        // Without a runtime Ctrl-C ends the program as it always does.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        {
            runtime.block_on(watch(interrupt));
        }
    });
}
