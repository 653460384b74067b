//! `unreached`

use super::documented;
use crate::{
    contract::Operation,
    finding::{Finding, Severity},
};

documented! {
    /// An operation was never answered with a declared success, so most of it was not held.
    ///
    /// # What it holds
    ///
    /// In a run against a service, each operation of the document is answered at least once with a
    /// success that it declares.
    ///
    /// # Why
    ///
    /// A gate that could exercise nothing must not look green.
    ///
    /// # Not a finding when
    ///
    /// - the operation was left out by configuration.
    ///
    /// Name a resource that exists with `--param`, a credential with `--token-env`, or allow methods
    /// that change something with `--allow-unsafe`. `--fail-on unreached` makes it an error.
    pub Unreached = "unreached", Warning;
}

/// The finding for an operation that was not reached, with the reason in words.
pub fn unreached(operation: &Operation, reason: &str) -> Finding {
    Finding::new(
        Unreached::RULE.id,
        Unreached::RULE.severity,
        format!(
            "{} was never answered with a declared success: {reason}",
            operation.id
        ),
    )
    .with_operation(operation.id.as_str())
    .at(operation.address.clone())
    .with_discriminator("unreached")
}

/// The finding for a run to which the filters left no operation.
pub fn nothing_left() -> Finding {
    Finding::new(
        Unreached::RULE.id,
        Severity::Error,
        "no operation is left after the filters, so that nothing was tested".to_owned(),
    )
    .with_help("name another tag, path, method or operation, or leave a filter out")
    .with_discriminator("nothing left")
}
