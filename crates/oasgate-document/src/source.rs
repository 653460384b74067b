//! The text of one file, with its lines.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use crate::{DocumentError, Place, address::InFile, lines::Lines};

/// One file as it was read.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    text: String,
    lines: OnceLock<Lines>,
}

impl Source {
    /// Decodes the bytes; a byte-order mark is dropped.
    pub(crate) fn new(name: &str, bytes: Vec<u8>) -> Result<Self, DocumentError> {
        let name: Arc<str> = name.into();
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let bytes = error.as_bytes();
            let before = &bytes[..error.utf8_error().valid_up_to()];
            let hint = match bytes {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "; it looks like UTF-16, save it as UTF-8",
                [0x1f, 0x8b, ..] => "; it looks like gzip, unpack it first",
                _ => "; save it as UTF-8",
            };
            let line = before.iter().filter(|byte| **byte == b'\n').count();
            let column = before
                .iter()
                .rev()
                .take_while(|byte| **byte != b'\n')
                .count();
            DocumentError::NotUtf8 {
                place: in_file(&name, line, column),
                hint,
            }
        })?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        if text.trim().is_empty() {
            return Err(DocumentError::Empty(name.to_string()));
        }
        Ok(Self {
            name,
            text,
            lines: OnceLock::new(),
        })
    }

    /// The name as the user gave it, or as a `$ref` reached it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The text without a byte-order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the line of a byte begins and ends, without its line feed.
    pub fn line_around(&self, at: usize) -> Range<usize> {
        let (start, end) = self.lines().bounds(&self.text, at.min(self.text.len()));
        start..end
    }

    /// The place of a range of bytes, cut off at the end of its first line.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let start = self.floor(range.start);
        let (line, column) = self.lines().position(&self.text, start);
        let (_, line_end) = self.lines().bounds(&self.text, start);
        let end = self.floor(range.end).clamp(start, line_end);
        let end = self.text[start..end]
            .find('\r')
            .map_or(end, |length| start + length);
        Place {
            file: Arc::clone(&self.name),
            line: number(line),
            column: number(column),
            span: start..end,
        }
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }

    pub(crate) fn in_file(&self, line: usize, column: usize) -> InFile {
        in_file(&self.name, line, column)
    }

    fn floor(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at.min(self.text.len()))
    }
}

/// A position from counts that begin at 0.
fn in_file(name: &Arc<str>, line: usize, column: usize) -> InFile {
    InFile {
        file: Arc::clone(name),
        line: number(line),
        column: number(column),
    }
}

/// The number that a person gives to what stands at this index.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX - 1) + 1
}
