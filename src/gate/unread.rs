//! What of recordings was not checked, and why: entries that cannot be read, and faults of our own.
//!
//! Where something was read, the rest is a finding of the rule `unread-entry`. Where nothing was, there is
//! no run that could have findings: the reasons are notices, and the run has failed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{check, finding::Finding, run::Unread};

/// A finding for each reason that is kept.
pub(super) fn findings(unread: &Unread) -> impl Iterator<Item = Finding> {
    unread
        .reasons()
        .map(|(at, message)| check::unread_entry(&at.source, message, message.to_owned()))
}

/// A sentence for each reason, and one for those that are not kept.
pub(super) fn notices(unread: &Unread) -> impl Iterator<Item = String> {
    let kept = u64::try_from(unread.reasons().len()).unwrap_or(u64::MAX);
    let beyond = unread.count.saturating_sub(kept);
    let rest = (beyond > 0).then(|| format!("{beyond} more could not be read"));
    let reasons = unread.reasons().map(|(_, message)| message.to_owned());
    reasons.chain(rest)
}

/// Does the work on one entry; `None` when it panicked, so that the entry is accounted for and the others
/// are still checked.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    // What the work leaves half done is a sample of shapes, which the failed run does not accept.
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Position;

    #[test]
    fn every_unread_entry_is_counted_though_few_reasons_are_kept() {
        let mut unread = Unread::default();
        for entry in 1..=2_000 {
            let at = Position {
                source: "a.har".into(),
                entry,
            };
            unread.add(at, "the entry has no response".to_owned());
        }
        assert_eq!(unread.count, 2_000);
        let kept = findings(&unread).count();
        let notices: Vec<_> = notices(&unread).collect();
        assert_eq!(notices.len(), kept + 1);
        assert_eq!(
            notices[kept],
            format!("{} more could not be read", 2_000 - kept)
        );
    }

    #[test]
    fn a_panic_is_accounted_for() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded::<u8>(|| panic!("a fault on purpose")), None);
    }
}
