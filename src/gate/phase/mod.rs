//! The phases of a run against a service: one function each, which sends its cases through the driver.
//!
//! No phase knows another. A phase breaks when the run is to end.

pub(crate) mod alternatives;
pub(crate) mod broken;
pub(crate) mod cleanup;
pub(crate) mod examples;
pub(crate) mod last;
pub(crate) mod planned;
pub(crate) mod random;
pub(crate) mod regressions;
pub(crate) mod sequences;
pub(crate) mod shrink;
pub(crate) mod telling;
