//! The wish of the user that a run ends.

use std::sync::Arc;

use tokio::sync::watch;

/// A sign that the user wants the run to end: set by one part of a program, watched by another.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Interrupt {
    /// Asks the run to end. What was done until then is still reported.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether the run was asked to end.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the run is asked to end.
    pub async fn wait(&self) {
        // The sender lives as long as `self`, so that this ends only when it was set.
        let _ = self.0.subscribe().wait_for(|is_set| *is_set).await;
    }
}
