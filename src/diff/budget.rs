//! What the questions of one comparison may cost together.

use std::cell::Cell;

/// What all questions of one comparison may cost, in bytes of schemas that were taken out and values that were tried.
const MAX_SPENT: usize = 96 << 20;

/// What is left to spend on the questions of one comparison. Where it is spent, a question is answered by keywords and by
/// little more.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    pub(super) const fn new() -> Self {
        Self(Cell::new(MAX_SPENT))
    }

    pub(super) fn spend(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
