//! The life of one resource as a list of steps: read, looked at, asked for by others, changed, deleted.
//!
//! What `oasgate plan` prints, what the budget counts and what a run sends is this one list. A guard
//! says of each step what must have happened before it.

use http::{Method, StatusCode};

use super::is_allowed;
use crate::{
    contract::{Contract, OperationIndex, ResourceIndex, graph::Graph},
    run::LiveSettings,
};

/// How many operations below a thing are asked in one sequence.
const MAX_BELOW: usize = 4;

/// How often a change is tried with other values.
const MAX_CHANGES: usize = 2;

/// What must have happened to the resource of a sequence before a step is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    Always,
    /// It was created, or is there.
    Created,
    /// It was created, and the service says that it is new.
    New,
    /// A read of it found nothing.
    Missing,
    /// The change before was accepted.
    Changed,
    /// The deletion before was refused.
    Refused,
    /// It was deleted.
    Deleted,
}

/// What later steps take from the response to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bind {
    /// Nothing but its status.
    Nothing,
    /// The resource that it created.
    Created,
    /// The values that it lists.
    Listed,
}

/// One step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LifeStep {
    /// The operation.
    pub(super) operation: OperationIndex,
    /// Who asks: the run's own credential, or another by number.
    pub(super) actor: Option<usize>,
    /// What later steps take from its response.
    pub(super) bind: Bind,
    /// What must have happened before.
    pub(super) guard: Guard,
    /// With which values it is sent.
    pub(super) values: StepValues,
    /// Whether it is a step of every round, and not of the first alone.
    pub(super) is_repeated: bool,
    /// Why it is sent.
    pub(super) why: &'static str,
}

impl LifeStep {
    /// A step of every round that nothing needs to precede, with the run's own credential.
    pub(super) const fn new(operation: OperationIndex, why: &'static str) -> Self {
        Self {
            operation,
            actor: None,
            bind: Bind::Nothing,
            guard: Guard::Always,
            values: StepValues::Shown,
            is_repeated: true,
            why,
        }
    }
}

/// With which values a step is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepValues {
    /// With those that the document shows, once.
    Shown,
    /// With those that the document shows, although they may be refused for what was done before.
    Again,
    /// With other values after a refusal, this many times at most.
    Varied(usize),
}

/// The steps after the creation of a resource, in their order.
pub(super) fn life(
    contract: &Contract,
    graph: &Graph,
    settings: &LiveSettings,
    at: ResourceIndex,
) -> Vec<LifeStep> {
    let resource = graph.resource(at);
    let allowed = |index: &OperationIndex| is_allowed(contract.operation_at(*index), settings);
    let asks_for_credential =
        |index: &OperationIndex| contract.operation_at(*index).requires_credential();
    let read = resource.read.filter(allowed);
    let list = resource.list.filter(allowed);
    let delete = resource.delete.filter(allowed);
    let of = |indices: Vec<OperationIndex>| indices.into_iter().filter(allowed).collect::<Vec<_>>();
    let updates = of(resource.updates.clone());
    let looks = of(below(contract, graph, at, Below::Looks));
    let acts = of(below(contract, graph, at, Below::Acts));
    let others = 0..settings.credentials.others.len();

    let mut steps = Steps::default();
    if let Some(read) = read {
        steps.each(read, Guard::Created, "the created resource is read");
        steps.first(read, Guard::Created, "the same request again");
        steps.each(read, Guard::Missing, "the same request again");
    }
    for index in list.into_iter().chain(looks.iter().copied()) {
        steps.first(index, Guard::Created, "the created resource is looked up");
    }
    for other in others.clone() {
        let why = "a second user requests the created resource";
        // The list tells whether the resource is shared.
        let asked = list.into_iter().chain(read).chain(looks.iter().copied());
        let asked = asked.chain(updates.iter().copied());
        let asked = asked.chain(acts.iter().copied());
        for index in asked.filter(asks_for_credential) {
            steps.first(index, Guard::New, why).actor = Some(other);
        }
    }
    for update in updates {
        let step = steps.each(update, Guard::New, "the created resource is changed");
        step.values = StepValues::Varied(MAX_CHANGES);
        if let Some(read) = read {
            steps.each(read, Guard::Changed, "the changed resource is read");
        }
    }
    for act in acts {
        // What makes parts has sequences of its own.
        if graph.made_by(act).is_none() {
            let why = "custom action on the created resource";
            steps.first(act, Guard::New, why).values = StepValues::Varied(1);
            if contract.operation_at(act).request_body.is_none() {
                let again = steps.first(act, Guard::New, "the same action again");
                again.values = StepValues::Again;
            }
        }
    }
    let Some(delete) = delete else {
        return steps.0;
    };
    let look = |steps: &mut Steps, is_repeated: bool| {
        if let Some(read) = read {
            let why = "the resource is read after a refused deletion";
            steps.each(read, Guard::Refused, why).is_repeated = is_repeated;
        }
    };
    for other in others.filter(|_| asks_for_credential(&delete)) {
        let why = "a second user deletes the created resource";
        steps.first(delete, Guard::New, why).actor = Some(other);
        look(&mut steps, false);
    }
    steps.each(delete, Guard::New, "the created resource is deleted");
    look(&mut steps, true);
    if let Some(read) = read {
        steps.each(read, Guard::Deleted, "the deleted resource is read");
    }
    steps.0
}

/// What operations below a thing do.
#[derive(Clone, Copy)]
enum Below {
    /// They show something of it.
    Looks,
    /// They do something to it.
    Acts,
}

/// Operations at paths below a thing, in the document's order.
fn below(
    contract: &Contract,
    graph: &Graph,
    at: ResourceIndex,
    wanted: Below,
) -> Vec<OperationIndex> {
    let all = graph.below(at).iter().copied();
    all.filter(|index| {
        let operation = contract.operation_at(*index);
        let is_wanted = match wanted {
            Below::Looks => operation.is_safe(),
            Below::Acts => !operation.is_safe(),
        };
        is_wanted && operation.method != Method::DELETE
    })
    .take(MAX_BELOW)
    .collect()
}

#[derive(Default)]
struct Steps(Vec<LifeStep>);

impl Steps {
    fn each(
        &mut self,
        operation: OperationIndex,
        guard: Guard,
        why: &'static str,
    ) -> &mut LifeStep {
        self.0.push(LifeStep {
            guard,
            ..LifeStep::new(operation, why)
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    fn first(
        &mut self,
        operation: OperationIndex,
        guard: Guard,
        why: &'static str,
    ) -> &mut LifeStep {
        let step = self.each(operation, guard, why);
        step.is_repeated = false;
        step
    }
}

/// What has happened to a resource so far, as guards ask for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// The service says that it was not there before.
    pub(super) is_new: bool,
    /// It was read and was not there.
    pub(super) is_missing: bool,
    /// What came of the last change or deletion.
    pub(super) last: Change,
    /// Who deleted it.
    pub(super) deleted: Option<Deleter>,
}

/// What came of a change or a deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing that a later step asks for.
    #[default]
    None,
    /// A change was accepted.
    Accepted,
    /// A deletion was refused.
    Refused,
}

/// Who deleted a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deleter {
    /// The run's own credential.
    Own,
    /// Another one.
    Other,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A success.
    Success,
    /// What it names is not there (404, 410).
    Missing,
    /// Another refusal (4xx).
    Refused,
    /// Neither.
    Other,
}

impl Answer {
    /// What a status says.
    pub(super) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::Missing,
            status if status.is_success() => Self::Success,
            status if status.is_client_error() => Self::Refused,
            _ => Self::Other,
        }
    }
}

/// What a step does to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It reads the resource.
    Reads,
    /// It deletes the resource.
    Deletes,
    /// Neither.
    Other,
}

impl Fate {
    /// Takes in what came of a step; `None` where it was not answered.
    pub(super) fn note(&mut self, step: &LifeStep, effect: Effect, answer: Option<Answer>) {
        if let StepValues::Varied(_) = step.values {
            self.last = match answer {
                Some(Answer::Success) => Change::Accepted,
                _ => Change::None,
            };
            return;
        }
        let Some(answer) = answer.filter(|_| step.guard != Guard::Deleted) else {
            return;
        };
        match effect {
            Effect::Deletes => {
                if answer == Answer::Success {
                    let who = step.actor.map_or(Deleter::Own, |_| Deleter::Other);
                    self.deleted = self.deleted.or(Some(who));
                }
                self.last = match answer {
                    Answer::Missing | Answer::Refused => Change::Refused,
                    Answer::Success | Answer::Other => Change::None,
                };
            }
            Effect::Reads => self.is_missing |= answer == Answer::Missing,
            Effect::Other => {}
        }
    }

    /// Whether a step may be sent.
    pub(super) fn allows(self, guard: Guard) -> bool {
        let is_there = self.deleted.is_none();
        match guard {
            Guard::Always => true,
            Guard::Created => is_there,
            Guard::New => self.is_new && is_there,
            Guard::Missing => self.is_missing,
            Guard::Changed => self.last == Change::Accepted && is_there,
            Guard::Refused => self.last == Change::Refused && is_there,
            Guard::Deleted => self.deleted == Some(Deleter::Own),
        }
    }
}

#[cfg(test)]
mod tests {
    use oasgate_document::Document;
    use serde_json::json;

    use super::*;
    use crate::run::Methods;

    fn steps(of: &str) -> Vec<String> {
        let answers = json!({ "200": { "description": "Fine" }, "204": { "description": "Gone" } });
        let id = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }]);
        let thing = json!({ "201": { "description": "Made", "content": { "application/json": { "schema":
            { "type": "object", "properties": { "id": { "type": "integer" } } } } } } });
        let mut document = json!({
            "openapi": "3.0.3",
            "info": { "title": "t", "version": "1" },
            "paths": {
                "/things": { "post": { "operationId": "make", "responses": thing } },
                "/things/{id}": { "parameters": id },
            },
        });
        for method in of.split(' ').filter(|method| !method.is_empty()) {
            document["paths"]["/things/{id}"][method] =
                json!({ "operationId": method, "responses": answers });
        }
        let document = Document::parse("t", document.to_string()).expect("it is one");
        let contract = Contract::from_document(document);
        let graph = Graph::of(&contract);
        let base = "http://localhost/".parse().expect("a URL");
        let mut settings = LiveSettings::new(base);
        settings.methods = Methods::All;
        let steps = life(&contract, &graph, &settings, ResourceIndex::new(0));
        let name = |step: &LifeStep| {
            let id = contract.operation_at(step.operation).id.to_string();
            format!("{id} {:?}", step.guard)
        };
        steps.iter().map(name).collect()
    }

    #[test]
    fn a_resource_is_read_changed_deleted_and_read_again() {
        assert_eq!(
            steps("get put delete"),
            [
                "get Created",
                "get Created",
                "get Missing",
                "put New",
                "get Changed",
                "delete New",
                "get Refused",
                "get Deleted",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_changed_and_deleted() {
        assert_eq!(steps("patch delete"), ["patch New", "delete New"]);
    }

    #[test]
    fn nothing_is_done_with_what_is_gone() {
        let gone = Fate {
            is_new: true,
            deleted: Some(Deleter::Other),
            ..Fate::default()
        };
        for guard in [Guard::Created, Guard::New, Guard::Changed, Guard::Refused] {
            assert!(!gone.allows(guard), "{guard:?}");
        }
        assert!(!gone.allows(Guard::Deleted), "another deleted it");
    }
}
