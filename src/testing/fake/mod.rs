//! A service that answers as the contract says, to test a client against: in this process, or at a port
//! (feature `fake-server`).
//!
//! [`FakeService`] is a `tower::Service`. It generates its responses (or takes those that the document
//! shows, or recorded ones), holds every request of the client against the contract, and can be told
//! to answer a declared error, an edge, late, or with a [fault](FAULTS) on purpose. At the end
//! [`FakeService::assert`] says whether the client kept the contract and called what was expected.

mod answer;
mod body;
mod calls;
mod fault;
mod respond;
mod service;

#[cfg(feature = "fake-server")]
mod server;

use std::{
    collections::HashMap,
    ops::{Bound, RangeBounds},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use answer::Answer;
pub use body::{FakeBody, FakeError};
pub use calls::Call;
pub use fault::{FAULTS, Fault};

#[cfg(feature = "fake-server")]
pub use server::FakeServer;

use crate::{
    contract::{Contract, UnknownOperation},
    exchange::Response,
    recording::{self, RecordingPath},
};
use calls::State;

/// A service that answers as the contract says. A clone is the same service: it shares the calls.
#[derive(Clone, Debug)]
pub struct FakeService {
    contract: Arc<Contract>,
    setup: Arc<Setup>,
    state: Arc<Mutex<State>>,
}

/// What the fake was told before it was asked anything.
#[derive(Clone, Debug, Default)]
struct Setup {
    seed: u64,
    base_path: Option<String>,
    usual: Answer,
    by_operation: HashMap<String, Answer>,
    recorded: HashMap<String, Vec<Recorded>>,
    expected: Vec<Expected>,
    answers_breaches: bool,
}

/// A recorded response, with the request target that it answered.
#[derive(Clone, Debug)]
struct Recorded {
    target: String,
    response: Response,
}

/// How often an operation is to be called.
#[derive(Clone, Debug)]
struct Expected {
    operation: String,
    least: usize,
    most: Option<usize>,
}

/// Recordings that a fake cannot answer from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableRecording {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] recording::OpenError),
    /// One of its entries cannot be read.
    #[error(transparent)]
    Entry(#[from] recording::RecordingError),
}

impl FakeService {
    /// A fake of everything that a contract promises.
    pub fn new(contract: impl Into<Arc<Contract>>) -> Self {
        Self {
            contract: contract.into(),
            setup: Arc::default(),
            state: Arc::default(),
        }
    }

    /// The contract.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The seed of what is generated; 0 unless said.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup().seed = seed;
        self
    }

    /// The path that requests have before the document's paths; those of all servers unless said.
    #[must_use]
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.setup().base_path = Some(path.into());
        self
    }

    /// How every operation is answered unless something else is said of it.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.setup().usual = answer;
        self
    }

    /// How one operation is answered.
    ///
    /// # Panics
    ///
    /// When the contract has no such operation.
    #[must_use]
    #[track_caller]
    pub fn on(mut self, operation: &str, answer: Answer) -> Self {
        let id = self.known(operation);
        self.setup().by_operation.insert(id, answer);
        self
    }

    /// How the next call of an operation is answered, before what [`FakeService::on`] says; may be given
    /// again for the one after it, and while the fake is running.
    ///
    /// # Panics
    ///
    /// When the contract has no such operation.
    #[must_use]
    #[track_caller]
    pub fn once(self, operation: &str, answer: Answer) -> Self {
        let id = self.known(operation);
        self.state().next.entry(id).or_default().push_back(answer);
        self
    }

    /// Breaks every response in one way; a name out of [`FAULTS`], each named for the check that finds it.
    ///
    /// # Panics
    ///
    /// When there is no such fault.
    #[must_use]
    #[track_caller]
    pub fn fault(mut self, name: &str) -> Self {
        let usual = self.setup.usual.clone();
        self.setup().usual = usual.fault(name);
        self
    }

    /// Answers late.
    #[must_use]
    pub fn delay(mut self, time: Duration) -> Self {
        let usual = self.setup.usual.clone();
        self.setup().usual = usual.delay(time);
        self
    }

    /// Answers a request that breaks the contract as if it did not. The breach is told at the end all
    /// the same.
    #[must_use]
    pub fn answer_breaches(mut self) -> Self {
        self.setup().answers_breaches = true;
        self
    }

    /// Takes the responses of recordings (HAR, VCR cassettes, NDJSON; files and folders) for
    /// [`Answer::recorded`], and answers with them where there are any.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read.
    pub fn recordings(mut self, path: impl AsRef<Path>) -> Result<Self, UnusableRecording> {
        let files = recording::files(&[PathBuf::from(path.as_ref())])?;
        for file in &files {
            let entries = match recording::open(file.path()) {
                Ok(entries) => entries,
                // What stands in a folder beside recordings need not be one.
                Err(_) if matches!(file, RecordingPath::Found(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            for entry in entries {
                let exchange = entry?.exchange()?;
                let request = &exchange.request;
                let Ok(route) = self.contract.route(&request.method, &request.url) else {
                    continue;
                };
                let recorded = Recorded {
                    target: service::target_of(&request.url),
                    response: exchange.response,
                };
                let id = route.operation.id.to_string();
                self.setup().recorded.entry(id).or_default().push(recorded);
            }
        }
        self.setup().usual = Answer::recorded();
        Ok(self)
    }

    /// How often an operation is to be called: `1..`, `2..=2`, `0..1`. [`FakeService::assert`] looks.
    ///
    /// # Panics
    ///
    /// When the contract has no such operation.
    #[must_use]
    #[track_caller]
    pub fn expect(mut self, operation: &str, times: impl RangeBounds<usize>) -> Self {
        let operation = self.known(operation);
        let least = match times.start_bound() {
            Bound::Included(least) => *least,
            Bound::Excluded(least) => least + 1,
            Bound::Unbounded => 0,
        };
        let most = match times.end_bound() {
            Bound::Included(most) => Some(*most),
            Bound::Excluded(most) => Some(most.saturating_sub(1)),
            Bound::Unbounded => None,
        };
        self.setup().expected.push(Expected {
            operation,
            least,
            most,
        });
        self
    }

    fn setup(&mut self) -> &mut Setup {
        Arc::make_mut(&mut self.setup)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    fn known(&self, operation: &str) -> String {
        let found: Result<_, UnknownOperation> = self.contract.operation(operation);
        match found {
            Ok(operation) => operation.id.to_string(),
            Err(error) => panic!("{error}"),
        }
    }
}
