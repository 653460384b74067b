//! The exit code, decided in one place: a run that did not look never passes.

use std::process::ExitCode;

use oasgate::{gate::RunStatus, report::JoinedEnd};

/// How the program ends; nothing else is ever returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: the contract holds.
    Holds,
    /// 1: something was found that fails the gate.
    Findings,
    /// 2: the run could not be made, or not be finished.
    CouldNotRun,
    /// 3: the service could not be reached.
    Unreachable,
}

/// Whether a run found something that fails the gate: an error, or what `--fail-on` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing did.
    Passes,
    /// Something did.
    Fails,
}

impl Verdict {
    pub(crate) fn failing_if(fails: bool) -> Self {
        if fails { Self::Fails } else { Self::Passes }
    }
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Findings => 1,
            Self::CouldNotRun => 2,
            Self::Unreachable => 3,
        }
    }

    /// How the program ends after a run.
    ///
    /// What was found counts although the run was interrupted; what was not found before an interruption
    /// says nothing. A limit that the user set is no interruption.
    pub(crate) fn of_run(end: &RunStatus, verdict: Verdict) -> Self {
        match (end, verdict) {
            (RunStatus::Unreachable(_), _) => Self::Unreachable,
            (RunStatus::Failed(_), _) | (RunStatus::Interrupted, Verdict::Passes) => {
                Self::CouldNotRun
            }
            (
                RunStatus::Complete | RunStatus::Stopped(_) | RunStatus::Interrupted,
                Verdict::Fails,
            ) => Self::Findings,
            (RunStatus::Complete | RunStatus::Stopped(_), Verdict::Passes) => Self::Holds,
        }
    }

    /// How the program ends after the reports of the parts of a run were joined.
    pub(crate) fn of_joined(end: JoinedEnd, verdict: Verdict) -> Self {
        match (end, verdict) {
            (JoinedEnd::Unreachable, _) => Self::Unreachable,
            (JoinedEnd::Failed, _) | (JoinedEnd::Interrupted, Verdict::Passes) => Self::CouldNotRun,
            (JoinedEnd::Complete | JoinedEnd::Stopped | JoinedEnd::Interrupted, Verdict::Fails) => {
                Self::Findings
            }
            (JoinedEnd::Complete | JoinedEnd::Stopped, Verdict::Passes) => Self::Holds,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use oasgate::gate::{FailReason, StopReason};

    use super::*;

    #[test]
    fn how_a_run_ended_and_what_it_found_make_the_exit_code() {
        for (end, joined, passes, fails) in [
            (RunStatus::Complete, JoinedEnd::Complete, 0, 1),
            (
                RunStatus::Stopped(StopReason::Time),
                JoinedEnd::Stopped,
                0,
                1,
            ),
            (RunStatus::Interrupted, JoinedEnd::Interrupted, 2, 1),
            (
                RunStatus::Failed(FailReason::NothingRead),
                JoinedEnd::Failed,
                2,
                2,
            ),
            (
                RunStatus::Unreachable("a reason".into()),
                JoinedEnd::Unreachable,
                3,
                3,
            ),
        ] {
            for (verdict, code) in [(Verdict::Passes, passes), (Verdict::Fails, fails)] {
                assert_eq!(
                    Exit::of_run(&end, verdict).code(),
                    code,
                    "{end:?}, {verdict:?}"
                );
                assert_eq!(
                    Exit::of_joined(joined, verdict).code(),
                    code,
                    "{joined:?}, {verdict:?}"
                );
            }
        }
    }
}
