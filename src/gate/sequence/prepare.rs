//! What must be there before a request can be sent, and things made for it.

use super::{
    Made, Record, Request, Sequencer, Standing, Thing, is_final,
    thing::is_new,
    values::{BodyFrom, Scope, has},
};
use crate::{
    contract::{
        Location,
        graph::{Need, Role},
    },
    transport::Transport,
};

/// How many things are made for each other in a row.
const MOST_DEPTH: usize = 4;
/// How often a request is tried with other values.
const MOST_TRIES: usize = 4;
/// How many operations are tried to make one thing.
const MOST_CREATORS: usize = 3;

/// What a sequence has to go on.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    /// Things that are there.
    pub(super) things: Vec<Thing>,
    /// What was sent.
    pub(super) records: Vec<Record>,
}

/// A thing that was made, and whether the service says that it is new.
pub(super) struct Fresh {
    pub(super) thing: Thing,
    pub(super) is_new: bool,
}

impl<T: Transport> Sequencer<'_, '_, T> {
    pub(super) fn scope<'g>(&'g self, ground: &'g Ground) -> Scope<'g> {
        Scope {
            things: &ground.things,
            records: &ground.records,
            listed: &self.memory.listed,
        }
    }

    /// The values of a request, as far as is known.
    pub(super) fn values(&mut self, index: usize, ground: &Ground, body: BodyFrom) -> Option<Made> {
        let draw = self.memory.draws.entry(index).or_default();
        *draw += 1;
        let draw = (body, *draw);
        let scope = Scope {
            things: &ground.things,
            records: &ground.records,
            listed: &self.memory.listed,
        };
        self.namer.request(index, scope, draw, &self.run.strategies)
    }

    /// Whether every path parameter that names something has a value that names it.
    pub(super) fn is_named(&self, index: usize, ground: &Ground) -> bool {
        let operation = self.namer.operation(index);
        operation.parameters_in(Location::Path).all(|parameter| {
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            let schema = parameter.value.schema();
            let scope = self.scope(ground);
            self.namer.known(index, &need, schema, scope).is_some()
        })
    }

    /// Whether every path parameter names something that this phase made.
    pub(super) fn is_of_things(&self, index: usize, ground: &Ground) -> bool {
        let operation = self.namer.operation(index);
        operation.parameters_in(Location::Path).all(|parameter| {
            ground.things.iter().any(|thing| {
                let shape = &self.namer.graph.resources[thing.resource].shape;
                thing.value_for(shape, operation, &parameter.name).is_some()
            })
        })
    }

    /// Makes and lists what a request needs. `chosen` names the path parameter that
    /// the client chooses freely.
    pub(super) async fn prepare(
        &mut self,
        index: usize,
        ground: &mut Ground,
        chosen: Option<&str>,
        depth: usize,
    ) -> bool {
        let operation = self.namer.operation(index);
        for parameter in operation.parameters_in(Location::Path) {
            if chosen == Some(parameter.name.as_str()) {
                continue;
            }
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            let schema = parameter.value.schema();
            if self
                .namer
                .known(index, &need, schema, self.scope(ground))
                .is_some()
            {
                continue;
            }
            // What somebody else has is read, but parts are only added to what was made for it.
            let roles: &[Role] = if operation.is_safe() {
                &[Role::Lists, Role::Creates]
            } else {
                &[Role::Creates, Role::Lists]
            };
            if !self.provide(index, &need, roles, ground, depth).await {
                return false;
            }
        }
        self.prepare_body(index, ground, depth).await;
        true
    }

    /// What a body must name is listed or made; what it may name is left out.
    async fn prepare_body(&mut self, index: usize, ground: &mut Ground, depth: usize) {
        let needs = self.namer.body_needs(index);
        if needs.is_empty() {
            return;
        }
        let scope = Scope {
            things: &ground.things,
            records: &ground.records,
            listed: &self.memory.listed,
        };
        let draw = (BodyFrom::Draw, 0);
        let sample = self.namer.request(index, scope, draw, &self.run.strategies);
        let Some((_, body)) = sample.and_then(|made| made.parts.body) else {
            return;
        };
        for need in needs {
            let Need::Body(pointer) = &need else { continue };
            let scope = self.scope(ground);
            if has(&body, pointer) && self.namer.known(index, &need, None, scope).is_none() {
                self.provide(index, &need, &[Role::Lists, Role::Creates], ground, depth)
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
        ground: &mut Ground,
        depth: usize,
    ) -> bool {
        if depth >= MOST_DEPTH {
            return false;
        }
        for role in roles {
            let producers: Vec<usize> = self
                .namer
                .edges_to(index, need)
                .filter(|edge| edge.role == *role)
                .map(|edge| edge.producer)
                .collect();
            for producer in producers {
                match role {
                    Role::Creates => self.stand(producer, ground, depth).await,
                    Role::Lists | Role::Names => self.list(producer, ground, depth).await,
                }
                let scope = self.scope(ground);
                if self.namer.known(index, need, None, scope).is_some() {
                    return true;
                }
            }
        }
        false
    }

    /// Puts the thing that an operation makes on the ground; it is made once for all that need it.
    async fn stand(&mut self, producer: usize, ground: &mut Ground, depth: usize) {
        let graph = self.namer.graph;
        let makes = |one: &crate::contract::graph::Resource| {
            one.creators.iter().any(|one| one.operation == producer)
        };
        let Some(resource) = graph.resources.iter().position(makes) else {
            return;
        };
        if !self.memory.standing.contains_key(&resource) {
            // Whoever asks for it on the way to it goes in a circle.
            self.memory.standing.insert(resource, None);
            let mut own = Ground::default();
            let made = Box::pin(self.make(resource, &mut own, depth + 1)).await;
            // What was there before belongs to somebody else.
            let standing = made.filter(|fresh| fresh.is_new).map(|fresh| Standing {
                thing: fresh.thing,
                records: own.records,
            });
            self.memory.standing.insert(resource, standing);
        }
        if let Some(Some(standing)) = self.memory.standing.get(&resource)
            && !ground.things.contains(&standing.thing)
        {
            ground.things.push(standing.thing.clone());
            // How it was made comes before all else.
            ground
                .records
                .splice(0..0, standing.records.iter().cloned());
        }
    }

    /// Asks for a list, once, and keeps what it names.
    async fn list(&mut self, producer: usize, ground: &mut Ground, depth: usize) {
        if !self.is_allowed(producer) || !self.memory.asked.insert(producer) {
            return;
        }
        let mut own = ground.clone();
        if !Box::pin(self.prepare(producer, &mut own, None, depth + 1)).await {
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
        let edges = self.namer.graph.edges.iter();
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
        ground: &mut Ground,
        depth: usize,
    ) -> Option<Fresh> {
        let graph = self.namer.graph;
        for creator in graph.resources[resource]
            .creators
            .iter()
            .take(MOST_CREATORS)
        {
            let index = creator.operation;
            if self.memory.fruitless.contains(&index) || !self.is_allowed(index) {
                continue;
            }
            let operation = self.namer.operation(index);
            let key = graph.resources[resource].shape.key(operation);
            let chosen = key.filter(|_| creator.named_by_client);
            if !self.prepare(index, ground, chosen, depth).await {
                self.memory.fruitless.insert(index);
                continue;
            }
            if let Some(fresh) = self.try_to_make(index, chosen, ground).await {
                return Some(fresh);
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
        ground: &mut Ground,
    ) -> Option<Fresh> {
        let first = ground.records.len();
        self.try_to_send(index, chosen, ground, "something is made", MOST_TRIES)
            .await?;
        let operation = self.namer.operation(index);
        ground.records[first..].iter().find_map(|record| {
            let thing = self.namer.made(index, &record.given())?;
            let request = &record.exchange.request;
            let is_new = is_new(operation, &request.method, record.exchange.response.status);
            Some(Fresh { thing, is_new })
        })
    }

    /// Sends a request with values that obey until one is not refused.
    pub(super) async fn try_to_send(
        &mut self,
        index: usize,
        chosen: Option<&str>,
        ground: &mut Ground,
        why: &str,
        most: usize,
    ) -> Option<()> {
        for _ in 0..most {
            let body = if self.namer.shows_body(index) && self.memory.shown.insert(index) {
                BodyFrom::Example
            } else {
                BodyFrom::Draw
            };
            let mut made = self.values(index, ground, body)?;
            made.made_up.retain(|name| Some(name.as_str()) != chosen);
            let identity = self.identity(index, &made)?;
            if self.memory.refused.contains(&identity) {
                continue;
            }
            let request = Request {
                operation: index,
                made,
                asker: None,
                why,
            };
            let status = self.send(request, &mut ground.records).await?;
            if status.is_success() {
                return Some(());
            }
            self.memory.refused.insert(identity);
            if is_final(status, &self.namer.operation(index).method) {
                return None;
            }
        }
        None
    }
}
