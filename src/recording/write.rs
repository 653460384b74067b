//! Exchanges written down as NDJSON, credentials taken out.

use std::io::{self, Write};

use super::ndjson::RecordedExchange;
use crate::exchange::{Exchange, is_credential};

/// Writes exchanges, one on each line.
pub struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Writes to `out`, which ought to be buffered.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes one exchange. Headers that carry credentials are written as `REDACTED`.
    ///
    /// # Errors
    ///
    /// When `out` refuses.
    pub fn write(&mut self, exchange: &Exchange) -> io::Result<()> {
        let mask = |name: &str, value: &str| {
            if is_credential(name) {
                "REDACTED".to_owned()
            } else {
                value.to_owned()
            }
        };
        let line = RecordedExchange::of(&exchange.request, &exchange.response, &mask);
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }

    /// Hands everything on to where it is kept.
    ///
    /// # Errors
    ///
    /// When `out` refuses.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}
