//! A run against a service: what is sent is held, and what is found is told, in the order of the plan.
//!
//! [`Run`] sends rounds of cases and takes in what each gave; which rounds there are is the matter of
//! `phases`. Within a round requests are under way together, and a round knows nothing of its own
//! responses: so what a run does depends on the responses alone, not on how many workers it has.

use std::{
    borrow::Cow,
    collections::HashSet,
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select},
    stream,
};
use http::{Method, StatusCode};
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    budget::Budget,
    failure::{Failure, MAX_SHRUNK},
    hold::{hold, snapshot_of},
    identity::Identity,
    interrupt::Interrupt,
    knowledge::{
        constraints::InferredConstraints,
        context::ResourceContext,
        coverage::{CoverageMap, CoverageTargets, ShapeSampler},
        created::CreatedResources,
        existing::ExistingResources,
        memory::SequenceMemory,
        novelty::Novelty,
        pool::Pool,
        used::UsedValues,
        view::ExchangeView,
    },
    polling::{self, Sent},
    tally::Tally,
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
    run::{Case, End, Event, Listener, LiveSettings, Phase, Progress, hide, hide_in},
    snapshot::{Key, Store},
    transport::{Secret, SendError, Transport},
    wire::{Parsed, write_request},
};

/// How long responses under way are waited for when the user wants the run to end.
const GRACE: Duration = Duration::from_secs(2);

/// How long after each other a service that went away is asked whether it is back.
const RETRY_DELAYS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_millis(600),
];

/// A run that is under way.
pub(crate) struct Run<'r, T> {
    pub(crate) contract: &'r Contract,
    pub(crate) transport: &'r T,
    pub(crate) settings: &'r LiveSettings,
    pub(crate) interrupt: &'r Interrupt,
    pub(crate) snapshots: Option<Store>,
    pub(crate) listener: &'r mut dyn Listener,
    pub(crate) tally: Tally,
    pub(crate) declared: CoverageTargets<'r>,
    pub(crate) looks: ShapeSampler,
    pub(crate) seen: CoverageMap,
    pub(crate) findings: Findings,
    /// How many of the errors no baseline knows.
    pub(crate) new_errors: usize,
    pub(crate) notices: Vec<String>,
    pub(crate) held: u64,
    pub(crate) graph: &'r Graph,
    /// What was made and not deleted yet.
    pub(crate) litter: CreatedResources,
    /// What was there before.
    pub(crate) existing: ExistingResources,
    /// How many requests were not sent since they would have changed what was there before.
    pub(crate) kept_existing: IndexMap<String, u64>,
    /// What the sequence under way has sent before the case that is held.
    pub(crate) before: Vec<Before>,
    /// What must not be shown, also when a service sends it back.
    pub(crate) secrets: Vec<Secret>,
    /// What responses gave for later requests.
    pub(crate) pool: Pool,
    /// What was accepted once, and may be refused as taken.
    pub(crate) used: UsedValues,
    /// Whether requests are under way together.
    pub(crate) is_in_round: bool,
    /// Refusals of a round that may be about what is taken.
    pub(crate) doubtful: Vec<(Case, Exchange, Finding)>,
    /// What each operation has shown.
    pub(crate) novelty: Novelty,
    pub(crate) budget: Budget,
    /// What identifies each request that was sent, so that no later plan sends it again.
    pub(crate) sent: HashSet<Identity>,
    /// Operations whose `ignored-auth` was looked at a second time.
    pub(crate) confirmed: HashSet<String>,
    /// What is to be made small and kept when the phases are over.
    pub(crate) failures: Vec<Failure>,
    /// What refusals have said.
    pub(crate) constraints: InferredConstraints,
    /// Requests in a row that got no response: a service that goes away is one finding.
    pub(crate) broken: Vec<Finding>,
    /// The strategies of the contract's schemas.
    pub(crate) strategies: Strategies,
    /// What sequences have learned.
    pub(crate) memory: SequenceMemory,
    /// The status of the exchange that was held last.
    pub(crate) last: Option<StatusCode>,
    /// How many requests were not sent to operations that asked for a pause.
    pub(crate) limited: IndexMap<String, u64>,
    /// Whether all of every plan is made.
    pub(crate) is_planned: bool,
}

impl<'r, T: Transport> Run<'r, T> {
    /// Sends cases, and takes in what each gave in their order. Breaks when the run is to end.
    pub(crate) async fn round(&mut self, cases: &[Case]) -> ControlFlow<End> {
        let harmless = self.without_changes_of_existing(cases);
        let cases = harmless.as_ref();
        let (transport, settings, interrupt) = (self.transport, self.settings, self.interrupt);
        let budget = self.budget;
        self.is_in_round = true;
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
                        self.note_created(&cases[index], exchange);
                    }
                }
                return taken;
            }
            taken?;
        }
        drop(responses);
        // What one request took, another that was under way with it may have been refused for.
        self.is_in_round = false;
        for (case, exchange, finding) in std::mem::take(&mut self.doubtful) {
            if self.is_confirmed(&case, &exchange, &finding).await {
                self.found(&case, finding);
            }
        }
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
    pub(crate) async fn take(&mut self, case: &Case, mut sent: Sent) -> ControlFlow<End> {
        if let Some((request, error)) = &sent.failure
            && error.is_unreachable()
            && self.held > 0
            && let Some(exchange) = look_again(self.transport, self.interrupt, request).await
        {
            sent.exchanges.push(exchange);
            sent.failure = None;
        }
        let failed = sent.failure.as_ref();
        let is_sent = failed.is_some_and(|(_, error)| !matches!(error, SendError::RateLimited(_)));
        self.budget
            .spend(sent.exchanges.len() + usize::from(is_sent));
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

    /// What resources are named with.
    pub(crate) fn context(&self) -> ResourceContext<'r> {
        ResourceContext {
            contract: self.contract,
            graph: self.graph,
            settings: self.settings,
        }
    }

    /// Notes what an exchange made, so that it is deleted in the end.
    pub(crate) fn note_created(&mut self, case: &Case, exchange: &Exchange) {
        let context = self.context();
        self.litter
            .note(&context, &mut self.existing, case, exchange);
    }

    /// Cases without those that would change what was there before the run.
    fn without_changes_of_existing<'c>(&mut self, cases: &'c [Case]) -> Cow<'c, [Case]> {
        let context = self.context();
        if !cases
            .iter()
            .any(|case| self.existing.would_change(&context, case))
        {
            return Cow::Borrowed(cases);
        }
        let mut kept = Vec::with_capacity(cases.len());
        for case in cases {
            if self.existing.would_change(&context, case) {
                // What no operation declares is not meant to change anything; still it is sent to what the
                // run created where there is something.
                if case.phase == Phase::Methods {
                    let instead = self.on_created(case);
                    kept.push(instead.unwrap_or_else(|| case.clone()));
                    continue;
                }
                let id = case.operation.id.to_string();
                *self.kept_existing.entry(id).or_default() += 1;
            } else {
                kept.push(case.clone());
            }
        }
        Cow::Owned(kept)
    }

    /// A case of another method, about a resource that the run created in place of the one it names.
    fn on_created(&self, case: &Case) -> Option<Case> {
        let mut parts = case.parts.clone();
        let key = ResourceContext::key_of(&case.operation)?;
        let thing = self.litter.newest().find_map(|thing| {
            let shape = &self.graph.resources[thing.resource].shape;
            thing.value_for(shape, &case.operation, key)?;
            Some((shape, thing))
        });
        let (shape, thing) = thing?;
        for name in case.operation.path.parameters() {
            if let Some(value) = thing.value_for(shape, &case.operation, name) {
                parts.set(Location::Path, name, value.clone());
            }
        }
        let mut request = write_request(&case.operation, &self.settings.base, &parts).ok()?;
        request.method = case.request.method.clone();
        request.body = case.request.body.clone();
        request.headers.remove(http::header::CONTENT_TYPE);
        let (operation, credential) = (&case.operation, case.credential);
        self.settings
            .credentials
            .apply(operation, &mut request, credential);
        Some(Case {
            request,
            parts,
            ..case.clone()
        })
    }

    fn failed(&mut self, case: &Case, request: &Request, error: &SendError) -> ControlFlow<End> {
        if let SendError::NoCredential(_) = error {
            return ControlFlow::Break(End::Failed(error.to_string()));
        }
        if let SendError::RateLimited(_) = error {
            let id = case.operation.id.to_string();
            *self.limited.entry(id).or_default() += 1;
            return ControlFlow::Continue(());
        }
        let is_first = self.held == 0;
        self.held += 1;
        self.tally.held(&case.operation, None, None);
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
    pub(crate) fn flush_broken(&mut self) {
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
    pub(crate) async fn hold(&mut self, case: &Case, exchange: &Exchange) {
        let status = exchange.response.status;
        if !self.settings.includes(&case.operation) {
            return self.observe_only(case, exchange);
        }
        self.held += 1;
        self.last = Some(status);
        // What another method answers is no answer of the operation.
        let counts = case.phase != Phase::Methods;
        self.tally.held(
            &case.operation,
            counts.then_some(status),
            exchange.response.elapsed,
        );
        let subject = subject(self.contract, self.settings, case, exchange);
        if counts
            && let Some(index) = self.tally.index(&case.operation)
            && let Some(sight) = self.looks.at(&self.declared, index, &subject)
            && self.seen.take(&sight)
        {
            self.novelty.note(&case.operation);
        }
        let spoken = case.phase.rules();
        self.note_created(case, exchange);
        self.used.observe(case, exchange);
        let held = hold(&subject, &self.settings.common);
        for finding in held.findings {
            let speaks = spoken.is_none_or(|rules| rules.contains(&finding.rule.as_str()));
            if speaks && self.is_in_round && UsedValues::may_be_taken(case, &finding, status) {
                self.doubtful
                    .push((case.clone(), exchange.clone(), finding));
            } else if speaks && self.is_confirmed(case, exchange, &finding).await {
                self.found(case, finding);
            }
        }
        if spoken.is_none() {
            let body = match subject.body() {
                Content::Read(Parsed::Value(value)) => Some(value),
                _ => None,
            };
            self.novelty.take(&case.operation, exchange, body);
            let given = ExchangeView::with_body(exchange, &case.parts, body);
            let base = self.settings.base.path().trim_end_matches('/');
            self.pool.take(self.contract, base, &case.operation, &given);
            let context = self.context();
            if let Some(index) = context.index(&case.operation) {
                let is_created = |path: &str| self.litter.holds(path);
                self.existing.observe(&context, index, &given, &is_created);
            }
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

    /// Learns from an exchange of an operation that is not checked.
    fn observe_only(&mut self, case: &Case, exchange: &Exchange) {
        self.note_created(case, exchange);
        let given = ExchangeView::new(exchange, &case.parts);
        let base = self.settings.base.path().trim_end_matches('/');
        self.pool.take(self.contract, base, &case.operation, &given);
        let context = self.context();
        if let Some(index) = context.index(&case.operation) {
            let is_created = |path: &str| self.litter.holds(path);
            self.existing.observe(&context, index, &given, &is_created);
        }
    }

    /// Takes in what a refusal of a valid request says, and tells of rules that are now believed.
    fn learn(&mut self, case: &Case, exchange: &Exchange, body: Option<&Value>) {
        let is_refused = [400, 422].contains(&exchange.response.status.as_u16());
        if case.intent != Intent::Obey || !is_refused {
            return;
        }
        let text = String::from_utf8_lossy(exchange.response.body.bytes());
        for constraint in self.constraints.take(case, body, &text) {
            self.found(
                case,
                check::undocumented_constraint(
                    &case.operation,
                    exchange,
                    &constraint.part,
                    constraint.property.as_deref(),
                    constraint.constraint.keyword(),
                    &constraint.constraint.words(),
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
    ///
    /// A refusal of a value that the service has accepted before may say that it is taken: that is state,
    /// and it stands where fresh values are refused too.
    async fn is_confirmed(&mut self, case: &Case, exchange: &Exchange, finding: &Finding) -> bool {
        let status = exchange.response.status;
        if finding.rule.as_str() == "rejected-valid"
            && self.budget.left() > 0
            && let Some(request) =
                (self.used).renewed(case, status, self.settings, &self.strategies)
        {
            self.budget.spend(1);
            let Ok(response) = self.transport.send(&request).await else {
                return true;
            };
            let again = Exchange {
                request,
                response,
                origin: Origin::Live,
            };
            self.note_created(case, &again);
            return again.response.status == status;
        }
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

    pub(crate) fn found(&mut self, case: &Case, mut finding: Finding) {
        if !self.settings.includes(&case.operation) {
            return;
        }
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

    /// Keeps the case of a new finding, to make it small when the phases are over.
    pub(crate) fn keep(&mut self, case: &Case, finding: &Finding) {
        if finding.severity >= Severity::Warning
            && case.has_values()
            && self.failures.len() < MAX_SHRUNK
        {
            self.failures.push(Failure {
                case: case.clone(),
                finding: finding.clone(),
            });
        }
    }

    pub(crate) fn add(&mut self, finding: Finding) {
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
    pub(crate) fn replace(&mut self, finding: Finding) {
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

    /// Tells how many requests are planned.
    pub(crate) fn planned(&mut self, all: u64) {
        let planned = all.min(self.settings.max_requests);
        self.listener
            .on(&Event::Planned(planned), self.contract.document());
    }

    pub(crate) fn notice(&mut self, text: String) {
        self.listener
            .on(&Event::Notice(&text), self.contract.document());
        self.notices.push(text);
    }
}

/// Whether a service that could not be reached is there after all.
async fn look_again<T: Transport>(
    transport: &T,
    interrupt: &Interrupt,
    request: &Request,
) -> Option<Exchange> {
    for wait in RETRY_DELAYS {
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
pub(crate) fn subject<'s>(
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
        .with_credential(case.credential_sent(settings.credentials.is_sent_to(&case.operation)))
        .with_slow_after(settings.common.slow_after)
}

/// Waits until the user wants the run to end, and a little longer for responses under way.
pub(crate) async fn given_up(interrupt: &Interrupt) {
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
