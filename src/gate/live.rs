//! A run against a service, from its first event to its outcome.
//!
//! The order of the phases is the matter of `phases`, what one request gives that of `driver`.

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use indexmap::IndexMap;

use super::{
    account::LiveAccount,
    budget::Budget,
    driver::Run,
    interrupt::Interrupt,
    knowledge::{
        constraints::InferredConstraints,
        coverage::{CoverageMap, CoverageTargets, ShapeSampler},
        created::CreatedResources,
        existing::ExistingResources,
        memory::SequenceMemory,
        novelty::Novelty,
        pool::Pool,
        used::UsedValues,
    },
    plan::{self, Plan},
    sequence,
    settle::{defect_notices, settle},
    tally::{self, Tally},
};
use crate::{
    contract::{Contract, RouteMiss, graph::Graph},
    exchange::Request,
    finding::{Findings, Severity},
    generate::Strategies,
    run::{
        CleanUp, End, Event, Header, Listener, LiveSettings, OperationSummary, Outcome, RunKind,
        Unreached,
    },
    snapshot::Store,
    transport::{Authorized, Paced, Transport},
};

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
            operation_of(contract, base, request)
        });
    let transport = &Authorized::new(transport, &settings.base, secrets.iter().cloned());
    let strategies = Strategies::default();
    let mut plans = plan::begin(contract, settings, &strategies);
    let graph = Arc::new(Graph::of(contract));
    let header = Header {
        seed: Some(settings.seed),
        ..Header::of(contract, RunKind::Check, settings.base.to_string())
    };
    let mut run = Run {
        contract,
        transport,
        settings,
        interrupt,
        snapshots,
        listener,
        tally: Tally::new(contract),
        declared: CoverageTargets::new(contract),
        looks: ShapeSampler::default(),
        seen: CoverageMap::default(),
        findings: Findings::default(),
        new_errors: 0,
        notices: Vec::new(),
        held: 0,
        secrets,
        pool: Pool::new(contract, Arc::clone(&graph)),
        graph: &graph,
        litter: CreatedResources::default(),
        existing: ExistingResources::default(),
        kept_existing: IndexMap::new(),
        before: Vec::new(),
        novelty: Novelty::default(),
        budget: Budget::new(settings.max_requests, settings.max_time),
        sent: HashSet::new(),
        confirmed: HashSet::new(),
        failures: Vec::new(),
        constraints: InferredConstraints::default(),
        broken: Vec::new(),
        strategies,
        memory: SequenceMemory::default(),
        last: None,
        limited: IndexMap::new(),
        used: UsedValues::default(),
        is_in_round: false,
        doubtful: Vec::new(),
        is_planned: false,
    };
    let started = Instant::now();
    run.listener
        .on(&Event::Started(&header), contract.document());
    run.defects();
    let end = match run.phases(&mut plans).await {
        ControlFlow::Continue(()) => End::Complete,
        ControlFlow::Break(end) => end,
    };
    run.cleanup(&end).await;
    run.finish(&plans, header, end, started.elapsed())
}

/// The operation that a request is for; for a method that its path does not declare, the first of the
/// path.
fn operation_of(contract: &Contract, base: &str, request: &Request) -> Option<usize> {
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

/// How long an interrupted run may take to delete what it made.
const MAX_CLEANUP_TIME: Duration = Duration::from_secs(10);

impl<T: Transport> Run<'_, T> {
    /// What is wrong with the document itself and keeps part of it from being held.
    fn defects(&mut self) {
        let mut all = Vec::new();
        defect_notices(self.contract, &mut all);
        for text in all {
            self.notice(text);
        }
    }

    /// Deletes what the run created. An interrupted run does so too, but not for long. What is left is
    /// named.
    async fn cleanup(&mut self, end: &End) {
        if self.settings.clean_up == CleanUp::Leave || self.litter.is_empty() {
            return;
        }
        match end {
            End::Unreachable(_) | End::Failed(_) => sequence::name_leftovers(self),
            End::Interrupted => {
                let cleaning = sequence::cleanup(self);
                let ended = tokio::time::timeout(MAX_CLEANUP_TIME, cleaning).await;
                if ended.is_err() {
                    self.notice("there was no time to delete all that the run created".to_owned());
                    sequence::name_leftovers(self);
                }
            }
            _ => sequence::cleanup(self).await,
        }
    }

    fn summaries(&self) -> Vec<OperationSummary> {
        self.tally
            .summaries(self.contract, &self.findings, |operation, is_held| {
                self.seen.of(&self.declared, operation, is_held)
            })
    }

    fn finish(mut self, plans: &[Plan], header: Header, end: End, elapsed: Duration) -> Outcome {
        self.flush_broken();
        for (case, _, finding) in std::mem::take(&mut self.doubtful) {
            self.found(&case, finding);
        }
        for (operation, left_out) in std::mem::take(&mut self.limited) {
            self.notice(format!(
                "{operation} answered 429 and asked for a pause; requests that were not sent to it: \
                 {left_out}"
            ));
        }
        if !self.kept_existing.is_empty() {
            let requests: u64 = self.kept_existing.values().sum();
            let operations: Vec<&str> = self.kept_existing.keys().map(String::as_str).collect();
            self.notice(format!(
                "what was there before the run is not changed; requests that were not sent for that: \
                 {requests} ({})",
                operations.join(", ")
            ));
        }
        if let End::Complete | End::Stopped(_) = end {
            self.unreached(plans);
        }
        let state = LiveAccount {
            contract: self.contract,
            declared: &self.declared,
            seen: &self.seen,
            tally: &self.tally,
            findings: &self.findings,
            shapes: self.snapshots.as_ref(),
            notices: &self.notices,
            held: self.held,
            seed: self.settings.seed,
        }
        .state(&header.target, end.clone());
        let (snapshots, end) = settle(self.snapshots.take(), end, |finding| {
            if let Some(finding) = self.settings.common.severities.apply(finding)
                && self.findings.add(finding.clone())
            {
                self.listener
                    .on(&Event::Found(&finding), self.contract.document());
            }
        });
        let operations = self.summaries();
        let outcome = Outcome {
            baseline: None,
            header,
            coverage: Some(tally::together(&operations)),
            operations,
            findings: self.findings,
            unmatched: 0,
            passed_over: 0,
            held: self.held,
            snapshots,
            notices: self.notices,
            end,
            elapsed,
            state: Some(Box::new(state)),
        };
        self.listener
            .on(&Event::Finished(&outcome), self.contract.document());
        outcome
    }

    /// Names each operation that was not reached, with the reason. Where none was reached at all, the
    /// run says nothing about the service and must not look as if it did.
    fn unreached(&mut self, plans: &[Plan]) {
        let summaries = self.summaries();
        let mut wanted = summaries
            .iter()
            .filter(|summary| summary.unreached != Some(Unreached::Excluded))
            .peekable();
        let is_left = wanted.peek().is_some() || !self.settings.helpers.is_empty();
        if !is_left && !summaries.is_empty() {
            self.add(crate::check::nothing_left());
            return;
        }
        let nothing = self.settings.phases.is_empty()
            && wanted.peek().is_some()
            && wanted.all(|summary| summary.unreached.is_some());
        // Where nobody was let in, what needs a credential was not tested.
        let is_refused = self.settings.phases.is_empty() && is_let_in_nowhere(&summaries, plans);
        let is_elsewhere = nothing
            && summaries.iter().all(|summary| {
                let is_excluded = summary.unreached == Some(Unreached::Excluded);
                is_excluded
                    || summary.held > 0 && summary.statuses.keys().all(|status| *status == 404)
            });
        for summary in &summaries {
            let plan = plans
                .iter()
                .find(|plan| plan.operation.id.as_str() == summary.id);
            if let (Some(why), Some(plan)) = (&summary.unreached, plan)
                && *why != Unreached::Excluded
            {
                let mut finding = crate::check::unreached(&plan.operation, &why.reason());
                if nothing {
                    finding.severity = self.settings.nothing_reached;
                    finding = finding.with_help(
                        "no operation was reached, so that this run says nothing about the service",
                    );
                    if is_elsewhere {
                        finding = finding.with_help(format!(
                            "every response was 404: is `{}` the base path of the service?",
                            self.settings.base.path()
                        ));
                    }
                }
                if is_refused && *why == Unreached::Refused {
                    finding.severity = Severity::Error;
                    finding = finding.with_help(
                        "no operation that needs a credential took the one that was sent, so that \
                         this run says nothing about them",
                    );
                }
                self.add(finding);
            }
        }
    }
}

/// Whether every operation that needs a credential, and was sent requests, answered only 401 or 403.
fn is_let_in_nowhere(summaries: &[OperationSummary], plans: &[Plan]) -> bool {
    let needs_credential = |summary: &&OperationSummary| {
        summary.held > 0
            && plans.iter().any(|plan| {
                plan.operation.id.as_str() == summary.id && plan.operation.requires_credential()
            })
    };
    let mut guarded = summaries.iter().filter(needs_credential).peekable();
    guarded.peek().is_some() && guarded.all(|summary| summary.unreached == Some(Unreached::Refused))
}
