//! The parts of a run in their order: which rounds are sent, and what one round teaches the next.

use std::{borrow::Cow, collections::VecDeque, ops::ControlFlow, sync::Arc};

use http::Method;

use super::{
    budget::share,
    driver::Run,
    identity::identity,
    knowledge::{context::ResourceContext, view::plain},
    plan::Plan,
    sequence,
};
use crate::{
    contract::{Location, Operation, graph::Need},
    run::{Case, CredentialChoice, End, Existing, LiveSettings, Phase, RandomEnd, Unreached},
    transport::Transport,
};

/// Values of parameters by name, as texts.
type Texts = Vec<(String, String)>;

/// How often the examples are planned anew with values that came back: a list, its elements, what they
/// hold, and what that holds.
const MAX_LESSONS: usize = 4;
/// How many random cases of an operation make a round.
const CHUNK: usize = 5;
/// How many are sent in a round where all of them are sent in any case.
const CHUNK_OF_ALL: usize = 256;
/// How many rounds in a row may show nothing new before an operation's random cases end.
const MAX_QUIET: usize = 3;
/// How many times its usual random cases an operation that still surprises may get.
const MAX_EXTRA: usize = 3;

/// The phases that are planned ahead, in their order. Examples and random values have rounds of their
/// own, and sequences are not planned.
const AHEAD: [Phase; 3] = [Phase::Edges, Phase::Pairs, Phase::Invalid];
/// The phases after the sequences.
const BEHIND: [Phase; 3] = [Phase::Methods, Phase::Framing, Phase::Auth];

impl<T: Transport> Run<'_, T> {
    /// Runs all phases.
    pub(crate) async fn phases(&mut self, plans: &mut [Plan]) -> ControlFlow<End> {
        let ended = self.all(plans).await;
        self.say_what_was_left_out(plans);
        let is_whole = matches!(
            ended,
            ControlFlow::Continue(()) | ControlFlow::Break(End::Stopped(_))
        );
        self.conclude(!is_whole).await;
        ended
    }

    async fn all(&mut self, plans: &mut [Plan]) -> ControlFlow<End> {
        self.regressions().await?;
        let known = self.examples(plans).await?;
        self.ask_with_credential(plans).await?;
        self.complete(plans, &known);
        for phase in AHEAD {
            self.phase(plans, phase).await?;
        }
        self.random(plans).await?;
        self.sequences().await?;
        for phase in BEHIND {
            self.phase(plans, phase).await?;
        }
        ControlFlow::Continue(())
    }

    /// The document's examples; then, while responses give values that operations need, the examples
    /// of those operations again with these values. Answers the values of each operation.
    async fn examples(&mut self, plans: &mut [Plan]) -> ControlFlow<End, Vec<Texts>> {
        let mut known: Vec<Texts> = vec![Vec::new(); plans.len()];
        for _ in 0..MAX_LESSONS {
            let before = self.sent.len();
            self.phase(plans, Phase::Examples).await?;
            if self.sent.len() == before {
                break;
            }
            for (plan, known) in plans.iter_mut().zip(&mut known) {
                let values = self.values_for(&plan.operation);
                if values.is_empty() || *known == values {
                    continue;
                }
                let mut settings = self.settings.clone();
                settings.parameters.extend(values.iter().cloned());
                plan.start(self.contract, &settings, &self.strategies);
                *known = values;
            }
        }
        ControlFlow::Continue(known)
    }

    /// Operations for which the document asks no credential and which refused a request without one: with
    /// it they show what else there is to see.
    async fn ask_with_credential(&mut self, plans: &[Plan]) -> ControlFlow<End> {
        if !self.settings.credentials.main.is_known() {
            return ControlFlow::Continue(());
        }
        let mut round = Vec::new();
        for plan in plans.iter().filter(|plan| plan.operation.is_open) {
            let mut examples = plan.cases.iter();
            let first = examples.find(|case| case.phase == Phase::Examples);
            if self.tally.is_refused(&plan.operation)
                && let Some(case) = first
            {
                let mut case = case.clone();
                case.credential = CredentialChoice::Unasked;
                "with the credential, which the document does not ask for"
                    .clone_into(&mut case.why);
                self.settings.credentials.apply(
                    &plan.operation,
                    &mut case.request,
                    case.credential,
                );
                round.push(case);
            }
        }
        self.mark(&round);
        self.round(&round).await
    }

    /// Plans what lies around the first requests, with the values that they brought back, and says how
    /// much there is to do. This takes a while where there are many operations.
    fn complete(&mut self, plans: &mut [Plan], known: &[Texts]) {
        for (plan, known) in plans.iter_mut().zip(known) {
            if self.budget.left() == 0 || self.budget.is_late() || self.interrupt.is_set() {
                break;
            }
            let mut settings = Cow::Borrowed(self.settings);
            if !known.is_empty() {
                settings.to_mut().parameters.extend(known.iter().cloned());
            }
            plan.accepted = self.used.accepted(&plan.operation).cloned();
            plan.complete(self.contract, &settings, &self.strategies);
        }
        self.is_planned = true;
        let sequences = sequence::outline(self.contract, self.graph, self.settings);
        let sequences = sequences.iter().map(sequence::Sequence::requests);
        let all: usize = plans
            .iter()
            .map(|plan| plan.cases.len())
            .chain(sequences)
            .sum();
        self.planned(all as u64);
    }

    /// Values for the parameters that name a resource and for which the user gave none: what the run
    /// created, else what responses gave.
    fn values_for(&self, operation: &Operation) -> Texts {
        let context = self.context();
        let keeps = self.settings.existing == Existing::Keep && !operation.is_safe();
        let key = ResourceContext::key_of(operation);
        let changed = key.filter(|name| keeps && context.can_be_made(operation, name));
        let mut values = Vec::new();
        if changed.is_some() && operation.method != Method::DELETE {
            values = self.created_for(operation);
        }
        for parameter in &operation.parameters {
            let name = parameter.name.as_str();
            let wants = parameter.location == Location::Path || parameter.required;
            let is_known = values
                .iter()
                .any(|(known, _): &(String, String)| known == name);
            if !wants || is_known || !self.settings.given(name).is_empty() {
                continue;
            }
            let is_key = parameter.location == Location::Path && key == Some(name);
            // What a run deletes in passing, its later requests miss; and what was there before is not
            // changed where something like it can be made.
            if is_key && (operation.method == Method::DELETE || changed.is_some()) {
                continue;
            }
            let need = Need::Parameter(parameter.location, parameter.name.clone());
            let schema = parameter.value.schema();
            let mut found = self.pool.values_for(operation, &need, schema);
            // Where nothing gives it, what has worked elsewhere may work here.
            if found.is_empty() && parameter.location == Location::Path {
                found.extend(self.pool.worked(operation, &need, schema));
            }
            for value in found.into_iter().take(2) {
                values.push((parameter.name.clone(), plain(&value)));
            }
        }
        // What a body names beside.
        let index = context.index(operation);
        for need in index
            .map(|index| context.body_needs(index))
            .unwrap_or_default()
        {
            let Need::Body(pointer) = &need else { continue };
            let Some(name) = pointer.last() else { continue };
            if !self.settings.given(&name).is_empty() {
                continue;
            }
            let found = self.pool.values_for(operation, &need, None).into_iter();
            values.extend(found.take(1).map(|value| (name.clone(), plain(&value))));
        }
        values
    }

    /// The names in an operation's path of the two newest things that the run created for it.
    fn created_for(&self, operation: &Operation) -> Texts {
        let names: Vec<&str> = operation.path.parameters().collect();
        let mut values = Vec::new();
        let mut taken = 0;
        for thing in self.litter.newest() {
            let shape = &self.graph.resources[thing.resource].shape;
            let found = names.iter().filter_map(|name| {
                let value = thing.value_for(shape, operation, name)?;
                Some(((*name).to_owned(), plain(value)))
            });
            let found: Texts = found.collect();
            let is_whole = ResourceContext::key_of(operation)
                .is_some_and(|key| found.iter().any(|(name, _)| name == key));
            if is_whole {
                values.extend(found);
                taken += 1;
            }
            if taken == 2 {
                break;
            }
        }
        values
    }

    /// The cases of one phase, as many of each operation as the budget allows.
    async fn phase(&mut self, plans: &mut [Plan], phase: Phase) -> ControlFlow<End> {
        let shares = self.shares(plans, phase);
        let mut round = Vec::new();
        for (plan, share) in plans.iter_mut().zip(shares) {
            // The most telling come first.
            let cases = plan.take(phase).into_iter();
            round.extend(cases.filter(|case| self.is_fresh(case)).take(share));
        }
        self.mark(&round);
        // What only reads goes first: it shows what was there before anything is changed.
        let (reads, writes): (Vec<Case>, Vec<Case>) = round
            .into_iter()
            .partition(|case| case.request.method.is_safe());
        if !reads.is_empty() {
            self.round(&reads).await?;
        }
        self.round(&writes).await
    }

    /// Whether no earlier plan of the operation has sent a case.
    fn is_fresh(&self, case: &Case) -> bool {
        case.phase.repeats() || !self.sent.contains(&identity(&case.request))
    }

    fn mark(&mut self, cases: &[Case]) {
        self.sent
            .extend(cases.iter().map(|case| identity(&case.request)));
    }

    /// How many cases of a phase each operation may have: what is left of the budget is shared out
    /// among this phase and those that follow, so that a long phase does not starve a later one.
    fn shares(&self, plans: &[Plan], phase: Phase) -> Vec<usize> {
        let mut wanted: Vec<usize> = plans
            .iter()
            .map(|plan| {
                let cases = plan.cases.iter().filter(|case| case.phase == phase);
                cases.filter(|case| self.is_fresh(case)).count()
            })
            .collect();
        for later in Phase::ALL.into_iter().filter(|later| *later > phase) {
            let count = |plan: &Plan| plan.count(later, self.settings, self.is_planned);
            wanted.extend(plans.iter().map(count));
        }
        if phase < Phase::Sequences && self.has_sequences() {
            wanted.extend(sequence::estimate(self.contract, self.graph, self.settings));
        }
        let mut shares = share(self.budget.left(), &wanted);
        shares.truncate(plans.len());
        shares
    }

    /// Random cases in rounds. An operation that shows nothing new for a while gets no more, and what
    /// it saves goes to those that still surprise.
    async fn random(&mut self, plans: &mut [Plan]) -> ControlFlow<End> {
        let shares = self.shares(plans, Phase::Random);
        let mut queues: Vec<Queue> = plans
            .iter_mut()
            .zip(shares)
            .map(|(plan, share)| {
                let cases = plan.take(Phase::Random).into_iter();
                let cases = cases.filter(|case| self.is_fresh(case)).take(share);
                Queue::new(plan, cases.collect())
            })
            .collect();
        let (chunk, is_exhaustive) = match self.settings.random_end {
            RandomEnd::NothingNew => (CHUNK, false),
            RandomEnd::AllSent => (CHUNK_OF_ALL, true),
        };
        let mut saved = 0;
        loop {
            let most = self.budget.left();
            let mut round = Vec::new();
            for queue in &mut queues {
                let room = chunk.min(most - round.len());
                queue.under_way = room.min(queue.cases.len());
                let next = queue.cases.drain(..queue.under_way);
                round.extend(next.map(|case| self.narrowed(case)));
            }
            if round.is_empty() {
                break;
            }
            self.mark(&round);
            let before: Vec<u64> = queues.iter().map(|queue| queue.shown(self)).collect();
            self.round(&round).await?;
            for (queue, before) in queues.iter_mut().zip(before) {
                let is_new = queue.shown(self) > before;
                saved += if is_exhaustive {
                    0
                } else {
                    queue.learn(is_new)
                };
            }
            for (queue, plan) in queues.iter_mut().zip(plans.iter()) {
                saved -= self.extend(queue, plan, saved);
            }
        }
        ControlFlow::Continue(())
    }

    /// A case whose values keep what refusals have taught.
    fn narrowed(&self, case: Case) -> Case {
        self.constraints
            .narrowed(&case.operation, &case.parts)
            .and_then(|parts| self.with_parts(&case, parts))
            .unwrap_or(case)
    }

    /// More random cases for an operation that has used up its own and still surprises. Answers how
    /// many.
    fn extend(&self, queue: &mut Queue, plan: &Plan, saved: usize) -> usize {
        let usual = self.settings.random_cases;
        if saved == 0 || !queue.surprises || !queue.cases.is_empty() || queue.extra >= MAX_EXTRA {
            return 0;
        }
        queue.extra += 1;
        let mut settings: LiveSettings = self.settings.clone();
        settings.random_cases = usual * (queue.extra + 1);
        settings.parameters.extend(self.values_for(&plan.operation));
        let more = plan.random(self.contract, &settings, &self.strategies);
        let cases = more.into_iter().filter(|case| self.is_fresh(case));
        queue.cases = cases.take(usual.min(saved)).collect();
        queue.cases.len()
    }

    fn has_sequences(&self) -> bool {
        self.settings.has_phase(Phase::Sequences)
    }

    /// Requests that build on each other.
    async fn sequences(&mut self) -> ControlFlow<End> {
        if self.has_sequences() {
            Box::pin(sequence::run(self)).await?;
        }
        // Nothing more is sent, so that this only sees whether the run is to go on.
        self.round(&[]).await
    }

    /// Says of each operation that was never asked, or of which part was not, why.
    fn say_what_was_left_out(&mut self, plans: &[Plan]) {
        for plan in plans {
            let why = match &plan.left_out {
                Some(why) => why.clone(),
                None if !plan.has_any => continue,
                None => Unreached::Budget,
            };
            self.tally.left_out(&plan.operation, why);
        }
    }
}

impl Phase {
    /// Whether its requests are meant to be those of other phases again.
    pub(crate) const fn repeats(self) -> bool {
        !self.has_values()
    }
}

/// The random cases of one operation.
struct Queue {
    operation: Arc<Operation>,
    cases: VecDeque<Case>,
    /// How many were sent in the last round.
    under_way: usize,
    /// How many rounds in a row showed nothing new.
    quiet: usize,
    /// Whether the last round showed something new.
    surprises: bool,
    /// How often it got more than its own.
    extra: usize,
}

impl Queue {
    fn new(plan: &Plan, cases: VecDeque<Case>) -> Self {
        Self {
            operation: Arc::clone(&plan.operation),
            cases,
            under_way: 0,
            quiet: 0,
            surprises: false,
            extra: 0,
        }
    }

    fn shown<T>(&self, run: &Run<'_, T>) -> u64 {
        run.novelty.count(&self.operation)
    }

    /// Takes in whether the last round showed something new. Answers how many cases are saved.
    fn learn(&mut self, is_new: bool) -> usize {
        if self.under_way == 0 {
            return 0;
        }
        self.surprises = is_new;
        self.quiet = if is_new { 0 } else { self.quiet + 1 };
        if self.quiet < MAX_QUIET {
            return 0;
        }
        let saved = self.cases.len();
        self.cases.clear();
        saved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_are_all_run_in_their_order() {
        let run: Vec<Phase> = [Phase::Regressions, Phase::Examples]
            .into_iter()
            .chain(AHEAD)
            .chain([Phase::Random, Phase::Sequences])
            .chain(BEHIND)
            .collect();
        assert_eq!(run, Phase::ALL);
    }
}
