//! Which planned cases are sent: none twice, and no phase so many that a later one starves.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    sync::Arc,
};

use http::Method;

use super::{
    budget::share,
    deal::Dealer,
    identity::{Identity, identity},
    knowledge::{broken_kinds::BrokenKinds, context::ResourceContext},
    plan::{Plan, Turn},
    sequence,
};
use crate::{
    contract::Operation,
    run::{Case, LiveSettings, Phase},
    words::count_of,
};

/// How many broken requests go to an operation that has accepted none, where the budget is short.
const MAX_OF_UNREACHED: usize = 8;

/// The phases whose requests the same code of a service answers for all operations, as a rule.
const OF_ROUTER: [Phase; 2] = [Phase::Methods, Phase::Auth];

/// How many such requests go to each operation, beside those of the first round, where the budget is short.
const MAX_OF_ROUTER: usize = 1;

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

    /// Broken requests by operation, with how many of each the budget allows. Where these are fewer, each kind has its turn
    /// somewhere.
    pub(crate) fn take_broken(&mut self, context: ResourceContext<'_>, left: usize) -> Vec<Broken> {
        let shares = self.shares(Phase::Invalid, context, left);
        let plans = self.plans.iter_mut();
        let taken: Vec<_> = plans.map(|plan| plan.take(Phase::Invalid)).collect();
        let mut dealer = Dealer::default();
        let mut all = Vec::with_capacity(taken.len());
        for (at, (cases, share)) in taken.into_iter().zip(shares).enumerate() {
            let fresh = cases.into_iter().filter(|case| self.is_fresh(case));
            let mut fresh: Vec<Case> = fresh.collect();
            if fresh.len() > share {
                fresh = dealer.deal(fresh, share);
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

    /// The first case of each kind of each operation, in rounds of what all operations are sent before the next: as many
    /// rounds as half of a budget has room for. What is left of it is shared out as the phases come.
    pub(crate) fn take_telling(
        &mut self,
        context: &ResourceContext<'_>,
        left: usize,
    ) -> Vec<Vec<Case>> {
        let mut counts: BTreeMap<Turn, usize> = BTreeMap::new();
        for turn in self.plans.iter().flat_map(|plan| plan.telling(context)) {
            *counts.entry(turn).or_default() += 1;
        }
        let mut wanted = 0;
        let fits = |(turn, count): (&Turn, &usize)| {
            wanted += count;
            (wanted <= left / 2).then_some(*turn)
        };
        let turns: BTreeSet<Turn> = counts.iter().map_while(fits).collect();
        let plans = self.plans.iter_mut().enumerate();
        let taken: Vec<_> = plans
            .flat_map(|(place, plan)| plan.take_telling(context, &turns, place))
            .collect();
        let mut rounds: BTreeMap<Turn, Vec<Case>> = BTreeMap::new();
        for (turn, case) in taken.into_iter().filter(|(_, case)| self.is_fresh(case)) {
            rounds.entry(turn).or_default().push(case);
        }
        rounds.into_values().collect()
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
        // What never succeeded shows little, and has less where there is not enough for all.
        let is_short = wanted.iter().sum::<usize>() > left;
        if is_short && phase == Phase::Invalid && self.is_complete {
            for (wanted, plan) in wanted.iter_mut().zip(&self.plans) {
                if plan.accepted.is_none() {
                    *wanted = (*wanted).min(MAX_OF_UNREACHED);
                }
            }
        }
        let mut of_router: Vec<usize> = Vec::new();
        if OF_ROUTER.contains(&phase) {
            of_router.extend(0..wanted.len());
        }
        for later in Phase::ALL.into_iter().filter(|later| *later > phase) {
            let count = |plan: &Plan| {
                if self.is_complete {
                    plan.count(later)
                } else {
                    plan.estimate(later, context.settings)
                }
            };
            let first = wanted.len();
            wanted.extend(self.plans.iter().map(count));
            if OF_ROUTER.contains(&later) {
                of_router.extend(first..wanted.len());
            }
        }
        if phase < Phase::Sequences && context.settings.has_phase(Phase::Sequences) {
            wanted.extend(sequence::estimate(
                context.contract,
                context.graph,
                context.settings,
            ));
        }
        if wanted.iter().sum::<usize>() > left {
            for at in of_router {
                wanted[at] = wanted[at].min(MAX_OF_ROUTER);
            }
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
