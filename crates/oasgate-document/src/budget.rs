//! One budget for the work that strangers' input asks for: bytes, nodes, depth, steps, a deadline
//! and an interrupt.
//!
//! Reading, aliases, references, canonicalisation, generation and decoding all spend from a
//! [`Budget`]. It counts what is spent, never the clock, so that the same input meets the same limit
//! on every machine; the deadline and the interrupt are those of the whole run, and stand in the
//! [`Stop`] that all budgets of a run share.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

/// How many steps are spent between two looks at the [`Stop`].
const STEPS_PER_LOOK: u64 = 256;

/// Ends the work of a run early: at its deadline, or when somebody interrupts it. Clones are the same
/// one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<StopState>);

#[derive(Debug, Default)]
struct StopState {
    is_interrupted: AtomicBool,
    deadline: OnceLock<Instant>,
}

impl Stop {
    /// Interrupts all work that looks at this.
    pub fn interrupt(&self) {
        self.0.is_interrupted.store(true, Ordering::Relaxed);
    }

    /// Ends all work at this time. The first deadline that is set counts.
    pub fn at(&self, deadline: Instant) {
        let _ = self.0.deadline.set(deadline);
    }

    /// Why the work should end, where it should.
    pub fn reason(&self) -> Option<Exceeded> {
        if self.0.is_interrupted.load(Ordering::Relaxed) {
            return Some(Exceeded::Interrupted);
        }
        let deadline = self.0.deadline.get()?;
        (Instant::now() >= *deadline).then_some(Exceeded::Deadline)
    }
}

/// The limit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exceeded {
    /// Bytes of memory.
    Bytes(u64),
    /// Nodes of a document or value.
    Nodes(u64),
    /// Levels of nesting.
    Depth(u64),
    /// Steps of work.
    Steps(u64),
    /// The time of the run was over.
    Deadline,
    /// Somebody interrupted the run.
    Interrupted,
}

/// Reads after "it needs ".
impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(limit) => write!(f, "more than {limit} bytes"),
            Self::Nodes(limit) => write!(f, "more than {limit} nodes"),
            Self::Depth(limit) => write!(f, "more than {limit} levels"),
            Self::Steps(limit) => write!(f, "more than {limit} steps"),
            Self::Deadline => f.write_str("more time than there is"),
            Self::Interrupted => f.write_str("more time than there is (interrupted)"),
        }
    }
}

impl std::error::Error for Exceeded {}

/// What one piece of work may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes of memory.
    pub bytes: u64,
    /// Nodes.
    pub nodes: u64,
    /// Levels of nesting.
    pub depth: u64,
    /// Steps.
    pub steps: u64,
}

impl Allowance {
    /// Without a limit of its own: only the run's [`Stop`] ends the work.
    pub const UNLIMITED: Self = Self {
        bytes: u64::MAX,
        nodes: u64::MAX,
        depth: u64::MAX,
        steps: u64::MAX,
    };
}

/// What a piece of work has left to spend.
#[derive(Debug)]
pub struct Budget {
    allowance: Allowance,
    bytes: AtomicU64,
    nodes: AtomicU64,
    steps: AtomicU64,
    stop: Stop,
}

impl Budget {
    /// A budget of which nothing is spent yet.
    pub fn new(allowance: Allowance, stop: &Stop) -> Self {
        Self {
            allowance,
            bytes: AtomicU64::new(0),
            nodes: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            stop: stop.clone(),
        }
    }

    /// What there was to spend.
    pub fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// What ends the work early.
    pub(crate) const fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Spends bytes of memory. What does not fit is not spent, so that something smaller still may.
    ///
    /// # Errors
    ///
    /// When there are not that many left.
    pub fn spend_bytes(&self, bytes: u64) -> Result<(), Exceeded> {
        spend(&self.bytes, bytes, self.allowance.bytes).map_err(Exceeded::Bytes)
    }

    /// Spends nodes, as [`Budget::spend_bytes`].
    ///
    /// # Errors
    ///
    /// When there are not that many left.
    pub fn spend_nodes(&self, nodes: u64) -> Result<(), Exceeded> {
        spend(&self.nodes, nodes, self.allowance.nodes).map_err(Exceeded::Nodes)
    }

    /// Whether work may go on at this level; the outermost is 0.
    ///
    /// # Errors
    ///
    /// When it is deeper than allowed.
    pub fn check_depth(&self, level: usize) -> Result<(), Exceeded> {
        let is_allowed = u64::try_from(level).is_ok_and(|level| level < self.allowance.depth);
        is_allowed
            .then_some(())
            .ok_or(Exceeded::Depth(self.allowance.depth))
    }

    /// Spends one step, and looks now and then whether the run is to end.
    ///
    /// # Errors
    ///
    /// When no step is left, or the run is to end.
    pub fn step(&self) -> Result<(), Exceeded> {
        self.spend_steps(1)
    }

    /// Spends several steps, as [`Budget::step`].
    ///
    /// # Errors
    ///
    /// When there are not that many left, or the run is to end.
    pub fn spend_steps(&self, steps: u64) -> Result<(), Exceeded> {
        let before = self.steps.fetch_add(steps, Ordering::Relaxed);
        let after = before.saturating_add(steps);
        if before / STEPS_PER_LOOK != after / STEPS_PER_LOOK
            && let Some(reason) = self.stop.reason()
        {
            return Err(reason);
        }
        if after > self.allowance.steps {
            return Err(Exceeded::Steps(self.allowance.steps));
        }
        Ok(())
    }
}

fn spend(spent: &AtomicU64, more: u64, limit: u64) -> Result<(), u64> {
    let spend = |before: u64| before.checked_add(more).filter(|after| *after <= limit);
    spent
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
        .map(|_| ())
        .map_err(|_| limit)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Allowance, Budget, Exceeded, STEPS_PER_LOOK, Stop};

    const FEW: Allowance = Allowance {
        bytes: 10,
        nodes: 3,
        depth: 2,
        steps: 1_000,
    };

    #[test]
    fn what_does_not_fit_is_not_spent() {
        let budget = Budget::new(FEW, &Stop::default());
        assert_eq!(budget.spend_bytes(8), Ok(()));
        assert_eq!(budget.spend_bytes(3), Err(Exceeded::Bytes(10)));
        assert_eq!(budget.spend_bytes(u64::MAX), Err(Exceeded::Bytes(10)));
        assert_eq!(budget.spend_bytes(2), Ok(()));
        assert_eq!(budget.spend_nodes(4), Err(Exceeded::Nodes(3)));
        assert_eq!(budget.check_depth(1), Ok(()));
        assert_eq!(budget.check_depth(2), Err(Exceeded::Depth(2)));
    }

    #[test]
    fn steps_run_out_at_the_same_one_each_time() {
        let budget = Budget::new(FEW, &Stop::default());
        let taken = (0..2_000).take_while(|_| budget.step().is_ok()).count();
        assert_eq!(taken, 1_000);
        assert_eq!(budget.step(), Err(Exceeded::Steps(1_000)));
    }

    #[test]
    fn an_interrupt_and_a_deadline_end_every_budget_of_the_run() {
        let (interrupted, late) = (Stop::default(), Stop::default());
        let ends = |stop: &Stop| {
            let budget = Budget::new(Allowance::UNLIMITED, stop);
            (0..=STEPS_PER_LOOK).find_map(|_| budget.step().err())
        };
        assert_eq!(ends(&interrupted), None);
        interrupted.clone().interrupt();
        assert_eq!(ends(&interrupted), Some(Exceeded::Interrupted));
        late.at(Instant::now());
        assert_eq!(ends(&late), Some(Exceeded::Deadline));
    }
}
