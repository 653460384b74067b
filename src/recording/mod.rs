//! Recordings: one file for each format, read as a stream and written.
//!
//! [`open`] looks at the beginning of a file, not at its name, and gives its [`Entry`]s one by one;
//! [`Entry::exchange`] makes an exchange out of one, on whatever thread has time for it. A broken
//! entry is an error with its place, and the next one is read all the same. Memory does not grow
//! with the recording. To add a format, write its file and its line in `READERS`.

mod attachments;
mod beginning;
mod blocks;
#[cfg(feature = "columnar")]
mod columnar;
mod columns;
mod entry_error;
mod envoy_tap;
mod error;
mod extent;
mod files;
mod gateway_log;
mod har;
mod har_value;
mod hoverfly;
mod hurl;
mod json_scan;
mod lines;
mod looks_like;
mod loose;
mod message;
mod mitmproxy;
mod ndjson;
mod nginx_log;
mod otlp;
mod pact;
mod postman;
mod postman_collection;
mod unescape;
mod vcr;
mod wiremock;
mod write;
mod yaml_stream;

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use serde_json::Value;

use crate::exchange::{Exchange, Kept, Origin, Request, Response};
use entry_error::{EntryError, JsonPart};

pub use attachments::Attachments;
pub use beginning::Beginning;
pub use columns::{Columns, MalformedColumns};
pub use error::{OpenError, RecordingError};
pub use files::{RecordingPath, files};
pub use write::Writer;

/// One way in which exchanges are written down.
pub(crate) trait Format: Sync {
    /// The name that people know it by.
    fn name(&self) -> &'static str;

    /// Whether a file that begins like this is of the format.
    fn sniff(&self, beginning: &Beginning<'_>) -> bool;

    /// The entries of a recording, not yet read further than needed to tell them apart.
    fn entries(&self, input: Input, file: Arc<str>) -> Entries;

    /// What an entry says.
    fn messages(&self, entry: &Raw, attachments: &Attachments) -> Result<Messages, EntryError>;
}

/// What an entry says.
#[derive(Debug)]
pub struct Messages {
    /// The request.
    pub request: Request,
    /// The response.
    pub response: Response,
    /// What the recorder kept of them.
    pub kept: Kept,
}

/// Every format, in the order in which they are tried: what is told by its own keys before what is told by
/// common ones.
pub(crate) const READERS: &[&dyn Format] = &[
    &har::Har,
    &mitmproxy::Mitmproxy,
    &envoy_tap::EnvoyTap,
    &otlp::Otlp,
    &postman::Newman,
    &postman::Postman,
    &hoverfly::Hoverfly,
    &hurl::Hurl,
    &pact::Pact,
    &vcr::VcrJson,
    &vcr::VcrYaml,
    &wiremock::WireMock,
    &wiremock::WireMockStub,
    &gateway_log::Kong,
    &gateway_log::Apisix,
    &ndjson::Ndjson,
    &nginx_log::NginxLog,
];

/// The names of all formats, as a sentence has them.
fn names() -> String {
    let mut names: Vec<_> = READERS.iter().map(|format| format.name()).collect();
    names.dedup();
    let last = names.pop().unwrap_or_default();
    format!("{} and {last}", names.join(", "))
}

/// Where a recording is read from.
pub type Input = Box<dyn BufRead + Send>;

/// The entries of a recording.
pub type Entries = Box<dyn Iterator<Item = Result<RawEntry, RecordingError>> + Send>;

/// An entry as its format has it.
#[derive(Clone, Debug)]
pub enum Raw {
    /// The bytes of the entry, mostly JSON. They share the block that they were read in.
    Bytes(Bytes),
    /// A value that was already built.
    Tree(Value),
    /// An example of a Postman collection, which is kept as its text.
    Example(postman_collection::Example),
    /// A row of a table.
    #[cfg(feature = "columnar")]
    Row(columnar::Row),
}

impl Raw {
    /// The text of an entry that is one.
    fn text(&self) -> Result<&str, EntryError> {
        match self {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|_| EntryError::NotUtf8),
            Self::Tree(_) | Self::Example(_) => Err(unlike("not text")),
            #[cfg(feature = "columnar")]
            Self::Row(_) => Err(unlike("not text")),
        }
    }

    /// About how many bytes it keeps in memory.
    fn size(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Tree(value) => size_of_value(value),
            Self::Example(example) => example.size(),
            #[cfg(feature = "columnar")]
            // Rows share what was read of their table.
            Self::Row(_) => 0,
        }
    }

    /// The recording that a row says it is from.
    fn source(&self) -> Option<&Arc<str>> {
        match self {
            Self::Bytes(_) | Self::Tree(_) | Self::Example(_) => None,
            #[cfg(feature = "columnar")]
            Self::Row(row) => row.source(),
        }
    }

    /// The JSON value that an entry is.
    fn value(&self) -> Result<Cow<'_, Value>, EntryError> {
        match self {
            Self::Tree(value) => Ok(Cow::Borrowed(value)),
            Self::Example(_) => Err(unlike("not JSON")),
            #[cfg(feature = "columnar")]
            Self::Row(_) => Err(unlike("not JSON")),
            Self::Bytes(_) => serde_json::from_str(self.text()?)
                .map(Cow::Owned)
                .map_err(EntryError::json(JsonPart::Entry)),
        }
    }
}

fn unlike(found: &'static str) -> EntryError {
    EntryError::Unlike {
        part: "entry",
        found,
    }
}

/// About how many bytes a value takes.
fn size_of_value(value: &Value) -> usize {
    let inside = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size_of_value).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| 64 + name.len() + size_of_value(member))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    size_of::<Value>() + inside
}

/// An entry and its place.
#[derive(Clone, Debug)]
pub struct RawEntry {
    /// Which entry, from 1.
    pub number: u64,
    /// The line it begins on, from 1, where the format has lines.
    pub line: Option<u64>,
    /// What it says.
    pub raw: Raw,
}

/// One recorded exchange, still in its format.
pub struct Entry {
    file: Arc<str>,
    attachments: Arc<Attachments>,
    format: &'static dyn Format,
    raw: RawEntry,
}

impl Entry {
    /// The recording: the file, or the one that a row of a table says it is from.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Which entry of its recording it is, from 1.
    pub fn number(&self) -> u64 {
        self.raw.number
    }

    /// About how many bytes it keeps in memory.
    pub(crate) fn size(&self) -> usize {
        self.raw.raw.size()
    }

    /// The exchange that the entry says.
    ///
    /// # Errors
    ///
    /// When the entry is not what its format wants.
    pub fn exchange(&self) -> Result<Exchange, RecordingError> {
        match self.format.messages(&self.raw.raw, &self.attachments) {
            Ok(Messages {
                request,
                response,
                kept,
            }) => Ok(Exchange {
                request,
                response,
                origin: Origin::Recorded {
                    file: Arc::clone(&self.file),
                    entry: self.raw.number,
                    line: self.raw.line,
                    kept,
                },
            }),
            Err(error) => Err(RecordingError {
                file: Arc::clone(&self.file),
                entry: Some(self.raw.number),
                line: self.raw.line,
                message: error.to_string(),
            }),
        }
    }
}

/// Reads a recording entry by entry.
pub struct Reader {
    file: Arc<str>,
    attachments: Arc<Attachments>,
    format: &'static dyn Format,
    entries: Entries,
    has_rows: bool,
}

impl Reader {
    /// The format that the recording was found to have.
    pub fn format(&self) -> &'static str {
        self.format.name()
    }

    /// Whether the entries are rows of a table, which have numbers of their own: rows that are no exchanges are
    /// passed over, and a row may say from which recording it is.
    pub fn has_rows(&self) -> bool {
        self.has_rows
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(entry.map(|entry| Entry {
            file: Arc::clone(entry.raw.source().unwrap_or(&self.file)),
            attachments: Arc::clone(&self.attachments),
            format: self.format,
            raw: entry,
        }))
    }
}

/// How much of a recording is looked at to tell its format.
const BEGINNING: usize = 64 << 10;

/// Opens a file, compressed with gzip or not, or an archive with a HAR and its bodies.
///
/// # Errors
///
/// When it cannot be read, is empty, or is in no known format.
pub fn open(path: &Path) -> Result<Reader, OpenError> {
    open_with(path, &Columns::default())
}

/// Opens a file as [`open`] does; `columns` says what the columns of a table are.
///
/// # Errors
///
/// As [`open`], and when a table has not the columns of an exchange.
pub fn open_with(path: &Path, columns: &Columns) -> Result<Reader, OpenError> {
    let name = path.display().to_string();
    let failed = |source: io::Error| OpenError::Read {
        file: name.clone(),
        source,
    };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(OpenError::Directory(name));
    }
    // A pipe has no beginning to go back to.
    if metadata.is_file() && attachments::is_archive(&mut file).map_err(failed)? {
        let (recording, attachments) = attachments::unpack(file).map_err(failed)?;
        return begin(&name, io::Cursor::new(recording), attachments, columns);
    }
    #[cfg(feature = "columnar")]
    if metadata.is_file() && columnar::is_parquet(&mut file).map_err(failed)? {
        return columnar::parquet(&name, file, columns);
    }
    begin(&name, file, Attachments::beside(path), columns)
}

/// Reads from any stream; `name` stands for it in messages, `-` for standard input.
///
/// # Errors
///
/// As [`open`].
pub fn read(name: &str, input: impl Read + Send + 'static) -> Result<Reader, OpenError> {
    read_with(name, input, &Columns::default())
}

/// Reads from any stream as [`read`] does; `columns` says what the columns of a table are.
///
/// # Errors
///
/// As [`open_with`].
pub fn read_with(
    name: &str,
    input: impl Read + Send + 'static,
    columns: &Columns,
) -> Result<Reader, OpenError> {
    begin(name, input, Attachments::Nowhere, columns)
}

#[cfg_attr(
    not(feature = "columnar"),
    expect(unused_variables, reason = "tables alone have columns")
)]
fn begin(
    name: &str,
    input: impl Read + Send + 'static,
    attachments: Attachments,
    columns: &Columns,
) -> Result<Reader, OpenError> {
    let failed = |source: io::Error| OpenError::Read {
        file: name.to_owned(),
        source,
    };
    let mut input =
        Peeked::new(Box::new(BufReader::with_capacity(blocks::BLOCK, input))).map_err(failed)?;
    if input.beginning.starts_with(&[0x1f, 0x8b]) {
        let unpacked = BufReader::with_capacity(blocks::BLOCK, MultiGzDecoder::new(input));
        input = Peeked::new(Box::new(unpacked)).map_err(failed)?;
    }
    #[cfg(feature = "columnar")]
    if [columnar::ARROW_FILE, columnar::ARROW_STREAM]
        .iter()
        .any(|magic| input.beginning.starts_with(magic))
    {
        return columnar::arrow(name, Box::new(input), columns);
    }
    #[cfg(feature = "columnar")]
    if input.beginning.starts_with(b"PAR1") {
        return Err(columnar::parquet_as_stream(name));
    }
    input.skip_byte_order_mark();
    let beginning = String::from_utf8_lossy(&input.beginning).into_owned();
    let beginning = Beginning::of(beginning.trim_start());
    if beginning.text.is_empty() {
        return Err(OpenError::Empty(name.to_owned()));
    }
    let Some(format) = READERS.iter().find(|format| format.sniff(&beginning)) else {
        if let Some(found) = looks_like::likeness(&input.beginning, &beginning) {
            return Err(OpenError::Unreadable {
                file: name.to_owned(),
                what: found.what,
                advice: found.advice,
            });
        }
        return Err(OpenError::UnknownFormat {
            file: name.to_owned(),
            beginning: beginning
                .text
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(40)
                .collect(),
        });
    };
    let file: Arc<str> = name.into();
    Ok(Reader {
        entries: format.entries(Box::new(input), Arc::clone(&file)),
        attachments: Arc::new(attachments),
        file,
        format: *format,
        has_rows: false,
    })
}

/// A stream whose beginning has been looked at and is given out again.
struct Peeked {
    beginning: Vec<u8>,
    given: usize,
    rest: Box<dyn BufRead + Send>,
}

impl Peeked {
    fn new(mut rest: Box<dyn BufRead + Send>) -> io::Result<Self> {
        let mut beginning = Vec::new();
        while beginning.len() < BEGINNING {
            let chunk = match rest.fill_buf() {
                Ok(chunk) => chunk,
                // What came before a break is worth reading; the break itself comes again.
                Err(_) if !beginning.is_empty() => break,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() {
                break;
            }
            beginning.extend_from_slice(chunk);
            let length = chunk.len();
            rest.consume(length);
        }
        Ok(Self {
            beginning,
            given: 0,
            rest,
        })
    }

    fn skip_byte_order_mark(&mut self) {
        if self.beginning.starts_with(b"\xef\xbb\xbf") {
            self.beginning.drain(..3);
        }
    }
}

impl Read for Peeked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let length = chunk.len().min(out.len());
        out[..length].copy_from_slice(&chunk[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Peeked {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.given < self.beginning.len() {
            Ok(&self.beginning[self.given..])
        } else {
            self.rest.fill_buf()
        }
    }

    fn consume(&mut self, length: usize) {
        if self.given < self.beginning.len() {
            self.given += length;
        } else {
            self.rest.consume(length);
        }
    }
}

#[cfg(test)]
mod tests;
