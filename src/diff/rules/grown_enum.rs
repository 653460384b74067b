//! `grown-enum`

use super::documented;

documented! {
    /// A response may hold a value that its `enum` did not list.
    ///
    /// # What it checks
    ///
    /// Where the old schema lists the values by `enum` or `const`, the new one lists no other.
    ///
    /// # Why
    ///
    /// A client that switches over all values meets one that it does not know. Many teams promise that clients ignore
    /// what they do not know; give the rule another severity then.
    ///
    /// # Not a finding when
    ///
    /// - the `enum` stands in a request: more is accepted.
    pub GrownEnum = "grown-enum", Error;
}
