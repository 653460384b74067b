//! Sequences as they would be sent, as far as that is known before the first response: which requests
//! build on which. What a service refuses is tried again with other values or left, so that a run may
//! send more of them, or fewer.

use std::{collections::HashSet, sync::Arc};

use http::Method;

use super::{
    is_allowed,
    life::{Guard, life},
};
use crate::{
    contract::{
        Contract, Location, Operation,
        graph::{Graph, Need, Resource, Role, Shape},
    },
    run::{LiveSettings, Phase},
};

/// One sequence.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// What it is about: the path of a resource, such as `/orders/{}`, or the id of an operation.
    pub about: String,
    /// How often it is sent; what only the first does is told by [`Step::is_repeated`].
    pub times: usize,
    /// Its requests in their order.
    pub steps: Vec<Step>,
}

/// One request of a sequence.
#[derive(Clone, Debug)]
pub struct Step {
    /// The operation.
    pub operation: Arc<Operation>,
    /// Why it is sent.
    pub why: &'static str,
    /// Who asks, where it is not the one who always does.
    pub asker: Option<String>,
    /// Whether it is sent each time, and not only the first.
    pub is_repeated: bool,
    /// What must have happened before it is sent.
    pub guard: Guard,
}

impl Sequence {
    /// How many requests it takes, however often it is sent.
    pub fn requests(&self) -> usize {
        let repeated = self.steps.iter().filter(|step| step.is_repeated).count();
        self.steps.len() + repeated * self.times.saturating_sub(1)
    }
}

/// The sequences of a contract, in the order in which they would be sent.
pub fn sequences(contract: &Contract, settings: &LiveSettings) -> Vec<Sequence> {
    of(contract, &Graph::of(contract), settings)
}

/// As [`sequences`], where the graph is known.
pub(crate) fn of(contract: &Contract, graph: &Graph, settings: &LiveSettings) -> Vec<Sequence> {
    if !settings.phases.is_empty() && !settings.phases.contains(&Phase::Sequences) {
        return Vec::new();
    }
    let mut outliner = Outliner {
        contract,
        graph,
        settings,
        fixtures: HashSet::new(),
        asked: HashSet::new(),
        steady: HashSet::new(),
        reached: HashSet::new(),
    };
    outliner.all()
}

/// Walks through sequences as a run does, taking every request as answered.
struct Outliner<'o> {
    contract: &'o Contract,
    graph: &'o Graph,
    settings: &'o LiveSettings,
    /// Resources of which one is there for all.
    fixtures: HashSet<usize>,
    /// Lists that were asked for.
    asked: HashSet<usize>,
    /// Reads that were sent twice in a row.
    steady: HashSet<usize>,
    /// Operations that were sent.
    reached: HashSet<usize>,
}

/// A sequence under way.
#[derive(Default)]
struct Draft {
    steps: Vec<Step>,
    /// Resources of which one is there.
    things: Vec<usize>,
}

impl Outliner<'_> {
    fn all(&mut self) -> Vec<Sequence> {
        let mut all = Vec::new();
        if self.settings.sequences > 0 {
            // The whole before its parts.
            let mut order: Vec<usize> = (0..self.graph.resources.len()).collect();
            order.sort_by_key(|at| self.graph.resources[*at].shape.len());
            all.extend(order.into_iter().filter_map(|at| self.lifecycle(at)));
        }
        for (index, operation) in self.contract.operations().iter().enumerate() {
            let draft = if !is_allowed(operation, self.settings) {
                continue;
            } else if operation.is_safe() {
                self.read_twice(index)
            } else if self.settings.sequences > 0 {
                self.act(index)
            } else {
                continue;
            };
            all.extend(draft.map(|draft| Sequence {
                about: operation.id.to_string(),
                times: 1,
                steps: draft.steps,
            }));
        }
        all
    }

    fn operation(&self, index: usize) -> &Arc<Operation> {
        &self.contract.operations()[index]
    }

    fn lifecycle(&mut self, at: usize) -> Option<Sequence> {
        let known = &self.graph.resources[at];
        let mut draft = Draft::default();
        if !self.make(at, &mut draft, true) {
            return None;
        }
        for step in life(self.contract, self.graph, self.settings, at) {
            let index = step.operation;
            if !step.guard.is_expected() || !self.is_named(index, &draft) {
                continue;
            }
            self.reached.insert(index);
            if known.read == Some(index) {
                self.steady.insert(index);
            }
            let others = &self.settings.credentials.others;
            let actor = step.actor.and_then(|other| others.get(other));
            draft.steps.push(Step {
                operation: Arc::clone(self.operation(index)),
                why: step.why,
                asker: actor.map(|other| other.name.clone()),
                is_repeated: step.is_repeated,
                guard: step.guard,
            });
        }
        Some(Sequence {
            about: known.shape.to_string(),
            times: self.settings.sequences,
            steps: draft.steps,
        })
    }

    fn read_twice(&mut self, index: usize) -> Option<Draft> {
        if !self.steady.insert(index) {
            return None;
        }
        let mut draft = Draft::default();
        self.prepare(index, &[], &mut draft)?;
        self.step(&mut draft, index, "what is there is read", true);
        self.step(&mut draft, index, "the same again", true);
        Some(draft)
    }

    fn act(&mut self, index: usize) -> Option<Draft> {
        let is_delete = self.operation(index).method == Method::DELETE;
        let needs_others = self.graph.needs_of(index).next().is_some();
        if is_delete || !needs_others || self.reached.contains(&index) {
            return None;
        }
        let mut draft = Draft::default();
        self.prepare(index, &[], &mut draft)?;
        let operation = self.operation(index);
        // What was there before is not to be changed.
        let is_of_things = operation
            .parameters_in(Location::Path)
            .all(|parameter| self.is_of_things(operation, &parameter.name, &draft));
        if !is_of_things {
            return None;
        }
        let why = "something is done with what was made";
        self.step(&mut draft, index, why, true);
        Some(draft)
    }

    /// Makes a thing by the first operation that does; whether one does.
    fn make(&mut self, at: usize, draft: &mut Draft, is_repeated: bool) -> bool {
        let resource = &self.graph.resources[at];
        for creator in &resource.creators {
            let index = creator.operation;
            if !self.settings.may_prepare(self.operation(index)) {
                continue;
            }
            let key = resource.shape.key(self.operation(index));
            let key = key.filter(|_| creator.named_by_client);
            let mut chosen = self.named_freely(index);
            chosen.extend(key.map(str::to_owned));
            if self.prepare(index, &chosen, draft).is_some() {
                self.step(draft, index, "something is made", is_repeated);
                draft.things.push(at);
                return true;
            }
        }
        false
    }

    /// Parameters of the path that nothing makes and nothing lists.
    fn named_freely(&self, index: usize) -> Vec<String> {
        let path = self.operation(index).parameters_in(Location::Path);
        path.filter(|parameter| {
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            !self.graph.needs_of(index).any(|edge| edge.need == need)
        })
        .map(|parameter| parameter.name.clone())
        .collect()
    }

    /// What must be there before an operation can be asked; `None` where that cannot be had.
    fn prepare(&mut self, index: usize, chosen: &[String], draft: &mut Draft) -> Option<()> {
        let operation = Arc::clone(self.operation(index));
        let roles = if operation.is_safe() {
            [Role::Lists, Role::Creates]
        } else {
            [Role::Creates, Role::Lists]
        };
        for parameter in operation.parameters_in(Location::Path) {
            let name = &parameter.name;
            let is_known = chosen.contains(name)
                || self.is_of_things(&operation, name, draft)
                || !self.settings.given(name).is_empty();
            let need = Need::Parameter(Location::Path, name.clone());
            if !is_known && !self.provide(index, &need, roles, draft) {
                return None;
            }
        }
        let mut needs: Vec<Need> = Vec::new();
        for edge in self.graph.needs_of(index) {
            if matches!(edge.need, Need::Body(_)) && !needs.contains(&edge.need) {
                needs.push(edge.need.clone());
            }
        }
        for need in needs {
            // What a body may name is left out where it is not there.
            self.provide(index, &need, [Role::Lists, Role::Creates], draft);
        }
        Some(())
    }

    fn provide(&mut self, index: usize, need: &Need, roles: [Role; 2], draft: &mut Draft) -> bool {
        for role in roles {
            let edges = self.graph.needs_of(index);
            let producers: Vec<usize> = edges
                .filter(|edge| edge.need == *need && edge.role == role)
                .map(|edge| edge.producer)
                .filter(|producer| self.settings.may_prepare(self.operation(*producer)))
                .collect();
            for producer in producers {
                let is_there = match role {
                    Role::Creates => self.ensure_fixture(producer, draft),
                    Role::Lists | Role::Names => self.list(producer, draft),
                };
                if is_there {
                    return true;
                }
            }
        }
        false
    }

    /// Has one thing made for all that need it.
    fn ensure_fixture(&mut self, producer: usize, draft: &mut Draft) -> bool {
        let makes = |one: &Resource| one.creators.iter().any(|one| one.operation == producer);
        let Some(at) = self.graph.resources.iter().position(makes) else {
            return false;
        };
        // What is asked for on the way to itself is there as little as anywhere.
        if self.fixtures.insert(at) {
            return self.make(at, draft, false);
        }
        draft.things.push(at);
        true
    }

    fn list(&mut self, producer: usize, draft: &mut Draft) -> bool {
        if self.asked.insert(producer) {
            if self.prepare(producer, &[], draft).is_none() {
                return false;
            }
            self.step(draft, producer, "a list of what is there", false);
        }
        true
    }

    /// Whether every path parameter has a value that names something.
    fn is_named(&self, index: usize, draft: &Draft) -> bool {
        let operation = self.operation(index);
        operation.parameters_in(Location::Path).all(|parameter| {
            let need = Need::Parameter(Location::Path, parameter.name.clone());
            let mut edges = self.graph.needs_of(index);
            self.is_of_things(operation, &parameter.name, draft)
                || !self.settings.given(&parameter.name).is_empty()
                || edges.any(|edge| edge.need == need && self.asked.contains(&edge.producer))
        })
    }

    /// Whether a path parameter names something that is there.
    fn is_of_things(&self, operation: &Operation, name: &str, draft: &Draft) -> bool {
        draft.things.iter().any(|at| {
            let shape = &self.graph.resources[*at].shape;
            let mut segments = 0..shape.len();
            shape.contains(&Shape::of(operation))
                && segments.any(|segment| shape.key_at(operation, segment) == Some(name))
        })
    }

    fn step(&mut self, draft: &mut Draft, index: usize, why: &'static str, is_repeated: bool) {
        self.reached.insert(index);
        draft.steps.push(Step {
            operation: Arc::clone(self.operation(index)),
            why,
            asker: None,
            is_repeated,
            guard: Guard::Always,
        });
    }
}
