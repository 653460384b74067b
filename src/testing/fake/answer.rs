//! How a fake answers one request.

use std::time::Duration;

use super::{FAULTS, Fault};

/// How a fake answers: with a generated response of the operation's first declared success, unless
/// something else is said.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub(super) source: Source,
    pub(super) status: Option<u16>,
    pub(super) delay: Duration,
    pub(super) fault: Option<&'static Fault>,
}

/// Where the values of a response come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    #[default]
    Generated,
    Example,
    Edge,
    Recorded,
}

impl Answer {
    /// Random values, another each time.
    pub fn generated() -> Self {
        Self::default()
    }

    /// What the document shows as the response; generated where it shows none.
    pub fn example() -> Self {
        Self::of(Source::Example)
    }

    /// Values at the edges of the schema, one after the other: everything and nothing optional, the
    /// longest and the shortest, the largest and the least.
    pub fn edge() -> Self {
        Self::of(Source::Edge)
    }

    /// A recorded response to the same request, else to the same operation, else a generated one.
    pub fn recorded() -> Self {
        Self::of(Source::Recorded)
    }

    /// A response of this status; generated, as the contract declares it.
    pub fn status(status: u16) -> Self {
        Self::default().with_status(status)
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }

    /// The same, of this status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same, late.
    #[must_use]
    pub fn delay(mut self, time: Duration) -> Self {
        self.delay = time;
        self
    }

    /// The same, broken in one way; a name out of [`FAULTS`].
    ///
    /// # Panics
    ///
    /// When there is no such fault.
    #[must_use]
    #[track_caller]
    pub fn fault(mut self, name: &str) -> Self {
        let found = FAULTS.iter().find(|fault| fault.name == name);
        self.fault = Some(found.unwrap_or_else(|| {
            let known = || FAULTS.iter().map(|fault| fault.name);
            let hint = crate::did_you_mean::hint(name, known());
            let known: Vec<_> = known().collect();
            panic!(
                "no fault is called {name:?}{hint}; there are {}",
                known.join(", ")
            )
        }));
        self
    }
}
