//! The wish of the user that a run ends.

use std::sync::Arc;

use oasgate_document::Stop;
use tokio::sync::watch;

use crate::contract::Contract;

/// A sign that the user wants the run to end: set by one part of a program, watched by another.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    sign: Arc<watch::Sender<bool>>,
    /// Ends work that watches nothing while it computes.
    stop: Stop,
}

impl Interrupt {
    /// A sign that also ends what is computed about a contract, such as the search for values.
    pub fn of(contract: &Contract) -> Self {
        Self {
            sign: Arc::default(),
            stop: contract.document().stop().clone(),
        }
    }

    /// Asks the run to end. What was done until then is still reported.
    pub fn set(&self) {
        self.stop.interrupt();
        self.sign.send_replace(true);
    }

    /// Whether the run was asked to end.
    pub fn is_set(&self) -> bool {
        *self.sign.borrow()
    }

    /// Waits until the run is asked to end.
    pub async fn wait(&self) {
        // The sender lives as long as `self`, so that this ends only when it was set.
        let _ = self.sign.subscribe().wait_for(|is_set| *is_set).await;
    }
}
