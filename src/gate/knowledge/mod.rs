//! What responses teach: values for later requests, rules that refusals name, what is new, what of the
//! contract was seen, which resources the run created.

pub(crate) mod constraints;
pub(crate) mod context;
pub(crate) mod coverage;
pub(crate) mod created;
pub(crate) mod existing;
pub(crate) mod history;
pub(crate) mod instance;
pub(crate) mod memory;
pub(crate) mod novelty;
pub(crate) mod pool;
pub(crate) mod used;
pub(crate) mod view;
