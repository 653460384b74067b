//! Recordings in columns: Parquet files, and Arrow as a stream or a file.
//!
//! Which columns have what is decided from the schema, before the first row ([`layout`]); then batches of rows
//! come one by one, each bounded, and an entry is a row of a batch that it shares with others. With the feature
//! `columnar` alone.

mod attributes;
mod cell;
mod contents;
mod guarded;
mod layout;
mod named;
mod pages;
mod parquet_file;
mod place;
mod stream;
mod table_error;
#[cfg(test)]
mod tests;
mod thrift;

use std::{fmt, fs::File, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use self::layout::{Layout, Rows};
use super::{
    Attachments, Beginning, Columns, Entries, EntryError, Format, Input, Messages, OpenError, Raw,
    RawEntry, Reader, RecordingError, unlike,
};

pub(super) use parquet_file::is_parquet;

/// The first bytes of an Arrow file. What follows, up to its footer, is a stream.
pub(super) const ARROW_FILE: &[u8] = b"ARROW1\0\0";

/// The first bytes of an Arrow stream.
pub(super) const ARROW_STREAM: &[u8] = b"\xff\xff\xff\xff";

/// A row of a batch, and the recording that it says it is from.
#[derive(Clone)]
pub struct Row {
    rows: Arc<Rows>,
    index: usize,
    source: Option<Arc<str>>,
}

impl Row {
    /// The recording that the row says it is from.
    pub(super) fn source(&self) -> Option<&Arc<str>> {
        self.source.as_ref()
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// What rows are read by.
struct Columnar(&'static str);

static PARQUET: Columnar = Columnar("Parquet");
static ARROW: Columnar = Columnar("Arrow");

impl Format for Columnar {
    fn name(&self) -> &'static str {
        self.0
    }

    fn sniff(&self, _: &Beginning<'_>) -> bool {
        false
    }

    fn entries(&self, _: Input, _: Arc<str>) -> Entries {
        Box::new(std::iter::empty())
    }

    fn messages(&self, entry: &Raw, _: &Attachments) -> Result<Messages, EntryError> {
        match entry {
            Raw::Row(row) => row.rows.messages(row.index),
            Raw::Bytes(_) | Raw::Tree(_) | Raw::Example(_) => Err(unlike("not a row")),
        }
    }
}

/// What comes next of a table.
enum Next {
    /// Rows; the number of the first, from 1.
    Rows(u64, RecordBatch),
    /// Some could not be read: the number of the first, and why.
    Lost(u64, String),
}

fn unfit(name: &str, why: &dyn fmt::Display) -> OpenError {
    OpenError::Table {
        file: name.to_owned(),
        message: why.to_string(),
    }
}

/// Opens a Parquet file.
pub(super) fn parquet(name: &str, file: File, columns: &Columns) -> Result<Reader, OpenError> {
    let table = parquet_file::Table::open(file).map_err(|error| unfit(name, &error))?;
    let layout = Layout::of(table.schema(), columns).map_err(|error| unfit(name, &error))?;
    let batches = table.batches(layout.roots().as_ref());
    let batches = batches.map_err(|error| unfit(name, &error))?;
    Ok(reader(&PARQUET, name, layout, batches))
}

/// Opens an Arrow stream, or an Arrow file read from its beginning to its end.
pub(super) fn arrow(name: &str, input: Input, columns: &Columns) -> Result<Reader, OpenError> {
    let stream = stream::Stream::open(input).map_err(|stop| unfit(name, &stop))?;
    let schema: SchemaRef = stream.schema();
    let layout = Layout::of(&schema, columns).map_err(|error| unfit(name, &error))?;
    Ok(reader(&ARROW, name, layout, stream))
}

/// A Parquet file that comes as a stream cannot be read: its table of contents stands at its end.
pub(super) fn parquet_as_stream(name: &str) -> OpenError {
    OpenError::Unreadable {
        file: name.to_owned(),
        what: "a Parquet file that comes as a stream or compressed",
        advice: "its table of contents stands at its end: name the file itself",
    }
}

fn reader(
    format: &'static Columnar,
    name: &str,
    layout: Layout,
    batches: impl Iterator<Item = Next> + Send + 'static,
) -> Reader {
    let file: Arc<str> = name.into();
    let rows = Table {
        file: Arc::clone(&file),
        layout: Arc::new(layout),
        batches,
        at: None,
        source: None,
    };
    Reader {
        entries: Box::new(rows),
        attachments: Arc::new(Attachments::Nowhere),
        file,
        format,
        has_rows: true,
    }
}

/// The rows of a table one by one.
struct Table<B> {
    file: Arc<str>,
    layout: Arc<Layout>,
    batches: B,
    /// The rows that are given out, the number of their first, and which is next.
    at: Option<(Arc<Rows>, u64, usize)>,
    /// The recording of the last row: mostly that of the next one too.
    source: Option<Arc<str>>,
}

impl<B> Table<B> {
    fn entry(&mut self, rows: &Arc<Rows>, number: u64, row: usize) -> <Entries as Iterator>::Item {
        let error = |file: &Arc<str>, entry: u64, error: &EntryError| RecordingError {
            file: Arc::clone(file),
            entry: Some(entry),
            line: None,
            message: error.to_string(),
        };
        let number = rows.entry(row).unwrap_or(Ok(number));
        let source = match rows.source(row) {
            None => None,
            Some(Ok(name)) => Some(match &self.source {
                Some(known) if **known == *name => Arc::clone(known),
                _ => name.into(),
            }),
            Some(Err(why)) => {
                let number = number.unwrap_or(1);
                return Err(error(&self.file, number, &why));
            }
        };
        self.source.clone_from(&source);
        match number {
            Ok(number) => Ok(RawEntry {
                number,
                line: None,
                raw: Raw::Row(Row {
                    rows: Arc::clone(rows),
                    index: row,
                    source,
                }),
            }),
            Err(why) => Err(error(source.as_ref().unwrap_or(&self.file), 1, &why)),
        }
    }
}

impl<B: Iterator<Item = Next>> Iterator for Table<B> {
    type Item = <Entries as Iterator>::Item;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((rows, first, next)) = self.at.take() {
                if next == rows.len() {
                    continue;
                }
                self.at = Some((Arc::clone(&rows), first, next + 1));
                if rows.is_exchange(next) {
                    let number = first.saturating_add(next as u64);
                    return Some(self.entry(&rows, number, next));
                }
                continue;
            }
            match self.batches.next()? {
                Next::Rows(first, batch) => {
                    self.at = Some((Arc::new(self.layout.rows(batch)), first, 0));
                }
                Next::Lost(first, message) => {
                    return Some(Err(RecordingError {
                        file: Arc::clone(&self.file),
                        entry: Some(first),
                        line: None,
                        message,
                    }));
                }
            }
        }
    }
}
