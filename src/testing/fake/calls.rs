//! What a fake was asked, and whether that is what was expected.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
};

use super::{Answer, FakeService};
use crate::exchange::Request;

/// One request that the fake was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The operation's id; `None` when the request belongs to none.
    pub operation: Option<String>,
    /// The request.
    pub request: Request,
    /// The status that was answered.
    pub status: u16,
    /// How the request breaks the contract, or why the fake could not answer as it was told to.
    pub trouble: Option<String>,
}

/// What changes while the fake is asked.
#[derive(Debug, Default)]
pub(super) struct State {
    calls: Vec<Call>,
    /// How often each operation was called.
    counts: HashMap<String, usize>,
    pub(super) next: HashMap<String, VecDeque<Answer>>,
}

impl State {
    /// How often an operation was called.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.counts.get(operation).copied().unwrap_or_default()
    }

    /// Remembers a request.
    pub(super) fn add(&mut self, call: Call) {
        if let Some(operation) = &call.operation {
            match self.counts.get_mut(operation) {
                Some(count) => *count += 1,
                None => drop(self.counts.insert(operation.clone(), 1)),
            }
        }
        self.calls.push(call);
    }
}

impl FakeService {
    /// Every request so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The requests of one operation.
    ///
    /// # Panics
    ///
    /// When the contract has no such operation.
    #[track_caller]
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        let id = self.known(operation);
        let mut calls = self.calls();
        calls.retain(|call| call.operation.as_ref() == Some(&id));
        calls
    }

    /// Fails the test unless every request kept the contract and each operation was called as often as
    /// it was expected.
    ///
    /// # Panics
    ///
    /// When that is not so, with each breach beside its line of the document.
    #[track_caller]
    pub fn assert(&self) {
        let mut report = String::new();
        let state = self.state();
        for call in &state.calls {
            if let Some(trouble) = &call.trouble {
                let _ = writeln!(report, "{trouble}\n");
            }
        }
        for expected in &self.setup.expected {
            let count = state.count(&expected.operation);
            if count < expected.least || expected.most.is_some_and(|most| count > most) {
                let wanted = match (expected.least, expected.most) {
                    (least, Some(most)) if least == most => format!("{least}"),
                    (least, Some(most)) => format!("{least} to {most}"),
                    (least, None) => format!("at least {least}"),
                };
                let _ = writeln!(
                    report,
                    "{} was called {count} {}; {wanted} expected\n",
                    expected.operation,
                    if count == 1 { "time" } else { "times" },
                );
            }
        }
        drop(state);
        assert!(
            report.is_empty(),
            "the client does not keep the contract\n\n{report}"
        );
    }
}
