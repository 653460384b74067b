//! `shape-drift`

use super::documented;

documented! {
    /// A response has a shape that the accepted snapshot does not cover.
    ///
    /// # What it holds
    ///
    /// For each operation, status and media type, the types, the presence of properties and the
    /// formats of strings stay within what a person has accepted under `snapshots/`.
    ///
    /// # Why
    ///
    /// Contracts leave much open: an object without properties, a string without a format. What
    /// drifts there breaks clients without breaking the contract.
    ///
    /// # Not a finding when
    ///
    /// - nothing has been accepted yet, or nothing at that place, as below a list that was always empty: then a new
    ///   snapshot waits for review;
    /// - the document declares it: a null or a type that it allows, a property that may be left out, a name of a map;
    /// - clients write it: a request at the same path sets a property of that name, or is made of the same component;
    /// - it came only with query parameters that may be left out, and responses without them were seen;
    /// - the new shape is narrower than the accepted one.
    pub ShapeDrift = "shape-drift", Error, [Inferred];
}
