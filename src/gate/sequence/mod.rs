//! Requests that build on each other: make, read, read again, change, read, delete, read once more.
//!
//! Which operation makes what another needs is what the contract's graph says. Sequences are sent one
//! request after the other, whatever the number of workers: what a service answers depends on what it
//! was asked before, and only so is a run the same twice. A request that was refused is remembered and
//! not sent again, and an operation that made nothing is not asked again by every sequence that would
//! need it.
//!
//! What was made is only ever changed and deleted where the service said that it is new. The registry of
//! created resources keeps what the run made, in whatever phase, and [`cleanup`](fn@cleanup) deletes it.

mod assumed;
mod audit;
mod cleanup;
mod creation_probes;
mod execute;
mod life;
mod merge_patch;
mod outline;
mod probes;
mod restore;
mod revise;
mod set_up;
mod singletons;
mod values;
mod walk;

use std::{ops::ControlFlow, sync::Arc};

use http::{Method, StatusCode};
use url::Url;

use crate::{
    check::{Breach, Intent, SEQUENCE_CHECKS},
    contract::{Contract, Operation, OperationIndex, graph::Graph},
    finding::Finding,
    gate::{
        case_factory::{self, CaseFactory},
        driver::Driver,
        identity::{Identity, identity},
        knowledge::context::ResourceContext,
        knowledge::history::{self, ExchangeRecord},
        knowledge::memory::SequenceMemory,
        knowledge::view::ExchangeView,
        plan,
    },
    run::{Case, CredentialChoice, LiveSettings, Methods, Phase, RunStatus},
    transport::Transport,
    wire::{RequestParts, write_request},
};

pub(crate) use audit::audit;
pub(crate) use cleanup::{cleanup, name_leftovers, name_unrestored};
pub use life::{Bind, Guard};
pub(crate) use outline::of as outline;
pub use outline::{Sequence, Step, sequences};
pub(crate) use restore::restore;
pub(crate) use set_up::{State, send_round, set_up, state_for};

use execute::SequenceState;
use values::RequestValues;
use walk::World as _;

/// Sends the sequences of a contract, as far as the budget goes. Breaks when there is no use in going on.
pub(super) async fn run<T: Transport>(run: &mut Driver<'_, T>) -> ControlFlow<RunStatus> {
    let mut sequencer = Sequencer::resume(run);
    walk::all(&mut sequencer).await;
    sequencer.follow_located().await;
    sequencer.pause()
}

/// Sends the life of each resource once: what is created early, everything later is asked about. Breaks when there
/// is no use in going on.
pub(super) async fn first<T: Transport>(run: &mut Driver<'_, T>) -> ControlFlow<RunStatus> {
    let mut sequencer = Sequencer::resume(run);
    walk::first_lives(&mut sequencer).await;
    sequencer.pause()
}

/// How many requests the sequences of a contract may well take, each by itself: those of the outline, and
/// the probes of each resource that can be made.
pub(super) fn estimate(contract: &Contract, graph: &Graph, settings: &LiveSettings) -> Vec<usize> {
    let sequences = outline(contract, graph, settings);
    let probes = (settings.sequences > 0)
        .then(|| sequences.iter().filter(|one| one.steps.len() > 2))
        .into_iter()
        .flatten()
        .map(|_| MAX_PROBES);
    let all = sequences.iter().map(Sequence::requests);
    all.chain(probes).collect()
}

/// The operations that the sequences of a contract send requests to, as often as they do.
pub(super) fn operations(context: &ResourceContext<'_>) -> Vec<Arc<Operation>> {
    let sequences = outline(context.contract, context.graph, context.settings);
    let steps = sequences.into_iter().flat_map(|one| one.steps);
    steps.map(|step| step.operation).collect()
}

fn is_allowed(operation: &Operation, settings: &LiveSettings) -> bool {
    settings.includes(operation)
        && (operation.is_safe() || settings.methods == Methods::All)
        && !plan::is_last(operation, settings)
}

/// How many requests the probes of one resource may well take.
const MAX_PROBES: usize = 40;

struct Sequencer<'s, 'r, T> {
    context: ResourceContext<'r>,
    run: &'s mut Driver<'r, T>,
    memory: SequenceMemory,
    end: Option<RunStatus>,
}

/// One request of a sequence, before it is sent.
struct Request<'r> {
    operation: OperationIndex,
    made: RequestValues,
    credential: CredentialChoice,
    why: &'r str,
}

/// What a request of a sequence is meant to do.
enum Purpose {
    /// To obey the contract.
    Obey,
    /// To break it on purpose.
    Break(Breach),
    /// Neither for certain: what it sends may be refused or overlooked.
    Probe,
}

impl<'s, 'r, T: Transport> Sequencer<'s, 'r, T> {
    fn resume(run: &'s mut Driver<'r, T>) -> Self {
        let mut memory = std::mem::take(&mut run.knowledge.memory);
        // Another phase may have deleted what sequences share.
        let created = &run.knowledge.created;
        memory.fixtures.retain(|_, fixture| {
            let thing = fixture.as_ref().map(|fixture| &fixture.thing);
            thing.is_none_or(|thing| created.holds(&thing.path))
        });
        Self {
            context: run.context,
            memory,
            run,
            end: None,
        }
    }

    /// Leaves what was learned with the run. Breaks when there is no use in going on.
    fn pause(self) -> ControlFlow<RunStatus> {
        self.run.knowledge.memory = self.memory;
        self.end
            .map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }
}

impl<T: Transport> Sequencer<'_, '_, T> {
    fn is_allowed(&self, index: OperationIndex) -> bool {
        is_allowed(self.context.operation(index), self.context.settings)
    }

    fn is_polled(&self, index: OperationIndex) -> bool {
        let operation = self.context.operation(index);
        self.context.settings.polling_rule(operation).is_some()
    }

    /// Sends one request that obeys, and checks what comes; the status of the last response.
    async fn send(
        &mut self,
        request: Request<'_>,
        records: &mut Vec<ExchangeRecord>,
    ) -> Option<StatusCode> {
        self.send_as(request, Purpose::Obey, records).await
    }

    /// Sends one request and checks what comes; the status of the last response.
    async fn send_as(
        &mut self,
        request: Request<'_>,
        purpose: Purpose,
        records: &mut Vec<ExchangeRecord>,
    ) -> Option<StatusCode> {
        if self.is_over() {
            return None;
        }
        let settings = self.context.settings;
        let operation = self.context.operation(request.operation);
        let RequestValues { parts, made_up } = request.made;
        let credential = request.credential;
        let asker = match credential {
            CredentialChoice::Secondary(other) => settings.credentials.others.get(other),
            _ => None,
        };
        let asker = asker.map_or_else(String::new, |other| other.name.clone());
        let (intent, breaks) = match purpose {
            Purpose::Obey => (Intent::Obey, None),
            Purpose::Break(breach) => (Intent::Break, Some(breach)),
            Purpose::Probe => (Intent::Break, None),
        };
        let purpose = case_factory::Purpose::new(Phase::Sequences, request.why);
        let case = Case {
            intent,
            breaks,
            made_up,
            ..CaseFactory::new(settings).make(
                operation,
                parts,
                purpose.with_credential(credential),
            )?
        };
        let case = self.run.with_own_key(case);
        if self.run.would_change(&case) {
            self.run.recorder.kept_existing(operation);
            return None;
        }
        let sent = self.run.executor.send_unless_given_up(&case).await?;
        let is_polled = self.is_polled(request.operation);
        let result = self.run.take(&case, sent, &history::before(records)).await;
        let mut status = None;
        for exchange in result.exchanges {
            status = Some(exchange.response.status);
            let given = ExchangeView::new(&exchange, &case.parts);
            let made = self.context.made(request.operation, &given);
            let listed = self.context.all_listed(request.operation, &given);
            records.push(ExchangeRecord {
                operation: request.operation,
                exchange,
                parts: case.parts.clone(),
                asker: asker.clone(),
                made: made.map(|thing| thing.path),
                listed,
                is_synthetic: !case.made_up.is_empty(),
                is_polled,
            });
            for finding in history::breaches(self.context.contract, records) {
                if self.is_confirmed(&finding) {
                    self.run.report(&case, finding, &[]);
                }
            }
        }
        if let ControlFlow::Break(end) = result.flow {
            self.end = Some(end);
        }
        if status.is_some_and(|status| status.is_success()) {
            self.memory.progress.reached.insert(request.operation);
        }
        status
    }

    /// Follows a reference with a GET that the document may not know.
    async fn get(&mut self, from: OperationIndex, target: Url, state: &mut SequenceState) {
        if self.is_over() {
            return;
        }
        let settings = self.context.settings;
        let base = settings.base.path().trim_end_matches('/');
        let contract = self.context.contract;
        let route = contract.route_under(base, &Method::GET, &target).ok();
        let index = route.map_or(from, |route| route.index);
        let operation = self.context.operation(index);
        let purpose = case_factory::Purpose::new(Phase::Sequences, "a Location is followed");
        let case = CaseFactory::new(settings).follow(operation, target, purpose);
        let Some(exchange) = self.run.executor.send_once(&case.request).await else {
            return;
        };
        let parts = RequestParts::default();
        state
            .records
            .push(ExchangeRecord::new(index, exchange, parts));
        for finding in history::breaches(contract, &state.records) {
            if self.is_confirmed(&finding) {
                self.run.report(&case, finding, &[]);
            }
        }
    }

    /// Whether a finding stands: what a check wants to see twice is a suspicion at first.
    fn is_confirmed(&mut self, finding: &Finding) -> bool {
        let rule = finding.rule.as_str();
        let is_wanted_twice = SEQUENCE_CHECKS
            .iter()
            .any(|check| check.rule().id == rule && check.is_confirmed_twice());
        let operation = finding.operation.clone().unwrap_or_default();
        !is_wanted_twice || !self.memory.suspected.insert((rule.to_owned(), operation))
    }

    /// What tells a request from others on the wire.
    fn identity(&self, index: OperationIndex, made: &RequestValues) -> Option<Identity> {
        let operation = self.context.operation(index);
        let request = write_request(operation, &self.context.settings.base, &made.parts).ok()?;
        Some(identity(&request))
    }
}

/// Whether a refusal speaks of who asks, or of the method, so that other values will not help.
fn is_final(status: StatusCode, method: &Method) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED
    ) || *method == Method::POST && status == StatusCode::NOT_FOUND
}
