//! What a user can do, in the words of a test: the methods of [`Gate`](super::Gate), which
//! [`contract_tests!`](crate::contract_tests) takes as options of the same names.

use crate::finding::{Remedy, Wording};

/// The options that are the remedies.
pub(super) const OPTIONS: Wording = Wording::new(|remedy| match remedy {
    Remedy::NameOperation => "name it with `only` if it is meant to be sent".to_owned(),
    Remedy::NameParameter(name) => format!("give `{name}` a value with `params`"),
    Remedy::NameExisting => "name a resource that exists with `params`".to_owned(),
    Remedy::GiveCredential => "give a credential with `token`".to_owned(),
    Remedy::TouchExisting => "allow that with `touch_existing`".to_owned(),
    Remedy::RaiseBudget => "raise `max_requests`".to_owned(),
    Remedy::NameBasePath => {
        "if the service is below another base path, name it with `base_path`".to_owned()
    }
    other => other.to_string(),
});
