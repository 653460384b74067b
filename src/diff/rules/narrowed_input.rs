//! `narrowed-input`

use super::documented;

documented! {
    /// The service refuses something that clients send.
    ///
    /// # What it checks
    ///
    /// Parameters, request bodies, and what clients answer to webhooks and callbacks: every value that the old document's
    /// schema declares is accepted by the new one's. Properties that the old schema does not declare are taken not to be sent,
    /// nor are `readOnly` ones in a request; with `--strict` every value that the old schema accepts counts. A
    /// parameter is refused only where every reading of its text is.
    ///
    /// # Why
    ///
    /// Requests that were right are answered with 400. The smallest such request is shown.
    ///
    /// # Not a finding when
    ///
    /// - containment is proved: `compatible-schema`;
    /// - no such value was found, nor proved that there is none: `undecided-schema`.
    pub NarrowedInput = "narrowed-input", Error;
}
