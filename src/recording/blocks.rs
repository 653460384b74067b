//! A stream read in large blocks, from which entries are cut without copying them.
//!
//! Entries are [`Bytes`] that share the block they came in, so that handing one to another thread costs a
//! count, and a block is freed when the last of its entries is.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};

use super::Input;

/// How much is read at a time at most, in bytes. A pipe may give less.
pub(super) const BLOCK: usize = 256 << 10;

/// The most bytes that stand in memory for one entry.
pub(super) const ENTRY_LIMIT: usize = 64 << 20;

/// Why no more bytes come.
#[derive(Debug)]
pub(super) enum Stop {
    /// The stream is at its end.
    End,
    /// Reading failed.
    Broken(io::Error),
    /// What is being looked at has grown beyond [`ENTRY_LIMIT`].
    TooLong,
}

/// A window on a stream: what was read and not yet given away, and a position in it.
pub(super) struct Blocks {
    input: Input,
    window: BytesMut,
    at: usize,
    /// Line breaks before the window.
    lines: u64,
    /// Bytes between the last line break before the window and the window.
    column: usize,
}

impl Blocks {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            window: BytesMut::new(),
            at: 0,
            lines: 0,
            column: 0,
        }
    }

    /// The bytes from the position on that were read already.
    pub(super) fn rest(&self) -> &[u8] {
        self.window.get(self.at..).unwrap_or_default()
    }

    /// Moves the position on. It may point behind what was read; [`Blocks::more`] catches up.
    pub(super) fn advance(&mut self, count: usize) {
        self.at += count;
    }

    /// Moves the position to the end of what was read.
    pub(super) fn go_to_end(&mut self) {
        self.at = self.at.max(self.window.len());
    }

    /// The bytes of the window up to the position.
    pub(super) fn passed(&self) -> &[u8] {
        &self.window[..self.at.min(self.window.len())]
    }

    /// Reads more, until there is a byte at the position.
    pub(super) fn more(&mut self) -> Result<(), Stop> {
        loop {
            if self.window.len() > ENTRY_LIMIT {
                return Err(Stop::TooLong);
            }
            let chunk = loop {
                match self.input.fill_buf() {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    chunk => break chunk.map_err(Stop::Broken)?,
                }
            };
            if chunk.is_empty() {
                return Err(Stop::End);
            }
            let length = chunk.len();
            if self.window.capacity() - self.window.len() < length {
                // What is left of the old block moves into a new one, with room for what comes.
                self.window
                    .reserve(length.max(BLOCK).max(self.window.len()));
            }
            self.window.extend_from_slice(chunk);
            self.input.consume(length);
            if self.at < self.window.len() {
                return Ok(());
            }
        }
    }

    /// The byte at the position.
    pub(super) fn peek(&mut self) -> Result<u8, Stop> {
        if self.at >= self.window.len() {
            self.more()?;
        }
        Ok(self.window[self.at])
    }

    /// Cuts off what was passed. The position is the beginning of the window afterwards.
    pub(super) fn cut(&mut self) -> Bytes {
        let end = self.at.min(self.window.len());
        self.count_lines(end);
        self.at -= end;
        self.window.split_to(end).freeze()
    }

    /// Forgets what was passed.
    pub(super) fn forget(&mut self) {
        let end = self.at.min(self.window.len());
        self.count_lines(end);
        self.at -= end;
        self.window.advance(end);
    }

    fn count_lines(&mut self, end: usize) {
        let passed = &self.window[..end];
        match memchr::memrchr(b'\n', passed) {
            None => self.column += end,
            Some(last) => {
                self.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
                self.column = end - last - 1;
            }
        }
    }

    /// The line and the column of the position, both from 1.
    pub(super) fn place(&self) -> (u64, usize) {
        let passed = self.passed();
        let lines = memchr::memchr_iter(b'\n', passed).count() as u64;
        let column = match memchr::memrchr(b'\n', passed) {
            None => self.column + passed.len(),
            Some(last) => passed.len() - last - 1,
        };
        (self.lines + lines + 1, column + 1)
    }
}
