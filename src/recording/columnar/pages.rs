//! The pages of a row group, looked through by their headers before one is unpacked: how much each claims to
//! come to, and how many rows are read at a time so that memory stays within bounds.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek as _, SeekFrom},
};

use parquet::{
    arrow::ProjectionMask,
    basic::Compression,
    file::metadata::{ColumnChunkMetaData, RowGroupMetaData},
};

use super::{
    table_error::PageError,
    thrift::{Compact, Kind},
};
use crate::exchange::gunzip;

/// The most bytes of what is held at once of the pages of a row group.
const MAX_HELD: u64 = 256 << 20;

/// The most bytes of the header of a page.
const MAX_HEADER: u64 = 1 << 20;

/// How many times its size a row group may unpack to, and how much it may in any case.
const MAX_RATIO: u64 = 10_000;
const UNPACKED: u64 = 256 << 20;

/// How many values of a page may be packed to nearly nothing.
const MAX_VALUES: u64 = 4 << 20;

/// From which size on a page of gzip is tried: one that is shorter cannot come to much.
const TRIED: u64 = 8 << 10;

/// How many times its size a frame of LZ4 may come to, and how much a page of one may.
const LZ4_RATIO: u64 = 255;
const MAX_FRAME: u64 = 64 << 20;

/// What a frame of LZ4 begins with.
const LZ4_FRAME: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// The encodings of the format that matter here, by number.
const DELTA_LENGTH: i64 = 6;
const DELTA_BYTES: i64 = 7;

/// Looks through the columns that are read: about how many bytes a row takes where rows take most.
pub(super) fn look_through(
    file: &File,
    group: &RowGroupMetaData,
    wanted: &ProjectionMask,
) -> Result<u64, PageError> {
    let length = file.metadata()?.len();
    let file = file.try_clone()?;
    let mut file = BufReader::new(file);
    let rows = u64::try_from(group.num_rows()).unwrap_or_default().max(1);
    let (mut held, mut packed, mut unpacked, mut row) = (0_u64, 0_u64, 0_u64, 0_u64);
    let columns = group.columns().iter().enumerate();
    for (_, column) in columns.filter(|(index, _)| wanted.leaf_included(*index)) {
        let chunk = chunk(&mut file, length, column)?;
        held = held.saturating_add(
            chunk
                .dictionary
                .saturating_add(chunk.data.saturating_mul(2)),
        );
        unpacked = unpacked.saturating_add(chunk.unpacked);
        packed = packed.saturating_add(chunk.packed);
        let value = if column.column_descr().max_rep_level() == 0 {
            chunk.value
        } else {
            chunk.unpacked / rows
        };
        row = row.saturating_add(value);
    }
    if held > MAX_HELD {
        return Err(PageError::Held(held));
    }
    if unpacked > packed.saturating_mul(MAX_RATIO).saturating_add(UNPACKED) {
        return Err(PageError::Ratio { packed, unpacked });
    }
    Ok(row)
}

/// What the pages of a column come to.
#[derive(Default)]
struct Chunk {
    packed: u64,
    unpacked: u64,
    /// The largest page of a dictionary, and the largest of data.
    dictionary: u64,
    data: u64,
    /// The bytes of a value in the page whose values are the largest.
    value: u64,
}

fn chunk(
    file: &mut BufReader<File>,
    length: u64,
    column: &ColumnChunkMetaData,
) -> Result<Chunk, PageError> {
    let start = column
        .dictionary_page_offset()
        .unwrap_or_else(|| column.data_page_offset());
    let place = u64::try_from(start)
        .ok()
        .zip(u64::try_from(column.compressed_size()).ok())
        .and_then(|(start, size)| Some((start, start.checked_add(size)?)))
        .filter(|(_, end)| *end <= length);
    let Some((start, end)) = place else {
        return Err(PageError::ColumnOutside);
    };
    let mut found = Chunk {
        packed: end - start,
        ..Chunk::default()
    };
    let mut at = start;
    file.seek(SeekFrom::Start(at))?;
    while at < end {
        let page = Page::read(file.by_ref().take((end - at).min(MAX_HEADER)))
            .map_err(PageError::Header)?;
        at += page.header;
        if page.packed > end - at {
            return Err(PageError::PageOutside);
        }
        let unpacked = page.unpacked.max(page.packed);
        found.unpacked = found.unpacked.saturating_add(unpacked);
        if page.is_dictionary {
            if page.values > unpacked {
                return Err(PageError::Dictionary);
            }
            let views = page.values.saturating_mul(16);
            found.dictionary = found.dictionary.max(unpacked.saturating_add(views));
        } else {
            if matches!(page.encoding, DELTA_LENGTH | DELTA_BYTES)
                && page.values > unpacked.max(MAX_VALUES)
            {
                return Err(PageError::Values(page.values));
            }
            let value = match page.encoding {
                // Each value may begin with all of the one before.
                DELTA_BYTES => unpacked,
                _ => unpacked / page.values.max(1),
            };
            found.data = found.data.max(unpacked);
            found.value = found.value.max(value);
        }
        if is_longer(file, column.compression(), &page)? {
            return Err(PageError::Longer);
        }
        at += page.packed;
        go_on(file, at)?;
    }
    Ok(found)
}

/// Goes on at a place, and keeps what was read ahead where it is near.
fn go_on(file: &mut BufReader<File>, to: u64) -> io::Result<()> {
    let now = file.stream_position()?;
    match to.checked_sub(now).map(i64::try_from) {
        Some(Ok(ahead)) => file.seek_relative(ahead),
        _ => file.seek(SeekFrom::Start(to)).map(drop),
    }
}

/// Whether a page comes to more than its header says, in a coding whose reader does not look.
fn is_longer(file: &mut BufReader<File>, coding: Compression, page: &Page) -> io::Result<bool> {
    match coding {
        Compression::GZIP(_) if page.packed >= TRIED => {
            let mut rest =
                gunzip(file.by_ref().take(page.packed)).take(page.unpacked.saturating_add(1));
            Ok(io::copy(&mut rest, &mut io::sink())? > page.unpacked)
        }
        Compression::LZ4 if page.packed.saturating_mul(LZ4_RATIO) > MAX_FRAME => {
            let mut magic = [0; 4];
            file.read_exact(&mut magic)?;
            Ok(magic == LZ4_FRAME)
        }
        _ => Ok(false),
    }
}

/// What the header of a page says.
#[derive(Debug, Default)]
struct Page {
    /// How many bytes the header has.
    header: u64,
    packed: u64,
    unpacked: u64,
    values: u64,
    encoding: i64,
    is_dictionary: bool,
}

impl Page {
    fn read(input: impl BufRead) -> io::Result<Self> {
        let size = |number: i64| {
            u64::try_from(number)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a size is below zero"))
        };
        let mut header = Compact::new(input);
        let (mut page, mut last) = (Self::default(), 0);
        while let Some((field, kind)) = header.field(&mut last)? {
            match (field, kind) {
                (2, Kind::Integer) => page.unpacked = size(header.integer()?)?,
                (3, Kind::Integer) => page.packed = size(header.integer()?)?,
                (5 | 7 | 8, Kind::Struct) => {
                    page.is_dictionary = field == 7;
                    let encoding = if field == 8 { 4 } else { 2 };
                    let mut last = 0;
                    while let Some((within, kind)) = header.field(&mut last)? {
                        match (within, kind) {
                            (1, Kind::Integer) => page.values = size(header.integer()?)?,
                            (at, Kind::Integer) if at == encoding => {
                                page.encoding = header.integer()?;
                            }
                            _ => header.skip(kind)?,
                        }
                    }
                }
                _ => header.skip(kind)?,
            }
        }
        page.header = header.read();
        Ok(page)
    }
}
