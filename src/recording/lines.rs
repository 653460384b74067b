//! Files with one entry on each line: a line that is broken costs no other.

use std::{io, sync::Arc};

use super::{
    Entries, Input, Raw, RawEntry, RecordingError,
    blocks::{Blocks, ENTRY_LIMIT, Stop},
};

/// Reads the lines that are not empty.
pub(super) fn entries(input: Input, file: Arc<str>) -> Entries {
    Box::new(Lines {
        blocks: Blocks::new(input),
        file,
        line: 0,
        number: 0,
        done: false,
    })
}

struct Lines {
    blocks: Blocks,
    file: Arc<str>,
    line: u64,
    number: u64,
    done: bool,
}

/// What a line ends with.
enum End {
    LineBreak,
    /// The end of the file.
    File,
    Broken(io::Error),
    TooLong,
}

impl Lines {
    fn error(&mut self, message: String) -> RecordingError {
        self.done = true;
        RecordingError {
            file: Arc::clone(&self.file),
            entry: None,
            line: Some(self.line),
            message,
        }
    }

    /// Moves behind the end of a line.
    fn find_line_end(&mut self) -> End {
        loop {
            if let Some(found) = memchr::memchr(b'\n', self.blocks.rest()) {
                self.blocks.advance(found + 1);
                return End::LineBreak;
            }
            self.blocks.go_to_end();
            match self.blocks.more() {
                Ok(()) => {}
                Err(Stop::End) => return End::File,
                Err(Stop::Broken(error)) => return End::Broken(error),
                Err(Stop::TooLong) => return End::TooLong,
            }
        }
    }
}

impl Iterator for Lines {
    type Item = Result<RawEntry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            self.line += 1;
            let end = self.find_line_end();
            match end {
                End::Broken(reason) => {
                    let read = self.number;
                    let message =
                        format!("the recording is cut off after {read} entries: {reason}");
                    return Some(Err(self.error(message)));
                }
                End::TooLong => {
                    let message = format!(
                        "the line is longer than {ENTRY_LIMIT} bytes; the rest is not read"
                    );
                    return Some(Err(self.error(message)));
                }
                End::File => self.done = true,
                End::LineBreak => {}
            }
            let line = self.blocks.cut();
            if line.trim_ascii().is_empty() {
                continue;
            }
            self.number += 1;
            if self.done && !is_whole(&line) {
                let message = "the recording is cut off in this line".to_owned();
                return Some(Err(self.error(message)));
            }
            return Some(Ok(RawEntry {
                number: self.number,
                line: Some(self.line),
                raw: Raw::Bytes(line),
            }));
        }
        None
    }
}

/// Whether a last line without a line break is JSON, and so was not cut off.
fn is_whole(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}
