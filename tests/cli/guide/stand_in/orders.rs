//! The stand-in of `examples/orders_service`.

use super::fault;

#[path = "../../../../examples/orders_service/faults.rs"]
pub(crate) mod faults;
#[path = "../../../../examples/orders_service/rules.rs"]
mod rules;
#[path = "../../../../examples/orders_service/service.rs"]
pub(crate) mod service;
#[path = "../../../../examples/orders_service/shop.rs"]
pub(crate) mod shop;
