//! The stand-in of `examples/vantage_service`.

use super::fault;

#[path = "../../../../examples/vantage_service/faults.rs"]
pub(crate) mod faults;
#[path = "../../../../examples/vantage_service/raw.rs"]
pub(crate) mod raw;
#[path = "../../../../examples/vantage_service/service.rs"]
pub(crate) mod service;
