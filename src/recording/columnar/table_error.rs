//! Why a Parquet file, or a part of one, cannot be read.

use std::io;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

/// Why a file, or a row group of one, cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum TableError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("it is a Parquet file that is cut off: the table of contents at its end is missing")]
    Cut,
    #[error("it is encrypted")]
    Encrypted,
    #[error("it is damaged: the table of contents has no proper length")]
    Length,
    #[error("its table of contents cannot be read: {0}")]
    Contents(io::Error),
    /// The same, as the reader of the format says it.
    #[error("its table of contents cannot be read: {0}")]
    Metadata(ParquetError),
    #[error("its table of contents {0}")]
    Beyond(#[from] Beyond),
    /// A row group that the table of contents does not have.
    #[error("it is missing")]
    NoGroup,
    #[error("{bytes} bytes claim {rows} rows")]
    Rows { bytes: u64, rows: u64 },
    #[error("{bytes} bytes come to {texts} of texts")]
    Texts { bytes: u64, texts: u64 },
    #[error("the row group ends before them")]
    GroupEnds,
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error(transparent)]
    Batch(#[from] ArrowError),
}

/// What a table of contents claims that is beyond the bounds.
#[derive(Debug, thiserror::Error)]
pub(super) enum Beyond {
    #[error("names {0} columns")]
    Columns(u64),
    #[error("has names of columns that are too long")]
    Names,
    #[error("has a group of {0} columns")]
    Group(i64),
    #[error("nests columns deeper than {0} times")]
    Depth(usize),
    #[error("names {0} row groups")]
    RowGroups(u64),
    #[error("names {0} columns of row groups")]
    Chunks(u64),
}

/// Why the pages of a row group are not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("its pages come to {0} bytes at once")]
    Held(u64),
    #[error("it unpacks {packed} bytes to {unpacked}")]
    Ratio { packed: u64, unpacked: u64 },
    #[error("a column lies outside of the file")]
    ColumnOutside,
    #[error("the header of a page is damaged: {0}")]
    Header(io::Error),
    #[error("a page lies outside of its column")]
    PageOutside,
    #[error("a dictionary claims more values than it has bytes")]
    Dictionary,
    #[error("a page claims {0} values")]
    Values(u64),
    #[error("a page unpacks to more than it says")]
    Longer,
}
