//! Composes executor, judge, recorder and knowledge: cases go in, and what each gave comes out.
//!
//! Within a round requests are under way together, and a round knows nothing of its own responses: so
//! what a run does depends on the responses alone, not on how many workers it has.

mod away;
mod credential;
mod endless;
mod existing;
mod fallback;
mod gone;
mod own_key;
mod path_key;
mod precondition;
mod referred;
mod report;
mod second_look;
mod turns;

use std::{
    collections::HashMap,
    ops::ControlFlow,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select},
    stream,
};
use http::StatusCode;

use super::{
    executor::{Executor, given_up, send, time_is_over},
    failure::Failures,
    hold::snapshot_of,
    judge::{Doubt, Judge},
    knowledge::{
        Knowledge,
        context::{ResourceContext, path_of},
        coverage::ShapeSampler,
        used::{UsedValues, Which},
        view::ExchangeView,
    },
    left_out::comparable,
    polling::Sent,
    recorder::Recorder,
    renewal::without_refused,
    rounds::in_rounds,
};
use away::{LastAnswered, Unanswered, broken_off_together};
use credential::CredentialWatch;
use fallback::Fallback;
use path_key::OtherKeys;
use second_look::{Decide, Doubtful, Later};
use turns::{Turns, wants_one_at_a_time};

use crate::{
    check::{Content, Intent},
    contract::OperationId,
    exchange::{Before, Exchange, Request},
    generate::Strategies,
    run::{
        Case, CleanUp, ConnectionFailure, CredentialChoice, FailReason, Phase, RunStatus,
        StopReason,
    },
    snapshot::Saved,
    transport::{SendError, Transport},
    wire::Parsed,
};

/// How many requests are kept for each failure, to send it again alone.
pub(crate) const MIN_CONFIRMATIONS: usize = 2;

/// In how many words the failures of one operation are told.
const MAX_SAID: usize = 6;

/// How many cases are sent before those that follow are looked at again.
const MAX_UNTAUGHT: usize = 64;

/// A run against a service that is under way.
pub(crate) struct Driver<'r, T> {
    pub(crate) context: ResourceContext<'r>,
    /// The strategies of the contract's schemas.
    pub(crate) strategies: &'r Strategies,
    pub(crate) executor: Executor<'r, T>,
    pub(crate) judge: Judge<'r>,
    pub(crate) recorder: Recorder<'r>,
    pub(crate) knowledge: Knowledge,
    /// What is to be made small and kept when the phases are over.
    pub(crate) failures: Failures,
    /// How often the version of what cases name was asked for, by operation.
    versions_asked: HashMap<OperationId, usize>,
    sampler: ShapeSampler,
    /// How many of the errors no baseline knows.
    new_errors: usize,
    /// Requests in a row that got no response: a service that goes away is one finding.
    unanswered: Vec<Unanswered>,
    /// The operations of requests that got no response again.
    blamed: Vec<OperationId>,
    /// Responses since the last request that got none.
    answered: usize,
    watch: CredentialWatch,
    /// What a path is answered that nothing has, once that was asked.
    fallback: Option<Option<Fallback>>,
    /// What was answered last, the newest at the end.
    last_answered: LastAnswered,
    /// Failures of earlier runs that did not come again when they were sent first.
    pub(crate) fixed: Vec<(PathBuf, Saved)>,
    /// What bodies with another key than that of their path were answered with, by operation.
    other_keys: HashMap<OperationId, OtherKeys>,
    /// How many responses of each operation did not end in time.
    endless: HashMap<OperationId, usize>,
    /// Whether the service has said that it cannot take several changes at once.
    is_single: bool,
}

/// What sending a case gave.
#[derive(Debug)]
#[must_use]
pub(crate) struct CaseResult {
    /// In their order; several where the case was followed or sent again.
    pub(crate) exchanges: Vec<Exchange>,
    /// Breaks when there is no use in going on.
    pub(crate) flow: ControlFlow<RunStatus>,
}

impl CaseResult {
    /// The status of the last response.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        Some(self.exchanges.last()?.response.status)
    }
}

impl<'r, T: Transport> Driver<'r, T> {
    pub(crate) fn new(
        context: ResourceContext<'r>,
        strategies: &'r Strategies,
        executor: Executor<'r, T>,
        judge: Judge<'r>,
        recorder: Recorder<'r>,
        knowledge: Knowledge,
    ) -> Self {
        Self {
            context,
            strategies,
            executor,
            judge,
            recorder,
            knowledge,
            failures: Failures::default(),
            versions_asked: HashMap::new(),
            sampler: ShapeSampler::default(),
            new_errors: 0,
            unanswered: Vec::new(),
            blamed: Vec::new(),
            answered: 0,
            watch: CredentialWatch::default(),
            fallback: None,
            last_answered: LastAnswered::default(),
            fixed: Vec::new(),
            other_keys: HashMap::new(),
            endless: HashMap::new(),
            is_single: false,
        }
    }

    /// Sends cases, and takes in what each gave in their order: the status of each one's last response,
    /// for those that were sent. Breaks when the run is to end.
    pub(crate) async fn round(
        &mut self,
        cases: &[Case],
    ) -> ControlFlow<RunStatus, Vec<Option<StatusCode>>> {
        let mut statuses = Vec::with_capacity(cases.len());
        // What the first of many cases teach, the others keep.
        for some in cases.chunks(MAX_UNTAUGHT.max(self.context.settings.workers)) {
            statuses.extend(self.short_round(some).await?);
            self.goes_on()?;
        }
        self.goes_on()?;
        ControlFlow::Continue(statuses)
    }

    /// Breaks where the user or the clock has ended the run.
    fn goes_on(&self) -> ControlFlow<RunStatus> {
        if self.executor.interrupt.is_set() {
            ControlFlow::Break(RunStatus::Interrupted)
        } else if self.executor.budget.is_late() {
            ControlFlow::Break(time_is_over())
        } else {
            ControlFlow::Continue(())
        }
    }

    async fn short_round(
        &mut self,
        cases: &[Case],
    ) -> ControlFlow<RunStatus, Vec<Option<StatusCode>>> {
        let referring = self.with_learned_references(cases);
        let named = self.with_own_keys(&referring);
        Box::pin(self.look_before_changes(&named)).await;
        let harmless = self.without_changes_of_existing(&named);
        let present = self.about_present(harmless);
        let shared = &mut self.knowledge.shared;
        let settled = without_refused(present, shared, self.context.settings);
        let distinct = self.renewal().distinct(settled);
        let distinct = self.without_endless(distinct);
        let distinct = self.with_path_keys(distinct);
        let mut later = Later::default();
        // Looks have taken their part of what was left.
        let most = self.executor.budget.left().min(distinct.len());
        let mut ended = self.send_all(&distinct[..most], &mut later).await;
        if let ControlFlow::Continue(statuses) = &mut ended {
            let (places, mut missed) = self.missed(&distinct, statuses);
            missed.truncate(self.executor.budget.left());
            match self.send_all(&missed, &mut later).await {
                ControlFlow::Continue(again) => {
                    for (at, status) in places.into_iter().zip(again) {
                        statuses[at] = status;
                    }
                }
                over @ ControlFlow::Break(_) => ended = over,
            }
        }
        if let ControlFlow::Continue(statuses) = &mut ended {
            let again = self.with_fresh_versions(&distinct, statuses, &mut later);
            if let ControlFlow::Break(end) = Box::pin(again).await {
                ended = ControlFlow::Break(end);
            }
        }
        Box::pin(self.look_again(later, ended.is_break())).await;
        ended
    }

    async fn send_all(
        &mut self,
        cases: &[Case],
        later: &mut Later,
    ) -> ControlFlow<RunStatus, Vec<Option<StatusCode>>> {
        let interrupt = self.executor.interrupt;
        let budget = self.executor.budget;
        let is_enough = &AtomicBool::new(false);
        let goes_on = || !is_enough.load(Relaxed) && !interrupt.is_set() && !budget.is_late();
        let (transport, settings) = (self.executor.transport, self.context.settings);
        let turns = &self.turns(cases.iter());
        let send_in_turn = async move |index: usize| {
            let _turn = turns.wait(index).await;
            (index, send(transport, settings, &cases[index]).await)
        };
        let mut responses = stream::iter(0..cases.len())
            .take_while(|_| std::future::ready(goes_on()))
            .map(send_in_turn)
            .buffered(settings.workers.max(1));
        let given_up = given_up(interrupt, &budget);
        tokio::pin!(given_up);
        let mut ahead = None;
        let mut statuses = Vec::with_capacity(cases.len());
        loop {
            let next = match ahead.take() {
                Some(next) => next,
                // A response that is there is taken in before the user is heard.
                None => match select(responses.next(), &mut given_up).await {
                    Either::Left((next, _)) => next,
                    Either::Right((end, _)) => return ControlFlow::Break(end),
                },
            };
            let Some((index, sent)) = next else {
                return ControlFlow::Continue(statuses);
            };
            // The next request is on its way while this response is checked.
            ahead = responses.next().now_or_never();
            if ahead.is_none() {
                tokio::task::yield_now().await;
            }
            let decide = Decide::AfterRound(later);
            let result = self.take_in(&cases[index], sent, &[], decide).await;
            statuses.push(result.status());
            match result.flow {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(end @ RunStatus::Stopped(_)) => {
                    // What is under way may create something that is to be deleted.
                    is_enough.store(true, Relaxed);
                    let first = ahead.take().flatten();
                    let mut rest = stream::iter(first).chain(responses);
                    while let Either::Left((Some((index, sent)), _)) =
                        select(rest.next(), &mut given_up).await
                    {
                        self.executor.budget.spend(sent.requests());
                        for exchange in &sent.exchanges {
                            self.note_created(&cases[index], exchange);
                        }
                    }
                    return ControlFlow::Break(end);
                }
                ControlFlow::Break(end) => {
                    if let RunStatus::Unreachable(_) = end {
                        self.name_under_way(&cases[index + 1..]);
                    }
                    return ControlFlow::Break(end);
                }
            }
        }
    }

    /// Whose turn it is among cases that are sent together.
    pub(crate) fn turns<'c>(&self, cases: impl Iterator<Item = &'c Case>) -> Turns {
        Turns::of(cases, self.is_single)
    }

    /// From the first answer that says so, a service gets one change at a time.
    fn note_lock(&mut self, exchange: &Exchange) {
        let has_several = self.context.settings.workers > 1 && !self.is_single;
        if has_several && wants_one_at_a_time(exchange) {
            self.is_single = true;
            self.recorder.notice(format!(
                "changes are sent one after another since {} {} was answered {} with others under way",
                exchange.request.method,
                path_of(&exchange.request.url),
                exchange.response.status.as_u16(),
            ));
        }
    }

    /// How many requests are kept for deleting what the run created, and for looking at what is left.
    fn kept_for_cleanup(&self) -> usize {
        if self.context.settings.clean_up != CleanUp::Delete {
            return 0;
        }
        let created = self.knowledge.created.deletable(self.context.graph);
        let others = self.knowledge.removals.len() + self.knowledge.settings.count_changed();
        let looks = self.knowledge.first_looks.before_changes().count();
        created + others + self.executor.budget.looks(looks)
    }

    /// From now on failures are confirmed and made small with the requests that were kept for that.
    pub(crate) fn begin_confirmations(&mut self) {
        let kept = self.kept_for_cleanup();
        self.executor.budget.reserve(kept);
    }

    /// Sends a case that restores or removes something, and checks what comes where its operation is to be checked:
    /// the status of the last response.
    pub(crate) async fn send_in_cleanup(&mut self, case: &Case) -> Option<StatusCode> {
        let (transport, settings) = (self.executor.transport, self.context.settings);
        let sent = send(transport, settings, case).await;
        let status = sent.exchanges.last().map(|last| last.response.status);
        if settings.includes(&case.operation) {
            // Whether there is use in going on, the deletions that follow will tell.
            let _ = self.take(case, sent, &[]).await;
        }
        status
    }

    /// Takes in what a case gave; `before` is what was sent ahead of it and belongs to it.
    pub(crate) async fn take(&mut self, case: &Case, sent: Sent, before: &[Before]) -> CaseResult {
        self.take_in(case, sent, before, Decide::Now).await
    }

    async fn take_in(
        &mut self,
        case: &Case,
        mut sent: Sent,
        before: &[Before],
        mut decide: Decide<'_>,
    ) -> CaseResult {
        if let Some((request, error)) = &sent.failure
            && error.is_unreachable()
            && self.recorder.account.checked() > 0
            && let Some(exchange) = self.executor.retry(request).await
        {
            sent.exchanges.push(exchange);
            sent.failure = None;
        }
        self.executor.budget.spend(sent.requests());
        self.note_endless(case, &sent);
        for exchange in &sent.exchanges {
            self.answered += 1;
            // Those that were under way with one that broke off may have been answered before it.
            if self.answered >= self.context.settings.workers {
                Box::pin(self.flush_unanswered()).await;
            }
            self.note_lock(exchange);
            self.check(case, exchange, before, &mut decide).await;
        }
        if let Some(last) = sent.exchanges.last() {
            self.last_answered.note(&case.operation, last);
        }
        let failures = self.failures.waiting() * MIN_CONFIRMATIONS;
        let kept = self.kept_for_cleanup() + self.executor.budget.share(failures);
        self.executor.budget.reserve(kept);
        for fault in &sent.faults {
            if let Some(finding) = Judge::pending(case, fault, &sent.exchanges) {
                self.report(case, finding, before);
            }
        }
        let failed = match sent.failure {
            Some((request, error)) => self.failed(case, &request, &error),
            None => ControlFlow::Continue(()),
        };
        let flow = match failed {
            ControlFlow::Continue(()) => self.is_enough(),
            ended @ ControlFlow::Break(_) => ended,
        };
        let revoked = if flow.is_continue() {
            Box::pin(self.credential_is_revoked(case, &sent.exchanges)).await
        } else {
            None
        };
        CaseResult {
            exchanges: sent.exchanges,
            flow: revoked.map_or(flow, ControlFlow::Break),
        }
    }

    /// Notes what an exchange created, so that it is deleted in the end.
    pub(crate) fn note_created(&mut self, case: &Case, exchange: &Exchange) {
        let view = ExchangeView::new(exchange, &case.parts);
        self.knowledge.note_created(self.context, case, &view);
    }

    /// Sends cases in rounds: what reads first, what deletes last.
    pub(crate) async fn rounds(&mut self, cases: Vec<Case>) -> ControlFlow<RunStatus> {
        for round in in_rounds(cases) {
            self.round(&round).await?;
        }
        ControlFlow::Continue(())
    }

    fn failed(
        &mut self,
        case: &Case,
        request: &Request,
        error: &SendError,
    ) -> ControlFlow<RunStatus> {
        match error {
            SendError::NoCredential(_) => {
                return ControlFlow::Break(RunStatus::Failed(FailReason::Credential(
                    error.to_string(),
                )));
            }
            SendError::RateLimited(_) => {
                self.recorder.rate_limited(&case.operation);
                return ControlFlow::Continue(());
            }
            _ => {}
        }
        let is_first = self.recorder.account.checked() == 0;
        self.recorder.account.count(&case.operation, None, None);
        let finding = Judge::unanswered(case, request, error);
        if !error.is_unreachable() {
            self.unanswered.push(Unanswered {
                operation: case.operation.id.clone(),
                finding,
                request: request.clone(),
                is_late: error.is_late(),
            });
            self.answered = 0;
            return ControlFlow::Continue(());
        }
        // Requests that broke off just before are part of the same event.
        let broken_off = std::mem::take(&mut self.unanswered);
        let gone = broken_off_together(broken_off);
        let mut gone = gone.unwrap_or_else(|| self.last_answered.gone(finding, error));
        if let Some(known) = self.known_to_end_it() {
            gone.help.insert(0, known.into());
        }
        if !is_first {
            gone.message = format!("the service went away: {}", gone.message);
            let log = "look into the service's own log for why it ended".into();
            gone.help.insert(0, log);
            self.add(gone);
        }
        let text = error.to_string();
        let text = match error {
            SendError::Unreachable { .. } => text,
            _ => format!("cannot reach {}: {text}", self.context.settings.base),
        };
        ControlFlow::Break(RunStatus::Unreachable(ConnectionFailure { text }))
    }

    fn is_enough(&self) -> ControlFlow<RunStatus> {
        let settings = self.context.settings;
        if settings
            .max_failures
            .is_none_or(|most| self.new_errors < most)
        {
            return ControlFlow::Continue(());
        }
        let found = u64::try_from(self.new_errors).unwrap_or(u64::MAX);
        ControlFlow::Break(RunStatus::Stopped(if settings.known.is_empty() {
            StopReason::Errors(found)
        } else {
            StopReason::NewErrors(found)
        }))
    }

    /// Checks one exchange, and learns from it.
    async fn check(
        &mut self,
        case: &Case,
        exchange: &Exchange,
        before: &[Before],
        decide: &mut Decide<'_>,
    ) {
        let status = exchange.response.status;
        if !self.context.settings.includes(&case.operation) {
            // It only helps others.
            self.note_created(case, exchange);
            let view = ExchangeView::new(exchange, &case.parts);
            self.knowledge.observe_values(self.context, case, &view);
            return;
        }
        // What another method answers is no answer of the operation.
        let counts = case.phase != Phase::Methods;
        let account = &mut self.recorder.account;
        account.count(
            &case.operation,
            counts.then_some(status),
            exchange.response.elapsed,
        );
        let is_right = case.intent == Intent::Obey
            && case.credential == CredentialChoice::Primary
            && exchange.request.method == case.operation.method;
        if counts && is_right {
            account.note_obeying(&case.operation, status);
        }
        let credentials = &self.context.settings.credentials;
        if is_right
            && status.is_success()
            && case.operation.requires_credential()
            && !credentials.is_sent_to(&case.operation)
        {
            credentials.undeclared.note_ignored();
        }
        let subject = self.judge.subject(case, exchange);
        if counts
            && let Some(index) = account.index(&case.operation)
            && let Some(sample) = self.sampler.at(account.targets(), index, &subject)
            && account.cover(&sample)
        {
            self.knowledge.novelty.note(&case.operation);
        }
        self.knowledge.note_state(self.context, case, exchange);
        self.note_other_key(case, exchange);
        let held = self.judge.judge(case, &subject);
        for finding in held.findings {
            let is_doubtful = match self.judge.doubt(case, exchange, &finding) {
                None => false,
                Some(Doubt::Fallback) => self.is_fallback(exchange).await,
                Some(Doubt::Once) => !self.is_seen_twice(case, exchange, &finding).await,
                Some(Doubt::UsedValue) => match decide {
                    Decide::Not => false,
                    Decide::Now => {
                        let again = self.with_fresh_values(case, status, Which::Names);
                        let again = Box::pin(again).await;
                        if let Some(other) = &again {
                            self.note_created(&other.0, &other.1);
                        }
                        again.is_some()
                    }
                    Decide::AfterRound(later) => {
                        later.doubtful.push(Doubtful {
                            case: case.clone(),
                            exchange: exchange.clone(),
                            finding,
                        });
                        continue;
                    }
                },
            };
            if !is_doubtful {
                self.report(case, finding, before);
            }
        }
        if let Decide::AfterRound(later) = decide
            && UsedValues::may_conflict(case, status)
        {
            later.conflicts.push((case.clone(), status));
        }
        if case.phase.speakers().is_none() {
            let body = match subject.body() {
                Content::Read(Parsed::Value(value)) => Some(value),
                _ => None,
            };
            let inferred = self.knowledge.observe(self.context, case, exchange, body);
            for one in inferred {
                self.report(case, one.finding(case, exchange), before);
            }
            if let Some(store) = &mut self.recorder.snapshots
                && let Some((key, value)) = snapshot_of(&subject)
            {
                if held.keeps_schema {
                    store.observe(key, &self.judge.redacted(&comparable(&subject, value)));
                } else {
                    store.pass_over(key);
                }
            }
        }
        self.recorder
            .progress(Some(case.operation.id.as_str()), status);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        contract::{Contract, graph::Graph},
        gate::{
            fixture::{
                self,
                Answer::{self, Status, Unreachable},
                Script, case, contract, settings,
            },
            interrupt::Interrupt,
            knowledge::coverage::CoverageTargets,
        },
        run::LiveSettings,
    };

    /// What a round of requests to these operations came to, and the rule and the operation of what was found in it.
    pub(super) async fn round(
        contract: &Contract,
        settings: &LiveSettings,
        ids: &[&str],
        answers: Vec<Answer>,
    ) -> (ControlFlow<RunStatus, Vec<Option<StatusCode>>>, Vec<String>) {
        let graph = Arc::new(Graph::of(contract));
        let context = fixture::context(contract, &graph, settings);
        let (strategies, targets) = (Strategies::default(), CoverageTargets::new(contract));
        let (script, interrupt, mut nobody) = (Script::new(answers), Interrupt::default(), ());
        let mut driver = Driver::new(
            context,
            &strategies,
            Executor::new(&script, settings, &interrupt),
            Judge::new(context, Vec::new()),
            Recorder::new(contract, &targets, None, &mut nobody),
            Knowledge::new(contract, Arc::clone(&graph)),
        );
        let cases = ids.iter().map(|id| case(contract, id, Phase::Random));
        let ended = driver.round(&cases.collect::<Vec<_>>()).await;
        driver.flush_unanswered().await;
        let findings = driver.recorder.account.findings().iter();
        let found = findings.map(|finding| {
            let operation = finding.operation.as_deref().unwrap_or_default();
            format!("{} {operation}", finding.rule)
        });
        (ended, found.collect())
    }

    #[tokio::test]
    async fn a_round_answers_the_status_of_each_case() {
        let answers = vec![Status(200), Status(404), Status(200)];
        let (ended, rules) = round(&contract(), &settings(), &["listPets"; 3], answers).await;
        let statuses = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::OK].map(Some);
        assert_eq!(ended, ControlFlow::Continue(statuses.to_vec()));
        assert_eq!(rules, ["undeclared-status listPets"]);
    }

    #[tokio::test]
    async fn a_round_ends_when_enough_was_found() {
        let mut settings = settings();
        (settings.workers, settings.max_failures) = (1, Some(1));
        let answers = vec![Status(500), Status(200)];
        let (ended, rules) = round(&contract(), &settings, &["listPets"; 2], answers).await;
        assert!(
            matches!(ended, ControlFlow::Break(RunStatus::Stopped(_))),
            "{ended:?}"
        );
        assert_eq!(rules, ["server-error listPets"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_comes_back_is_no_finding() {
        let mut settings = settings();
        settings.workers = 1;
        let answers = vec![Status(200), Unreachable, Status(200)];
        let (ended, rules) = round(&contract(), &settings, &["listPets"; 2], answers).await;
        assert!(ended.is_continue(), "{ended:?}");
        assert!(rules.is_empty(), "{rules:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_goes_away_is_one_finding() {
        let mut settings = settings();
        settings.workers = 1;
        // Two that are under way, and six looks whether it is back.
        let mut answers = vec![Status(200)];
        answers.extend((0..8).map(|_| Unreachable));
        let (ended, rules) = round(&contract(), &settings, &["listPets"; 3], answers).await;
        assert!(
            matches!(ended, ControlFlow::Break(RunStatus::Unreachable(_))),
            "{ended:?}"
        );
        assert_eq!(rules, ["no-response listPets"]);
    }
}
