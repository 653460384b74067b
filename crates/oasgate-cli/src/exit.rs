//! The exit code, decided in one place: a run that did not look never passes.

use std::process::ExitCode;

use oasgate::{gate::End, report::JoinedEnd};

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
    pub(crate) fn of_run(end: &End, verdict: Verdict) -> Self {
        match (end, verdict) {
            (End::Unreachable(_), _) => Self::Unreachable,
            (End::Failed(_), _) | (End::Interrupted, Verdict::Passes) => Self::CouldNotRun,
            (End::Complete | End::Stopped(_) | End::Interrupted, Verdict::Fails) => Self::Findings,
            (End::Complete | End::Stopped(_), Verdict::Passes) => Self::Holds,
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
    use super::*;

    #[test]
    fn how_a_run_ended_and_what_it_found_make_the_exit_code() {
        let why = || "a reason".to_owned();
        for (end, joined, passes, fails) in [
            (End::Complete, JoinedEnd::Complete, 0, 1),
            (End::Stopped(why()), JoinedEnd::Stopped, 0, 1),
            (End::Interrupted, JoinedEnd::Interrupted, 2, 1),
            (End::Failed(why()), JoinedEnd::Failed, 2, 2),
            (End::Unreachable(why()), JoinedEnd::Unreachable, 3, 3),
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
