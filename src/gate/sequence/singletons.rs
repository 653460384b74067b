//! Resources that are always there and have one name, as `/me/settings`: what is put is read again, and in
//! the end they are as they were.

use std::collections::HashMap;

use http::{Method, StatusCode};
use serde_json::Value;

use super::{Purpose, Sequencer, execute::SequenceState, values::BodyFrom, walk::World as _};
use crate::transport::Transport;

/// The most of them that are tried.
const MAX_SINGLETONS: usize = 20;

/// A read, and a change of what it shows, by their places in the contract.
#[derive(Clone, Copy, Debug)]
struct Singleton {
    read: usize,
    update: usize,
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
        let operations = self.context.contract.operations().iter().enumerate();
        let single = operations.filter(|(index, operation)| {
            operation.path.parameters().next().is_none() && self.is_allowed(*index)
        });
        let (reads, changes): (Vec<_>, Vec<_>) =
            single.partition(|(_, operation)| operation.method == Method::GET);
        let reads: HashMap<&str, usize> = reads
            .into_iter()
            .map(|(read, operation)| (operation.path.as_str(), read))
            .collect();
        changes
            .into_iter()
            .filter(|(_, operation)| [Method::PUT, Method::PATCH].contains(&operation.method))
            .filter_map(|(update, operation)| {
                let read = *reads.get(operation.path.as_str())?;
                Some(Singleton { read, update })
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
        // What cannot be given back is left alone.
        let Some(before) = before.filter(Value::is_object) else {
            return;
        };
        let Some(mut made) = self.values(update, &state, BodyFrom::Full) else {
            return;
        };
        let given_back = made.parts.body.as_ref().and_then(|(range, _)| {
            let schema = self.json_schema(update, range)?;
            let body = schema.without_read_only(&before);
            schema.is_valid(&body).then(|| (range.clone(), body))
        });
        let Some(given_back) = given_back else {
            return;
        };
        if self.context.operation(update).method == Method::PUT {
            self.put_twice(update, read, &mut state).await;
        } else {
            self.change_and_read(update, read, &mut state).await;
        }
        made.parts.body = Some(given_back);
        let why = "it is given back what was there before";
        self.send_for(update, made, why, Purpose::Probe, &mut state)
            .await;
    }
}
