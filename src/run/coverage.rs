//! How much of a contract was seen, in numbers.

use serde::Serialize;

/// How many of all that is declared were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Those that were seen.
    pub seen: u64,
    /// All of them.
    pub all: u64,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.seen += other.seen;
        self.all += other.all;
    }
}

/// What was held and what was not. All but `operations` is about what the operations declare that
/// were held at least once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Operations.
    pub operations: Share,
    /// Declared responses by status.
    pub statuses: Share,
    /// Declared media types of responses.
    pub media_types: Share,
    /// Optional properties of response schemas, each once for a media type of a response.
    pub properties: Share,
    /// Branches of `oneOf` and `anyOf` in response schemas.
    pub branches: Share,
}

impl Coverage {
    /// Takes in what was held of another operation.
    pub(crate) fn add(&mut self, other: &Self) {
        self.operations.add(other.operations);
        self.statuses.add(other.statuses);
        self.media_types.add(other.media_types);
        self.properties.add(other.properties);
        self.branches.add(other.branches);
    }
}
