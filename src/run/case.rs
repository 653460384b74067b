//! One request to be sent, with why it exists.

use std::{fmt, sync::Arc};

use super::credentials::{CredentialChoice, Credentials};
use crate::{
    check::{Breach, Credential, Intent, Part},
    contract::{Location, Operation},
    exchange::Request,
    finding::Trait,
    wire::RequestParts,
};

/// One request to be sent, with why it exists.
#[derive(Clone, Debug)]
pub struct Case {
    /// The operation it belongs to.
    pub operation: Arc<Operation>,
    /// What is sent.
    pub request: Request,
    /// The part of the run it belongs to.
    pub phase: Phase,
    /// Whether it obeys or breaks the contract.
    pub intent: Intent,
    /// What it breaks on purpose; `None` where it obeys.
    pub breaks: Option<Breach>,
    /// The values that its request was written from.
    pub parts: RequestParts,
    /// The parameters and properties whose values name resources that were made up.
    pub made_up: Vec<String>,
    /// Which credential it carries.
    pub(crate) credential: CredentialChoice,
    /// Why it exists, in a few words.
    pub why: String,
}

/// The parts of a run, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Cases that failed in an earlier run.
    Regressions,
    /// Values that the document shows and the user gives.
    Examples,
    /// Requests that break one rule on purpose.
    Invalid,
    /// Valid values at the edges, one parameter at a time.
    Edges,
    /// Edges of two parameters at once.
    Pairs,
    /// Random values that obey the contract.
    Random,
    /// Requests that build on each other.
    Sequences,
    /// Methods that the path does not declare.
    Methods,
    /// One GET and one HEAD over a bare connection, to see bytes that HTTP does not allow.
    Framing,
    /// The credential left out, and a wrong one.
    Auth,
}

impl Phase {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Regressions => "regressions",
            Self::Examples => "examples",
            Self::Edges => "edges",
            Self::Pairs => "pairs",
            Self::Invalid => "invalid",
            Self::Random => "random",
            Self::Sequences => "sequences",
            Self::Methods => "methods",
            Self::Framing => "framing",
            Self::Auth => "auth",
        }
    }
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::Regressions,
        Self::Examples,
        Self::Invalid,
        Self::Edges,
        Self::Pairs,
        Self::Random,
        Self::Sequences,
        Self::Methods,
        Self::Framing,
        Self::Auth,
    ];
}

impl Phase {
    /// Whether its requests are made of values, so that they can be made smaller and kept.
    pub(crate) const fn has_values(self) -> bool {
        !matches!(self, Self::Methods | Self::Framing | Self::Auth)
    }

    /// Whether its requests are meant to be those of other phases again.
    pub(crate) const fn repeats(self) -> bool {
        !self.has_values()
    }

    /// What the rules have in common that alone may speak of what the phase shows; `None` where all may.
    pub(crate) const fn speakers(self) -> Option<Trait> {
        match self {
            // Bytes that follow a head where none are allowed say nothing about the body's schema.
            Self::Framing => Some(Trait::OfFraming),
            // The operation's responses are not declared for another method.
            Self::Methods => Some(Trait::OfOtherMethods),
            _ => None,
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|phase| phase.as_str() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::as_str).join(", ");
                format!("no phase {text:?}: {names}")
            })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Case {
    /// Whether it can be written again from its values, so that it can be made smaller and kept.
    pub(crate) fn has_values(&self) -> bool {
        let is_of_bytes = match self.intent {
            Intent::Break => self.breaks.as_ref().is_none_or(Breach::is_of_bytes),
            _ => false,
        };
        self.phase.has_values() && !is_of_bytes
    }

    /// What checks must know of the credential.
    pub(crate) fn credential_sent(&self, credentials: &Credentials) -> Credential {
        match self.credential {
            CredentialChoice::Omitted => Credential::Absent,
            CredentialChoice::Invalid | CredentialChoice::Malformed => Credential::Wrong,
            CredentialChoice::Primary if credentials.is_sent_to(&self.operation) => {
                Credential::Unknown
            }
            CredentialChoice::Secondary(_) | CredentialChoice::Unasked => Credential::Unknown,
            CredentialChoice::Primary if credentials.undeclared.are_ignored() => {
                Credential::Needless
            }
            CredentialChoice::Primary => Credential::Absent,
        }
    }

    /// The phase and the reason, as evidence shows them.
    pub fn reason(&self) -> String {
        format!("{}: {}", self.phase, self.why)
    }
}

/// The parameters of a case's path that name something that is there.
pub(crate) fn existing(case: &Case) -> Vec<String> {
    let broken = case.breaks.as_ref().map(|breach| &breach.part);
    let sent = case.parts.parameters.iter();
    sent.filter(|(location, name, _)| {
        *location == Location::Path
            && !case.made_up.contains(name)
            && broken != Some(&Part::Parameter(*location, name.clone()))
    })
    .map(|(_, name, _)| name.clone())
    .collect()
}
