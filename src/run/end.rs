//! How a run ended, and why an operation was not reached in it.

use serde::{Deserialize, Serialize};

/// How a run ended, the worst last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reason", rename_all = "lowercase")]
pub enum End {
    /// All was done that was planned.
    Complete,
    /// A limit that the user set ended it before all was done: one sentence.
    Stopped(String),
    /// The user interrupted it; what was done until then is reported.
    Interrupted,
    /// The run checked nothing, or something that it had to do could not be done: one sentence.
    Failed(String),
    /// The service could not be reached, or went away: one sentence.
    Unreachable(String),
}

/// Why an operation was never answered with a declared success.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// Its method may change something and the run was a safe one.
    Unsafe,
    /// No exchange was seen for it.
    NotSeen,
    /// No value is known for a required parameter, named here.
    NoValue(String),
    /// No value of the required body is known: its schema allows none that is finite.
    NoBody,
    /// Every response was 401 or 403.
    Refused,
    /// Every response was 404 or 410.
    NotFound,
    /// The request budget ran out first.
    Budget,
    /// It was left out by configuration.
    Excluded,
    /// Responses came, but none that is a declared success.
    NoSuccess,
}

impl Unreached {
    /// The reason in words, to stand behind `unreached:`.
    pub fn reason(&self) -> String {
        match self {
            Self::Unsafe => "left out by the safe mode (use --allow-unsafe)".to_owned(),
            Self::NotSeen => "no exchange was seen".to_owned(),
            Self::NoValue(name) => format!("no value is known for {name} (use --param {name}=...)"),
            Self::NoBody => "no value of the required body was found".to_owned(),
            Self::Refused => "only 401 or 403 came back (use --token-env NAME)".to_owned(),
            Self::NotFound => {
                "only 404 came back (use --param to name a resource that exists)".to_owned()
            }
            Self::Budget => "the budget was spent (use --max-requests, --max-time)".to_owned(),
            Self::Excluded => "left out by configuration, or in another shard".to_owned(),
            Self::NoSuccess => "no declared success came back".to_owned(),
        }
    }
}
