//! A run against a service: what is sent is held, and what is found is told, in the order of the plan.
//!
//! [`Run`] sends rounds of cases and takes in what each gave; which rounds there are is the matter of
//! `phases`. Within a round requests are under way together, and a round knows nothing of its own
//! responses: so what a run does depends on the responses alone, not on how many workers it has.

use std::{
    borrow::Cow,
    collections::HashSet,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select},
    stream,
};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    Case, End, Event, Header, Interrupt, Listener, LiveSettings, OperationSummary, Outcome, Phase,
    Plan, Progress, RunKind, Unreached,
    coverage::{Declared, Looks, Seen},
    credentials::{hide, hide_in},
    extract::Given,
    hold::{hold, snapshot_of},
    learn::Lessons,
    novelty::Novelty,
    plan::{self, Identity},
    polling::{self, Sent},
    pool::Pool,
    regressions::Failure,
    schedule::Budget,
    sequence::{self, Litter},
    settings::CleanUp,
    tally::{self, Tally},
};
use crate::{
    check::{self, Content, Intent, Subject},
    contract::{
        Contract, Location,
        graph::{Graph, Need},
    },
    exchange::{Before, Exchange, Origin, Request},
    finding::{Finding, Findings, Severity},
    generate::Strategies,
    snapshot::{Key, Store},
    transport::{Authorized, Paced, Secret, SendError, Transport},
    wire::Parsed,
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
    let transport = Paced::new(transport, settings.rate);
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
        declared: Declared::new(contract),
        looks: Looks::default(),
        seen: Seen::default(),
        findings: Findings::default(),
        new_errors: 0,
        notices: Vec::new(),
        held: 0,
        secrets,
        pool: Pool::new(contract, Arc::clone(&graph)),
        graph: &graph,
        litter: Litter::default(),
        before: Vec::new(),
        novelty: Novelty::default(),
        budget: Budget::new(settings.max_requests, settings.max_time),
        sent: HashSet::new(),
        confirmed: HashSet::new(),
        failures: Vec::new(),
        lessons: Lessons::default(),
        broken: Vec::new(),
        strategies,
        memory: sequence::Memory::default(),
        last: None,
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
    run.clean_up(&end).await;
    run.finish(&plans, header, end, started.elapsed())
}

impl Header {
    /// What is known of every run before it begins.
    pub(super) fn of(contract: &Contract, kind: RunKind, target: String) -> Self {
        let document = contract.document();
        Self {
            title: contract.title().to_owned(),
            api_version: contract.api_version().to_owned(),
            specification: document.version().to_string(),
            document: document
                .files()
                .next()
                .map_or_else(String::new, |(_, source)| source.name().to_string()),
            operations: contract.operations().len(),
            seed: None,
            kind,
            target,
        }
    }
}

/// How long responses under way are waited for when the user wants the run to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long an interrupted run may take to delete what it made.
const LONGEST_CLEAN_UP: Duration = Duration::from_secs(10);

/// How long after each other a service that went away is asked whether it is back.
const SECOND_LOOKS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(600),
];

/// A run that is under way.
pub(super) struct Run<'r, T> {
    pub(super) contract: &'r Contract,
    pub(super) transport: &'r T,
    pub(super) settings: &'r LiveSettings,
    pub(super) interrupt: &'r Interrupt,
    snapshots: Option<Store>,
    listener: &'r mut dyn Listener,
    pub(super) tally: Tally,
    declared: Declared<'r>,
    looks: Looks,
    seen: Seen,
    pub(super) findings: Findings,
    /// How many of the errors no baseline knows.
    new_errors: usize,
    notices: Vec<String>,
    held: u64,
    pub(super) graph: &'r Graph,
    /// What was made and not deleted yet.
    pub(super) litter: Litter,
    /// What the sequence under way has sent before the case that is held.
    pub(super) before: Vec<Before>,
    /// What must not be shown, also when a service sends it back.
    secrets: Vec<Secret>,
    /// What responses gave for later requests.
    pub(super) pool: Pool,
    /// What each operation has shown.
    pub(super) novelty: Novelty,
    pub(super) budget: Budget,
    /// What identifies each request that was sent, so that no later plan sends it again.
    pub(super) sent: HashSet<Identity>,
    /// Operations whose `ignored-auth` was looked at a second time.
    confirmed: HashSet<String>,
    /// What is to be made small and kept when the phases are over.
    pub(super) failures: Vec<Failure>,
    /// What refusals have said.
    pub(super) lessons: Lessons,
    /// Requests in a row that got no response: a service that goes away is one finding.
    broken: Vec<Finding>,
    /// The strategies of the contract's schemas.
    pub(super) strategies: Strategies,
    /// What sequences have learned.
    pub(super) memory: sequence::Memory,
    /// The status of the exchange that was held last.
    pub(super) last: Option<StatusCode>,
    /// Whether all of every plan is made.
    pub(super) is_planned: bool,
}

impl<T: Transport> Run<'_, T> {
    /// Sends cases, and takes in what each gave in their order. Breaks when the run is to end.
    pub(super) async fn round(&mut self, cases: &[Case]) -> ControlFlow<End> {
        let (transport, settings, interrupt) = (self.transport, self.settings, self.interrupt);
        let budget = self.budget;
        let is_enough = &AtomicBool::new(false);
        let goes_on = || !is_enough.load(Relaxed) && !interrupt.is_set() && !budget.is_late();
        let mut responses = stream::iter(0..cases.len())
            .take_while(|_| std::future::ready(goes_on()))
            .map(|index| async move { (index, send(transport, &cases[index], settings).await) })
            .buffered(settings.workers.max(1));
        let given_up = given_up(interrupt);
        tokio::pin!(given_up);
        let mut ahead = None;
        loop {
            let next = match ahead.take() {
                Some(next) => next,
                // A response that is there is taken before the user is heard.
                None => match select(responses.next(), &mut given_up).await {
                    Either::Left((next, _)) => next,
                    Either::Right(((), _)) => return ControlFlow::Break(End::Interrupted),
                },
            };
            let Some((index, sent)) = next else { break };
            // The next request is on its way while this response is held.
            ahead = responses.next().now_or_never();
            if ahead.is_none() {
                tokio::task::yield_now().await;
            }
            let taken = self.take(&cases[index], sent).await;
            if let ControlFlow::Break(End::Stopped(_)) = &taken {
                // What is under way may make something that is to be deleted.
                is_enough.store(true, Relaxed);
                let first = ahead.take().flatten();
                let mut rest = stream::iter(first).chain(responses);
                while let Either::Left((Some((index, sent)), _)) =
                    select(rest.next(), &mut given_up).await
                {
                    for exchange in &sent.exchanges {
                        self.note_litter(&cases[index], exchange);
                    }
                }
                return taken;
            }
            taken?;
        }
        drop(responses);
        if interrupt.is_set() {
            return ControlFlow::Break(End::Interrupted);
        }
        if budget.is_late() {
            let why = "the time was over (--max-time)".to_owned();
            return ControlFlow::Break(End::Stopped(why));
        }
        ControlFlow::Continue(())
    }

    /// Takes in what a case gave. Breaks when there is no use in going on.
    pub(super) async fn take(&mut self, case: &Case, mut sent: Sent) -> ControlFlow<End> {
        if let Some((request, error)) = &sent.failure
            && error.is_unreachable()
            && self.held > 0
            && let Some(exchange) = look_again(self.transport, self.interrupt, request).await
        {
            sent.exchanges.push(exchange);
            sent.failure = None;
        }
        self.budget
            .spend(sent.exchanges.len() + usize::from(sent.failure.is_some()));
        for exchange in &sent.exchanges {
            self.flush_broken();
            self.hold(case, exchange).await;
        }
        for finding in sent.findings {
            self.found(case, finding);
        }
        if let Some((request, error)) = sent.failure {
            self.failed(case, &request, &error)?;
        }
        self.is_enough()
    }

    /// Notes what an exchange made, so that it is deleted in the end.
    pub(super) fn note_litter(&mut self, case: &Case, exchange: &Exchange) {
        self.litter
            .note(self.contract, self.graph, self.settings, case, exchange);
    }

    fn failed(&mut self, case: &Case, request: &Request, error: &SendError) -> ControlFlow<End> {
        if let SendError::NoCredential(_) = error {
            return ControlFlow::Break(End::Failed(error.to_string()));
        }
        let is_first = self.held == 0;
        self.held += 1;
        self.tally.held(&case.operation, None);
        let mut finding =
            check::no_response(&case.operation, request, &error.to_string(), error.kind());
        if let Some(evidence) = &mut finding.evidence {
            evidence.case = Some(case.reason());
        }
        if !error.is_unreachable() {
            self.broken.push(finding);
            return ControlFlow::Continue(());
        }
        // Requests that broke off just before are part of the same event.
        let mut gone = self.broken.drain(..).next().unwrap_or(finding);
        if !is_first {
            gone.message = format!("the service went away: {}", gone.message);
            gone.help = vec!["look into the service's own log for why it ended".to_owned()];
            self.add(gone);
        }
        let text = error.to_string();
        ControlFlow::Break(End::Unreachable(match error {
            SendError::Unreachable { .. } => text,
            _ => format!("cannot reach {}: {text}", self.settings.base),
        }))
    }

    /// Tells of requests that got no response, now that the service is known to be there.
    pub(super) fn flush_broken(&mut self) {
        for finding in std::mem::take(&mut self.broken) {
            self.add(finding);
        }
    }

    fn is_enough(&self) -> ControlFlow<End> {
        let most = self.settings.max_failures;
        if most.is_some_and(|most| self.new_errors >= most) {
            let word = if self.settings.known.is_empty() {
                "error"
            } else {
                "new error"
            };
            let why = match self.new_errors {
                1 => format!("1 {word} was found (--max-failures)"),
                many => format!("{many} {word}s were found (--max-failures)"),
            };
            return ControlFlow::Break(End::Stopped(why));
        }
        ControlFlow::Continue(())
    }

    /// Holds one exchange, and learns from it.
    pub(super) async fn hold(&mut self, case: &Case, exchange: &Exchange) {
        let status = exchange.response.status;
        self.held += 1;
        self.last = Some(status);
        // What another method answers is no answer of the operation.
        let counts = case.phase != Phase::Methods;
        self.tally.held(&case.operation, counts.then_some(status));
        let subject = subject(self.contract, self.settings, case, exchange);
        if counts
            && let Some(index) = self.tally.index(&case.operation)
            && let Some(sight) = self.looks.at(&self.declared, index, &subject)
            && self.seen.take(&sight)
        {
            self.novelty.note(&case.operation);
        }
        let spoken = case.phase.rules();
        self.note_litter(case, exchange);
        let held = hold(&subject, &self.settings.common);
        for finding in held.findings {
            let speaks = spoken.is_none_or(|rules| rules.contains(&finding.rule.as_str()));
            if speaks && self.is_confirmed(case, exchange, &finding).await {
                self.found(case, finding);
            }
        }
        if spoken.is_none() {
            let body = match subject.body() {
                Content::Read(Parsed::Value(value)) => Some(value),
                _ => None,
            };
            self.novelty.take(&case.operation, exchange, body);
            let given = Given::with_body(exchange, &case.parts, body);
            let base = self.settings.base.path().trim_end_matches('/');
            self.pool.take(self.contract, base, &case.operation, &given);
            self.remember_refusal(case, status);
            self.learn(case, exchange, body);
            if held.keeps_schema
                && let Some(store) = &mut self.snapshots
                && let Some((media_type, value)) = snapshot_of(&subject)
            {
                let key = Key {
                    operation: case.operation.id.to_string(),
                    status: status.as_u16(),
                    media_type,
                };
                match hide_in(&self.secrets, value) {
                    Some(hidden) => store.observe(key, &hidden),
                    None => store.observe(key, value),
                }
            }
        }
        let progress = Progress {
            operation: Some(case.operation.id.as_str()),
            status,
            held: self.held,
            findings: self.findings.len(),
        };
        self.listener
            .on(&Event::Progress(progress), self.contract.document());
    }

    /// Takes in what a refusal of a valid request says, and tells of rules that are now believed.
    fn learn(&mut self, case: &Case, exchange: &Exchange, body: Option<&Value>) {
        let is_refused = [400, 422].contains(&exchange.response.status.as_u16());
        if case.intent != Intent::Obey || !is_refused {
            return;
        }
        let text = String::from_utf8_lossy(exchange.response.body.bytes());
        for lesson in self.lessons.take(case, body, &text) {
            self.found(
                case,
                check::undocumented_constraint(
                    &case.operation,
                    exchange,
                    &lesson.part,
                    lesson.property.as_deref(),
                    lesson.constraint.keyword(),
                    &lesson.constraint.words(),
                ),
            );
        }
    }

    /// A value that named nothing is not offered again.
    fn remember_refusal(&mut self, case: &Case, status: StatusCode) {
        if case.intent != Intent::Obey
            || ![StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status)
        {
            return;
        }
        // What stands before it in the path may be what names nothing, but more often is not.
        let last = case
            .parts
            .parameters
            .iter()
            .rfind(|(location, ..)| *location == Location::Path);
        if let Some((location, name, value)) = last
            && !case.made_up.contains(name)
        {
            let need = Need::Parameter(*location, name.clone());
            self.pool.refuse(&case.operation, &need, value);
        }
    }

    /// Whether a finding stands when it is looked at again. That a credential was ignored is confirmed
    /// once for each operation, by the same request.
    async fn is_confirmed(&mut self, case: &Case, exchange: &Exchange, finding: &Finding) -> bool {
        let is_doubtful =
            finding.rule.as_str() == "ignored-auth" && exchange.request.method.is_safe();
        if !is_doubtful || !self.confirmed.insert(case.operation.id.to_string()) {
            return true;
        }
        self.budget.spend(1);
        match self.transport.send(&exchange.request).await {
            Ok(response) => response.status.is_success(),
            Err(_) => true,
        }
    }

    pub(super) fn found(&mut self, case: &Case, mut finding: Finding) {
        if let Some(evidence) = &mut finding.evidence {
            evidence.case = Some(case.reason());
            if evidence.before.is_empty() {
                evidence.before.clone_from(&self.before);
            }
        }
        let Some(finding) = self.shown(finding) else {
            return;
        };
        if self.findings.is_new(&finding) {
            self.keep(case, &finding);
        }
        self.tell(&finding);
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if let Some(finding) = self.shown(finding) {
            self.tell(&finding);
        }
    }

    fn tell(&mut self, finding: &Finding) {
        if self.findings.add(finding.clone()) {
            let is_error = finding.severity == Severity::Error;
            self.new_errors += usize::from(is_error && !self.settings.known.knows(finding));
            self.listener
                .on(&Event::Found(finding), self.contract.document());
        }
    }

    /// Shows a finding in another request than the one that was told first.
    pub(super) fn replace(&mut self, finding: Finding) {
        if let Some(finding) = self.shown(finding) {
            self.findings.replace(finding);
        }
    }

    /// A finding with its severity and without secrets; `None` when its rule is switched off.
    fn shown(&self, finding: Finding) -> Option<Finding> {
        let mut finding = self.settings.common.severities.apply(finding)?;
        finding.each_text(|text| {
            if let Cow::Owned(hidden) = hide(&self.secrets, text) {
                *text = hidden;
            }
        });
        Some(finding)
    }

    /// What is wrong with the document itself and keeps part of it from being held.
    fn defects(&mut self) {
        let mut all = Vec::new();
        super::replay::defect_notices(self.contract, &mut all);
        for text in all {
            self.notice(text);
        }
    }

    /// Tells how many requests are planned.
    pub(super) fn planned(&mut self, all: u64) {
        let planned = all.min(self.settings.max_requests);
        self.listener
            .on(&Event::Planned(planned), self.contract.document());
    }

    pub(super) fn notice(&mut self, text: String) {
        self.listener
            .on(&Event::Notice(&text), self.contract.document());
        self.notices.push(text);
    }

    /// Deletes what the run made. An interrupted run does so too, but not for long.
    async fn clean_up(&mut self, end: &End) {
        let is_left = self.settings.clean_up == CleanUp::Leave;
        if is_left || self.litter.is_empty() || matches!(end, End::Unreachable(_) | End::Failed(_))
        {
            return;
        }
        if *end != End::Interrupted {
            return sequence::clean_up(self).await;
        }
        let cleaning = sequence::clean_up(self);
        if tokio::time::timeout(LONGEST_CLEAN_UP, cleaning)
            .await
            .is_err()
        {
            self.notice("there was no time to delete all that the run made".to_owned());
        }
    }

    fn summaries(&self) -> Vec<OperationSummary> {
        self.tally
            .summaries(self.contract, &self.findings, &self.declared, &self.seen)
    }

    fn finish(mut self, plans: &[Plan], header: Header, end: End, elapsed: Duration) -> Outcome {
        self.flush_broken();
        if let End::Complete | End::Stopped(_) = end {
            self.unreached(plans);
        }
        let (snapshots, end) = super::replay::settle(self.snapshots.take(), end, |finding| {
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
            held: self.held,
            snapshots,
            notices: self.notices,
            end,
            elapsed,
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
        let nothing = self.settings.phases.is_empty()
            && wanted.peek().is_some()
            && wanted.all(|summary| summary.unreached.is_some());
        for summary in &summaries {
            let plan = plans
                .iter()
                .find(|plan| plan.operation.id.as_str() == summary.id);
            if let (Some(why), Some(plan)) = (&summary.unreached, plan)
                && *why != Unreached::Excluded
            {
                let mut finding = check::unreached(&plan.operation, &why.reason());
                if nothing {
                    finding.severity = self.settings.nothing_reached;
                    finding = finding.with_help(
                        "no operation was reached, so that this run says nothing about the service",
                    );
                }
                self.add(finding);
            }
        }
    }
}

/// Whether a service that could not be reached is there after all.
async fn look_again<T: Transport>(
    transport: &T,
    interrupt: &Interrupt,
    request: &Request,
) -> Option<Exchange> {
    for wait in SECOND_LOOKS {
        if interrupt.is_set() {
            return None;
        }
        tokio::time::sleep(wait).await;
        if let Ok(response) = transport.send(request).await {
            return Some(Exchange {
                request: request.clone(),
                response,
                origin: Origin::Live,
            });
        }
    }
    None
}

/// An exchange of a case, as checks are given it.
pub(super) fn subject<'s>(
    contract: &'s Contract,
    settings: &LiveSettings,
    case: &'s Case,
    exchange: &'s Exchange,
) -> Subject<'s> {
    Subject::new(contract, &case.operation, exchange, &[])
        .with_intent(case.intent)
        .with_breach(case.breaks.as_ref())
        .with_made_up(&case.made_up)
        .with_formats_held(settings.common.hold_formats)
        .with_credential(case.credential_sent(settings.credentials.is_known()))
        .with_slow_after(settings.common.slow_after)
}

/// Waits until the user wants the run to end, and a little longer for responses under way.
pub(super) async fn given_up(interrupt: &Interrupt) {
    interrupt.wait().await;
    tokio::time::sleep(GRACE).await;
}

/// Sends one case: over a bare connection where its phase wants that and the transport can.
async fn send<T: Transport>(transport: &T, case: &Case, settings: &LiveSettings) -> Sent {
    match case.phase {
        Phase::Framing => {}
        // What another method answers is nothing to wait for.
        Phase::Methods => return polling::send_once(transport, &case.request).await,
        _ => return polling::send(transport, case, settings).await,
    }
    let mut sent = Sent::default();
    let response = match transport.probe_framing(&case.request).await {
        Some(response) => response,
        // What cannot be seen of a GET was seen before; a HEAD is a request of its own.
        None if case.request.method == Method::HEAD => transport.send(&case.request).await,
        None => return sent,
    };
    // A connection that breaks shows itself in the other phases too.
    if let Ok(response) = response {
        sent.exchanges.push(Exchange {
            request: case.request.clone(),
            response,
            origin: Origin::Live,
        });
    }
    sent
}
