//! Merge patches of a resource that is there: of one property alone, and of one as `null` (RFC 7396).

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    Purpose, Sequencer,
    execute::SequenceState,
    probes::{MAX_DRAWS, MAX_PROPERTIES, shown},
    values::{BodyFrom, RequestValues},
};
use crate::{
    contract::{OperationIndex, Schema},
    transport::Transport,
};

/// How many properties are patched alone.
const MAX_ALONE: usize = 2;

type Members = Map<String, Value>;

impl<T: Transport> Sequencer<'_, '_, T> {
    /// Gives a resource all that may be patched, then patches a property alone and takes one away.
    pub(super) async fn merge_patch(
        &mut self,
        patch: OperationIndex,
        read: OperationIndex,
        state: &mut SequenceState,
    ) {
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
        let Some(made) = self.values(patch, state, BodyFrom::Full) else {
            return;
        };
        let drawn = self.drawn_members(patch, state);
        if !self.is_shown(read, state).await {
            return;
        }
        let mut there = shown(state.records.last());
        let is_there =
            |there: &Members, name: &str| there.get(name).is_some_and(|one| !one.is_null());
        let first: Members = drawn
            .iter()
            .filter_map(|(name, values)| Some((name.clone(), values.first()?.clone())))
            .collect();
        let is_whole = first.keys().all(|name| is_there(&there, name));
        if !is_whole && schema.is_valid(&json!(first)) {
            let why = "the created resource is given all that can be patched";
            if !self
                .patched((patch, read), (&made, &range), first, why, state)
                .await
            {
                return;
            }
            there = shown(state.records.last());
        }
        // What a patch of one property loses is another one.
        for one in changed_alone(&schema, &drawn, &there) {
            let why = "a property of the created resource is patched alone";
            if !self
                .patched((patch, read), (&made, &range), one, why, state)
                .await
            {
                return;
            }
        }
        there = shown(state.records.last());
        let mut names = drawn.iter().map(|(name, _)| name);
        let taken = names.find_map(|name| {
            let one = Members::from_iter([(name.clone(), Value::Null)]);
            (is_there(&there, name) && schema.is_valid(&json!(one))).then_some(one)
        });
        if let Some(taken) = taken {
            let why = "a property of the created resource is taken away";
            self.patched((patch, read), (&made, &range), taken, why, state)
                .await;
        }
    }

    /// The properties that may be patched, each with values for it that are not null.
    fn drawn_members(
        &mut self,
        patch: OperationIndex,
        state: &SequenceState,
    ) -> Vec<(String, Vec<Value>)> {
        let mut drawn: Vec<(String, Vec<Value>)> = Vec::new();
        for _ in 0..MAX_DRAWS {
            let values = self.values(patch, state, BodyFrom::Full);
            let body = values.and_then(|values| values.parts.body);
            let Some((_, Value::Object(members))) = body else {
                continue;
            };
            for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
                let at = drawn.iter().position(|(known, _)| *known == name);
                match at {
                    Some(at) if !drawn[at].1.contains(&value) => drawn[at].1.push(value),
                    None if drawn.len() < MAX_PROPERTIES => drawn.push((name, vec![value])),
                    _ => {}
                }
            }
        }
        drawn
    }

    /// Patches a resource and reads it; whether it was patched.
    async fn patched(
        &mut self,
        (patch, read): (OperationIndex, OperationIndex),
        (made, range): (&RequestValues, &str),
        changes: Members,
        why: &str,
        state: &mut SequenceState,
    ) -> bool {
        let mut made = made.clone();
        made.parts.body = Some((range.to_owned(), Value::Object(changes)));
        let status = self.send_for(patch, made, why, Purpose::Obey, state).await;
        let is_patched = status.is_some_and(|status| status.is_success());
        if is_patched {
            self.read(read, "the patched resource is read", state).await;
        }
        is_patched
    }
}

/// Patches of one property each, which give it another value.
fn changed_alone(schema: &Schema, drawn: &[(String, Vec<Value>)], there: &Members) -> Vec<Members> {
    let alone = drawn.iter().filter_map(|(name, values)| {
        let mut values = values.iter();
        let other = values.find(|value| there.get(name) != Some(value))?;
        let one = Members::from_iter([(name.clone(), other.clone())]);
        schema.is_valid(&json!(one)).then_some(one)
    });
    alone.take(MAX_ALONE).collect()
}
