//! Operations whose responses do not end in time, such as a watch: a few are waited for, and then the operation is
//! left alone. So is one that ends the service.

use std::borrow::Cow;

use crate::{
    check::Intent,
    contract::OperationId,
    exchange::{Body, CutReason, MAX_GAP, may_be_endless},
    gate::polling::Sent,
    run::Case,
    transport::Transport,
};

use super::Driver;

/// How many responses of an operation that do not end are waited for.
const MAX_ENDLESS: usize = 3;

/// After how many it gets no broken requests either, which a service should refuse at once.
const MAX_ENDLESS_TO_BROKEN: usize = 6;

impl<T: Transport> Driver<'_, T> {
    /// Notes what a case was answered with that did not end in time, or was not answered with at all.
    pub(super) fn note_endless(&mut self, case: &Case, sent: &Sent) {
        let endless = sent.exchanges.iter().filter(|exchange| {
            let response = &exchange.response;
            let is_cut = matches!(
                response.body,
                Body::Cut {
                    reason: CutReason::TimedOut,
                    ..
                }
            );
            let is_late = response.elapsed.is_some_and(|time| time >= MAX_GAP);
            is_cut || is_late && may_be_endless(&response.headers)
        });
        let unanswered = sent.failure.iter().filter(|(_, error)| error.is_late());
        let count = endless.count() + unanswered.count();
        if count > 0 {
            *self.endless.entry(case.operation.id.clone()).or_default() += count;
        }
    }

    /// Notes that a response of an operation broke off, which counts as two that do not end: it may have ended the service,
    /// which takes a while to be back.
    pub(super) fn note_broken_off(&mut self, operation: &OperationId) {
        *self.endless.entry(operation.clone()).or_default() += 2;
    }

    /// Leaves an operation alone from now on, since its requests end the service.
    pub(super) fn leave_alone(&mut self, operation: &OperationId) {
        let count = self.endless.entry(operation.clone()).or_default();
        *count = MAX_ENDLESS_TO_BROKEN.max(*count);
    }

    /// Cases without those of operations that are left alone.
    pub(super) fn without_endless<'c>(&mut self, cases: Cow<'c, [Case]>) -> Cow<'c, [Case]> {
        let (endless, recorder) = (&self.endless, &mut self.recorder);
        let is_endless = |case: &Case| {
            let count = endless.get(&case.operation.id);
            let most = if case.intent == Intent::Break {
                MAX_ENDLESS_TO_BROKEN
            } else {
                MAX_ENDLESS
            };
            count.is_some_and(|count| *count >= most)
        };
        if !cases.iter().any(is_endless) {
            return cases;
        }
        let mut kept = cases.into_owned();
        kept.retain(|case| {
            let is_kept = !is_endless(case);
            if !is_kept {
                recorder.endless(&case.operation);
            }
            is_kept
        });
        Cow::Owned(kept)
    }
}
