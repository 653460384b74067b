//! What a service must keep of HTTP's own promises, tried on a resource that the run created: a refused
//! change, the same PUT twice, a merge patch, a `readOnly` value, a `Location` that is followed.
//!
//! The checks compare what is read before and after. Where one of them suspects a breach, everything is
//! tried on another resource, and only what comes twice is reported.

use http::{Method, StatusCode, header::LOCATION};
use oasgate_document::Pointer;
use serde_json::{Map, Value};

use super::{
    Purpose, Request, Sequencer,
    execute::SequenceState,
    values::{BodyFrom, RequestValues},
    walk::{self, World as _},
};
use crate::{
    check::{Breach, Part},
    contract::{Location, Schema},
    gate::knowledge::{history::ExchangeRecord, instance::ResourceInstance},
    transport::Transport,
};

/// How many properties are looked at for one that can be broken or sent.
const MAX_PROPERTIES: usize = 40;

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
    pub(super) async fn probe_until_confirmed(&mut self, resource: usize) {
        let known = self.memory.suspected.len();
        self.probe_one(resource).await;
        if self.memory.suspected.len() > known {
            self.probe_one(resource).await;
        }
    }

    async fn probe_one(&mut self, resource: usize) {
        let known = &self.context.graph.resources[resource];
        if self.is_over() || known.creators.is_empty() {
            return;
        }
        let mut state = SequenceState::default();
        let Some(fresh) = walk::make(self, resource, &mut state, 0).await else {
            return;
        };
        // What the service does not call new may have been there before.
        if !fresh.is_new {
            return;
        }
        let thing = fresh.instance;
        state.things.push(thing.clone());
        self.follow_location(&mut state).await;
        let Some(read) = known.read.filter(|read| self.is_allowed(*read)) else {
            return;
        };
        if !walk::is_named(self, read, &state) {
            return;
        }
        for update in known.updates.clone() {
            if !self.is_allowed(update) || !walk::is_named(self, update, &state) {
                continue;
            }
            self.change_in_vain(update, read, &mut state).await;
            if self.context.operation(update).method == Method::PUT {
                self.put_twice(update, read, &mut state).await;
                self.put_nothing(update, read, &thing, &state).await;
            }
            self.merge_patch(update, read, &mut state).await;
            self.send_read_only(update, read, &mut state).await;
        }
        self.create_with_read_only(resource, read, &mut state).await;
    }

    /// Follows the `Location` that the last response has, on the same origin.
    async fn follow_location(&mut self, state: &mut SequenceState) {
        let Some(record) = state.records.last().cloned() else {
            return;
        };
        let from = &record.exchange.request.url;
        let response = &record.exchange.response;
        let is_new = [StatusCode::CREATED, StatusCode::ACCEPTED].contains(&response.status);
        let location = response.headers.get(LOCATION).filter(|_| is_new);
        let target = location
            .and_then(|value| value.to_str().ok())
            .and_then(|text| from.join(text).ok())
            .filter(|target| target.origin() == from.origin());
        let Some(mut target) = target else { return };
        target.set_fragment(None);
        self.get(record.operation, target, state).await;
    }

    async fn read(
        &mut self,
        read: usize,
        why: &str,
        state: &mut SequenceState,
    ) -> Option<StatusCode> {
        let made = self.values(read, state, BodyFrom::Example)?;
        self.send_for(read, made, why, Purpose::Obey, state).await
    }

    async fn send_for(
        &mut self,
        operation: usize,
        made: RequestValues,
        why: &str,
        purpose: Purpose,
        state: &mut SequenceState,
    ) -> Option<StatusCode> {
        let request = Request {
            operation,
            made,
            asker: None,
            why,
        };
        self.send_as(request, purpose, &mut state.records).await
    }

    /// A change with one value of a wrong type, which is to be refused as a whole.
    async fn change_in_vain(&mut self, update: usize, read: usize, state: &mut SequenceState) {
        let Some(mut made) = self.values(update, state, BodyFrom::Draw) else {
            return;
        };
        let Some(breach) = self.break_one(update, &mut made) else {
            return;
        };
        if self.read(read, "an existing resource is read", state).await != Some(StatusCode::OK) {
            return;
        }
        let why = "a change that is to be refused";
        let purpose = Purpose::Break(breach);
        let status = self.send_for(update, made, why, purpose, state).await;
        if status.is_some_and(|status| status.is_client_error()) {
            self.read(read, "the resource is read after a refused change", state)
                .await;
        }
    }

    /// Gives the last property that can be broken alone a value of a wrong type.
    fn break_one(&self, update: usize, made: &mut RequestValues) -> Option<Breach> {
        let (range, body) = made.parts.body.as_mut()?;
        let schema = self.json_schema(update, range)?;
        let members = body.as_object().filter(|members| members.len() > 1)?;
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

    fn json_schema(&self, index: usize, range: &str) -> Option<Schema> {
        let body = self.context.operation(index).request_body.as_ref()?;
        let one = body.content.entry(range)?;
        one.schema.clone().filter(|_| range.contains("json"))
    }

    async fn put_twice(&mut self, put: usize, read: usize, state: &mut SequenceState) {
        let Some(made) = self.values(put, state, BodyFrom::Draw) else {
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
        }
    }

    /// A PUT for a name that nothing has: what answers 404 has created nothing.
    async fn put_nothing(
        &mut self,
        put: usize,
        read: usize,
        thing: &ResourceInstance,
        state: &SequenceState,
    ) {
        let graph = self.context.graph;
        let shape = &graph.resources[thing.resource].shape;
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
        let schema = parameter.and_then(|one| one.value.schema());
        let Some(value) = telling_values().into_iter().find(|value| {
            !value.is_boolean() && schema.is_none_or(|schema| schema.is_valid(value))
        }) else {
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

    /// A merge patch of one property, and of another as `null`.
    async fn merge_patch(&mut self, patch: usize, read: usize, state: &mut SequenceState) {
        let operation = self.context.operation(patch);
        let media_types = operation
            .request_body
            .iter()
            .flat_map(|body| &body.content.media_types);
        let merge = media_types
            .filter(|one| one.range.as_str().contains("merge-patch"))
            .find_map(|one| Some((one.range.as_str().to_owned(), one.schema.clone()?)));
        let Some((range, schema)) = merge.filter(|_| operation.method == Method::PATCH) else {
            return;
        };
        let Some(mut made) = self.values(patch, state, BodyFrom::Draw) else {
            return;
        };
        let Some((_, Value::Object(drawn))) = made.parts.body.take() else {
            return;
        };
        if self.read(read, "an existing resource is read", state).await != Some(StatusCode::OK) {
            return;
        }
        let shown = shown(state.records.last());
        // One property that is changed, and one that is there and taken away.
        let mut changes = Map::new();
        for (name, value) in drawn.iter().take(MAX_PROPERTIES) {
            let mut more = changes.clone();
            let is_there = shown.get(name).is_some_and(|value| !value.is_null());
            let value = if changes.is_empty() || !is_there {
                value
            } else {
                &Value::Null
            };
            more.insert(name.clone(), value.clone());
            if changes.len() < 2 && schema.is_valid(&Value::Object(more.clone())) {
                changes = more;
            }
        }
        if changes.is_empty() {
            return;
        }
        made.parts.body = Some((range, Value::Object(changes)));
        let why = "a part of the created resource is patched";
        let status = self.send_for(patch, made, why, Purpose::Obey, state).await;
        if status.is_some_and(|status| status.is_success()) {
            self.read(read, "the patched resource is read", state).await;
        }
    }

    /// A change that names `readOnly` properties beside what may be changed.
    async fn send_read_only(&mut self, update: usize, read: usize, state: &mut SequenceState) {
        let Some(mut made) = self.values(update, state, BodyFrom::Draw) else {
            return;
        };
        if self.read(read, "an existing resource is read", state).await != Some(StatusCode::OK) {
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

    /// Creates another one, naming `readOnly` properties.
    async fn create_with_read_only(
        &mut self,
        resource: usize,
        read: usize,
        state: &mut SequenceState,
    ) {
        let creators = &self.context.graph.resources[resource].creators;
        let Some(creator) = creators.iter().find(|one| !one.named_by_client) else {
            return;
        };
        let index = creator.operation;
        let Some(mut made) = self.values(index, state, BodyFrom::Draw) else {
            return;
        };
        if !self.is_allowed(index) || !self.name_read_only(index, &mut made, &Map::new()) {
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

    /// Adds values for the `readOnly` properties of a body that tell where they come from; whether there
    /// are any.
    fn name_read_only(
        &self,
        index: usize,
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
fn shown(record: Option<&ExchangeRecord>) -> Map<String, Value> {
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
