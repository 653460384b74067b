//! The life of one thing, and reads that are sent twice.

use http::StatusCode;

use super::{Request, Sequencer, outline, prepare::SequenceState, values::BodyFrom};
use crate::{gate::knowledge::instance::ResourceInstance, transport::Transport};

/// How often a change is tried with other values.
const MAX_CHANGES: usize = 2;

impl<T: Transport> Sequencer<'_, '_, T> {
    /// Makes something and sees it through to its end.
    pub(super) async fn lifecycle(&mut self, resource: usize, round: usize) {
        let graph = self.context.graph;
        let known = &graph.resources[resource];
        if self.is_over() || known.creators.is_empty() {
            return;
        }
        let mut state = SequenceState::default();
        let Some(fresh) = self.make(resource, &mut state, 0).await else {
            return;
        };
        let thing = fresh.thing;
        state.things.push(thing.clone());
        // Everything that is done with it names it: a name that the document does not take is no use.
        let mut users = known.read.iter().chain(&known.updates).chain(&known.delete);
        if !users.all(|index| self.is_named(*index, &state)) {
            self.memory.fixtures.insert(resource, None);
            return;
        }
        let read = known.read.filter(|read| self.is_allowed(*read));
        if let Some(read) = read {
            let is_there = self.read_what_was_made(read, round == 0, &mut state).await;
            if !is_there {
                // Nothing can be built on what the service forgets.
                self.memory.fixtures.insert(resource, None);
            }
        }
        if round == 0 {
            self.look_around(resource, &mut state).await;
        }
        if !fresh.is_new {
            return;
        }
        for other in 0..self.context.settings.credentials.others.len() {
            if round == 0 {
                self.as_another(other, resource, &mut state).await;
            }
        }
        for update in known.updates.clone() {
            if self.is_allowed(update) {
                let why = "what was made is changed";
                let changed = self
                    .try_to_send(update, None, &mut state, why, MAX_CHANGES)
                    .await;
                if let (Some(()), Some(read)) = (changed, read) {
                    self.step(read, None, "what was changed is read", &mut state)
                        .await;
                }
            }
        }
        if round == 0 {
            self.act_on(resource, &mut state).await;
        }
        self.delete(resource, round, &thing, &mut state).await;
    }

    /// Reads what was made, again where that tells more; whether it is there.
    async fn read_what_was_made(
        &mut self,
        read: usize,
        twice: bool,
        state: &mut SequenceState,
    ) -> bool {
        let is_missing = |status: Option<StatusCode>| {
            status.is_some_and(|status| [StatusCode::NOT_FOUND, StatusCode::GONE].contains(&status))
        };
        let first = self.step(read, None, "what was made is read", state).await;
        if !twice && !is_missing(first) {
            return true;
        }
        let second = self.step(read, None, "the same again", state).await;
        self.memory.steady.insert(read);
        !is_missing(first) && !is_missing(second)
    }

    /// The list that it stands in, and what can be read below it.
    async fn look_around(&mut self, resource: usize, state: &mut SequenceState) {
        let list = self.context.graph.resources[resource].list;
        let below = self.below(resource, true);
        for index in list.into_iter().chain(below) {
            if self.is_allowed(index) && self.is_named(index, state) {
                self.step(index, None, "what was made is looked at", state)
                    .await;
            }
        }
    }

    /// Everything that the other one should not be able to do.
    async fn as_another(&mut self, other: usize, resource: usize, state: &mut SequenceState) {
        let known = &self.context.graph.resources[resource];
        let updates = known.updates.iter().copied();
        let safe = self.below(resource, true);
        let acts = self.below(resource, false);
        let all = known
            .read
            .into_iter()
            .chain(safe)
            .chain(updates)
            .chain(acts);
        for index in all.collect::<Vec<_>>() {
            let needs_credential = self.context.operation(index).requires_credential();
            if needs_credential && self.is_allowed(index) && self.is_named(index, state) {
                self.step(index, Some(other), "another asks for what was made", state)
                    .await;
            }
        }
    }

    /// What else can be done with it.
    async fn act_on(&mut self, resource: usize, state: &mut SequenceState) {
        for index in self.below(resource, false) {
            let has_own_life = self.context.graph.made_by(index).is_some();
            if !has_own_life && self.is_allowed(index) && self.is_named(index, state) {
                let why = "something is done with what was made";
                self.try_to_send(index, None, state, why, 1).await;
            }
        }
    }

    async fn delete(
        &mut self,
        resource: usize,
        round: usize,
        thing: &ResourceInstance,
        state: &mut SequenceState,
    ) {
        let known = &self.context.graph.resources[resource];
        let Some(delete) = known.delete.filter(|delete| self.is_allowed(*delete)) else {
            return;
        };
        if round == 0 && self.context.operation(delete).requires_credential() {
            for other in 0..self.context.settings.credentials.others.len() {
                let why = "another deletes what was made";
                let status = self.step(delete, Some(other), why, state).await;
                if status.is_some_and(|status| status.is_success()) {
                    return;
                }
                self.read_after_refusal(known.read, status, state).await;
            }
        }
        let why = "what was made is deleted";
        let status = self.step(delete, None, why, state).await;
        let is_gone = status.is_some_and(|status| status.is_success());
        self.read_after_refusal(known.read, status, state).await;
        if let Some(read) = known.read.filter(|read| is_gone && self.is_allowed(*read)) {
            self.step_to_nothing(read, "what was deleted is read", state)
                .await;
        }
        state.things.retain(|one| one != thing);
    }

    /// Looks whether what was not to be deleted is there.
    async fn read_after_refusal(
        &mut self,
        read: Option<usize>,
        status: Option<StatusCode>,
        state: &mut SequenceState,
    ) {
        let is_refused = status.is_some_and(|status| status.is_client_error());
        if let Some(read) = read.filter(|read| is_refused && self.is_allowed(*read)) {
            let why = "what was not to be deleted is read";
            self.step(read, None, why, state).await;
        }
    }

    /// Operations at paths below a thing, in the document's order.
    fn below(&self, resource: usize, safe: bool) -> Vec<usize> {
        let known = &self.context.graph.resources[resource];
        outline::below(self.context.contract, known, safe)
    }

    /// A safe operation twice in a row.
    pub(super) async fn read_twice(&mut self, index: usize) {
        if self.is_over() || !self.memory.steady.insert(index) {
            return;
        }
        let mut state = SequenceState::default();
        if !self.prepare(index, &mut state, None, 0).await || !self.is_named(index, &state) {
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
        let is_delete = self.context.operation(index).method == http::Method::DELETE;
        let needs_others = self.context.graph.needs_of(index).next().is_some();
        if self.is_over() || is_delete || !needs_others || self.memory.reached.contains(&index) {
            return;
        }
        let mut state = SequenceState::default();
        if self.memory.fruitless.contains(&index) || !self.prepare(index, &mut state, None, 0).await
        {
            return;
        }
        // What was there before is not to be changed.
        if self.is_of_things(index, &state) {
            let why = "something is done with what was made";
            self.try_to_send(index, None, &mut state, why, MAX_CHANGES)
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
