//! A run against a service, from its first event to its outcome: which phases there are, in which order.
//!
//! What one request gives is the matter of `driver`.

use std::{ops::ControlFlow, sync::Arc, time::Instant};

use super::{
    driver::Driver,
    executor::{Executor, time_is_over},
    interrupt::Interrupt,
    judge::Judge,
    knowledge::{Knowledge, context::ResourceContext, coverage::CoverageTargets},
    phase::{
        alternatives, broken, cleanup, examples, last, planned, random, regressions, sequences,
        shrink, telling,
    },
    plan,
    recorder::Recorder,
    schedule::Schedule,
    unreached::unreached,
};
use crate::{
    contract::{Contract, OperationIndex, RouteMiss, graph::Graph},
    exchange::Request,
    finding::Remedy,
    generate::Strategies,
    run::{Event, Listener, LiveSettings, Outcome, Phase, RunInfo, RunKind, RunStatus, Unreached},
    snapshot::Store,
    transport::{Authorized, Paced, Transport},
};

/// The phases that are planned ahead, in their order; a round of the most telling of their cases and of
/// those of later phases goes before. Examples and random values have rounds of their
/// own, and sequences are not planned.
const PLANNED_PHASES: [Phase; 2] = [Phase::Edges, Phase::Pairs];
/// The phases after the sequences.
const LATE_PHASES: [Phase; 3] = [Phase::Methods, Phase::Framing, Phase::Auth];

/// How many parts of requests a notice names.
const MAX_NAMED: usize = 10;

/// Sends the cases of a contract over a transport and holds what comes.
///
/// The order of cases and findings does not depend on the number of workers. An interrupted run, and
/// one whose service goes away, still ends in an outcome.
pub async fn check<T: Transport>(
    contract: &Contract,
    transport: &T,
    settings: &LiveSettings,
    snapshots: Option<Store>,
    listener: &mut dyn Listener,
    interrupt: &Interrupt,
) -> Outcome {
    let secrets = settings.credentials.secrets();
    let included = contract.operations().iter();
    let included = included.filter(|operation| plan::left_out(operation, settings).is_none());
    let base = settings.base.path().trim_end_matches('/');
    let transport = Paced::new(transport, settings.rate)
        .with_operations(included.count(), |request| {
            operation_of(contract, base, request).map(OperationIndex::place)
        });
    let transport = &Authorized::new(transport, &settings.base, secrets.iter().cloned());
    let strategies = &Strategies::default();
    let graph = Arc::new(Graph::of(contract));
    let header = RunInfo {
        seed: Some(settings.seed),
        wording: settings.common.wording,
        ..RunInfo::of(contract, RunKind::Check, settings.base.to_string())
    };
    let context = ResourceContext {
        contract,
        graph: &graph,
        settings,
    };
    let targets = CoverageTargets::new(contract);
    let mut driver = Driver::new(
        context,
        strategies,
        Executor::new(transport, settings, interrupt),
        Judge::new(context, secrets.clone()),
        Recorder::new(contract, &targets, snapshots, listener)
            .hiding(secrets)
            .wording(settings.common.wording)
            .keeping_state(settings.common.keeps_state),
        Knowledge::new(contract, Arc::clone(&graph)),
    );
    let started = Instant::now();
    driver.recorder.tell(&Event::Started(&header));
    driver.recorder.defects();
    Box::pin(alternatives::run(&mut driver)).await;
    let mut schedule = Schedule::new(plan::begin(contract, settings, strategies));
    let last_of_all = schedule.take_last(settings);
    let end = match Box::pin(phases(&mut driver, &mut schedule)).await {
        ControlFlow::Break(end) => end,
        // Where planning was ended early, not all was sent.
        ControlFlow::Continue(()) if interrupt.is_set() => RunStatus::Interrupted,
        ControlFlow::Continue(()) if contract.document().stop().reason().is_some() => {
            time_is_over()
        }
        ControlFlow::Continue(()) => RunStatus::Complete,
    };
    note_left_out(&mut driver, &schedule);
    note_cut_short(&mut driver, &schedule);
    if let (RunStatus::Complete, Some(cut)) = (&end, schedule.cut()) {
        let most = settings.max_requests;
        let cut = format!("the limit of {most} requests left out some of what was planned: {cut}");
        let remedy = Some(&Remedy::RaiseBudget);
        driver.recorder.advise(&cut, remedy);
    }
    let mode = match end {
        RunStatus::Complete | RunStatus::Stopped(_) => shrink::Mode::Shrink,
        _ => shrink::Mode::KeepOnly,
    };
    regressions::tell_fixed(&mut driver);
    Box::pin(shrink::run(&mut driver, mode)).await;
    Box::pin(cleanup::run(&mut driver, &end)).await;
    let end = match end {
        RunStatus::Complete => match Box::pin(last::run(&mut driver, last_of_all)).await {
            ControlFlow::Continue(()) => RunStatus::Complete,
            ControlFlow::Break(end) => end,
        },
        end => end,
    };
    Box::pin(driver.flush_unanswered()).await;
    driver.recorder.tell_not_sent();
    if let RunStatus::Complete | RunStatus::Stopped(_) = end {
        let summaries = driver.recorder.account.summaries();
        let found = driver.recorder.account.findings();
        let all = unreached(&summaries, &schedule.plans, settings, found);
        for finding in all {
            driver.add(finding);
        }
    }
    let sent = driver.executor.budget.spent();
    let Driver {
        recorder, judge, ..
    } = driver;
    recorder.finish(header, end, started, sent, |finding| {
        judge.finalize(finding)
    })
}

async fn phases<T: Transport>(
    driver: &mut Driver<'_, T>,
    schedule: &mut Schedule,
) -> ControlFlow<RunStatus> {
    regressions::run(driver, schedule).await?;
    examples::run(driver, schedule).await?;
    telling::run(driver, schedule).await?;
    sequences::first(driver).await?;
    broken::run(driver, schedule).await?;
    for phase in PLANNED_PHASES {
        planned::run(driver, schedule, phase).await?;
    }
    random::run(driver, schedule).await?;
    sequences::run(driver, schedule).await?;
    for phase in LATE_PHASES {
        planned::run(driver, schedule, phase).await?;
    }
    ControlFlow::Continue(())
}

/// Says of each operation that was never asked, or of which part was not, why.
fn note_left_out<T: Transport>(driver: &mut Driver<'_, T>, schedule: &Schedule) {
    for plan in &schedule.plans {
        let why = match &plan.left_out {
            Some(why) => why.clone(),
            None if !plan.has_any => continue,
            // Another reason is known.
            None if driver.recorder.account.is_left_out(&plan.operation) => continue,
            None => Unreached::Budget,
        };
        driver.recorder.account.left_out(&plan.operation, why);
    }
}

/// Says of which parts of requests not all values at the edges, or not all broken ones, were tried.
fn note_cut_short<T: Transport>(driver: &mut Driver<'_, T>, schedule: &Schedule) {
    let parts = schedule.plans.iter().flat_map(|plan| {
        let id = plan.operation.id.as_str();
        plan.cut_short
            .iter()
            .map(move |part| format!("{part} of {id}"))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return;
    }
    let named = parts.iter().take(MAX_NAMED).map(String::as_str);
    let mut named = named.collect::<Vec<_>>().join(", ");
    if let Some(more) = parts.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        named = format!("{named}, and {more} more");
    }
    driver.recorder.notice(format!(
        "some values at the edges of what is valid cost too much to be made, and were not tried: {named}"
    ));
}

/// The operation that a request is for; for a method that its path does not declare, the first of the
/// path.
fn operation_of(contract: &Contract, base: &str, request: &Request) -> Option<OperationIndex> {
    match contract.route_under(base, &request.method, &request.url) {
        Ok(route) => Some(route.index),
        Err(RouteMiss::Method(declared)) => {
            let first = declared.first()?.parse().ok()?;
            let route = contract.route_under(base, &first, &request.url).ok()?;
            Some(route.index)
        }
        Err(RouteMiss::Path) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_are_all_run_in_their_order() {
        let run: Vec<Phase> = [Phase::Regressions, Phase::Examples, Phase::Invalid]
            .into_iter()
            .chain(PLANNED_PHASES)
            .chain([Phase::Random, Phase::Sequences])
            .chain(LATE_PHASES)
            .collect();
        assert_eq!(run, Phase::ALL);
    }
}
