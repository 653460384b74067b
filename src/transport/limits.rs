//! How long and how much a transport reads before it stops.

use std::time::Duration;

use tokio::time::Instant;

use crate::exchange::MAX_GAP;

/// The bounds on one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time to make a connection.
    pub connect: Duration,
    /// The time from sending to the first byte of the response.
    pub first_byte: Duration,
    /// The time from sending to the end of the response.
    pub whole: Duration,
    /// The most bytes of a response's header fields.
    pub headers: u64,
    /// The most bytes of content, on the wire and after codings are undone.
    pub body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            whole: Duration::from_secs(60),
            headers: 64 << 10,
            body: 64 << 20,
        }
    }
}

impl Limits {
    /// The default bounds with another time for the whole exchange.
    #[must_use]
    pub fn within(whole: Duration) -> Self {
        let default = Self::default();
        Self {
            connect: default.connect.min(whole),
            first_byte: whole,
            whole,
            ..default
        }
    }
}

/// Until when the next part of a response is waited for, whose end may take until `deadline`.
pub(super) fn next_part(deadline: Instant, is_stream: bool) -> Instant {
    if is_stream {
        deadline.min(Instant::now() + MAX_GAP)
    } else {
        deadline
    }
}
