//! How many requests each part of a run may take, and which of many are sent.

use std::time::{Duration, Instant};

/// Which part of a run's requests may be kept for what comes in the end, at most.
const LAST_SHARE: u64 = 20;

/// Which part of a run's requests may be kept for looks at lists in the end, at most.
const LOOKS_SHARE: u64 = 10;

/// What a run may spend, and what it has spent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    most: u64,
    spent: u64,
    /// How many requests are kept for cleaning up.
    reserved: u64,
    deadline: Option<Instant>,
}

impl Budget {
    pub(crate) fn new(most: u64, longest: Option<Duration>) -> Self {
        Self {
            most,
            spent: 0,
            reserved: 0,
            deadline: longest.and_then(|longest| Instant::now().checked_add(longest)),
        }
    }

    pub(crate) fn spend(&mut self, requests: usize) {
        self.spent = self.spent.saturating_add(requests as u64);
    }

    /// How many requests were sent so far.
    pub(crate) fn spent(&self) -> u64 {
        self.spent
    }

    /// Keeps so many requests, and no more, for cleaning up.
    pub(crate) fn reserve(&mut self, requests: usize) {
        self.reserved = requests as u64;
    }

    /// How many of some requests are kept for the end of a run: a small part of all at most.
    pub(crate) fn share(&self, wanted: usize) -> usize {
        let most = usize::try_from(self.most / LAST_SHARE).unwrap_or(usize::MAX);
        wanted.min(most)
    }

    /// How many of some looks at lists are kept for the end of a run, a tenth of all at most.
    pub(crate) fn looks(&self, wanted: usize) -> usize {
        let most = usize::try_from(self.most / LOOKS_SHARE).unwrap_or(usize::MAX);
        wanted.min(most)
    }

    /// How many requests may still be sent, those for cleaning up left aside.
    pub(crate) fn left(&self) -> usize {
        let gone = self.spent.saturating_add(self.reserved);
        usize::try_from(self.most.saturating_sub(gone)).unwrap_or(usize::MAX)
    }

    /// When the time that was given is over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the time that was given is over.
    pub(crate) fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Shares out what is left: every queue gets one, then every queue another, until nothing is left or
/// wanted. Short queues are served whole before long ones take the rest.
pub(crate) fn share(left: usize, wanted: &[usize]) -> Vec<usize> {
    let mut shares = vec![0; wanted.len()];
    let mut left = left;
    while left > 0 {
        let open: Vec<usize> = (0..wanted.len())
            .filter(|index| shares[*index] < wanted[*index])
            .collect();
        if open.is_empty() {
            break;
        }
        // As many whole turns at once as no queue is filled by.
        let turns = open
            .iter()
            .map(|index| wanted[*index] - shares[*index])
            .min()
            .unwrap_or(1)
            .min(left / open.len());
        if turns == 0 {
            for index in open.into_iter().take(left) {
                shares[index] += 1;
            }
            break;
        }
        for index in &open {
            shares[*index] += turns;
        }
        left -= turns * open.len();
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_queues_are_served_whole() {
        assert_eq!(share(20, &[2, 40, 40, 2]), [2, 8, 8, 2]);
    }

    #[test]
    fn what_is_kept_for_cleaning_up_is_not_left() {
        let mut budget = Budget::new(10, None);
        budget.spend(4);
        budget.reserve(5);
        assert_eq!((budget.left(), budget.spent()), (1, 4));
        budget.reserve(0);
        assert_eq!(budget.left(), 6);
    }

    #[test]
    fn no_more_than_what_is_left_is_shared_out() {
        assert_eq!(share(3, &[5, 5, 5, 5]), [1, 1, 1, 0]);
        assert_eq!(share(0, &[5]), [0]);
        assert_eq!(share(100, &[1, 2]), [1, 2]);
    }
}
