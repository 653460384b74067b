//! `widened-output`

use super::documented;

documented! {
    /// The service sends something that clients do not expect.
    ///
    /// # What it checks
    ///
    /// Response bodies and headers, and the requests of webhooks and callbacks: every value that the new document's schema
    /// declares is accepted by the old one's. A property that is new is no change for a client, unless the old
    /// schema forbids or restricts properties that it does not name.
    ///
    /// # Why
    ///
    /// A client that reads by the old document fails on it: a required property is missing, a number is a text,
    /// `null` comes. The smallest such response is shown.
    ///
    /// # Not a finding when
    ///
    /// - containment is proved: `compatible-schema`;
    /// - the only new values are members of an `enum`: `grown-enum`.
    pub WidenedOutput = "widened-output", Error;
}
