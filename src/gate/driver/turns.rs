//! Whose turn it is: what changes one collection is sent one after another, other requests meanwhile.
//!
//! Services that keep a collection in one file lose it where two requests write at the same time, and the run
//! would be what destroyed it.

use http::StatusCode;
use tokio::sync::{Mutex, MutexGuard};

use crate::{exchange::Exchange, run::Case};

/// What a service says that cannot take two changes at once, in its own words.
const LOCK_WORDS: &[&str] = &["is locked", "deadlock", "lock timeout", "lock wait", "busy"];

/// How much of a refusal is looked through for them, in bytes.
const MAX_READ: usize = 4_096;

/// The queues of changes that are sent together.
pub(crate) struct Turns {
    /// The queue of each case; `None` for those that only read.
    queue_of: Vec<Option<usize>>,
    queues: Vec<Mutex<()>>,
}

impl Turns {
    /// The turns of some cases. All changes wait for each other where the service `is_single`.
    pub(super) fn of<'c>(cases: impl Iterator<Item = &'c Case>, is_single: bool) -> Self {
        let mut collections: Vec<&str> = Vec::new();
        let queue_of = cases
            .map(|case| {
                let is_change = !case.request.method.is_safe();
                let collection = if is_single { "" } else { fixed_path(case) };
                is_change.then(|| {
                    let known = collections.iter().position(|one| *one == collection);
                    known.unwrap_or_else(|| {
                        collections.push(collection);
                        collections.len() - 1
                    })
                })
            })
            .collect();
        let queues = collections.iter().map(|_| Mutex::default()).collect();
        Self { queue_of, queues }
    }

    /// Waits until the case at a place may be sent; it is under way for as long as the answer is kept.
    pub(crate) async fn wait(&self, place: usize) -> Option<MutexGuard<'_, ()>> {
        let queue = self.queue_of.get(place).copied().flatten()?;
        Some(self.queues.get(queue)?.lock().await)
    }
}

/// The path of a case's operation up to its first parameter.
fn fixed_path(case: &Case) -> &str {
    let path = case.operation.path.as_str();
    let before = path.find('{').map_or(path, |at| &path[..at]);
    before.trim_end_matches('/')
}

/// Whether an answer to a change says that another was under way: a service that answers so wants one change at a
/// time.
pub(super) fn wants_one_at_a_time(exchange: &Exchange) -> bool {
    let response = &exchange.response;
    if exchange.request.method.is_safe() || response.header("retry-after").is_some() {
        return false;
    }
    if response.status == StatusCode::SERVICE_UNAVAILABLE || response.status == StatusCode::LOCKED {
        return true;
    }
    let bytes = response.body.bytes();
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_READ)]).to_lowercase();
    response.status.is_server_error() && LOCK_WORDS.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{
        exchange::{Origin, Response},
        gate::fixture::{case, contract},
        run::Phase,
    };

    #[tokio::test]
    async fn changes_of_one_collection_wait_and_reads_do_not() {
        let contract = contract();
        let create = case(&contract, "addPet", Phase::Random);
        let list = case(&contract, "listPets", Phase::Random);
        let turns = Turns::of([&create, &list, &create].into_iter(), false);
        let first = turns.wait(0).await;
        assert!(first.is_some());
        assert!(turns.wait(1).await.is_none());
        assert!(turns.wait(2).now_or_never().is_none());
        drop(first);
        assert!(turns.wait(2).now_or_never().is_some());
    }

    #[test]
    fn a_lock_is_told_by_the_status_or_by_the_words() {
        let contract = contract();
        let said = |id: &str, status: u16, text: &'static str| {
            let mut response = Response::new(StatusCode::from_u16(status).expect("a status"));
            response.body = crate::exchange::Body::Complete(text.into());
            wants_one_at_a_time(&Exchange {
                request: case(&contract, id, Phase::Random).request,
                response,
                origin: Origin::Live,
            })
        };
        assert!(said("addPet", 503, ""));
        assert!(said("addPet", 500, "database is locked"));
        assert!(!said("addPet", 500, "no such column"));
        assert!(!said("addPet", 409, "is locked"));
        assert!(!said("listPets", 503, ""));
    }
}
