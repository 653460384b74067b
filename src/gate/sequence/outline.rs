//! Sequences as they would be sent, as far as that is known before the first response: the way through all
//! of them ([`walk`](super::walk)) with every request taken as answered as it should be. What a service
//! refuses is tried again with other values or left, so that a run may send more of them, or fewer.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use futures_util::FutureExt as _;
use http::Method;

use super::{
    life::{Answer, Bind, Guard, LifeStep},
    walk::{self, Fresh, World},
};
use crate::{
    contract::{
        Contract, Location, Operation, OperationIndex, ResourceIndex, Schema,
        graph::{Graph, Need, Shape},
    },
    gate::knowledge::{context::ResourceContext, memory::SequenceProgress},
    run::{LiveSettings, Phase},
};

/// One sequence.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Step {
    /// The operation.
    pub operation: Arc<Operation>,
    /// Why it is sent.
    pub why: &'static str,
    /// Which other credential it is sent with; `None` for the run's own.
    pub asker: Option<String>,
    /// What later steps take from its response.
    pub bind: Bind,
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

/// The sequences of a contract, in the order in which they would be sent, until they take all
/// [requests](LiveSettings::max_requests) of a run.
pub fn sequences(contract: &Contract, settings: &LiveSettings) -> Vec<Sequence> {
    of(contract, &Graph::of(contract), settings)
}

/// As [`sequences`], where the graph is known.
pub(crate) fn of(contract: &Contract, graph: &Graph, settings: &LiveSettings) -> Vec<Sequence> {
    if !settings.phases.is_empty() && !settings.phases.contains(&Phase::Sequences) {
        return Vec::new();
    }
    let mut outliner = Outliner {
        context: ResourceContext {
            contract,
            graph,
            settings,
        },
        left: settings.max_requests,
        sequences: Vec::new(),
        progress: SequenceProgress::default(),
        fixtures: HashMap::new(),
        listed: HashSet::new(),
        created: HashSet::new(),
    };
    // Nothing that it does waits.
    walk::all(&mut outliner).now_or_never().unwrap_or_default();
    let mut sequences = outliner.sequences;
    sequences.retain(|sequence| !sequence.steps.is_empty());
    sequences
}

/// Writes every step down, as answered as it should be.
struct Outliner<'o> {
    context: ResourceContext<'o>,
    /// How many more requests a run may send.
    left: u64,
    sequences: Vec<Sequence>,
    progress: SequenceProgress,
    /// Resources of which it is decided whether one is there for all, and whether it is.
    fixtures: HashMap<ResourceIndex, bool>,
    /// Lists that were answered.
    listed: HashSet<OperationIndex>,
    /// Resources of which one was created.
    created: HashSet<ResourceIndex>,
}

impl Outliner<'_> {
    fn begin(&mut self, about: String, times: usize) {
        self.sequences.push(Sequence {
            about,
            times,
            steps: Vec::new(),
        });
    }

    fn write(&mut self, step: &LifeStep) {
        self.progress.reached.insert(step.operation);
        let others = &self.context.settings.credentials.others;
        let actor = step.actor.and_then(|other| others.get(other));
        let operation = self.context.operation(step.operation);
        if let Some(sequence) = self.sequences.last_mut() {
            let times = if step.is_repeated { sequence.times } else { 1 };
            self.left = self.left.saturating_sub(times as u64);
            sequence.steps.push(Step {
                operation: Arc::clone(operation),
                why: step.why,
                asker: actor.map(|other| other.name.clone()),
                bind: step.bind,
                is_repeated: step.is_repeated,
                guard: step.guard,
            });
        }
    }

    /// Whether a path parameter names something that is there.
    fn is_created(&self, operation: &Operation, name: &str, created: &[ResourceIndex]) -> bool {
        created.iter().any(|at| {
            let shape = &self.context.graph.resource(*at).shape;
            let mut segments = 0..shape.len();
            shape.contains(&Shape::of(operation))
                && segments.any(|segment| shape.key_at(operation, segment) == Some(name))
        })
    }
}

/// Instances and the state are resources: of each on the state one is there.
impl World for Outliner<'_> {
    type Instance = ResourceIndex;
    type State = Vec<ResourceIndex>;

    fn context(&self) -> ResourceContext<'_> {
        self.context
    }

    fn progress(&mut self) -> &mut SequenceProgress {
        &mut self.progress
    }

    fn is_over(&self) -> bool {
        self.left == 0 || self.context.contract.document().stop().reason().is_some()
    }

    fn rounds(&self) -> usize {
        self.context.settings.sequences.min(1)
    }

    fn begin_life(&mut self, resource: ResourceIndex) {
        let about = self.context.graph.resource(resource).shape.to_string();
        self.begin(about, self.context.settings.sequences);
    }

    fn begin_operation(&mut self, operation: OperationIndex) {
        self.begin(self.context.operation(operation).id.to_string(), 1);
    }

    fn is_known(
        &self,
        operation: OperationIndex,
        need: &Need,
        _: Option<&Schema>,
        created: &Vec<ResourceIndex>,
    ) -> bool {
        let context = self.context;
        let may_exist = context.may_exist(operation, need);
        let is_answered = context.edges_to(operation, need).any(|edge| {
            let resources = created.iter().map(|at| context.graph.resource(*at));
            let mut creators = resources.flat_map(|resource| &resource.creators);
            may_exist && self.listed.contains(&edge.producer)
                || creators.any(|creator| creator.operation == edge.producer)
        });
        match need {
            Need::Parameter(Location::Path, name) => {
                self.is_created(context.operation(operation), name, created)
                    || !context.settings.given(name).is_empty()
                    || is_answered
            }
            _ => is_answered,
        }
    }

    fn is_of_created(&self, operation: OperationIndex, created: &Vec<ResourceIndex>) -> bool {
        let operation = self.context.operation(operation);
        operation
            .parameters_in(Location::Path)
            .all(|parameter| self.is_created(operation, &parameter.name, created))
    }

    fn named_by_body(&mut self, operation: OperationIndex, _: &Vec<ResourceIndex>) -> Vec<Need> {
        self.context.body_needs(operation)
    }

    fn is_untouched(&self, resource: ResourceIndex) -> bool {
        !self.created.contains(&resource)
    }

    fn place(created: &mut Vec<ResourceIndex>, resource: ResourceIndex) {
        created.push(resource);
    }

    fn resource_of(resource: &ResourceIndex) -> ResourceIndex {
        *resource
    }

    fn has_fixture(&self, resource: ResourceIndex) -> bool {
        self.fixtures.contains_key(&resource)
    }

    fn keep_fixture(
        &mut self,
        resource: ResourceIndex,
        fixture: Option<(ResourceIndex, Vec<ResourceIndex>)>,
    ) {
        self.fixtures.insert(resource, fixture.is_some());
    }

    fn use_fixture(&self, resource: ResourceIndex, created: &mut Vec<ResourceIndex>) {
        let is_there = self
            .fixtures
            .get(&resource)
            .is_some_and(|is_there| *is_there);
        if is_there && !created.contains(&resource) {
            created.push(resource);
        }
    }

    async fn create(
        &mut self,
        step: &LifeStep,
        _: Option<&str>,
        resource: ResourceIndex,
        _: &mut Vec<ResourceIndex>,
    ) -> Option<Fresh<ResourceIndex>> {
        self.write(step);
        self.created.insert(resource);
        Some(Fresh {
            instance: resource,
            is_new: true,
        })
    }

    async fn list(&mut self, step: &LifeStep, _: Vec<ResourceIndex>) {
        self.write(step);
        self.listed.insert(step.operation);
    }

    async fn perform(&mut self, step: &LifeStep, _: &mut Vec<ResourceIndex>) -> Option<Answer> {
        self.write(step);
        let operation = self.context.operation(step.operation);
        // Only the credential that created something may delete it.
        let is_refused = step.actor.is_some() && operation.method == Method::DELETE;
        Some(if is_refused {
            Answer::Refused
        } else {
            Answer::Success
        })
    }

    async fn perform_twice(&mut self, steps: [LifeStep; 2], _: &mut Vec<ResourceIndex>) {
        for step in &steps {
            self.write(step);
        }
    }

    async fn probe_creation(&mut self, _: ResourceIndex, _: &mut Self::State) {}

    async fn probe(&mut self, _: ResourceIndex) {}

    async fn probe_singletons(&mut self) {}
}
