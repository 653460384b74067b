//! Requests that build on each other: make, read, read again, change, read, delete, read once more.
//!
//! Which operation makes what another needs is what the contract's graph says. Sequences are sent one
//! request after the other, whatever the number of workers: what a service answers depends on what it
//! was asked before, and only so is a run the same twice. A request that was refused is remembered and
//! not sent again, and an operation that made nothing is not asked again by every sequence that would
//! need it.
//!
//! What was made is only ever changed and deleted where the service said that it is new. [`Litter`]
//! keeps what the run made, in whatever phase, and [`clean_up`] deletes it.

mod clean_up;
mod lifecycle;
mod litter;
mod outline;
mod prepare;
mod set_up;
mod thing;
mod trail;
mod values;

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    pin::pin,
};

use futures_util::future::{Either, select};
use http::{Method, StatusCode};

use super::{
    Case, End, LiveSettings, Phase,
    credentials::Use,
    extract::Given,
    live::{Run, given_up},
    plan::{Identity, identity},
    polling,
    settings::Methods,
};
use crate::{
    check::Intent,
    contract::{
        Contract, Operation,
        graph::{Graph, Need},
    },
    transport::Transport,
    wire::write_request,
};

pub(super) use clean_up::clean_up;
pub(super) use litter::Litter;
pub(super) use outline::of as outline;
pub use outline::{Sequence, Step, sequences};
pub(super) use set_up::{State, existing, set_up, state_for};

use thing::{Namer, Thing};
use trail::Record;
use values::Made;

/// Sends the sequences of a contract, as far as the budget goes. Breaks when there is no use in going on.
pub(super) async fn run<T: Transport>(run: &mut Run<'_, T>) -> ControlFlow<End> {
    let mut sequencer = Sequencer::resume(run);
    sequencer.all().await;
    sequencer.pause()
}

/// How many requests the sequences of a contract may well take: one number for each resource, and one
/// for each read.
pub(super) fn estimate(contract: &Contract, graph: &Graph, settings: &LiveSettings) -> Vec<usize> {
    let is_sent = |operation: &Operation| is_allowed(operation, settings);
    let operations = contract.operations();
    let reads = operations
        .iter()
        .filter(|one| one.is_safe() && is_sent(one))
        .map(|_| 2);
    let made = graph.resources.iter().filter(|resource| {
        let mut makers = resource.creators.iter();
        makers.any(|creator| is_sent(&operations[creator.operation]))
    });
    let others = settings.credentials.others.len();
    let life = 10 * settings.sequences + 6 * others;
    made.map(|_| life).chain(reads).collect()
}

fn is_allowed(operation: &Operation, settings: &LiveSettings) -> bool {
    settings.includes(operation) && (operation.is_safe() || settings.methods == Methods::All)
}

/// Something that is there for all sequences that need it, and how it was made.
#[derive(Clone, Debug)]
struct Standing {
    thing: Thing,
    records: Vec<Record>,
}

/// What sequences have learned, kept for those that a run sends later.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Requests that were refused, by what tells them apart on the wire.
    refused: HashSet<Identity>,
    /// Operations that made nothing.
    fruitless: HashSet<usize>,
    /// Operations that were sent the body that the document shows.
    shown: HashSet<usize>,
    /// How many values were drawn for each operation.
    draws: HashMap<usize, usize>,
    /// Operations that succeeded.
    reached: HashSet<usize>,
    /// What sequences share, by resource; `None` where it cannot be made.
    standing: HashMap<usize, Option<Standing>>,
    /// Values that lists named.
    listed: Vec<(usize, Need, serde_json::Value)>,
    /// Lists that were asked for.
    asked: HashSet<usize>,
    /// Reads that were sent twice in a row.
    steady: HashSet<usize>,
}

struct Sequencer<'s, 'r, T> {
    namer: Namer<'r>,
    run: &'s mut Run<'r, T>,
    memory: Memory,
    end: Option<End>,
}

/// One request of a sequence, before it is sent.
struct Request<'r> {
    operation: usize,
    made: Made,
    /// Who asks: the one who always does, or another by number.
    asker: Option<usize>,
    why: &'r str,
}

impl<'s, 'r, T: Transport> Sequencer<'s, 'r, T> {
    fn resume(run: &'s mut Run<'r, T>) -> Self {
        Self {
            namer: Namer::of(run),
            memory: std::mem::take(&mut run.memory),
            run,
            end: None,
        }
    }

    /// Leaves what was learned with the run. Breaks when there is no use in going on.
    fn pause(self) -> ControlFlow<End> {
        self.run.memory = self.memory;
        self.end
            .map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }
}

impl<T: Transport> Sequencer<'_, '_, T> {
    async fn all(&mut self) {
        let settings = self.namer.settings;
        // The whole before its parts.
        let resources = &self.namer.graph.resources;
        let mut order: Vec<usize> = (0..resources.len()).collect();
        order.sort_by_key(|at| resources[*at].shape.len());
        for round in 0..settings.sequences {
            for resource in &order {
                self.lifecycle(*resource, round).await;
            }
        }
        for index in 0..self.namer.contract.operations().len() {
            if !self.is_allowed(index) {
                continue;
            }
            if self.namer.operation(index).is_safe() {
                self.read_twice(index).await;
            } else if settings.sequences > 0 {
                self.act(index).await;
            }
        }
    }

    fn is_allowed(&self, index: usize) -> bool {
        is_allowed(self.namer.operation(index), self.namer.settings)
    }

    fn is_over(&self) -> bool {
        let run = &self.run;
        self.end.is_some()
            || run.budget.left() == 0
            || run.budget.is_late()
            || run.interrupt.is_set()
    }

    fn is_polled(&self, index: usize) -> bool {
        let id = self.namer.operation(index).id.as_str();
        let rules = &self.namer.settings.polling;
        rules.iter().any(|rule| rule.operation == id)
    }

    /// Sends one request and holds what comes; the status of the last response.
    async fn send(
        &mut self,
        request: Request<'_>,
        records: &mut Vec<Record>,
    ) -> Option<StatusCode> {
        if self.is_over() {
            return None;
        }
        let settings = self.namer.settings;
        let operation = self.namer.operation(request.operation);
        let Made { parts, made_up } = request.made;
        let mut message = write_request(operation, &settings.base, &parts).ok()?;
        let credential = request.asker.map_or(Use::Right, Use::Other);
        settings
            .credentials
            .apply(operation, &mut message, credential);
        let asker = request
            .asker
            .and_then(|other| settings.credentials.others.get(other))
            .map_or_else(String::new, |other| other.name.clone());
        let case = Case {
            operation: std::sync::Arc::clone(operation),
            request: message,
            phase: Phase::Sequences,
            intent: Intent::Obey,
            breaks: None,
            parts,
            made_up,
            credential,
            why: request.why.to_owned(),
        };
        let sent = {
            let given_up = pin!(given_up(self.run.interrupt));
            let sending = pin!(polling::send(self.run.transport, &case, settings));
            match select(sending, given_up).await {
                Either::Left((sent, _)) => sent,
                Either::Right(_) => return None,
            }
        };
        let exchanges = sent.exchanges.clone();
        let is_polled = self.is_polled(request.operation);
        self.run.before = trail::before(records);
        let taken = self.run.take(&case, sent).await;
        self.run.before.clear();
        let mut status = None;
        for exchange in exchanges {
            status = Some(exchange.response.status);
            let given = Given::new(&exchange, &case.parts);
            let made = self.namer.made(request.operation, &given);
            records.push(Record {
                operation: request.operation,
                exchange,
                parts: case.parts.clone(),
                asker: asker.clone(),
                made: made.map(|thing| thing.path),
                is_made_up: !case.made_up.is_empty(),
                is_polled,
            });
            for finding in trail::breaches(self.namer.contract, records) {
                self.run.found(&case, finding);
            }
        }
        if let ControlFlow::Break(end) = taken {
            self.end = Some(end);
        }
        if status.is_some_and(|status| status.is_success()) {
            self.memory.reached.insert(request.operation);
        }
        status
    }

    /// What tells a request from others on the wire.
    fn identity(&self, index: usize, made: &Made) -> Option<Identity> {
        let operation = self.namer.operation(index);
        let request = write_request(operation, &self.namer.settings.base, &made.parts).ok()?;
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
