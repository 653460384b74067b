//! What is created under the name that its request gave it: `POST /databases` of `{"name": "a"}` that is
//! answered with nothing, for `/databases/a`.
//!
//! That the service takes the name from the request is an assumption until a read finds the resource
//! under it. Where the first read finds nothing, the service chooses names of its own.

use super::{
    Request, Sequencer,
    execute::SequenceState,
    values::{BodyFrom, RequestValues},
};
use crate::{
    contract::{OperationIndex, ResourceIndex},
    gate::knowledge::{context::is_new, instance::ResourceInstance},
    run::CredentialChoice,
    transport::Transport,
};

impl<T: Transport> Sequencer<'_, '_, T> {
    /// The resource that the last request of a creator made, where a read finds it under the name that
    /// the request gave it.
    pub(super) async fn find_assumed(
        &mut self,
        creator: OperationIndex,
        resource: ResourceIndex,
        first: usize,
        state: &mut SequenceState,
    ) -> Option<ResourceInstance> {
        if self.memory.takes_names.get(&creator) == Some(&false) || self.run.executor.is_over() {
            return None;
        }
        let operation = self.context.operation(creator);
        let record = state.records[first..].iter().rev().find(|record| {
            record.operation == creator && record.exchange.response.status.is_success()
        })?;
        let (request, status) = (&record.exchange.request, record.exchange.response.status);
        if !is_new(operation, &request.method, status) {
            return None;
        }
        let parts = record.parts.clone();
        let thing = self.context.assumed(creator, &parts)?;
        let knowledge = &self.run.knowledge;
        if thing.resource != resource
            || knowledge.existing.holds(&thing.path)
            || knowledge.created.holds(&thing.path)
        {
            return None;
        }
        let read = self.context.graph.resource(resource).read?;
        let settings = self.context.settings;
        if !settings.may_prepare(self.context.operation(read)) {
            return None;
        }
        let mut with_it = state.clone();
        with_it.things.push(thing.clone());
        let RequestValues { parts: asked, .. } = self.values(read, &with_it, BodyFrom::Example)?;
        let names = self.context.operation(read).path.parameters();
        let request = Request {
            operation: read,
            made: RequestValues {
                parts: asked,
                // The service need not know it.
                made_up: names.map(str::to_owned).collect(),
            },
            credential: CredentialChoice::Primary,
            why: "what was made is read under the name that it was given",
        };
        let status = self.send(request, &mut state.records).await?;
        let is_there = status.is_success();
        if is_there || status.is_client_error() {
            self.memory.takes_names.insert(creator, is_there);
        }
        if !is_there {
            return None;
        }
        let context = self.context;
        let created = &mut self.run.knowledge.created;
        created.name_assumed(creator, |made| {
            let other = context.assumed(creator, made)?;
            (other.path == thing.path).then_some(other)
        });
        Some(thing)
    }
}
