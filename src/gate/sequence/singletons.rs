//! Resources that are always there and have one name, as `/me/settings`: what is put is read again, and in
//! the end they are restored to what they were before the run.

use http::{Method, StatusCode};
use serde_json::Value;

use super::{Sequencer, execute::SequenceState, walk::World as _};
use crate::{
    contract::OperationIndex,
    gate::knowledge::settings::{json_body, restorable},
    transport::Transport,
};

/// The most of them that are tried.
const MAX_SINGLETONS: usize = 20;

/// A read, and a change of what it shows.
#[derive(Clone, Copy, Debug)]
struct Singleton {
    read: OperationIndex,
    update: OperationIndex,
}

impl<T: Transport> Sequencer<'_, '_, T> {
    /// Tries each, and once more where a check suspects something.
    pub(super) async fn probe_each_singleton(&mut self) {
        for singleton in self.singletons() {
            if self.is_over() {
                return;
            }
            let known = self.memory.suspected.len();
            self.probe_singleton(singleton).await;
            if self.memory.suspected.len() > known {
                self.probe_singleton(singleton).await;
            }
        }
    }

    fn singletons(&self) -> Vec<Singleton> {
        let operations = self.context.contract.indexed_operations();
        let allowed = operations.filter(|(index, _)| self.is_allowed(*index));
        allowed
            .filter_map(|(update, operation)| {
                let read = self.context.setting_of(operation)?;
                self.is_allowed(read).then_some(Singleton { read, update })
            })
            .take(MAX_SINGLETONS)
            .collect()
    }

    async fn probe_singleton(&mut self, Singleton { read, update }: Singleton) {
        let mut state = SequenceState::default();
        if self.read(read, "a resource is read", &mut state).await != Some(StatusCode::OK) {
            return;
        }
        let body = state
            .records
            .last()
            .map(|record| &record.exchange.response.body);
        let before = body.and_then(|body| serde_json::from_slice::<Value>(body.bytes()).ok());
        // What cannot be restored is left alone.
        let Some(before) = before.filter(Value::is_object) else {
            return;
        };
        let operation = self.context.operation(update);
        if json_body(operation).is_none_or(|(_, schema)| restorable(schema, &before).is_none()) {
            return;
        }
        if self.context.operation(update).method == Method::PUT {
            self.put_twice(update, read, &mut state).await;
        } else {
            self.change_and_read(update, read, &mut state).await;
        }
    }
}
