//! A run against a service: cases sent, responses held, findings told in the order of the plan.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use http::Method;

use super::{
    Case, End, Event, Header, Interrupt, Listener, LiveSettings, Outcome, Phase, Plan, Progress,
    RunKind, Unreached,
    credentials::{hide, hide_in},
    hold::{hold, snapshot_of},
    plan::plan,
    polling::{self, Sent},
    tally::Tally,
};
use crate::{
    check::{self, Subject},
    contract::Contract,
    exchange::{Exchange, Origin},
    finding::{Finding, Findings},
    snapshot::{Key, Store},
    transport::{Authorized, Paced, Secret, SendError, Transport},
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
    let plans = plan(contract, settings);
    let planned = plans
        .iter()
        .map(|plan| plan.cases.len() as u64)
        .sum::<u64>()
        .min(settings.max_requests);
    let header = Header {
        planned: Some(planned),
        seed: Some(settings.seed),
        ..Header::of(contract, RunKind::Check, settings.base.to_string())
    };
    let mut run = Run {
        contract,
        settings,
        snapshots,
        listener,
        tally: Tally::new(contract),
        findings: Findings::default(),
        notices: Vec::new(),
        held: 0,
        secrets,
    };
    let started = Instant::now();
    run.listener
        .on(&Event::Started(&header), contract.document());
    run.defects();
    let end = run.send_all(&plans, transport, interrupt).await;
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
            planned: None,
        }
    }
}

/// How long responses under way are waited for when the user wants the run to end.
const GRACE: Duration = Duration::from_secs(2);

struct Run<'r> {
    contract: &'r Contract,
    settings: &'r LiveSettings,
    snapshots: Option<Store>,
    listener: &'r mut dyn Listener,
    tally: Tally,
    findings: Findings,
    notices: Vec<String>,
    held: u64,
    /// What must not be shown, also when a service sends it back.
    secrets: Vec<Secret>,
}

impl Run<'_> {
    async fn send_all<T: Transport>(
        &mut self,
        plans: &[Plan],
        transport: &T,
        interrupt: &Interrupt,
    ) -> End {
        for plan in plans {
            if let Some(why) = &plan.left_out {
                self.tally.left_out(&plan.operation, why.clone());
            }
        }
        let settings = self.settings;
        let most = usize::try_from(settings.max_requests).unwrap_or(usize::MAX);
        let cases: Vec<&Case> = plans
            .iter()
            .flat_map(|plan| &plan.cases)
            .take(most)
            .collect();
        let mut first = 0;
        for plan in plans.iter().filter(|plan| plan.left_out.is_none()) {
            first += plan.cases.len();
            if first > most {
                self.tally.left_out(&plan.operation, Unreached::Budget);
            }
        }
        let cases = cases.as_slice();
        let mut responses = stream::iter(0..cases.len())
            .take_while(|_| std::future::ready(!interrupt.is_set()))
            .map(|index| async move { (index, send(transport, cases[index], settings).await) })
            .buffered(settings.workers.max(1));
        let given_up = async {
            interrupt.wait().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::pin!(given_up);
        loop {
            tokio::select! {
                biased;
                next = responses.next() => {
                    let Some((index, sent)) = next else { break };
                    if let Some(end) = self.take(cases[index], sent) {
                        return end;
                    }
                }
                () = &mut given_up => return End::Interrupted,
            }
        }
        if interrupt.is_set() {
            End::Interrupted
        } else {
            End::Complete
        }
    }

    /// Takes in what a case gave. Answers an end when there is no use in going on.
    fn take(&mut self, case: &Case, sent: Sent) -> Option<End> {
        for exchange in &sent.exchanges {
            self.hold(case, exchange);
        }
        for finding in sent.findings {
            self.found(case, finding);
        }
        let (request, error) = sent.failure?;
        self.held += 1;
        self.tally.held(&case.operation, None);
        if let SendError::Unreachable { .. } = &error {
            return Some(End::Unreachable(error.to_string()));
        }
        if error.is_unreachable() {
            return Some(End::Unreachable(format!(
                "cannot reach {}: {error}",
                self.settings.base
            )));
        }
        if let SendError::NoCredential(_) = &error {
            return Some(End::Failed(error.to_string()));
        }
        let finding =
            check::no_response(&case.operation, &request, &error.to_string(), error.kind());
        self.found(case, finding);
        None
    }

    fn hold(&mut self, case: &Case, exchange: &Exchange) {
        let status = exchange.response.status;
        self.held += 1;
        // What another method answers, or a bare connection shows, is no answer of the operation.
        let counts = case.phase != Phase::Methods;
        self.tally.held(&case.operation, counts.then_some(status));
        let values = Vec::new();
        let subject = Subject::new(self.contract, &case.operation, exchange, &values)
            .with_intent(case.intent)
            .with_breach(case.breaks.as_ref())
            .with_made_up(&case.made_up)
            .with_formats_held(self.settings.common.hold_formats)
            .with_credential(case.credential_sent(self.settings.credentials.is_known()))
            .with_slow_after(self.settings.common.slow_after);
        let spoken = case.phase.rules();
        let held = hold(&subject, &self.settings.common);
        for finding in held.findings {
            if spoken.is_none_or(|rules| rules.contains(&finding.rule.as_str())) {
                self.found(case, finding);
            }
        }
        if spoken.is_none()
            && held.keeps_schema
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
        let progress = Progress {
            operation: Some(case.operation.id.as_str()),
            status,
            held: self.held,
            findings: self.findings.len(),
        };
        self.listener
            .on(&Event::Progress(progress), self.contract.document());
    }

    fn found(&mut self, case: &Case, mut finding: Finding) {
        if let Some(evidence) = &mut finding.evidence {
            evidence.case = Some(case.reason());
        }
        self.add(finding);
    }

    fn add(&mut self, finding: Finding) {
        let Some(mut finding) = self.settings.common.severities.apply(finding) else {
            return;
        };
        finding.each_text(|text| {
            if let Cow::Owned(hidden) = hide(&self.secrets, text) {
                *text = hidden;
            }
        });
        if self.findings.add(finding.clone()) {
            self.listener
                .on(&Event::Found(&finding), self.contract.document());
        }
    }

    /// What is wrong with the document itself and keeps part of it from being held.
    fn defects(&mut self) {
        let mut all = Vec::new();
        super::replay::defect_notices(self.contract, &mut all);
        for text in all {
            self.notice(text);
        }
    }

    fn notice(&mut self, text: String) {
        self.listener
            .on(&Event::Notice(&text), self.contract.document());
        self.notices.push(text);
    }

    fn finish(mut self, plans: &[Plan], header: Header, end: End, elapsed: Duration) -> Outcome {
        if end == End::Complete {
            for summary in self.tally.summaries(self.contract, &self.findings) {
                let plan = plans
                    .iter()
                    .find(|plan| plan.operation.id.as_str() == summary.id);
                if let (Some(why), Some(plan)) = (&summary.unreached, plan)
                    && *why != Unreached::Excluded
                {
                    self.add(check::unreached(&plan.operation, &why.reason()));
                }
            }
        }
        let (snapshots, end) = super::replay::settle(self.snapshots.take(), end, |finding| {
            if let Some(finding) = self.settings.common.severities.apply(finding)
                && self.findings.add(finding.clone())
            {
                self.listener
                    .on(&Event::Found(&finding), self.contract.document());
            }
        });
        let outcome = Outcome {
            baseline: None,
            header,
            operations: self.tally.summaries(self.contract, &self.findings),
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
