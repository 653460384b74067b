//! Random cases in rounds: an operation that shows nothing new for a while gets no more, and what it
//! saves goes to those that still surprise.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc};

use crate::{
    contract::Operation,
    gate::{
        case_factory::CaseFactory,
        driver::Driver,
        knowledge::{Knowledge, novelty::Novelty},
        plan::Plan,
        schedule::Schedule,
        sequence,
    },
    generate::Strategies,
    run::{Case, LiveSettings, Phase, RandomEnd, RunStatus},
    transport::Transport,
};

/// How many random cases of an operation make a round.
const CHUNK: usize = 5;
/// How many are sent in a round where all of them are sent in any case.
const CHUNK_OF_ALL: usize = 256;
/// How many rounds in a row may show nothing new before an operation's random cases end.
const MAX_QUIET: usize = 3;
/// How many times its usual random cases an operation that still surprises may get.
const MAX_EXTRA: usize = 3;

/// Sends the random cases of all operations.
pub(crate) async fn run<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    let settings = driver.context.settings;
    let left = driver.executor.budget.left();
    let cases = schedule.take(Phase::Random, driver.context, left);
    let plans = schedule.plans.iter();
    let mut queues: Vec<Queue> = plans
        .zip(cases)
        .map(|(plan, cases)| Queue::new(&plan.operation, cases))
        .collect();
    let chunk = match settings.random_end {
        RandomEnd::NothingNew => CHUNK,
        RandomEnd::AllSent => CHUNK_OF_ALL,
    };
    let mut saved = 0;
    loop {
        let mut room = driver.executor.budget.left();
        let mut round = Vec::new();
        for queue in &mut queues {
            let next = queue.next(chunk.min(room));
            room -= next.len();
            round.extend(
                next.into_iter()
                    .map(|case| narrowed(case, &driver.knowledge, settings, driver.strategies)),
            );
        }
        if round.is_empty() {
            // What shows nothing new gets no more, whatever the budget.
            for queue in queues.iter().filter(|queue| queue.quiet >= MAX_QUIET) {
                schedule.forget_cut(Phase::Random, &queue.operation);
            }
            return ControlFlow::Continue(());
        }
        schedule.mark(&round);
        let novelty = &driver.knowledge.novelty;
        let before: Vec<u64> = queues.iter().map(|queue| queue.shown(novelty)).collect();
        sequence::send_round(driver, &round).await?;
        for (queue, before) in queues.iter_mut().zip(before) {
            let is_new = queue.shown(&driver.knowledge.novelty) > before;
            if settings.random_end == RandomEnd::NothingNew {
                saved += queue.learn(is_new);
            }
        }
        for (at, queue) in queues.iter_mut().enumerate() {
            if saved > 0 && queue.wants_more() {
                queue.extra += 1;
                let more = more(driver, &schedule.plans[at], queue.extra);
                let fresh = more.into_iter().filter(|case| schedule.is_fresh(case));
                queue.cases = fresh.take(settings.random_cases.min(saved)).collect();
                saved -= queue.cases.len();
            }
        }
    }
}

/// A case whose values keep what refusals have taught.
fn narrowed(
    case: Case,
    knowledge: &Knowledge,
    settings: &LiveSettings,
    strategies: &Strategies,
) -> Case {
    knowledge
        .constraints
        .narrowed(&case.operation, &case.parts, (settings.seed, strategies))
        .and_then(|parts| CaseFactory::new(settings).with_parts(&case, parts))
        .unwrap_or(case)
}

/// More random cases for an operation that got its own and `extra` times as many already.
fn more<T: Transport>(driver: &Driver<'_, T>, plan: &Plan, extra: usize) -> Vec<Case> {
    let context = driver.context;
    let mut settings: LiveSettings = context.settings.clone();
    settings.random_cases *= extra + 1;
    let values = driver.knowledge.values_for(&plan.operation, context);
    settings.parameters.extend(values);
    plan.random(context.contract, &settings, driver.strategies)
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
    fn new(operation: &Arc<Operation>, cases: Vec<Case>) -> Self {
        Self {
            operation: Arc::clone(operation),
            cases: cases.into(),
            under_way: 0,
            quiet: 0,
            surprises: false,
            extra: 0,
        }
    }

    /// The cases of the next round, `most` of them.
    fn next(&mut self, most: usize) -> Vec<Case> {
        self.under_way = most.min(self.cases.len());
        self.cases.drain(..self.under_way).collect()
    }

    fn shown(&self, novelty: &Novelty) -> u64 {
        novelty.count(&self.operation)
    }

    /// Whether it has used up its own cases, still surprises, and did not get too many already.
    fn wants_more(&self) -> bool {
        self.surprises && self.cases.is_empty() && self.extra < MAX_EXTRA
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
