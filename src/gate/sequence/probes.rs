//! What a service must keep of HTTP's own promises, tried on a resource that the run created: a refused
//! change, the same PUT twice, a merge patch, a `readOnly` value, a `Location` that is followed.
//!
//! The checks compare what is read before and after. Where one of them suspects a breach, everything is
//! tried on another resource, and only what comes twice is reported.

use http::{Method, StatusCode};
use oasgate_document::Pointer;
use serde_json::{Map, Value};

use super::{
    Purpose, Request, Sequencer,
    execute::SequenceState,
    values::{BodyFrom, RequestValues, is_if_match},
    walk::{self, World as _},
};
use crate::{
    check::{Breach, Part},
    contract::{Location, OperationIndex, ResourceIndex, Schema},
    gate::{
        knowledge::{history::ExchangeRecord, instance::ResourceInstance},
        synthetic::drawn_name,
    },
    generate::Generator,
    run::CredentialChoice,
    transport::Transport,
};

/// How many properties are looked at for one that can be broken or sent.
pub(super) const MAX_PROPERTIES: usize = 40;

/// How many values are drawn for one that changes much.
pub(super) const MAX_DRAWS: usize = 6;

/// Values of each type that a broken property may get.
fn wrong_values() -> [Value; 5] {
    [
        Value::Object(Map::new()),
        Value::from("text"),
        Value::from(7),
        Value::Bool(true),
        Value::Array(Vec::new()),
    ]
}

/// Values that a service does not come upon by itself.
fn telling_values() -> [Value; 6] {
    [
        Value::from("oasgate-5c1e6b1e0f1a"),
        Value::from("5c1e6b1e-0f1a-4b7c-9d2e-3f4a5b6c7d8e"),
        Value::from("oasgate@example.com"),
        Value::from(918_273),
        Value::from(91_827),
        Value::Bool(true),
    ]
}

impl<T: Transport> Sequencer<'_, '_, T> {
    /// Tries a resource, and once more where a check suspects something.
    pub(super) async fn probe_until_confirmed(&mut self, resource: ResourceIndex) {
        let known = self.memory.suspected.len();
        self.probe_one(resource).await;
        if self.memory.suspected.len() > known {
            self.probe_one(resource).await;
        }
    }

    async fn probe_one(&mut self, resource: ResourceIndex) {
        let known = self.context.graph.resource(resource);
        if self.is_over() || known.creators.is_empty() {
            return;
        }
        let mut state = SequenceState::default();
        let fresh = walk::make(self, resource, &mut state, 0).await;
        self.follow_location(&mut state).await;
        let Some(fresh) = fresh else {
            return;
        };
        // What the service does not call new may have been there before.
        if !fresh.is_new {
            return;
        }
        self.create_again(resource, &mut state).await;
        let thing = fresh.instance;
        state.things.push(thing.clone());
        let Some(read) = known.read.filter(|read| self.is_allowed(*read)) else {
            return;
        };
        if !walk::is_named(self, read, &state) {
            return;
        }
        let delete = known.delete;
        for update in known.updates.clone() {
            if self.is_allowed(update) && walk::is_named(self, update, &state) {
                self.probe_update(update, read, &thing, &mut state).await;
            }
        }
        self.create_with_read_only(resource, read, &mut state).await;
        // What deletes it all the same comes last.
        if let Some(delete) = delete.filter(|delete| self.is_allowed(*delete))
            && walk::is_named(self, delete, &state)
        {
            self.change_without_credential(delete, read, &mut state)
                .await;
        }
    }

    async fn probe_update(
        &mut self,
        update: OperationIndex,
        read: OperationIndex,
        thing: &ResourceInstance,
        state: &mut SequenceState,
    ) {
        self.change_in_vain(update, read, state).await;
        self.change_without_credential(update, read, state).await;
        self.change_an_old_version(update, read, state).await;
        if self.context.operation(update).method == Method::PUT {
            self.put_twice(update, read, state).await;
            self.put_nothing(update, read, thing, state).await;
        } else {
            self.change_and_read(update, read, state).await;
        }
        self.merge_patch(update, read, state).await;
        self.send_read_only(update, read, state).await;
    }

    pub(super) async fn read(
        &mut self,
        read: OperationIndex,
        why: &str,
        state: &mut SequenceState,
    ) -> Option<StatusCode> {
        let made = self.values(read, state, BodyFrom::Example)?;
        self.send_for(read, made, why, Purpose::Obey, state).await
    }

    /// Whether a read shows the resource, for what comes after it to be compared with.
    pub(super) async fn is_shown(
        &mut self,
        read: OperationIndex,
        state: &mut SequenceState,
    ) -> bool {
        self.read(read, "an existing resource is read", state).await == Some(StatusCode::OK)
    }

    pub(super) async fn send_for(
        &mut self,
        operation: OperationIndex,
        made: RequestValues,
        why: &str,
        purpose: Purpose,
        state: &mut SequenceState,
    ) -> Option<StatusCode> {
        let request = Request {
            operation,
            made,
            credential: CredentialChoice::Primary,
            why,
        };
        self.send_as(request, purpose, &mut state.records).await
    }

    /// A change or deletion without the credential that it asks for, which is to be refused as a whole.
    async fn change_without_credential(
        &mut self,
        change: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        let operation = self.context.operation(change);
        let credentials = &self.context.settings.credentials;
        if !operation.requires_credential() || !credentials.is_known() {
            return;
        }
        let Some(made) = self.values(change, state, BodyFrom::Full) else {
            return;
        };
        if !self.is_shown(read, state).await {
            return;
        }
        let request = Request {
            operation: change,
            made,
            credential: CredentialChoice::Omitted,
            why: "a change without the credential",
        };
        let status = self
            .send_as(request, Purpose::Obey, &mut state.records)
            .await;
        self.read_after_refusal(status, read, state).await;
    }

    /// A change of a version that is not the present one, which is to be refused as a whole
    /// (RFC 9110 §13.1.1).
    async fn change_an_old_version(
        &mut self,
        update: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        let operation = self.context.operation(update);
        let Some(version) = operation.parameters.iter().find(|one| is_if_match(one)) else {
            return;
        };
        let (name, schema) = (version.name.clone(), version.value.schema().cloned());
        let Some(mut made) = self.values(update, state, BodyFrom::Full) else {
            return;
        };
        if !self.is_shown(read, state).await {
            return;
        }
        let last = state.records.last();
        let tag = last.and_then(|record| record.exchange.response.header("etag"));
        let Some(tag) = tag.map(str::to_owned) else {
            return;
        };
        let old = ["\"oasgate-5c1e6b1e\"", "\"918273\"", "\"5c1e6b1e0f1a\""].map(Value::from);
        let old = old.into_iter().find(|old| {
            old != tag.as_str() && schema.as_ref().is_none_or(|schema| schema.is_valid(old))
        });
        let Some(old) = old else { return };
        made.parts.set(Location::Header, &name, old);
        let why = "a change of another version";
        let status = self
            .send_for(update, made, why, Purpose::Probe, state)
            .await;
        self.read_after_refusal(status, read, state).await;
    }

    async fn read_after_refusal(
        &mut self,
        status: Option<StatusCode>,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        if status.is_some_and(|status| status.is_client_error()) {
            self.read(read, "the resource is read after a refused change", state)
                .await;
        }
    }

    /// A change with one value of a wrong type, which is to be refused as a whole.
    async fn change_in_vain(
        &mut self,
        update: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        let Some(mut made) = self.values(update, state, BodyFrom::Full) else {
            return;
        };
        // One property alone has nothing beside it that could be taken over.
        let Some(breach) = self.break_one(update, &mut made, 2) else {
            return;
        };
        if !self.is_shown(read, state).await {
            return;
        }
        let why = "a change that is to be refused";
        let purpose = Purpose::Break(breach);
        let status = self.send_for(update, made, why, purpose, state).await;
        self.read_after_refusal(status, read, state).await;
    }

    /// Gives the last property that can be broken alone, of so many at least, a value of a wrong type.
    pub(super) fn break_one(
        &self,
        update: OperationIndex,
        made: &mut RequestValues,
        least: usize,
    ) -> Option<Breach> {
        let (range, body) = made.parts.body.as_mut()?;
        let schema = self.json_schema(update, range)?;
        let members = body.as_object().filter(|members| members.len() >= least)?;
        let names: Vec<String> = members.keys().rev().take(MAX_PROPERTIES).cloned().collect();
        for name in names {
            for value in wrong_values() {
                let mut broken = body.clone();
                broken[name.as_str()] = value;
                let violations = schema.violations(&broken);
                if let [only] = violations.as_slice()
                    && only.keyword == "type"
                {
                    let rule = format!("type {}", only.expected);
                    *body = broken;
                    return Some(Breach {
                        part: Part::Body,
                        pointer: Pointer::root().join(&name),
                        keyword: "type".to_owned(),
                        rule,
                    });
                }
            }
        }
        None
    }

    pub(super) fn json_schema(&self, index: OperationIndex, range: &str) -> Option<Schema> {
        let body = self.context.operation(index).request_body.as_ref()?;
        let one = body.content.entry(range)?;
        one.schema.clone().filter(|_| range.contains("json"))
    }

    /// The same PUT twice, and what is read before and after each.
    pub(super) async fn put_twice(
        &mut self,
        put: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        if !self.is_shown(read, state).await {
            return;
        }
        let Some(mut made) = self.another(put, state) else {
            return;
        };
        for why in ["the created resource is replaced", "the same request again"] {
            let status = self
                .send_for(put, made.clone(), why, Purpose::Obey, state)
                .await;
            if !status.is_some_and(|status| status.is_success()) {
                return;
            }
            self.read(read, "the replaced resource is read", state)
                .await;
            self.name_version(put, &mut made, state);
        }
    }

    /// A change of all that may be changed, and what is read before and after.
    pub(super) async fn change_and_read(
        &mut self,
        update: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        if !self.is_shown(read, state).await {
            return;
        }
        let Some(made) = self.another(update, state) else {
            return;
        };
        let why = "the created resource is changed";
        let status = self.send_for(update, made, why, Purpose::Obey, state).await;
        if status.is_some_and(|status| status.is_success()) {
            self.read(read, "the changed resource is read", state).await;
        }
    }

    /// Values of a change in which most is another than the last read shows.
    fn another(&mut self, update: OperationIndex, state: &SequenceState) -> Option<RequestValues> {
        let shown = shown(state.records.last());
        let others = |made: &RequestValues| {
            let body = made.parts.body.as_ref();
            let members = body.and_then(|(_, body)| body.as_object());
            let members = members.into_iter().flatten();
            members
                .filter(|(name, value)| !value.is_null() && shown.get(*name) != Some(value))
                .count()
        };
        let drawn = (0..MAX_DRAWS).filter_map(|_| self.values(update, state, BodyFrom::Full));
        // The first of those that are as good.
        let mut best: Option<RequestValues> = None;
        for made in drawn {
            if best
                .as_ref()
                .is_none_or(|best| others(&made) > others(best))
            {
                best = Some(made);
            }
        }
        best
    }

    /// Puts in the version that was read last, where a change names one.
    fn name_version(
        &self,
        update: OperationIndex,
        made: &mut RequestValues,
        state: &SequenceState,
    ) {
        let operation = self.context.operation(update);
        let version = operation.parameters.iter().find(|one| is_if_match(one));
        let last = state.records.last();
        let tag = last.and_then(|record| record.exchange.response.header("etag"));
        if let (Some(version), Some(tag)) = (version, tag) {
            made.parts
                .set(Location::Header, &version.name, Value::from(tag));
        }
    }

    /// A PUT for a name that nothing has: what answers 404 has created nothing.
    async fn put_nothing(
        &mut self,
        put: OperationIndex,
        read: OperationIndex,
        thing: &ResourceInstance,
        state: &SequenceState,
    ) {
        let graph = self.context.graph;
        let shape = &graph.resource(thing.resource).shape;
        let mut nothing = SequenceState {
            things: state.things.clone(),
            records: Vec::new(),
        };
        let names = [put, read].map(|index| shape.key(self.context.operation(index)));
        let [Some(name), Some(shown)] = names else {
            return;
        };
        let (name, shown) = (name.to_owned(), shown.to_owned());
        let operation = self.context.operation(put);
        let parameter = operation
            .parameters_in(Location::Path)
            .find(|one| one.name == name);
        let Some(schema) = parameter.and_then(|one| one.value.schema()) else {
            return;
        };
        // What the first look created is there at the second.
        let drawn = self.memory.draws.get(&put).copied().unwrap_or_default();
        let place = [operation.id.as_str(), "nothing", &drawn.to_string()];
        let mut generator = Generator::new(self.context.settings.seed, &place);
        let Some(value) = drawn_name(schema, &mut generator, self.run.strategies) else {
            return;
        };
        let Some(mut made) = self.values(read, &nothing, BodyFrom::Example) else {
            return;
        };
        made.parts.set(Location::Path, &shown, value.clone());
        made.made_up.push(shown);
        let looked = made.clone();
        let why = "a resource that does not exist is read";
        let status = self
            .send_for(read, made, why, Purpose::Obey, &mut nothing)
            .await;
        let Some(mut made) = self.values(put, &nothing, BodyFrom::Draw) else {
            return;
        };
        if status != Some(StatusCode::NOT_FOUND) {
            return;
        }
        made.parts.set(Location::Path, &name, value);
        made.made_up.push(name);
        let why = "a resource that does not exist is replaced";
        let status = self
            .send_for(put, made, why, Purpose::Obey, &mut nothing)
            .await;
        if status.is_some_and(|status| status.is_client_error()) {
            let why = "the resource is read after a refused creation";
            self.send_for(read, looked, why, Purpose::Obey, &mut nothing)
                .await;
        }
    }

    /// A change that names `readOnly` properties beside what may be changed.
    async fn send_read_only(
        &mut self,
        update: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
        let Some(mut made) = self.values(update, state, BodyFrom::Draw) else {
            return;
        };
        if !self.is_shown(read, state).await {
            return;
        }
        let shown = shown(state.records.last());
        if !self.name_read_only(update, &mut made, &shown) {
            return;
        }
        let why = "a change names readOnly properties";
        let status = self
            .send_for(update, made, why, Purpose::Probe, state)
            .await;
        if status.is_some_and(|status| status.is_success()) {
            self.read(read, "the changed resource is read", state).await;
        }
    }

    /// Adds values for the `readOnly` properties of a body that tell where they come from; whether there
    /// are any.
    pub(super) fn name_read_only(
        &self,
        index: OperationIndex,
        made: &mut RequestValues,
        shown: &Map<String, Value>,
    ) -> bool {
        let Some((range, Value::Object(members))) = &mut made.parts.body else {
            return false;
        };
        let Some(schema) = self.json_schema(index, range) else {
            return false;
        };
        let mut is_any = false;
        for name in schema.property_names().into_iter().take(MAX_PROPERTIES) {
            let Some(property) = schema.property(&name).filter(Schema::is_read_only) else {
                continue;
            };
            let was = shown.get(&name);
            let listed = property
                .target()
                .raw()
                .get("enum")
                .and_then(Value::as_array)
                .cloned();
            let opposite = was.and_then(Value::as_bool).map(|was| Value::Bool(!was));
            let candidates = opposite
                .into_iter()
                .chain(telling_values())
                .chain(listed.unwrap_or_default());
            let value = candidates
                .into_iter()
                .find(|value| property.is_valid(value) && Some(value) != was);
            if let Some(value) = value {
                members.insert(name, value);
                is_any = true;
            }
        }
        is_any
    }
}

/// The members of what a response shows, out of an envelope where there is one.
pub(super) fn shown(record: Option<&ExchangeRecord>) -> Map<String, Value> {
    let bytes = record.map(|record| record.exchange.response.body.bytes());
    let value = bytes.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    match value {
        Some(Value::Object(members)) => match members.values().next() {
            Some(Value::Object(inner)) if members.len() == 1 => inner.clone(),
            _ => members,
        },
        _ => Map::new(),
    }
}
