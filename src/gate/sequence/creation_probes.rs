//! What a service must keep of HTTP's own promises when it creates something: a `Location` that is followed, a
//! repeated and a refused creation, `readOnly` values.

use http::{Method, StatusCode};

use super::{
    Purpose, Sequencer,
    execute::SequenceState,
    probes::shown,
    values::{BodyFrom, RequestValues, widen_page},
    walk::{self, World as _},
};
use crate::{
    contract::{OperationIndex, ResourceIndex},
    gate::knowledge::{creation_signs::gives_drawn_name, history::ExchangeRecord, view::begun_at},
    transport::Transport,
};

impl<T: Transport> Sequencer<'_, '_, T> {
    /// Follows the `Location` of the last response that has created or begun something, on the same origin.
    pub(super) async fn follow_location(&mut self, state: &mut SequenceState) {
        let mut records = state.records.iter().rev();
        let target =
            records.find_map(|record| Some((record.operation, begun_at(&record.exchange)?)));
        if let Some((operation, target)) = target {
            self.get(operation, target, state).await;
        }
    }

    /// Follows what operations that create no resource have named by `Location`: once more where it leads nowhere,
    /// since what it named earlier may be gone.
    pub(super) async fn follow_located(&mut self) {
        let located = std::mem::take(&mut self.run.knowledge.located);
        for (operation, (case, exchange)) in located {
            let mut state = SequenceState::default();
            let parts = case.parts.clone();
            state
                .records
                .push(ExchangeRecord::new(operation, exchange, parts));
            let known = self.memory.suspected.len();
            self.follow_location(&mut state).await;
            if self.memory.suspected.len() == known || self.is_over() {
                continue;
            }
            let Some(sent) = self.run.executor.send_unless_given_up(&case).await else {
                return;
            };
            let result = self.run.take(&case, sent, &[]).await;
            if let Some(exchange) = result.exchanges.into_iter().next_back() {
                let mut state = SequenceState::default();
                state
                    .records
                    .push(ExchangeRecord::new(operation, exchange, case.parts));
                self.follow_location(&mut state).await;
            }
        }
    }

    /// Sends the creation of a resource once more, word for word: a service may make another, answer with what is
    /// there, or say that it is taken, and each of these is an answer that the contract has to declare.
    pub(super) async fn create_again(
        &mut self,
        resource: ResourceIndex,
        state: &mut SequenceState,
    ) {
        let creators = &self.context.graph.resource(resource).creators;
        let mut records = state.records.iter().rev();
        let first = records.find(|record| {
            let mut creators = creators.iter().map(|one| one.operation);
            record.exchange.response.status.is_success()
                && record.exchange.request.method == Method::POST
                && creators.any(|creator| creator == record.operation)
        });
        let Some(first) = first.filter(|first| first.parts.body.is_some()) else {
            return;
        };
        // What a 200 answers with the second time may be anybody's, but not under a name that was drawn.
        let is_made = first.exchange.response.status == StatusCode::CREATED
            || gives_drawn_name(&self.context, &first.parts);
        let index = first.operation;
        if !is_made || !self.memory.repeated.insert(index) {
            return;
        }
        let made = RequestValues {
            parts: first.parts.clone(),
            made_up: Vec::new(),
        };
        let why = "the same creation again";
        self.send_for(index, made, why, Purpose::Probe, state).await;
    }

    /// A creation with one value of a wrong type, which is to be refused as a whole: the collection is listed before
    /// and after it.
    pub(super) async fn create_in_vain(
        &mut self,
        resource: ResourceIndex,
        state: &mut SequenceState,
    ) {
        let known = self.context.graph.resource(resource);
        let Some(list) = known.list.filter(|list| self.is_allowed(*list)) else {
            return;
        };
        let collection = self.context.operation(list).path.as_str();
        let is_there =
            |index: &OperationIndex| self.context.operation(*index).path.as_str() == collection;
        let mut creators = known.creators.iter().map(|one| one.operation);
        let Some(creator) = creators.find(is_there).filter(|one| self.is_allowed(*one)) else {
            return;
        };
        if !walk::is_named(self, list, state) || !walk::is_named(self, creator, state) {
            return;
        }
        let Some(mut made) = self.values(creator, state, BodyFrom::Full) else {
            return;
        };
        let Some(breach) = self.break_one(creator, &mut made, 1) else {
            return;
        };
        let why = "existing resources are listed";
        if self.list_widely(list, why, state).await != Some(StatusCode::OK) {
            return;
        }
        let before = state.records.last().map(|record| record.listed.clone());
        let why = "a creation that is to be refused";
        let purpose = Purpose::Break(breach);
        let status = self.send_for(creator, made, why, purpose, state).await;
        if !status.is_some_and(|status| status.is_client_error()) {
            return;
        }
        let why = "resources are listed after a refused creation";
        self.list_widely(list, why, state).await;
        let Some((before, last)) = before.zip(state.records.last()) else {
            return;
        };
        // What was created all the same is deleted in the end.
        let given = last.given();
        let shown = self.context.listed(resource, &given);
        let new = shown.into_iter().map(|(_, thing)| thing);
        for thing in new.filter(|thing| !before.contains(&thing.path)) {
            self.run.knowledge.created.insert(thing);
        }
    }

    /// Reads a list with as much as one page may have.
    async fn list_widely(
        &mut self,
        list: OperationIndex,
        why: &str,
        state: &mut SequenceState,
    ) -> Option<StatusCode> {
        let mut made = self.values(list, state, BodyFrom::Example)?;
        widen_page(self.context.operation(list), &mut made.parts);
        self.send_for(list, made, why, Purpose::Obey, state).await
    }

    /// Creates another one, naming `readOnly` properties.
    pub(super) async fn create_with_read_only(
        &mut self,
        resource: ResourceIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        let creators = &self.context.graph.resource(resource).creators;
        let Some(creator) = creators.iter().find(|one| !one.named_by_client) else {
            return;
        };
        let index = creator.operation;
        let Some(mut made) = self.values(index, state, BodyFrom::Draw) else {
            return;
        };
        let last = state.records.iter().rev();
        let mut reads = last.filter(|record| record.operation == read);
        let shown = shown(reads.next());
        if !self.is_allowed(index) || !self.name_read_only(index, &mut made, &shown) {
            return;
        }
        let why = "a resource is created with readOnly properties";
        self.send_for(index, made, why, Purpose::Probe, state).await;
        let created = state.records.last().and_then(|record| {
            let is_created =
                record.operation == index && record.exchange.response.status.is_success();
            is_created
                .then(|| self.context.made(index, &record.given()))
                .flatten()
        });
        if let Some(created) = created {
            state.things.push(created);
            self.read(read, "the created resource is read", state).await;
            state.things.pop();
        }
    }
}
