//! Discriminators of findings that more than their own check knows.

/// The end of the discriminator of a server error that a text with a NUL led to.
pub(crate) const WITH_A_NUL: &str = " NUL";

/// The end of the discriminator of a server error that has another reason than one told beside it.
pub(crate) const WITHOUT: &str = " without";

/// The end of the discriminator of a response that falls under a `default` which describes others.
pub(crate) const UNDER_DEFAULT: &str = " default";

/// The discriminator of a success that shows nothing for what was deleted.
pub(crate) const SHOWS_NOTHING: &str = "nothing";

/// What is said of a failure that its request alone did not show again.
pub(crate) const NOT_REPEATED: &str =
    "sent again alone, it did not fail: what else goes on at the time is a part of it";

/// What is said of such a failure that speaks of something that is there.
pub(crate) const DEPENDS_ON_STATE: &str =
    "sent again alone, it did not fail: it depends on what is there at the time";

/// The discriminator of an undeclared method that was refused, with another status than 405.
pub(crate) const REFUSED_OTHERWISE: &str = "refused otherwise";

/// What stands between the status and the type of a value that was taken for one of another type.
pub(crate) const TO: &str = "to ";

/// What is said of a request that was refused for the type of a content that it had not.
pub(crate) const WITHOUT_CONTENT: &str = "a request without content";
