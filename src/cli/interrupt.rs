//! Ctrl-C: once to end the run and still write its reports, twice to end at once.

use crate::gate::Interrupt;

use super::common::Exit;

/// Watches for Ctrl-C on the current runtime.
pub(super) async fn watch(interrupt: Interrupt) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if interrupt.is_set() {
            std::process::exit(Exit::CouldNotRun.code().into());
        }
        interrupt.set();
    }
}

/// Watches for Ctrl-C on a thread of its own, for a run that is not asynchronous.
pub(super) fn watch_on_a_thread(interrupt: Interrupt) {
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
