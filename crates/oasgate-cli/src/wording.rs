//! What a user can do, in the words of the command line.

use oasgate::finding::{Remedy, Wording};

/// The flags that are the remedies.
pub(crate) const FLAGS: Wording = Wording::new(|remedy| match remedy {
    Remedy::AllowFiles => "allow its folder with --allow-files PATH".to_owned(),
    Remedy::AllowRemote => "follow it with --allow-remote".to_owned(),
    Remedy::AllowUnsafe => "use --allow-unsafe".to_owned(),
    Remedy::NameOperation => "name it with --operation if it is meant to be sent".to_owned(),
    Remedy::NameParameter(name) => format!("use --param {name}=..."),
    Remedy::NameExisting => "use --param to name a resource that exists".to_owned(),
    Remedy::GiveCredential => "use --token-env NAME".to_owned(),
    Remedy::TouchExisting => "use --touch-existing".to_owned(),
    Remedy::RaiseBudget => "use --max-requests, --max-time".to_owned(),
    Remedy::RaiseMaxTime => "raise --max-time".to_owned(),
    Remedy::RaiseMaxFailures => "raise --max-failures".to_owned(),
    Remedy::RaiseTimeout => {
        "raise the limit with --timeout if the service is meant to take this long".to_owned()
    }
    Remedy::RaiseBodyLimit => {
        "raise the limit with --max-body if the service is meant to send this much".to_owned()
    }
    Remedy::LimitRate => "send fewer with --rate".to_owned(),
    Remedy::RaiseHeaderLimit => {
        "raise the limit with --max-headers if the service is meant to send this much".to_owned()
    }
    Remedy::NameBasePath => {
        "if the recording was made below another base path, name it with --base-path".to_owned()
    }
    Remedy::NameHost => "if the service was recorded there, name the host with --host".to_owned(),
    Remedy::NameService => "name its host with --host".to_owned(),
    Remedy::AcceptSnapshots => "run with --snapshots update to accept what is new".to_owned(),
    Remedy::UpdateBaseline => "--baseline-update removes what is no longer reported".to_owned(),
    Remedy::SendAgain(id) => format!("`--case {id}` sends this case again"),
    Remedy::ShowAll => "--verbose shows all, and so does a report".to_owned(),
    other => other.to_string(),
});
