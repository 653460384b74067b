//! A panic is a fault of this program: told in one sentence, and never a verdict.

use std::{
    io::Write as _,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{Result, exit::Exit};

/// Runs a command; a panic in it ends in exit code 2.
pub(crate) fn guarded(command: impl FnOnce() -> Result) -> Result {
    tell_panics();
    catch_unwind(AssertUnwindSafe(command)).unwrap_or(Ok(Exit::CouldNotRun))
}

/// Replaces the message of a panic by a sentence for people. The message itself may show values of the
/// input, so it comes only with `RUST_BACKTRACE`. Panics behind the first one are not told: a recording
/// could cause thousands.
fn tell_panics() {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    let detailed = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if IS_TOLD.swap(true, Ordering::Relaxed) {
            return;
        }
        let place = info.location().map_or_else(String::new, |location| {
            format!(" at {}:{}", location.file(), location.line())
        });
        // Nobody is left to tell when standard error itself is gone.
        let _ = writeln!(
            std::io::stderr(),
            "error: a fault in oasgate {}{place}; nothing can be said about the contract. Please report this \
             line and what was run in the project's issue tracker; RUST_BACKTRACE=1 shows more.",
            env!("CARGO_PKG_VERSION")
        );
        if detailed {
            usual(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_exit_code_2_and_what_ends_well_is_left_alone() {
        let ended = guarded(|| panic!("a fault on purpose"));
        assert!(matches!(ended, Ok(Exit::CouldNotRun)));
        assert!(matches!(guarded(|| Ok(Exit::Findings)), Ok(Exit::Findings)));
    }
}
