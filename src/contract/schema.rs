//! A schema of the document, derived for one direction.

use oasgate_document::{Address, Pointer};

/// Which way a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the client: `readOnly` properties are not required.
    Request,
    /// From the service: `writeOnly` properties are not required.
    Response,
}

/// A schema of the document in one direction: a cheap handle.
#[derive(Clone, Debug)]
pub struct Schema {
    address: Address,
    direction: Direction,
}

impl Schema {
    /// The schema object in the document.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Which way its values travel.
    pub fn direction(&self) -> Direction {
        self.direction
    }
}

/// One way in which a value breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The node of the value.
    pub instance: Pointer,
    /// The keyword in the document that it breaks.
    pub schema: Address,
    /// The keyword's name.
    pub keyword: String,
    /// What is wrong, in one line.
    pub message: String,
    /// What the keyword wants.
    pub expected: String,
    /// What came instead, abbreviated.
    pub actual: String,
}
