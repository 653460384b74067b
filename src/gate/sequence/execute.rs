//! Steps of sequences, sent: with which values, and what is taken from the responses.

use http::StatusCode;

use super::{
    Request, Sequencer,
    cleanup::read_list,
    is_final,
    life::{Answer, Bind, Guard, LifeStep, StepValues},
    revise::revised,
    values::{BodyFrom, PathNames, RequestValues, Scope},
    walk::{Fresh, World},
};
use crate::{
    contract::{Location, OperationIndex, PathTemplate, ResourceIndex, Schema, graph::Need},
    gate::knowledge::{
        context::{ResourceContext, is_new},
        history::ExchangeRecord,
        instance::ResourceInstance,
        memory::{SequenceProgress, SharedFixture},
    },
    run::CredentialChoice,
    transport::Transport,
    wire::{RequestParts, write_request},
};

/// How often what a refusal says is missing is added to a request, beside its tries.
const MAX_COMPLETIONS: usize = 6;

/// What a sequence has to go on.
#[derive(Clone, Debug, Default)]
pub(super) struct SequenceState {
    /// Things that are there.
    pub(super) things: Vec<ResourceInstance>,
    /// What was sent.
    pub(super) records: Vec<ExchangeRecord>,
}

impl<T: Transport> World for Sequencer<'_, '_, T> {
    type Instance = ResourceInstance;
    type State = SequenceState;

    fn context(&self) -> ResourceContext<'_> {
        self.context
    }

    fn progress(&mut self) -> &mut SequenceProgress {
        &mut self.memory.progress
    }

    fn is_over(&self) -> bool {
        self.end.is_some() || self.run.executor.is_over()
    }

    fn rounds(&self) -> usize {
        self.context.settings.sequences
    }

    fn is_known(
        &self,
        operation: OperationIndex,
        need: &Need,
        schema: Option<&Schema>,
        state: &SequenceState,
    ) -> bool {
        let scope = self.scope(state);
        self.context.known(operation, need, schema, scope).is_some()
    }

    fn is_of_created(&self, operation: OperationIndex, state: &SequenceState) -> bool {
        let operation = self.context.operation(operation);
        operation.parameters_in(Location::Path).all(|parameter| {
            state.things.iter().any(|thing| {
                let shape = &self.context.graph.resource(thing.resource).shape;
                thing.value_for(shape, operation, &parameter.name).is_some()
            })
        })
    }

    fn named_by_body(&mut self, operation: OperationIndex, state: &SequenceState) -> Vec<Need> {
        let mut needs = self.context.body_needs(operation);
        if needs.is_empty() {
            return needs;
        }
        let draw = (BodyFrom::Draw, PathNames::Shown, 0);
        let sample = self
            .context
            .request(operation, self.scope(state), draw, self.run.strategies);
        let Some((_, body)) = sample.and_then(|made| made.parts.body) else {
            return Vec::new();
        };
        needs.retain(|need| !need.within(&body).is_empty());
        needs
    }

    fn is_untouched(&self, resource: ResourceIndex) -> bool {
        self.run.knowledge.existing.is_untouched(resource)
    }

    fn place(state: &mut SequenceState, instance: ResourceInstance) {
        state.things.push(instance);
    }

    fn resource_of(instance: &ResourceInstance) -> ResourceIndex {
        instance.resource
    }

    fn has_fixture(&self, resource: ResourceIndex) -> bool {
        self.memory.fixtures.contains_key(&resource)
    }

    fn keep_fixture(
        &mut self,
        resource: ResourceIndex,
        fixture: Option<(ResourceInstance, SequenceState)>,
    ) {
        let fixture = fixture.map(|(thing, own)| SharedFixture {
            thing,
            records: own.records,
        });
        self.memory.fixtures.insert(resource, fixture);
    }

    fn use_fixture(&self, resource: ResourceIndex, state: &mut SequenceState) {
        if let Some(Some(fixture)) = self.memory.fixtures.get(&resource)
            && !state.things.contains(&fixture.thing)
        {
            state.things.push(fixture.thing.clone());
            // How it was made comes before all else; what it is a part of may have been made before.
            let is_new = |record: &&ExchangeRecord| {
                let mut known = state.records.iter();
                !known.any(|one| one.is_same(record))
            };
            let records: Vec<_> = fixture.records.iter().filter(is_new).cloned().collect();
            state.records.splice(0..0, records);
        }
    }

    async fn create(
        &mut self,
        step: &LifeStep,
        key: Option<&str>,
        resource: ResourceIndex,
        state: &mut SequenceState,
    ) -> Option<Fresh<ResourceInstance>> {
        let index = step.operation;
        let first = state.records.len();
        self.try_to_send(step, key, state).await?;
        let operation = self.context.operation(index);
        let made = state.records[first..].iter().find_map(|record| {
            let thing = self.context.made(index, &record.given())?;
            let request = &record.exchange.request;
            let is_new = is_new(operation, &request.method, record.exchange.response.status)
                && !self.run.knowledge.existing.holds(&thing.path)
                || self.run.knowledge.created.holds(&thing.path);
            Some(Fresh {
                instance: thing,
                is_new,
            })
        });
        match made {
            Some(made) => Some(made),
            None => match self.find_assumed(index, resource, first, state).await {
                Some(instance) => Some(Fresh {
                    instance,
                    is_new: true,
                }),
                None => self.find_listed(index, resource, first, state).await,
            },
        }
    }

    async fn list(&mut self, step: &LifeStep, state: SequenceState) {
        let producer = step.operation;
        let Some(made) = self.values(producer, &state, BodyFrom::Example) else {
            return;
        };
        let request = Request {
            operation: producer,
            made,
            credential: CredentialChoice::Primary,
            why: step.why,
        };
        let mut records = state.records;
        let sent = self.send(request, &mut records).await;
        let Some(record) = records.last().filter(|_| sent.is_some()) else {
            return;
        };
        let given = record.given();
        let edges = self.context.graph.edges.iter();
        for edge in edges.filter(|edge| edge.producer == producer) {
            let mut listed = self.memory.listed.iter();
            let is_kept = listed.any(|(from, need, _)| *from == producer && *need == edge.need);
            if let Some(value) = given.name(&edge.sources, None)
                && !is_kept
            {
                let listed = (producer, edge.need.clone(), value);
                self.memory.listed.push(listed);
            }
        }
    }

    async fn perform(&mut self, step: &LifeStep, state: &mut SequenceState) -> Option<Answer> {
        if let StepValues::Varied(_) = step.values {
            let sent = self.try_to_send(step, None, state).await;
            return sent.map(|()| Answer::Success);
        }
        let mut made = self.values(step.operation, state, BodyFrom::Example)?;
        let is_again = step.values == StepValues::Again;
        if is_again || step.actor.is_some() || step.guard == Guard::Deleted {
            // For another, and when it is gone, what the first created is the name of nothing. Where
            // something was done to it, it may not be in a state for that any more.
            let path = &self.context.operation(step.operation).path;
            made.made_up.extend(names(path));
        }
        let request = Request {
            operation: step.operation,
            made,
            credential: step
                .actor
                .map_or(CredentialChoice::Primary, CredentialChoice::Secondary),
            why: step.why,
        };
        self.send(request, &mut state.records).await.map(Answer::of)
    }

    async fn perform_twice(&mut self, steps: [LifeStep; 2], state: &mut SequenceState) {
        let [first, again] = steps;
        let index = first.operation;
        let Some(made) = self.values(index, state, BodyFrom::Example) else {
            return;
        };
        let mut statuses: Vec<StatusCode> = Vec::new();
        // Only what was there must stay as it is, so that it may take a third look: at long work, and at what
        // comes and goes.
        while statuses.len() < 2
            || statuses.len() == 2
                && !statuses[0].is_success()
                && (self.is_polled(index) || statuses[1].is_success())
        {
            let step = if statuses.is_empty() { first } else { again };
            let request = Request {
                operation: index,
                made: made.clone(),
                credential: CredentialChoice::Primary,
                why: step.why,
            };
            let Some(status) = self.send(request, &mut state.records).await else {
                return;
            };
            statuses.push(status);
        }
    }

    async fn probe_creation(&mut self, resource: ResourceIndex, state: &mut SequenceState) {
        let known = self.memory.suspected.len();
        self.create_in_vain(resource, state).await;
        if self.memory.suspected.len() > known {
            self.create_in_vain(resource, state).await;
        }
    }

    async fn probe(&mut self, resource: ResourceIndex) {
        self.probe_until_confirmed(resource).await;
    }

    async fn probe_singletons(&mut self) {
        self.probe_each_singleton().await;
    }
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
        index: OperationIndex,
        state: &SequenceState,
        body: BodyFrom,
    ) -> Option<RequestValues> {
        let draw = self.memory.draws.entry(index).or_default();
        *draw += 1;
        let number = *draw;
        let made = |names| {
            let draw = (body, names, number);
            self.context
                .request(index, self.scope(state), draw, self.run.strategies)
        };
        let shown = made(PathNames::Shown)?;
        // What the document shows may well be there, and is not ours to change.
        if self.changes_existing(index, &shown) {
            made(PathNames::Drawn)
        } else {
            Some(shown)
        }
    }

    fn changes_existing(&self, index: OperationIndex, made: &RequestValues) -> bool {
        let operation = self.context.operation(index);
        let base = &self.context.settings.base;
        let existing = &self.run.knowledge.existing;
        !operation.is_safe()
            && write_request(operation, base, &made.parts)
                .is_ok_and(|request| existing.would_change(&self.context, operation, &request))
    }

    /// The new element of a list that shows what was just made.
    async fn find_listed(
        &mut self,
        creator: OperationIndex,
        resource: ResourceIndex,
        first: usize,
        state: &mut SequenceState,
    ) -> Option<Fresh<ResourceInstance>> {
        let list = self.context.graph.resource(resource).list?;
        let sent = state.records[first..].iter().rev();
        let mut sent = sent.filter(|record| record.operation == creator);
        let parts = sent.next()?.parts.clone();
        if self.is_over()
            || !self
                .context
                .settings
                .may_prepare(self.context.operation(list))
        {
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
            instance: thing,
            is_new: true,
        })
    }

    /// Sends a request with values that obey until one is not refused.
    async fn try_to_send(
        &mut self,
        step: &LifeStep,
        chosen: Option<&str>,
        state: &mut SequenceState,
    ) -> Option<()> {
        let index = step.operation;
        let most = match step.values {
            StepValues::Shown | StepValues::Again => 1,
            StepValues::Varied(most) => most,
        };
        let mut next: Option<RequestParts> = None;
        let mut left = most;
        let mut is_completed = false;
        for times in 0..most + MAX_COMPLETIONS {
            if left == 0 {
                break;
            }
            left -= 1;
            // What is optional may be what is refused: once only what is required is sent.
            let is_minimal = step.bind == Bind::Created && left + 2 == most && !is_completed;
            let shows = self.context.shows_body(index, self.run.strategies);
            let body = if shows && self.memory.shown.insert(index) {
                BodyFrom::Example
            } else if is_minimal {
                next = None;
                BodyFrom::Minimal
            } else {
                BodyFrom::Draw
            };
            let mut made = self.values(index, state, body)?;
            made.made_up.retain(|name| Some(name.as_str()) != chosen);
            // What names things is as it is now.
            if let Some(revised) = next.take() {
                made.parts.body = revised.body;
                for (location, name, value) in revised.parameters {
                    if made.parts.get(location, &name).is_none() {
                        made.parts.set(location, &name, value);
                    }
                }
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
                credential: CredentialChoice::Primary,
                why: step.why,
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
                    (self.context.settings.seed, self.run.strategies),
                )
            });
            // One that has what was missing is another request, and not a second try.
            is_completed = next.as_ref().is_some_and(|next| has_more(next, &parts));
            if is_completed {
                left += 1;
            }
            self.memory.refused.insert(identity);
            if is_final(status, &self.context.operation(index).method) {
                return None;
            }
        }
        None
    }
}

fn names(path: &PathTemplate) -> impl Iterator<Item = String> + '_ {
    path.parameters().map(str::to_owned)
}

/// Whether a request has parts that another has not.
fn has_more(parts: &RequestParts, than: &RequestParts) -> bool {
    let members = |parts: &RequestParts| {
        let body = parts.body.as_ref();
        body.and_then(|(_, body)| Some(body.as_object()?.len()))
    };
    parts.parameters.len() > than.parameters.len() || members(parts) > members(than)
}
