//! Arrow IPC: a stream of messages, each with a length before it, up to a marker.
//!
//! Messages are cut out here and decoded by `arrow-ipc`. So their lengths are bounded, and a stream without
//! its end is told from one that is whole: the format lets a writer leave the marker out, but no writer that
//! has done its work does, and one that died did.

use std::{collections::HashMap, fmt, io::Read, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::{
    MessageHeader,
    convert::try_fb_to_schema,
    reader::{read_dictionary, read_record_batch},
    root_as_message,
};
use arrow_schema::SchemaRef;

use super::{ARROW_FILE, Next};
use crate::recording::Input;

/// What stands before the length of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The most bytes of a message's metadata.
const MAX_METADATA: u32 = 64 << 20;

/// The most bytes of a message's body, as it comes and unpacked.
const MAX_BODY: i64 = 1 << 30;

/// How many times its size a batch may unpack to, and how much it may in any case.
const MAX_RATIO: i64 = 100;
const UNPACKED: i64 = 256 << 20;

/// How much room is made at once for what a length promises.
const ROOM: usize = 1 << 20;

/// Why no more messages come.
#[derive(Debug)]
pub(super) enum Stop {
    /// The input ends where a message should come.
    Cut,
    /// Reading failed, or what came is no message.
    Broken(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("the Arrow stream ends early: its end marker is missing"),
            Self::Broken(reason) => write!(f, "the Arrow stream is damaged: {reason}"),
        }
    }
}

fn damaged(reason: impl fmt::Display) -> Stop {
    Stop::Broken(reason.to_string())
}

/// A stream whose schema was read.
pub(super) struct Stream {
    input: Input,
    schema: SchemaRef,
    /// What columns with dictionaries refer to, by the numbers that the schema gives them.
    dictionaries: HashMap<i64, ArrayRef>,
    /// The number of the row that comes next.
    next: u64,
    done: bool,
}

impl Stream {
    /// Reads the schema.
    pub(super) fn open(mut input: Input) -> Result<Self, Stop> {
        if let Ok(chunk) = input.fill_buf()
            && chunk.starts_with(ARROW_FILE)
        {
            // Some writers fill up what follows with zeros, as far as their messages are aligned.
            let words = chunk.chunks_exact(8).skip(1);
            let zeros = words.take_while(|word| **word == [0; 8]).count();
            input.consume(ARROW_FILE.len() + 8 * zeros);
        }
        let first = next_message(&mut input)?.ok_or_else(|| damaged("it has no schema"))?;
        let message = root_as_message(&first.metadata).map_err(damaged)?;
        let schema = message
            .header_as_schema()
            .ok_or_else(|| damaged("it does not begin with a schema"))?;
        let schema = Arc::new(try_fb_to_schema(schema).map_err(damaged)?);
        Ok(Self {
            input,
            schema,
            dictionaries: HashMap::new(),
            next: 1,
            done: false,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// The next batch; `None` behind the last one.
    fn batch(&mut self) -> Result<Option<RecordBatch>, Stop> {
        while let Some(Message { metadata, body }) = next_message(&mut self.input)? {
            let message = root_as_message(&metadata).map_err(damaged)?;
            let version = message.version();
            if let Some(batch) = message.header_as_record_batch() {
                let schema = self.schema();
                let known = &self.dictionaries;
                return read_record_batch(&body, batch, schema, known, None, &version)
                    .map(Some)
                    .map_err(damaged);
            }
            if let Some(batch) = message.header_as_dictionary_batch() {
                let known = &mut self.dictionaries;
                read_dictionary(&body, batch, &self.schema, known, &version).map_err(damaged)?;
            } else if message.header_type() != MessageHeader::NONE {
                return Err(damaged("a message is neither a batch nor a dictionary"));
            }
        }
        Ok(None)
    }
}

impl Iterator for Stream {
    type Item = Next;

    fn next(&mut self) -> Option<Next> {
        if self.done {
            return None;
        }
        match self.batch() {
            Ok(batch) => {
                let batch = batch?;
                let first = self.next;
                self.next = first.saturating_add(batch.num_rows() as u64);
                Some(Next::Rows(first, batch))
            }
            Err(stop) => {
                self.done = true;
                let read = self.next - 1;
                Some(Next::Lost(
                    self.next,
                    format!("{stop}; {read} rows were read"),
                ))
            }
        }
    }
}

/// A message: what it is, and the buffers of its arrays.
struct Message {
    metadata: Vec<u8>,
    body: Buffer,
}

/// The next message; `None` behind the last one.
fn next_message(input: &mut Input) -> Result<Option<Message>, Stop> {
    let mut length = four(input)?;
    // Before Arrow 0.15, the length came first.
    if length == CONTINUATION {
        length = four(input)?;
    }
    let length = u32::from_le_bytes(length);
    if length == 0 {
        return Ok(None);
    }
    if length > MAX_METADATA {
        return Err(damaged(format!("a message of {length} bytes is announced")));
    }
    let metadata = bytes(input, length.into())?;
    let message = root_as_message(&metadata).map_err(damaged)?;
    let length = message.bodyLength();
    if !(0..=MAX_BODY).contains(&length) {
        return Err(damaged(format!("a batch of {length} bytes is announced")));
    }
    let body = bytes(input, length.unsigned_abs())?;
    check_buffers(&message, &body)?;
    let body = Buffer::from_vec(body);
    Ok(Some(Message { metadata, body }))
}

fn four(input: &mut Input) -> Result<[u8; 4], Stop> {
    bytes(input, 4)?.try_into().map_err(|_| Stop::Cut)
}

fn bytes(input: &mut Input, length: u64) -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(ROOM).min(ROOM));
    let read = input.take(length).read_to_end(&mut bytes);
    if read.map_err(damaged)? as u64 == length {
        Ok(bytes)
    } else {
        Err(Stop::Cut)
    }
}

/// Whether the buffers of a batch stand in its body, and have a bounded size when they are unpacked: each
/// compressed one says its own.
fn check_buffers(message: &arrow_ipc::Message<'_>, body: &[u8]) -> Result<(), Stop> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message
            .header_as_dictionary_batch()
            .and_then(|dictionary| dictionary.data()),
        _ => None,
    };
    let Some(batch) = batch else { return Ok(()) };
    let is_compressed = batch.compression().is_some();
    let mut whole = 0_i64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok();
        let length = usize::try_from(buffer.length()).ok();
        let content = start
            .zip(length)
            .and_then(|(start, length)| body.get(start..start.checked_add(length)?))
            .ok_or_else(|| damaged("a buffer lies outside of its batch"))?;
        if let Some(size) = content.first_chunk::<8>().filter(|_| is_compressed) {
            whole = whole.saturating_add(i64::from_le_bytes(*size).max(0));
        }
    }
    let packed = i64::try_from(body.len()).unwrap_or(i64::MAX);
    if whole > MAX_BODY || whole > packed.saturating_mul(MAX_RATIO).saturating_add(UNPACKED) {
        return Err(damaged(format!("a batch of {whole} bytes is announced")));
    }
    // A row without a bit in any column says nothing, and millions of them cost nothing to write.
    let rows = batch.length();
    if rows > whole.max(packed).saturating_mul(8) {
        return Err(damaged(format!("a batch of {rows} rows is announced")));
    }
    Ok(())
}
