//! The life of one thing, and reads that are sent twice.

use http::{Method, StatusCode};

use super::{
    Request, Sequencer,
    life::{Change, Deleter, Fate, Guard, LifeStep, StepValues, life},
    prepare::SequenceState,
    values::BodyFrom,
};
use crate::transport::Transport;

/// How often an operation that no life has reached is tried with other values.
const MAX_TRIES: usize = 2;

impl<T: Transport> Sequencer<'_, '_, T> {
    /// Makes something and sees it through to its end.
    pub(super) async fn lifecycle(&mut self, resource: usize, round: usize) {
        let graph = self.context.graph;
        let known = &graph.resources[resource];
        let context = self.context;
        let steps = life(context.contract, graph, context.settings, resource);
        let makes = known
            .creators
            .iter()
            .any(|one| self.is_allowed(one.operation));
        // What only other shards are about is theirs.
        if self.is_over() || known.creators.is_empty() || steps.is_empty() && !makes {
            return;
        }
        let mut state = SequenceState::default();
        let Some(fresh) = self.make(resource, &mut state, 0).await else {
            return;
        };
        state.things.push(fresh.thing);
        // Everything that is done with it names it: a name that the document does not take is no use.
        let mut users = known.read.iter().chain(&known.updates).chain(&known.delete);
        if !users.all(|index| self.is_named(*index, &state)) {
            self.memory.fixtures.insert(resource, None);
            return;
        }
        let mut fate = Fate {
            is_new: fresh.is_new,
            ..Fate::default()
        };
        for step in steps {
            let is_due = round == 0 || step.is_repeated;
            if is_due && fate.allows(step.guard) && self.is_named(step.operation, &state) {
                self.live(step, known.read, &mut fate, &mut state).await;
            }
        }
        if fate.is_missing {
            // Nothing can be built on what the service forgets.
            self.memory.fixtures.insert(resource, None);
        }
    }

    /// Sends one step of a life, and notes what became of the resource.
    async fn live(
        &mut self,
        step: LifeStep,
        read: Option<usize>,
        fate: &mut Fate,
        state: &mut SequenceState,
    ) {
        let index = step.operation;
        if let StepValues::Varied(most) = step.values {
            let sent = self.try_to_send(index, None, state, step.why, most).await;
            fate.last = match sent {
                Some(()) => Change::Accepted,
                None => Change::None,
            };
            return;
        }
        if step.guard == Guard::Deleted {
            return self.step_to_nothing(index, step.why, state).await;
        }
        let status = self.step(index, step.actor, step.why, state).await;
        let Some(status) = status else { return };
        if self.context.operation(index).method == Method::DELETE {
            if status.is_success() {
                let who = step.actor.map_or(Deleter::Own, |_| Deleter::Other);
                fate.deleted = fate.deleted.or(Some(who));
            }
            fate.last = if status.is_client_error() {
                Change::Refused
            } else {
                Change::None
            };
        } else if step.guard == Guard::Created && read == Some(index) {
            fate.is_missing |= [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status);
            if !step.is_repeated {
                self.memory.steady.insert(index);
            }
        }
    }

    /// A safe operation twice in a row.
    pub(super) async fn read_twice(&mut self, index: usize) {
        if self.is_over() || !self.memory.steady.insert(index) {
            return;
        }
        let mut state = SequenceState::default();
        if !self.prepare(index, &mut state, &[], 0).await || !self.is_named(index, &state) {
            return;
        }
        let Some(made) = self.values(index, &state, BodyFrom::Example) else {
            return;
        };
        let mut statuses: Vec<StatusCode> = Vec::new();
        // Of long work only what is done must stay as it is, so that it may take a third look.
        while statuses.len() < 2
            || statuses.len() == 2 && self.is_polled(index) && !statuses[0].is_success()
        {
            let request = Request {
                operation: index,
                made: made.clone(),
                asker: None,
                why: if statuses.is_empty() {
                    "what is there is read"
                } else {
                    "the same again"
                },
            };
            let Some(status) = self.send(request, &mut state.records).await else {
                return;
            };
            statuses.push(status);
        }
    }

    /// An operation that needs what others make and that no life of a thing has reached.
    pub(super) async fn act(&mut self, index: usize) {
        let is_delete = self.context.operation(index).method == Method::DELETE;
        let needs_others = self.context.graph.needs_of(index).next().is_some();
        if self.is_over() || is_delete || !needs_others || self.memory.reached.contains(&index) {
            return;
        }
        let mut state = SequenceState::default();
        if self.memory.fruitless.contains(&index) || !self.prepare(index, &mut state, &[], 0).await
        {
            return;
        }
        // What was there before is not to be changed.
        if self.is_of_things(index, &state) {
            let why = "something is done with what was made";
            self.try_to_send(index, None, &mut state, why, MAX_TRIES)
                .await;
        }
    }

    /// One request for what is on the state.
    async fn step(
        &mut self,
        index: usize,
        asker: Option<usize>,
        why: &str,
        state: &mut SequenceState,
    ) -> Option<StatusCode> {
        let mut made = self.values(index, state, BodyFrom::Example)?;
        if asker.is_some() {
            // For the other one what the first made is the name of nothing.
            made.made_up
                .extend(names(&self.context.operation(index).path));
        }
        let request = Request {
            operation: index,
            made,
            asker,
            why,
        };
        self.send(request, &mut state.records).await
    }

    /// One request for what is not there any more.
    async fn step_to_nothing(&mut self, index: usize, why: &str, state: &mut SequenceState) {
        let Some(mut made) = self.values(index, state, BodyFrom::Example) else {
            return;
        };
        made.made_up
            .extend(names(&self.context.operation(index).path));
        let request = Request {
            operation: index,
            made,
            asker: None,
            why,
        };
        self.send(request, &mut state.records).await;
    }
}

fn names(path: &crate::contract::PathTemplate) -> impl Iterator<Item = String> + '_ {
    path.parameters().map(str::to_owned)
}
