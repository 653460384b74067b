//! Which planned cases are sent: none twice, and no phase so many that a later one starves.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    sync::Arc,
};

use http::Method;

use super::{
    budget::share,
    identity::{Identity, identity},
    knowledge::{
        broken_kinds::{BrokenKind, BrokenKinds},
        context::ResourceContext,
    },
    plan::Plan,
    sequence,
};
use crate::{
    contract::Operation,
    run::{Case, LiveSettings, Phase},
    words::count_of,
};

/// Which part of too few requests is spent on what tells most of every operation.
const ALIKE: usize = 3;

/// The plans of a run's operations, and what of them was sent.
#[derive(Debug)]
pub(crate) struct Schedule {
    pub(crate) plans: Vec<Plan>,
    /// Whether all of every plan is made.
    pub(crate) is_complete: bool,
    /// What identifies each request that was sent, so that no later plan sends it again.
    sent: HashSet<Identity>,
    /// The operations of which the budget left out requests, by phase.
    cut: BTreeMap<Phase, BTreeSet<String>>,
}

impl Schedule {
    /// `plans` are those of all operations, in the contract's order.
    pub(crate) fn new(plans: Vec<Plan>) -> Self {
        Self {
            plans,
            is_complete: false,
            sent: HashSet::new(),
            cut: BTreeMap::new(),
        }
    }

    /// Notes that the budget left out requests of a phase to an operation.
    pub(crate) fn note_cut(&mut self, phase: Phase, operation: &Operation) {
        let id = operation.id.to_string();
        self.cut.entry(phase).or_default().insert(id);
    }

    /// Notes that what the budget left out of a phase would not have been sent.
    pub(crate) fn forget_cut(&mut self, phase: Phase, operation: &Operation) {
        if let Some(operations) = self.cut.get_mut(&phase) {
            operations.remove(operation.id.as_str());
        }
    }

    /// What the budget left out, in words: `random (3 operations)`; `None` where it left out nothing.
    pub(crate) fn cut(&self) -> Option<String> {
        let phases = self.cut.iter().filter(|(_, of)| !of.is_empty());
        let words: Vec<String> = phases
            .map(|(phase, of)| format!("{phase} ({})", count_of(of.len(), "operation")))
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// One case of each operation that may revoke the credential of the run, to be sent when nothing
    /// else is.
    pub(crate) fn take_last(&mut self, settings: &LiveSettings) -> Vec<Case> {
        let plans = self.plans.iter_mut();
        plans.filter_map(|plan| plan.take_last(settings)).collect()
    }

    /// How many different requests were sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.len()
    }

    /// Notes that cases are sent.
    pub(crate) fn mark(&mut self, cases: &[Case]) {
        let identities = cases.iter().map(|case| identity(&case.request));
        self.sent.extend(identities);
    }

    /// Whether no earlier plan of the operation has sent a case.
    pub(crate) fn is_fresh(&self, case: &Case) -> bool {
        case.phase.repeats() || !self.sent.contains(&identity(&case.request))
    }

    /// The cases of a phase by operation, as many of each as the budget allows, the most telling first.
    pub(crate) fn take(
        &mut self,
        phase: Phase,
        context: ResourceContext<'_>,
        left: usize,
    ) -> Vec<Vec<Case>> {
        let shares = self.shares(phase, context, left);
        let taken: Vec<_> = self.plans.iter_mut().map(|plan| plan.take(phase)).collect();
        let mut all = Vec::with_capacity(taken.len());
        for (at, (cases, share)) in taken.into_iter().zip(shares).enumerate() {
            let fresh = cases.into_iter().filter(|case| self.is_fresh(case));
            let mut fresh: Vec<Case> = fresh.collect();
            if fresh.len() > share {
                fresh.truncate(share);
                let operation = Arc::clone(&self.plans[at].operation);
                self.note_cut(phase, &operation);
            }
            all.push(fresh);
        }
        all
    }

    /// Broken requests by operation, with how many of each the budget allows. Where these are fewer, the operations have
    /// their turn with other kinds.
    pub(crate) fn take_broken(&mut self, context: ResourceContext<'_>, left: usize) -> Vec<Broken> {
        let shares = self.shares(Phase::Invalid, context, left);
        let plans = self.plans.iter_mut();
        let taken: Vec<_> = plans.map(|plan| plan.take(Phase::Invalid)).collect();
        let mut all = Vec::with_capacity(taken.len());
        for (at, (cases, share)) in taken.into_iter().zip(shares).enumerate() {
            let fresh = cases.into_iter().filter(|case| self.is_fresh(case));
            let mut fresh: Vec<Case> = fresh.collect();
            if fresh.len() > share {
                fresh = dealt(one_of_bytes_first(fresh), share, at);
                let operation = Arc::clone(&self.plans[at].operation);
                self.note_cut(Phase::Invalid, &operation);
            }
            let cases = fresh.into();
            all.push(Broken { cases, share });
        }
        all
    }

    /// The first reads of what no path has to name, as many as may be sent: they show what is there before anything is
    /// changed.
    pub(crate) fn take_reads(&mut self, left: usize) -> Vec<Case> {
        let is_read = |case: &Case| {
            let mut names = case.operation.path.parameters();
            case.phase == Phase::Examples
                && case.request.method == Method::GET
                && case.operation.is_safe()
                && names.next().is_none()
        };
        let mut reads = Vec::new();
        for plan in &mut self.plans {
            let at = plan.cases.iter().position(is_read);
            if let Some(at) = at.filter(|_| reads.len() < left) {
                reads.push(plan.cases.remove(at));
            }
        }
        reads
    }

    /// The first case of each kind of each operation, where a budget has room for all of them and as many
    /// again: what is left of less is shared out as the phases come.
    pub(crate) fn take_telling(&mut self, left: usize) -> Vec<Case> {
        let wanted: usize = self.plans.iter().map(Plan::count_telling).sum();
        if wanted > left / 2 {
            return Vec::new();
        }
        let taken = self.plans.iter_mut().map(Plan::take_telling);
        let taken: Vec<Case> = taken.flatten().collect();
        let fresh = taken.into_iter().filter(|case| self.is_fresh(case));
        fresh.collect()
    }

    /// How many cases of a phase each operation may have: what is `left` of the budget is shared out
    /// among this phase and those that follow, so that a long phase does not starve a later one.
    fn shares(&self, phase: Phase, context: ResourceContext<'_>, left: usize) -> Vec<usize> {
        let mut wanted: Vec<usize> = self
            .plans
            .iter()
            .map(|plan| {
                let cases = plan.cases.iter().filter(|case| case.phase == phase);
                cases.filter(|case| self.is_fresh(case)).count()
            })
            .collect();
        for later in Phase::ALL.into_iter().filter(|later| *later > phase) {
            let count = |plan: &Plan| plan.count(later, context.settings, self.is_complete);
            wanted.extend(self.plans.iter().map(count));
        }
        if phase < Phase::Sequences && context.settings.has_phase(Phase::Sequences) {
            wanted.extend(sequence::estimate(
                context.contract,
                context.graph,
                context.settings,
            ));
        }
        let mut shares = share(left, &wanted);
        shares.truncate(self.plans.len());
        shares
    }
}

/// The broken requests of one operation that are still to be sent.
#[derive(Debug)]
pub(crate) struct Broken {
    cases: VecDeque<Case>,
    /// How many of them may be sent.
    share: usize,
}

impl Broken {
    /// The next few, a part of what may be sent at first: what operations take is known then.
    pub(crate) fn next(&mut self, part: usize, kinds: &BrokenKinds) -> Vec<Case> {
        if self.cases.len() > self.share {
            let cases = self.cases.make_contiguous();
            cases.sort_by_cached_key(|case| kinds.rank(case));
        }
        let most = self.share.div_ceil(part.max(1)).min(self.cases.len());
        self.share -= most.min(self.share);
        self.cases.drain(..most).collect()
    }
}

/// Cases of which those that are broken in their bytes come last, but for the first, and those that lack the body first:
/// one reader of JSON decides for all operations, and whether it is asked is a matter of each.
fn one_of_bytes_first(mut cases: Vec<Case>) -> Vec<Case> {
    let mut has_bytes = false;
    let mut place = |case: &Case| match BrokenKind::of(case) {
        Some(BrokenKind::NoBody) => 0,
        Some(BrokenKind::Bytes(_)) if std::mem::replace(&mut has_bytes, true) => 3,
        Some(BrokenKind::Bytes(_)) => 1,
        _ => 2,
    };
    let mut placed: Vec<(u8, Case)> = cases.drain(..).map(|case| (place(&case), case)).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, case)| case).collect()
}

/// Cases in an order of which so many are sent: some of the most telling, which all operations have alike, and of the
/// others what no operation before this one, by its place, had its turn with. So every kind is tried somewhere.
fn dealt(mut cases: Vec<Case>, share: usize, place: usize) -> Vec<Case> {
    let alike = share.div_ceil(ALIKE);
    if alike >= cases.len() {
        return cases;
    }
    let others = &mut cases[alike..];
    let turn = place.wrapping_mul(share - alike) % others.len();
    others.rotate_left(turn);
    cases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::graph::Graph,
        gate::{fixture, plan},
        generate::Strategies,
    };

    fn taken(settings: &LiveSettings, left: usize) -> (Vec<Case>, Vec<Case>) {
        let contract = fixture::contract();
        let (graph, strategies) = (Graph::of(&contract), Strategies::default());
        let context = fixture::context(&contract, &graph, settings);
        let mut schedule = Schedule::new(plan::begin(&contract, settings, &strategies));
        for plan in &mut schedule.plans {
            plan.complete(&contract, settings, &strategies);
        }
        schedule.is_complete = true;
        let first = schedule.take(Phase::Examples, context, left).concat();
        schedule.mark(&first);
        (
            first,
            schedule.take(Phase::Examples, context, left).concat(),
        )
    }

    #[test]
    fn of_too_few_requests_each_operation_has_its_turn_with_other_kinds() {
        let contract = fixture::contract();
        let numbered = |number: usize| Case {
            why: number.to_string(),
            ..fixture::case(&contract, "listPets", Phase::Invalid)
        };
        let sent = |place: usize| -> Vec<String> {
            let dealt = dealt((0..12).map(numbered).collect(), 6, place);
            dealt.into_iter().take(6).map(|case| case.why).collect()
        };
        assert_eq!(sent(0), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(sent(1), ["0", "1", "6", "7", "8", "9"]);
        let all: BTreeSet<String> = (0..4).flat_map(sent).collect();
        assert_eq!(all.len(), 12);
    }

    #[test]
    fn what_was_sent_is_not_sent_again() {
        let (first, second) = taken(&fixture::settings(), 1_000);
        assert!(!first.is_empty());
        assert!(second.is_empty(), "{second:?}");
    }

    #[test]
    fn nothing_is_taken_where_nothing_is_left() {
        let (first, _) = taken(&fixture::settings(), 0);
        assert!(first.is_empty(), "{first:?}");
    }
}
