//! What must be there before a request can be sent, and things made for it.

use super::{
    Request, Sequencer,
    cleanup::read_list,
    is_final,
    revise::revised,
    values::{BodyFrom, RequestValues, Scope, has},
};
use crate::{
    contract::{
        Location,
        graph::{Creator, Need, Role, Source},
    },
    gate::knowledge::{
        context::is_new, history::ExchangeRecord, instance::ResourceInstance, memory::SharedFixture,
    },
    run::Existing,
    transport::Transport,
    wire::RequestParts,
};

/// How many things are made for each other in a row.
const MAX_DEPTH: usize = 4;
/// How often a request is tried with other values.
const MAX_TRIES: usize = 4;
/// How many operations are tried to make one thing.
const MAX_CREATORS: usize = 3;

/// What a sequence has to go on.
#[derive(Clone, Debug, Default)]
pub(super) struct SequenceState {
    /// Things that are there.
    pub(super) things: Vec<ResourceInstance>,
    /// What was sent.
    pub(super) records: Vec<ExchangeRecord>,
}

/// A thing that was made, and whether the service says that it is new.
pub(super) struct Fresh {
    pub(super) thing: ResourceInstance,
    pub(super) is_new: bool,
}

impl<T: Transport> Sequencer<'_, '_, T> {
    pub(super) fn scope<'g>(&'g self, state: &'g SequenceState) -> Scope<'g> {
        Scope {
            things: &state.things,
            records: &state.records,
            listed: &self.memory.listed,
            pool: Some(&self.run.knowledge.pool),
        }
    }

    /// The values of a request, as far as is known.
    pub(super) fn values(
        &mut self,
        index: usize,
        state: &SequenceState,
        body: BodyFrom,
    ) -> Option<RequestValues> {
        let draw = self.memory.draws.entry(index).or_default();
        *draw += 1;
        let draw = (body, *draw);
        let scope = Scope {
            things: &state.things,
            records: &state.records,
            listed: &self.memory.listed,
            pool: Some(&self.run.knowledge.pool),
        };
        self.context
            .request(index, scope, draw, self.run.strategies)
    }

    /// Whether every path parameter that names something has a value that names it.
    pub(super) fn is_named(&self, index: usize, state: &SequenceState) -> bool {
        let operation = self.context.operation(index);
        operation.parameters_in(Location::Path).all(|parameter| {
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            let schema = parameter.value.schema();
            let scope = self.scope(state);
            self.context.known(index, &need, schema, scope).is_some()
        })
    }

    /// Whether every path parameter names something that this phase made.
    pub(super) fn is_of_things(&self, index: usize, state: &SequenceState) -> bool {
        let operation = self.context.operation(index);
        operation.parameters_in(Location::Path).all(|parameter| {
            state.things.iter().any(|thing| {
                let shape = &self.context.graph.resources[thing.resource].shape;
                thing.value_for(shape, operation, &parameter.name).is_some()
            })
        })
    }

    /// Makes and lists what a request needs. `chosen` names the path parameters that
    /// the client chooses freely.
    pub(super) async fn prepare(
        &mut self,
        index: usize,
        state: &mut SequenceState,
        chosen: &[String],
        depth: usize,
    ) -> bool {
        let operation = self.context.operation(index);
        for parameter in operation.parameters_in(Location::Path) {
            if chosen.contains(&parameter.name) {
                continue;
            }
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            let schema = parameter.value.schema();
            if self
                .context
                .known(index, &need, schema, self.scope(state))
                .is_some()
            {
                continue;
            }
            // What somebody else has is read, but parts are only added to what was made for it, where
            // that can be made.
            let keeps = self.context.settings.existing == Existing::Keep;
            let roles: &[Role] = if operation.is_safe() {
                &[Role::Lists, Role::Creates]
            } else if keeps && self.context.can_be_made(operation, &parameter.name) {
                &[Role::Creates]
            } else {
                &[Role::Creates, Role::Lists]
            };
            if !self.provide(index, &need, roles, state, depth).await {
                return false;
            }
        }
        self.prepare_body(index, state, depth).await;
        true
    }

    /// What a body must name is listed or made; what it may name is left out.
    async fn prepare_body(&mut self, index: usize, state: &mut SequenceState, depth: usize) {
        let needs = self.context.body_needs(index);
        if needs.is_empty() {
            return;
        }
        let scope = Scope {
            things: &state.things,
            records: &state.records,
            listed: &self.memory.listed,
            pool: Some(&self.run.knowledge.pool),
        };
        let draw = (BodyFrom::Draw, 0);
        let sample = self
            .context
            .request(index, scope, draw, self.run.strategies);
        let Some((_, body)) = sample.and_then(|made| made.parts.body) else {
            return;
        };
        for need in needs {
            let Need::Body(pointer) = &need else { continue };
            let scope = self.scope(state);
            if has(&body, pointer) && self.context.known(index, &need, None, scope).is_none() {
                self.provide(index, &need, &[Role::Lists, Role::Creates], state, depth)
                    .await;
            }
        }
    }

    /// Has something made or listed for a need; whether that gave a value.
    async fn provide(
        &mut self,
        index: usize,
        need: &Need,
        roles: &[Role],
        state: &mut SequenceState,
        depth: usize,
    ) -> bool {
        if depth >= MAX_DEPTH {
            return false;
        }
        for role in roles {
            let producers: Vec<usize> = self
                .context
                .edges_to(index, need)
                .filter(|edge| edge.role == *role)
                .map(|edge| edge.producer)
                .collect();
            for producer in producers {
                match role {
                    Role::Creates => self.ensure_fixture(producer, state, depth).await,
                    Role::Lists | Role::Names => self.list(producer, state, depth).await,
                }
                let scope = self.scope(state);
                if self.context.known(index, need, None, scope).is_some() {
                    return true;
                }
            }
        }
        false
    }

    /// Puts the thing that an operation makes on the state; it is made once for all that need it.
    async fn ensure_fixture(&mut self, producer: usize, state: &mut SequenceState, depth: usize) {
        let graph = self.context.graph;
        let makes = |one: &crate::contract::graph::Resource| {
            one.creators.iter().any(|one| one.operation == producer)
        };
        let Some(resource) = graph.resources.iter().position(makes) else {
            return;
        };
        if !self.memory.fixtures.contains_key(&resource) {
            // Whoever asks for it on the way to it goes in a circle.
            self.memory.fixtures.insert(resource, None);
            let mut own = SequenceState::default();
            let made = Box::pin(self.make(resource, &mut own, depth + 1)).await;
            // What was there before belongs to somebody else.
            let fixtures = made
                .filter(|fresh| fresh.is_new)
                .map(|fresh| SharedFixture {
                    thing: fresh.thing,
                    records: own.records,
                });
            self.memory.fixtures.insert(resource, fixtures);
        }
        if let Some(Some(fixtures)) = self.memory.fixtures.get(&resource)
            && !state.things.contains(&fixtures.thing)
        {
            state.things.push(fixtures.thing.clone());
            // How it was made comes before all else.
            state.records.splice(0..0, fixtures.records.iter().cloned());
        }
    }

    /// Asks for a list, once, and keeps what it names.
    async fn list(&mut self, producer: usize, state: &mut SequenceState, depth: usize) {
        if !self.may_prepare(producer) || !self.memory.asked.insert(producer) {
            return;
        }
        let mut own = state.clone();
        if !Box::pin(self.prepare(producer, &mut own, &[], depth + 1)).await {
            return;
        }
        let Some(made) = self.values(producer, &own, BodyFrom::Example) else {
            return;
        };
        let request = Request {
            operation: producer,
            made,
            asker: None,
            why: "a list of what is there",
        };
        let mut records = own.records;
        let sent = self.send(request, &mut records).await;
        let Some(record) = records.last().filter(|_| sent.is_some()) else {
            return;
        };
        let given = record.given();
        let edges = self.context.graph.edges.iter();
        for edge in edges.filter(|edge| edge.producer == producer) {
            if let Some(value) = given.name(&edge.sources, None)
                && !self
                    .memory
                    .listed
                    .iter()
                    .any(|(from, need, _)| *from == producer && *need == edge.need)
            {
                self.memory
                    .listed
                    .push((producer, edge.need.clone(), value));
            }
        }
    }

    /// Makes a thing of a resource, by the first operation that does.
    pub(super) async fn make(
        &mut self,
        resource: usize,
        state: &mut SequenceState,
        depth: usize,
    ) -> Option<Fresh> {
        let graph = self.context.graph;
        for creator in graph.resources[resource].creators.iter().take(MAX_CREATORS) {
            let index = creator.operation;
            if self.memory.fruitless.contains(&index) || !self.may_prepare(index) {
                continue;
            }
            let operation = self.context.operation(index);
            let key = graph.resources[resource].shape.key(operation);
            let key = key.filter(|_| creator.named_by_client);
            let mut chosen = self.context.named_freely(index);
            chosen.extend(key.map(str::to_owned));
            if !self.prepare(index, state, &chosen, depth).await {
                self.memory.fruitless.insert(index);
                continue;
            }
            if let Some(fresh) = self.try_to_make(index, key, resource, state).await {
                if fresh.thing.resource == resource {
                    return Some(fresh);
                }
                // It makes something else, which other sequences use.
                continue;
            }
            if self.is_over() {
                return None;
            }
            self.memory.fruitless.insert(index);
        }
        None
    }

    async fn try_to_make(
        &mut self,
        index: usize,
        chosen: Option<&str>,
        resource: usize,
        state: &mut SequenceState,
    ) -> Option<Fresh> {
        self.list_before(resource, state).await;
        let first = state.records.len();
        self.try_to_send(index, chosen, state, "something is made", MAX_TRIES)
            .await?;
        let operation = self.context.operation(index);
        let made = state.records[first..].iter().find_map(|record| {
            let thing = self.context.made(index, &record.given())?;
            let request = &record.exchange.request;
            let is_new = is_new(operation, &request.method, record.exchange.response.status)
                && !self.run.knowledge.existing.holds(&thing.path)
                || self.run.knowledge.created.holds(&thing.path);
            Some(Fresh { thing, is_new })
        });
        match made {
            Some(made) => Some(made),
            None => self.find_listed(index, resource, first, state).await,
        }
    }

    /// Reads the list of a resource before the first of it is made, where nothing else will name that.
    async fn list_before(&mut self, resource: usize, state: &mut SequenceState) {
        let known = &self.context.graph.resources[resource];
        let is_told = |creator: &Creator| {
            let of_response = |source: &Source| !matches!(source, Source::Location);
            creator.sources.iter().any(of_response)
        };
        let is_new = self.run.knowledge.existing.is_untouched(resource);
        let list = known.list.filter(|list| is_new && self.may_prepare(*list));
        let Some(list) = list.filter(|_| !known.creators.iter().any(is_told)) else {
            return;
        };
        if let Some(made) = self.values(list, state, BodyFrom::Example) {
            let request = Request {
                operation: list,
                made,
                asker: None,
                why: "a list of what is there",
            };
            self.send(request, &mut state.records).await;
        }
    }

    /// The new element of a list that shows what was just made.
    async fn find_listed(
        &mut self,
        creator: usize,
        resource: usize,
        first: usize,
        state: &mut SequenceState,
    ) -> Option<Fresh> {
        let list = self.context.graph.resources[resource].list?;
        let sent = state.records[first..].iter().rev();
        let mut sent = sent.filter(|record| record.operation == creator);
        let parts = sent.next()?.parts.clone();
        if self.is_over() || !self.may_prepare(list) {
            return None;
        }
        let record = read_list(self.run, list, &parts).await?;
        let shown = record.given();
        let shown = self.context.listed(resource, &shown);
        let found =
            self.run
                .knowledge
                .created
                .name_listed(&self.run.knowledge.existing, creator, shown);
        let thing = found.into_iter().next_back()?;
        Some(Fresh {
            thing,
            is_new: true,
        })
    }

    /// Sends a request with values that obey until one is not refused.
    pub(super) async fn try_to_send(
        &mut self,
        index: usize,
        chosen: Option<&str>,
        state: &mut SequenceState,
        why: &str,
        most: usize,
    ) -> Option<()> {
        let mut next: Option<RequestParts> = None;
        for times in 0..most {
            let body = if self.context.shows_body(index) && self.memory.shown.insert(index) {
                BodyFrom::Example
            } else {
                BodyFrom::Draw
            };
            let mut made = self.values(index, state, body)?;
            made.made_up.retain(|name| Some(name.as_str()) != chosen);
            // What names things is as it is now.
            if let Some(revised) = next.take() {
                made.parts.body = revised.body;
            }
            let unused = self.run.knowledge.used.without_repetition(
                self.context.operation(index),
                &made.parts,
                None,
                (self.context.settings.seed, self.run.strategies),
            );
            made.parts = unused.unwrap_or(made.parts);
            let identity = self.identity(index, &made)?;
            if self.memory.refused.contains(&identity) {
                continue;
            }
            let parts = made.parts.clone();
            let request = Request {
                operation: index,
                made,
                asker: None,
                why,
            };
            let status = self.send(request, &mut state.records).await?;
            if status.is_success() {
                return Some(());
            }
            let operation = self.context.operation(index);
            let refusal = state.records.last().filter(|last| last.operation == index);
            next = refusal.and_then(|last| {
                revised(
                    operation,
                    &parts,
                    &last.exchange,
                    &self.run.knowledge,
                    times,
                )
            });
            self.memory.refused.insert(identity);
            if is_final(status, &self.context.operation(index).method) {
                return None;
            }
        }
        None
    }
}
