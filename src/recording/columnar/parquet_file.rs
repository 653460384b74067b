//! Parquet files, a row group at a time and of that some rows at a time.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use arrow_array::{Array as _, ArrayRef, RecordBatch, cast::AsArray as _};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use parquet::{
    arrow::{
        FieldLevels, ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader},
        parquet_to_arrow_field_levels,
    },
    file::metadata::ParquetStatisticsPolicy,
};

use super::{
    Next,
    contents::{self, MAGIC},
    guarded::Group,
    pages,
    table_error::TableError,
};

/// How many bytes of rows are read at a time, about.
const BATCH_BYTES: u64 = 4 << 20;

/// How many rows are read at a time at most.
const MAX_BATCH_ROWS: u64 = 4096;

/// How many rows are read in any case, and how many more for each byte of the file: millions of rows that are alike
/// fit into a few.
const ROWS: u64 = 1_000_000;
const ROWS_OF_BYTE: u64 = 64;

/// How many bytes of texts are given out in any case, and how many more for each byte of the file: a text of a
/// dictionary may be that of every row.
const TEXTS: u64 = 1 << 30;
const TEXTS_OF_BYTE: u64 = 1_000;

/// Whether a file begins as a Parquet file does. Reading goes on at its beginning.
pub(in crate::recording) fn is_parquet(file: &mut File) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.take(4).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(magic == MAGIC)
}

/// A file whose table of contents was read.
pub(super) struct Table {
    file: Arc<File>,
    length: u64,
    metadata: ArrowReaderMetadata,
}

impl Table {
    /// Reads the table of contents.
    pub(super) fn open(mut file: File) -> Result<Self, TableError> {
        contents::check(&mut file)?;
        let options = ArrowReaderOptions::new()
            .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let plain =
            ArrowReaderMetadata::load(&file, options.clone()).map_err(TableError::Metadata)?;
        let options = options.with_schema(Arc::new(in_views(plain.schema())));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options)
            .map_err(TableError::Metadata)?;
        let length = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            length,
            metadata,
        })
    }

    pub(super) fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    /// The rows of the columns that are wanted; of all without a list.
    pub(super) fn batches(self, wanted: Option<&BTreeSet<&str>>) -> Result<Batches, TableError> {
        let columns = match wanted {
            None => ProjectionMask::all(),
            Some(wanted) => {
                let fields = self.metadata.schema().fields().iter().enumerate();
                let roots = fields
                    .filter(|(_, field)| wanted.contains(field.name().as_str()))
                    .map(|(index, _)| index);
                ProjectionMask::roots(self.metadata.parquet_schema(), roots)
            }
        };
        let levels = parquet_to_arrow_field_levels(
            self.metadata.parquet_schema(),
            columns.clone(),
            Some(self.metadata.schema().fields()),
        )
        .map_err(TableError::Metadata)?;
        Ok(Batches {
            table: self,
            columns,
            levels,
            group: 0,
            first: 1,
            texts: 0,
            open: None,
        })
    }
}

/// The same columns, texts and bytes as views: values that share a dictionary are not copied for each row.
fn in_views(schema: &Schema) -> Schema {
    let fields: Fields = schema.fields().iter().map(in_view).collect();
    Schema::new(fields)
}

fn in_view(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        DataType::Dictionary(_, values) => match **values {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::BinaryView,
            _ => field.data_type().clone(),
        },
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(in_view).collect()),
        DataType::List(item) => DataType::List(in_view(item)),
        DataType::LargeList(item) => DataType::LargeList(in_view(item)),
        DataType::Map(entries, is_sorted) => DataType::Map(in_view(entries), *is_sorted),
        other => other.clone(),
    };
    Arc::new(
        Field::new(field.name(), kind, field.is_nullable()).with_metadata(field.metadata().clone()),
    )
}

/// How many bytes the texts of a column have, also those within lists and structs.
fn texts_of(column: &ArrayRef) -> u64 {
    let lengths = |views: &[u128]| {
        // The length of a text is the lowest part of its view.
        let lengths = views.iter().map(|view| view & u128::from(u32::MAX));
        u64::try_from(lengths.sum::<u128>()).unwrap_or(u64::MAX)
    };
    match column.data_type() {
        DataType::Utf8View => lengths(column.as_string_view().views()),
        DataType::BinaryView => lengths(column.as_binary_view().views()),
        DataType::Struct(_) => column.as_struct().columns().iter().map(texts_of).sum(),
        DataType::List(_) => texts_of(column.as_list::<i32>().values()),
        DataType::LargeList(_) => texts_of(column.as_list::<i64>().values()),
        DataType::Map(..) => column
            .as_map()
            .entries()
            .columns()
            .iter()
            .map(texts_of)
            .sum(),
        _ => 0,
    }
}

/// The rows of a file.
pub(super) struct Batches {
    table: Table,
    columns: ProjectionMask,
    levels: FieldLevels,
    /// The next row group.
    group: usize,
    /// The number of the first row that was not given out.
    first: u64,
    /// How many bytes of texts were given out.
    texts: u64,
    /// The row group that is read, and the number of the first row behind it.
    open: Option<(ParquetRecordBatchReader, u64)>,
}

impl Batches {
    /// Opens the next row group, which ends before a row.
    fn begin(&self, end: u64) -> Result<ParquetRecordBatchReader, TableError> {
        let metadata = self.table.metadata.metadata();
        let group = metadata.row_groups().get(self.group);
        let group = group.ok_or(TableError::NoGroup)?;
        let length = self.table.length;
        let rows = end.saturating_sub(1);
        if rows > length.saturating_mul(ROWS_OF_BYTE).saturating_add(ROWS) {
            let bytes = length;
            return Err(TableError::Rows { bytes, rows });
        }
        let row = pages::look_through(&self.table.file, group, &self.columns)?;
        let batch = (BATCH_BYTES / row.max(1)).clamp(1, MAX_BATCH_ROWS);
        let pages = Group {
            file: Arc::clone(&self.table.file),
            metadata: Arc::clone(metadata),
            index: self.group,
        };
        let batch = usize::try_from(batch).unwrap_or(1);
        let reader =
            ParquetRecordBatchReader::try_new_with_row_groups(&self.levels, &pages, batch, None)?;
        Ok(reader)
    }

    /// Counts the texts of a batch; the error is that they are too many.
    fn count(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        let texts = batch.columns().iter().map(texts_of);
        self.texts = texts.fold(self.texts, u64::saturating_add);
        let length = self.table.length;
        if self.texts > length.saturating_mul(TEXTS_OF_BYTE).saturating_add(TEXTS) {
            return Err(TableError::Texts {
                bytes: length,
                texts: self.texts,
            });
        }
        Ok(())
    }

    /// What is left of a row group is lost; reading goes on behind it.
    fn lost(&mut self, end: u64, reason: &TableError) -> Next {
        let first = std::mem::replace(&mut self.first, end);
        let last = end.saturating_sub(1);
        let group = self.group;
        Next::Lost(
            first,
            format!("rows {first} to {last} (row group {group}) cannot be read: {reason}"),
        )
    }
}

impl Iterator for Batches {
    type Item = Next;

    fn next(&mut self) -> Option<Next> {
        loop {
            let Some((mut reader, end)) = self.open.take() else {
                let groups = self.table.metadata.metadata().row_groups();
                let group = groups.get(self.group)?;
                let rows = u64::try_from(group.num_rows()).unwrap_or_default();
                let end = self.first.saturating_add(rows);
                let begun = self.begin(end);
                self.group += 1;
                match begun {
                    Ok(reader) => self.open = Some((reader, end)),
                    Err(reason) => return Some(self.lost(end, &reason)),
                }
                continue;
            };
            match reader.next() {
                Some(Ok(batch)) => {
                    if let Err(reason) = self.count(&batch) {
                        return Some(self.lost(end, &reason));
                    }
                    let first = self.first;
                    self.first = first.saturating_add(batch.num_rows() as u64);
                    self.open = Some((reader, end));
                    return Some(Next::Rows(first, batch));
                }
                Some(Err(error)) => return Some(self.lost(end, &error.into())),
                None if self.first < end => {
                    return Some(self.lost(end, &TableError::GroupEnds));
                }
                None => {}
            }
        }
    }
}
