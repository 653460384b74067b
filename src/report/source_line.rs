//! The line of the document that a finding points at, as a file of one line.
//!
//! A document may be one line of two megabytes; what is shown is a window around the node.

use std::ops::Range;

use codespan_reporting::files::{Error, Files};
use oasgate_document::{Address, Document, Place, Source};

/// How much of a long line is shown on either side of the node, in bytes.
const AROUND: usize = 60;

/// One line, or a window of it.
pub(super) struct SourceLine {
    name: String,
    text: String,
    line: usize,
    column: usize,
    /// The node within the text.
    pub(super) span: Range<usize>,
    /// Whether the line is longer than what is shown, so that its number tells little.
    pub(super) is_window: bool,
}

impl SourceLine {
    /// The line where a node stands: that of its key, so that the reader sees its name.
    pub(super) fn of(document: &Document, at: &Address) -> Option<Self> {
        let place = document.locate_key(at).or_else(|| document.locate(at))?;
        Some(Self::window(&place, document.source_of(at)?))
    }

    fn window(place: &Place, source: &Source) -> Self {
        let text = source.text();
        let start = place.span.start.min(text.len());
        let line = source.line_around(start);
        let (line_start, line_end) = (line.start, line.end.max(start));
        let end = place
            .span
            .end
            .clamp(start, line_end)
            .min(start + AROUND * 2);
        let is_long = line_end - line_start > AROUND * 4;
        let (from, to) = if is_long {
            (
                start.saturating_sub(AROUND).max(line_start),
                (end + AROUND).min(line_end),
            )
        } else {
            (line_start, line_end)
        };
        let (from, to) = (text.floor_char_boundary(from), text.ceil_char_boundary(to));
        let end = text.floor_char_boundary(end.max(start));
        // Tabs and stray controls would move the mark away from what it points at.
        let clean: String = text[from..to]
            .chars()
            .map(|one| if one.is_control() { ' ' } else { one })
            .collect();
        Self {
            name: place.file.to_string(),
            text: clean.trim_end().to_owned() + "\n",
            line: place.line as usize,
            column: place.column as usize,
            span: start - from..(end - from).max(start - from),
            is_window: is_long,
        }
    }
}

impl<'a> Files<'a> for SourceLine {
    type FileId = ();
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, (): ()) -> Result<&'a str, Error> {
        Ok(&self.name)
    }

    fn source(&'a self, (): ()) -> Result<&'a str, Error> {
        Ok(&self.text)
    }

    fn line_index(&'a self, (): (), _: usize) -> Result<usize, Error> {
        Ok(0)
    }

    fn line_number(&'a self, (): (), _: usize) -> Result<usize, Error> {
        Ok(self.line)
    }

    fn column_number(&'a self, (): (), _: usize, _: usize) -> Result<usize, Error> {
        Ok(self.column)
    }

    fn line_range(&'a self, (): (), _: usize) -> Result<Range<usize>, Error> {
        Ok(0..self.text.len())
    }
}
