//! How a run ended, and why an operation was not reached in it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    finding::{Remedy, Wording},
    words::count,
};

/// How a run ended, the worst last. Whoever makes an exit code of it must know all, so that the list is closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reason", rename_all = "lowercase")]
pub enum RunStatus {
    /// All was done that was planned.
    Complete,
    /// A limit that the user set ended it before all was done.
    Stopped(StopReason),
    /// The user interrupted it; what was done until then is reported.
    Interrupted,
    /// The run checked nothing, or something that it had to do could not be done.
    Failed(FailReason),
    /// The service could not be reached, or is no longer there.
    Unreachable(ConnectionFailure),
}

impl RunStatus {
    /// Why the run did not end as it should, and what to do about it; `None` where it is complete or was
    /// interrupted.
    pub fn reason(&self, wording: Wording) -> Option<String> {
        match self {
            Self::Complete | Self::Interrupted => None,
            Self::Stopped(why) => Some(wording.explain(why, Some(&why.remedy()))),
            Self::Failed(why) => Some(wording.explain(why, why.remedy().as_ref())),
            Self::Unreachable(why) => Some(why.to_string()),
        }
    }

    /// Why what the run does not say cannot be relied on; `None` where it did what it was asked to do.
    pub fn failure(&self, wording: Wording) -> Option<String> {
        match self {
            Self::Complete | Self::Stopped(_) => None,
            Self::Interrupted => Some(
                "the run was interrupted: nothing is known of what it had not come to".to_owned(),
            ),
            Self::Failed(_) | Self::Unreachable(_) => self.reason(wording),
        }
    }
}

/// The limit that ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The time of the run was over.
    Time,
    /// So many errors were found.
    Errors(u64),
    /// So many errors were found that no baseline knows.
    NewErrors(u64),
}

impl StopReason {
    /// What makes a run go further.
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::Time => Remedy::RaiseMaxTime,
            Self::Errors(_) | Self::NewErrors(_) => Remedy::RaiseMaxFailures,
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, what) = match self {
            Self::Time => return f.write_str("the time was over"),
            Self::Errors(number) => (*number, "error"),
            Self::NewErrors(number) => (*number, "new error"),
        };
        let verb = if number == 1 { "was" } else { "were" };
        write!(f, "{} {verb} found", count(number, what))
    }
}

/// Why a run could not be finished, or checked nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailReason {
    /// A credential could not be had: why, in words.
    Credential(String),
    /// The service accepted the credential and does not any more.
    CredentialRevoked {
        /// The operations that changed something just before, the last one first.
        after: Vec<String>,
    },
    /// Every recorded exchange is with another service.
    AllPassedOver,
    /// No recorded exchange could be read.
    NothingRead,
    /// The one case that was asked for could not be sent.
    NotSent,
    /// A fault of this program kept a part of a recording from being checked, so many times.
    Fault(u64),
    /// The exchanges could not be recorded: why, in words.
    Recording(String),
    /// Snapshots could not be read or written: why, in words.
    Snapshots(String),
}

impl FailReason {
    /// What may let the next run be finished, where that is known.
    pub const fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::AllPassedOver => Some(Remedy::NameService),
            _ => None,
        }
    }
}

impl fmt::Display for FailReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(why) | Self::Recording(why) | Self::Snapshots(why) => f.write_str(why),
            Self::CredentialRevoked { after } => {
                f.write_str(
                    "the service accepted the credential and answers 401 to the same request now",
                )?;
                if after.is_empty() {
                    return Ok(());
                }
                write!(
                    f,
                    "; changed just before: {}; leave out what revokes it",
                    after.join(", ")
                )
            }
            Self::AllPassedOver => {
                f.write_str("every exchange was passed over, as none is with the service")
            }
            Self::NothingRead => f.write_str("no exchange could be read"),
            Self::NotSent => f.write_str("the kept failure could not be sent; the notices say why"),
            Self::Fault(times) => write!(
                f,
                "a fault in oasgate itself kept a part of the recording from being checked ({times} times); \
                 please report it"
            ),
        }
    }
}

/// Why a service could not be reached, as the connection tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionFailure {
    /// One sentence.
    pub text: String,
}

impl fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for ConnectionFailure {
    fn from(text: &str) -> Self {
        Self { text: text.into() }
    }
}

/// Why an operation was never answered with a declared success.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unreached {
    /// Its method may change something and the run was a safe one.
    Unsafe,
    /// No exchange was seen for it.
    NotSeen,
    /// No value is known for a required parameter, named here.
    NoValue(String),
    /// No value of the required body is known: its schema allows none that is finite.
    NoBody,
    /// Values are known for all parts, and no request that obeys came of them.
    NoRequest,
    /// Every response was 401 or 403.
    Refused,
    /// Every response was 404 or 410.
    NotFound,
    /// The request budget ran out first.
    Budget,
    /// Every request to it would have changed what was there before the run.
    Existing,
    /// It may revoke the credential of the run, which others need, or others of its kind were sent first.
    Revoking,
    /// It may end the service, and is sent only where it is named.
    Stopping,
    /// It was left out by configuration.
    Excluded,
    /// Responses came with these statuses, none of which is a declared success.
    NoSuccess(Vec<u16>),
}

impl Unreached {
    /// What may let it be reached, where that is known.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Unsafe => Some(Remedy::AllowUnsafe),
            Self::NoValue(name) => Some(Remedy::NameParameter(name.clone())),
            Self::NotFound => Some(Remedy::NameExisting),
            Self::Budget => Some(Remedy::RaiseBudget),
            Self::Existing | Self::Revoking => Some(Remedy::TouchExisting),
            Self::Stopping => Some(Remedy::NameOperation),
            // All operations of a run together tell whether it is the credential.
            Self::Refused
            | Self::NotSeen
            | Self::NoBody
            | Self::NoRequest
            | Self::Excluded
            | Self::NoSuccess(_) => None,
        }
    }

    /// The reason with what to do about it, to stand behind `unreached:`.
    pub fn reason(&self, wording: Wording) -> String {
        wording.explain(self, self.remedy().as_ref())
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsafe => "left out by the safe mode",
            Self::NotSeen => "no exchange was seen",
            Self::NoValue(name) => return write!(f, "no value is known for {name}"),
            Self::NoBody => "no value of the required body was found",
            Self::NoRequest => "no request that obeys the contract could be made of its parts",
            Self::Refused => "only 401 or 403 came back",
            Self::NotFound => "only 404 came back",
            Self::Budget => "the budget was spent",
            Self::Revoking => "it may revoke the credential that the run was given",
            Self::Stopping => "it may end the service, or shut others or the run itself out",
            Self::Existing => "requests that would change what was there before were not sent",
            Self::Excluded => "left out by configuration, or in another shard",
            Self::NoSuccess(statuses) => {
                let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
                return match statuses.as_slice() {
                    [] => f.write_str("no declared success came back"),
                    _ if statuses.iter().any(|status| status.starts_with('2')) => {
                        let undeclared = statuses.iter().filter(|status| status.starts_with('2'));
                        let undeclared: Vec<&str> = undeclared.map(String::as_str).collect();
                        write!(
                            f,
                            "it succeeds with {}, which is not declared",
                            undeclared.join(", ")
                        )
                    }
                    [one] => write!(f, "only {one} came back"),
                    [before @ .., last] => {
                        write!(f, "only {} and {last} came back", before.join(", "))
                    }
                };
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_a_limit_ended_says_which_and_what_to_do() {
        let reason = |why| RunStatus::Stopped(why).reason(Wording::default());
        let time = reason(StopReason::Time);
        assert_eq!(time.as_deref(), Some("the time was over (allow more time)"));
        let one = reason(StopReason::NewErrors(1));
        assert_eq!(
            one.as_deref(),
            Some("1 new error was found (allow more failures)")
        );
        let many = reason(StopReason::Errors(2));
        assert_eq!(
            many.as_deref(),
            Some("2 errors were found (allow more failures)")
        );
    }

    #[test]
    fn what_was_interrupted_has_no_reason_and_what_was_stopped_no_failure() {
        let wording = Wording::default();
        assert_eq!(RunStatus::Interrupted.reason(wording), None);
        assert_eq!(RunStatus::Stopped(StopReason::Time).failure(wording), None);
        let failed = RunStatus::Failed(FailReason::NothingRead);
        assert_eq!(
            failed.failure(wording).as_deref(),
            Some("no exchange could be read")
        );
    }
}
