//! The one way through all sequences, for whoever plans them and whoever sends them.
//!
//! Which sequence comes when, what must be there before a step, which operation makes or lists it, and
//! which step follows which answer is decided here, once. A [`World`] answers each [`LifeStep`]: a run sends
//! it and reads what comes; a plan writes it down and takes it as answered as it should be. So what
//! `oasgate plan` prints, what the budget counts and what is sent cannot differ in their order.

use std::sync::Arc;

use http::Method;

use super::{
    is_allowed,
    life::{Answer, Bind, Effect, Fate, Guard, LifeStep, StepValues, life},
};
use crate::{
    contract::{
        Location, OperationIndex, ResourceIndex, Schema,
        graph::{Creator, Need, Resource, Role, ValueSource},
    },
    gate::knowledge::{context::ResourceContext, memory::SequenceProgress},
    run::Existing,
};

/// How many resources are created for each other in a row.
const MAX_DEPTH: usize = 4;

/// How many operations are tried to create one resource.
const MAX_CREATORS: usize = 3;

/// How often a creation is tried with other values.
const MAX_CREATIONS: usize = 5;

/// How often an operation that no life has reached is tried with other values.
const MAX_TRIES: usize = 2;

/// A resource that was created, and whether the service says that it is new.
pub(super) struct Fresh<R> {
    pub(super) instance: R,
    pub(super) is_new: bool,
}

/// Where steps are answered.
pub(super) trait World {
    /// A resource that is there.
    type Instance;
    /// What one sequence has to go on.
    type State: Clone + Default;

    fn context(&self) -> ResourceContext<'_>;
    fn progress(&mut self) -> &mut SequenceProgress;
    /// Whether no more is to be sent.
    fn is_over(&self) -> bool;
    /// How often each life is gone through.
    fn rounds(&self) -> usize;

    /// A sequence about a resource begins.
    fn begin_life(&mut self, _: ResourceIndex) {}
    /// A sequence about one operation begins.
    fn begin_operation(&mut self, _: OperationIndex) {}

    /// Whether a need of an operation has a value that names something.
    fn is_known(
        &self,
        operation: OperationIndex,
        need: &Need,
        schema: Option<&Schema>,
        state: &Self::State,
    ) -> bool;
    /// Whether every path parameter of an operation names something that sequences created.
    fn is_of_created(&self, operation: OperationIndex, state: &Self::State) -> bool;
    /// What the body of an operation names.
    fn named_by_body(&mut self, operation: OperationIndex, state: &Self::State) -> Vec<Need>;
    /// Whether nothing of a resource was created or listed yet.
    fn is_untouched(&self, resource: ResourceIndex) -> bool;

    /// Puts a resource on the state.
    fn place(state: &mut Self::State, instance: Self::Instance);
    /// The resource that an instance is of.
    fn resource_of(instance: &Self::Instance) -> ResourceIndex;
    /// Whether it is decided what all sequences share of a resource.
    fn has_fixture(&self, resource: ResourceIndex) -> bool;
    /// Keeps what all sequences share of a resource, with how it was made; `None` where it cannot be had.
    fn keep_fixture(
        &mut self,
        resource: ResourceIndex,
        fixture: Option<(Self::Instance, Self::State)>,
    );
    /// Puts what all sequences share of a resource on the state, where it is there.
    fn use_fixture(&self, resource: ResourceIndex, state: &mut Self::State);

    /// Answers a step that creates a resource. `key` is the parameter by which the client names it.
    async fn create(
        &mut self,
        step: &LifeStep,
        key: Option<&str>,
        resource: ResourceIndex,
        state: &mut Self::State,
    ) -> Option<Fresh<Self::Instance>>;
    /// Answers a step that lists what is there, and keeps what it names.
    async fn list(&mut self, step: &LifeStep, state: Self::State);
    /// Answers a step.
    async fn perform(&mut self, step: &LifeStep, state: &mut Self::State) -> Option<Answer>;
    /// Answers two steps that are the same request.
    async fn perform_twice(&mut self, steps: [LifeStep; 2], state: &mut Self::State);
    /// Tries what must not make another resource, while its list may still be short.
    async fn probe_creation(&mut self, resource: ResourceIndex, state: &mut Self::State);
    /// Tries what a service must keep of HTTP's own promises on a resource.
    async fn probe(&mut self, resource: ResourceIndex);
    /// Tries the same on what is always there under one name.
    async fn probe_singletons(&mut self);
}

/// Goes through the life of each resource once, where that is wanted and was not done yet.
pub(super) async fn first_lives<W: World>(world: &mut W) {
    if world.rounds() > 0 && world.progress().rounds == 0 {
        lives(world).await;
    }
}

/// Goes through the life of each resource once more.
async fn lives<W: World>(world: &mut W) {
    let round = world.progress().rounds;
    for resource in wholes_first(world) {
        lifecycle(world, resource, round).await;
    }
    world.progress().rounds += 1;
}

/// The resources, the whole before its parts.
fn wholes_first<W: World>(world: &W) -> Vec<ResourceIndex> {
    let mut order: Vec<_> = world.context().graph.indexed_resources().collect();
    order.sort_by_key(|(_, resource)| resource.shape.len());
    order.into_iter().map(|(index, _)| index).collect()
}

/// Goes through all sequences that are left.
pub(super) async fn all<W: World>(world: &mut W) {
    let is_wanted = world.context().settings.sequences > 0;
    while world.progress().rounds < world.rounds() {
        lives(world).await;
    }
    if is_wanted {
        for resource in wholes_first(world) {
            world.probe(resource).await;
        }
        world.probe_singletons().await;
    }
    let operations = world.context().contract.indexed_operations();
    let operations: Vec<OperationIndex> = operations.map(|(index, _)| index).collect();
    for index in operations {
        let context = world.context();
        let operation = context.operation(index);
        if !is_allowed(operation, context.settings) {
            continue;
        }
        if operation.is_safe() {
            read_twice(world, index).await;
        } else if is_wanted {
            act(world, index).await;
        }
    }
}

/// Creates a resource and sees it through to its end.
async fn lifecycle<W: World>(world: &mut W, resource: ResourceIndex, round: usize) {
    let context = world.context();
    let known = context.graph.resource(resource).clone();
    if world.is_over() || known.creators.is_empty() {
        return;
    }
    let context = world.context();
    let steps = life(context.contract, context.graph, context.settings, resource);
    let allowed = |one: &Creator| is_allowed(context.operation(one.operation), context.settings);
    let makes = known.creators.iter().any(allowed);
    // What only other shards are about is theirs.
    if steps.is_empty() && !makes {
        return;
    }
    world.begin_life(resource);
    let mut state = W::State::default();
    let Some(fresh) = make(world, resource, &mut state, 0).await else {
        return;
    };
    W::place(&mut state, fresh.instance);
    // Everything that is done with it names it: a name that the document does not take is no use.
    let mut users = known.read.iter().chain(&known.updates).chain(&known.delete);
    if !users.all(|index| is_named(world, *index, &state)) {
        world.keep_fixture(resource, None);
        return;
    }
    if round == 0 {
        world.probe_creation(resource, &mut state).await;
    }
    let mut fate = Fate {
        is_new: fresh.is_new,
        ..Fate::default()
    };
    for step in steps {
        let is_due = round == 0 || step.is_repeated;
        if !is_due || !fate.allows(step.guard) || !is_named(world, step.operation, &state) {
            continue;
        }
        let answer = world.perform(&step, &mut state).await;
        let is_read = step.guard == Guard::Created && known.read == Some(step.operation);
        if is_read && !step.is_repeated && answer.is_some() {
            world.progress().steady.insert(step.operation);
        }
        let operation = world.context().operation(step.operation);
        let is_delete = operation.method == Method::DELETE;
        let effect = match (is_delete, is_read) {
            (true, _) => Effect::Deletes,
            (false, true) => Effect::Reads,
            (false, false) => Effect::Other,
        };
        fate.note(&step, effect, answer);
    }
    if fate.is_missing {
        // Nothing can be built on what the service forgets.
        world.keep_fixture(resource, None);
    }
}

/// A safe operation twice in a row.
async fn read_twice<W: World>(world: &mut W, index: OperationIndex) {
    if world.is_over() || !world.progress().steady.insert(index) {
        return;
    }
    world.begin_operation(index);
    let mut state = W::State::default();
    if prepare(world, index, &mut state, &[], 0).await && is_named(world, index, &state) {
        let steps = ["an existing resource is read", "the same request again"];
        let steps = steps.map(|why| LifeStep::new(index, why));
        world.perform_twice(steps, &mut state).await;
    }
}

/// An operation that needs what others create and that no life of a resource has reached.
async fn act<W: World>(world: &mut W, index: OperationIndex) {
    let context = world.context();
    let is_delete = context.operation(index).method == Method::DELETE;
    let needs_others = context.graph.needs_of(index).next().is_some();
    let progress = world.progress();
    let is_done = progress.reached.contains(&index) || progress.fruitless.contains(&index);
    if world.is_over() || is_delete || !needs_others || is_done {
        return;
    }
    world.begin_operation(index);
    let mut state = W::State::default();
    // What was there before is not to be changed.
    if prepare(world, index, &mut state, &[], 0).await && world.is_of_created(index, &state) {
        let step = LifeStep {
            values: StepValues::Varied(MAX_TRIES),
            ..LifeStep::new(index, "custom action on the created resource")
        };
        world.perform(&step, &mut state).await;
    }
}

/// Creates a resource, by the first operation that does.
pub(super) async fn make<W: World>(
    world: &mut W,
    resource: ResourceIndex,
    state: &mut W::State,
    depth: usize,
) -> Option<Fresh<W::Instance>> {
    let known = world.context().graph.resource(resource).clone();
    for creator in known.creators.iter().take(MAX_CREATORS) {
        let index = creator.operation;
        let context = world.context();
        let operation = Arc::clone(context.operation(index));
        let may_prepare = context.settings.may_prepare(&operation);
        if world.progress().fruitless.contains(&index) || !may_prepare {
            continue;
        }
        let context = world.context();
        let key = known.shape.key(&operation);
        let key = key.filter(|_| creator.named_by_client);
        let mut chosen = context.named_freely(index);
        chosen.extend(key.map(str::to_owned));
        if !prepare(world, index, state, &chosen, depth).await {
            world.progress().fruitless.insert(index);
            continue;
        }
        let list = list_before(world.context(), &known);
        if let Some(list) = list.filter(|_| world.is_untouched(resource)) {
            let step = LifeStep::new(list, "existing resources are listed");
            world.perform(&step, state).await;
        }
        let step = LifeStep {
            bind: Bind::Created,
            values: StepValues::Varied(MAX_CREATIONS),
            // What others need is created once.
            is_repeated: depth == 0,
            ..LifeStep::new(index, "a resource is created")
        };
        if let Some(fresh) = world.create(&step, key, resource, state).await {
            if W::resource_of(&fresh.instance) == resource {
                return Some(fresh);
            }
            // It creates something else, which other sequences use.
            continue;
        }
        if world.is_over() {
            return None;
        }
        world.progress().fruitless.insert(index);
    }
    None
}

/// The list of a resource, to be read before the first of it is created, where nothing else will name that.
fn list_before(context: ResourceContext<'_>, resource: &Resource) -> Option<OperationIndex> {
    let is_told = |creator: &Creator| {
        let of_response = |source: &ValueSource| {
            !matches!(source, ValueSource::Location | ValueSource::Undescribed(_))
        };
        creator.sources.iter().any(of_response)
    };
    let may_prepare =
        |list: &OperationIndex| context.settings.may_prepare(context.operation(*list));
    let list = resource.list.filter(may_prepare);
    list.filter(|_| !resource.creators.iter().any(is_told))
}

/// Creates and lists what a request needs; whether all of it is there. `chosen` names the path parameters
/// that the client chooses freely.
async fn prepare<W: World>(
    world: &mut W,
    index: OperationIndex,
    state: &mut W::State,
    chosen: &[String],
    depth: usize,
) -> bool {
    let operation = Arc::clone(world.context().operation(index));
    for parameter in operation.parameters_in(Location::Path) {
        let need = Need::Parameter(Location::Path, parameter.name.clone());
        if chosen.contains(&parameter.name)
            || world.is_known(index, &need, parameter.value.schema(), state)
        {
            continue;
        }
        // What somebody else has is read, but parts are only added to what was created for it, where
        // that can be created.
        let context = world.context();
        let keeps = context.settings.existing == Existing::Keep;
        let roles: &[Role] = if operation.is_safe() {
            &[Role::Lists, Role::Creates]
        } else if keeps && context.can_be_made(&operation, &parameter.name) {
            &[Role::Creates]
        } else {
            &[Role::Creates, Role::Lists]
        };
        if !provide(world, index, &need, roles, state, depth).await {
            return false;
        }
    }
    // What a body must name is listed or created; what it may name is left out.
    for need in world.named_by_body(index, state) {
        if !world.is_known(index, &need, None, state) {
            let roles = [Role::Lists, Role::Creates];
            provide(world, index, &need, &roles, state, depth).await;
        }
    }
    true
}

/// Has something created or listed for a need; whether that gave a value.
async fn provide<W: World>(
    world: &mut W,
    index: OperationIndex,
    need: &Need,
    roles: &[Role],
    state: &mut W::State,
    depth: usize,
) -> bool {
    if depth >= MAX_DEPTH {
        return false;
    }
    for role in roles {
        for producer in producers(world.context(), index, need, *role) {
            match role {
                Role::Creates => ensure_fixture(world, producer, state, depth).await,
                Role::Lists | Role::Names => list(world, producer, state, depth).await,
            }
            if world.is_known(index, need, None, state) {
                return true;
            }
        }
    }
    false
}

/// The operations that create or list what meets a need.
fn producers(
    context: ResourceContext<'_>,
    index: OperationIndex,
    need: &Need,
    role: Role,
) -> Vec<OperationIndex> {
    let edges = context.edges_to(index, need);
    let edges = edges.filter(|edge| edge.role == role);
    edges.map(|edge| edge.producer).collect()
}

/// Puts the resource that an operation creates on the state; it is created once for all that need it.
async fn ensure_fixture<W: World>(
    world: &mut W,
    producer: OperationIndex,
    state: &mut W::State,
    depth: usize,
) {
    let Some(resource) = world.context().graph.index_of_made(producer) else {
        return;
    };
    if !world.has_fixture(resource) {
        // Whoever asks for it on the way to it goes in a circle.
        world.keep_fixture(resource, None);
        let mut own = W::State::default();
        let made = Box::pin(make(world, resource, &mut own, depth + 1)).await;
        // What was there before belongs to somebody else.
        let made = made.filter(|fresh| fresh.is_new);
        world.keep_fixture(resource, made.map(|fresh| (fresh.instance, own)));
    }
    world.use_fixture(resource, state);
}

/// Asks for a list, once, and keeps what it names.
async fn list<W: World>(world: &mut W, producer: OperationIndex, state: &W::State, depth: usize) {
    let context = world.context();
    let may_prepare = context.settings.may_prepare(context.operation(producer));
    if !may_prepare || !world.progress().asked.insert(producer) {
        return;
    }
    let mut own = state.clone();
    if Box::pin(prepare(world, producer, &mut own, &[], depth + 1)).await {
        let step = LifeStep {
            bind: Bind::Listed,
            ..LifeStep::new(producer, "existing resources are listed")
        };
        world.list(&step, own).await;
    }
}

/// Whether every path parameter that names something has a value that names it.
pub(super) fn is_named<W: World>(world: &W, index: OperationIndex, state: &W::State) -> bool {
    let context = world.context();
    let operation = context.operation(index);
    operation.parameters_in(Location::Path).all(|parameter| {
        let need = Need::Parameter(Location::Path, parameter.name.clone());
        world.is_known(index, &need, parameter.value.schema(), state)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use futures_util::FutureExt as _;

    use super::*;
    use crate::{
        contract::{Contract, graph::Graph},
        gate::fixture,
        run::{LiveSettings, Methods},
    };

    /// Answers every step as it should be, but for operations that create nothing; ends after so many steps.
    struct Script<'s> {
        context: ResourceContext<'s>,
        creates_nothing: &'s [&'s str],
        most: usize,
        progress: SequenceProgress,
        fixtures: HashMap<ResourceIndex, bool>,
        created: HashSet<ResourceIndex>,
        log: Vec<String>,
    }

    impl Script<'_> {
        fn sent(&mut self, step: &LifeStep) {
            let id = &self.context.operation(step.operation).id;
            self.log.push(id.to_string());
        }
    }

    impl World for Script<'_> {
        type Instance = ResourceIndex;
        type State = Vec<ResourceIndex>;

        fn context(&self) -> ResourceContext<'_> {
            self.context
        }

        fn progress(&mut self) -> &mut SequenceProgress {
            &mut self.progress
        }

        fn is_over(&self) -> bool {
            self.log.len() >= self.most
        }

        fn rounds(&self) -> usize {
            self.context.settings.sequences
        }

        fn is_known(
            &self,
            _: OperationIndex,
            _: &Need,
            _: Option<&Schema>,
            state: &Vec<ResourceIndex>,
        ) -> bool {
            !state.is_empty()
        }

        fn is_of_created(&self, _: OperationIndex, state: &Vec<ResourceIndex>) -> bool {
            !state.is_empty()
        }

        fn named_by_body(&mut self, _: OperationIndex, _: &Vec<ResourceIndex>) -> Vec<Need> {
            Vec::new()
        }

        fn is_untouched(&self, resource: ResourceIndex) -> bool {
            !self.created.contains(&resource)
        }

        fn place(state: &mut Vec<ResourceIndex>, resource: ResourceIndex) {
            state.push(resource);
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

        fn use_fixture(&self, resource: ResourceIndex, state: &mut Vec<ResourceIndex>) {
            if self.fixtures.get(&resource) == Some(&true) {
                state.push(resource);
            }
        }

        async fn create(
            &mut self,
            step: &LifeStep,
            _: Option<&str>,
            resource: ResourceIndex,
            _: &mut Vec<ResourceIndex>,
        ) -> Option<Fresh<ResourceIndex>> {
            self.sent(step);
            let id = self.context.operation(step.operation).id.to_string();
            let is_new = !self.creates_nothing.contains(&id.as_str());
            self.created.extend(is_new.then_some(resource));
            is_new.then_some(Fresh {
                instance: resource,
                is_new,
            })
        }

        async fn list(&mut self, step: &LifeStep, _: Vec<ResourceIndex>) {
            self.sent(step);
        }

        async fn perform(&mut self, step: &LifeStep, _: &mut Vec<ResourceIndex>) -> Option<Answer> {
            self.sent(step);
            Some(Answer::Success)
        }

        async fn perform_twice(&mut self, steps: [LifeStep; 2], _: &mut Vec<ResourceIndex>) {
            for step in &steps {
                self.sent(step);
            }
        }

        async fn probe_singletons(&mut self) {}

        async fn probe_creation(&mut self, _: ResourceIndex, _: &mut Self::State) {}

        async fn probe(&mut self, resource: ResourceIndex) {
            self.log.push(format!("probe {}", resource.place()));
        }
    }

    /// What is sent, where some operations create nothing and the run ends after so many steps.
    fn sent(rounds: usize, creates_nothing: &[&str], most: usize) -> Vec<String> {
        let contract: Contract = fixture::things();
        let graph = Graph::of(&contract);
        let settings = LiveSettings {
            methods: Methods::All,
            sequences: rounds,
            ..fixture::settings()
        };
        let mut script = Script {
            context: fixture::context(&contract, &graph, &settings),
            creates_nothing,
            most,
            progress: SequenceProgress::default(),
            fixtures: HashMap::new(),
            created: HashSet::new(),
            log: Vec::new(),
        };
        all(&mut script).now_or_never().expect("nothing waits");
        script.log
    }

    #[test]
    fn a_life_goes_from_creation_to_what_was_deleted() {
        let first = [
            "addThing",
            "getThing",
            "getThing",
            "deleteThing",
            "getThing",
        ];
        let again = ["addThing", "getThing", "deleteThing", "getThing"];
        let all = [&first[..], &again[..], &["probe 0"][..]].concat();
        assert_eq!(sent(2, &[], 100), all);
    }

    #[test]
    fn what_creates_nothing_is_asked_once() {
        let log = sent(3, &["addThing"], 100);
        let asked = log.iter().filter(|id| *id == "addThing").count();
        assert_eq!(asked, 1, "{log:?}");
        assert!(!log.contains(&"deleteThing".to_owned()), "{log:?}");
    }

    #[test]
    fn without_sequences_nothing_is_created_but_what_reads_need() {
        assert_eq!(sent(0, &[], 100), ["addThing", "getThing", "getThing"]);
    }

    #[test]
    fn a_run_that_is_over_begins_no_sequence() {
        assert_eq!(sent(3, &[], 0), ["probe 0"]);
    }
}
