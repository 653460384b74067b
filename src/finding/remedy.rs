//! What a user can do about something, as data: whoever shows it says it in the words of the place where it
//! is done, such as the flags of a command line or the methods of a test.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing to do. Its `Display` names no interface; a [`Wording`] does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remedy {
    /// Read referenced files outside the folder of the document.
    AllowFiles,
    /// Follow references over the network.
    AllowRemote,
    /// Let requests that may change something be sent.
    AllowUnsafe,
    /// Let requests change what was there before the run.
    TouchExisting,
    /// Name the operation among those that are to be checked.
    NameOperation,
    /// Give a value for a parameter, named here.
    NameParameter(String),
    /// Give parameters that name a resource that exists.
    NameExisting,
    /// Give a credential that the service accepts.
    GiveCredential,
    /// Look at the credential that was given: the service accepts it nowhere.
    CheckCredential,
    /// Allow more requests or more time.
    RaiseBudget,
    /// Allow the run more time.
    RaiseMaxTime,
    /// Allow more failures.
    RaiseMaxFailures,
    /// Allow a response more time.
    RaiseTimeout,
    /// Allow bigger bodies of responses.
    RaiseBodyLimit,
    /// Allow bigger heads of responses.
    RaiseHeaderLimit,
    /// Send fewer requests in a second.
    LimitRate,
    /// Name the base path below which a recording was made.
    NameBasePath,
    /// Name the host at which a service was recorded.
    NameHost,
    /// Name the host of the service among those of a recording.
    NameService,
    /// Accept new or changed shapes of responses as snapshots.
    AcceptSnapshots,
    /// Write the baseline without what is no longer found.
    UpdateBaseline,
    /// Send a failing case that was kept once more, by its id.
    SendAgain(String),
    /// Show everything.
    ShowAll,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllowFiles => "allow the folder that the file lies in",
            Self::AllowRemote => "allow references over the network",
            Self::NameOperation => "name it among the operations to be checked",
            Self::AllowUnsafe => "allow requests that may change something",
            Self::TouchExisting => "allow changes of what was there before",
            Self::NameParameter(name) => return write!(f, "give a value for {name}"),
            Self::NameExisting => "give parameters that name a resource that exists",
            Self::GiveCredential => "give a credential that the service accepts",
            Self::CheckCredential => {
                "the credential that was sent is not accepted: look at its value and its form"
            }
            Self::RaiseBudget => "allow more requests or more time",
            Self::RaiseMaxTime => "allow more time",
            Self::RaiseMaxFailures => "allow more failures",
            Self::RaiseTimeout => "raise the time limit if the service is meant to take this long",
            Self::RaiseBodyLimit => {
                "raise the limit of bodies if the service is meant to send this much"
            }
            Self::LimitRate => "send fewer requests in a second",
            Self::RaiseHeaderLimit => {
                "raise the limit of header fields if the service is meant to send this much"
            }
            Self::NameBasePath => {
                "if the recording was made below another base path, name that base path"
            }
            Self::NameHost => "if the service was recorded there, name the host",
            Self::NameService => "name its host",
            Self::AcceptSnapshots => "accept it as the snapshot",
            Self::UpdateBaseline => "update the baseline to leave them out",
            Self::SendAgain(id) => return write!(f, "the case is kept as {id}"),
            Self::ShowAll => "a report shows all",
        })
    }
}

/// How remedies are said: in the words of a command line, of a test, or of another program.
#[derive(Clone, Copy)]
pub struct Wording(fn(&Remedy) -> String);

impl Wording {
    /// Remedies in the words of `say`, each a sentence without its full stop that may stand in parentheses.
    pub const fn new(say: fn(&Remedy) -> String) -> Self {
        Self(say)
    }

    /// A remedy in words.
    pub fn say(self, remedy: &Remedy) -> String {
        (self.0)(remedy)
    }

    /// A reason, with what to do about it in parentheses.
    pub fn explain(self, reason: &impl fmt::Display, remedy: Option<&Remedy>) -> String {
        match remedy {
            Some(remedy) => format!("{reason} ({})", self.say(remedy)),
            None => reason.to_string(),
        }
    }
}

/// Words that name no interface.
impl Default for Wording {
    fn default() -> Self {
        Self(Remedy::to_string)
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wording")
    }
}

/// One line of advice: a sentence, or a [`Remedy`] in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Help {
    /// The sentence.
    pub text: String,
    /// What it says, where that is a remedy; [`Help::phrase`] says it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

impl Help {
    /// Says a remedy in the words of whoever shows it; other advice stays as it is.
    pub fn phrase(&mut self, wording: Wording) {
        if let Some(remedy) = &self.remedy {
            self.text = wording.say(remedy);
        }
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Remedy> for Help {
    fn from(remedy: Remedy) -> Self {
        Self {
            text: remedy.to_string(),
            remedy: Some(remedy),
        }
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self { text, remedy: None }
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shout(remedy: &Remedy) -> String {
        remedy.to_string().to_uppercase()
    }

    #[test]
    fn a_remedy_is_said_in_the_words_of_whoever_shows_it() {
        let mut help = Help::from(Remedy::NameHost);
        help.phrase(Wording::new(shout));
        assert_eq!(
            help.text,
            "IF THE SERVICE WAS RECORDED THERE, NAME THE HOST"
        );
        help.phrase(Wording::default());
        assert_eq!(help, Help::from(Remedy::NameHost));
    }

    #[test]
    fn other_advice_stays_as_it_is() {
        let mut help = Help::from("look into the log");
        help.phrase(Wording::new(shout));
        assert_eq!(help, Help::from("look into the log"));
    }

    #[test]
    fn a_reason_stands_before_its_remedy() {
        let wording = Wording::new(shout);
        let said = wording.explain(&"the time was over", Some(&Remedy::RaiseMaxTime));
        assert_eq!(said, "the time was over (ALLOW MORE TIME)");
        assert_eq!(wording.explain(&"it ended", None), "it ended");
    }
}
