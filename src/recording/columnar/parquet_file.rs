//! Parquet files, a row group at a time and of that some rows at a time.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
        ParquetRecordBatchReaderBuilder,
    },
};

use super::{Next, broken};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// How many bytes of rows are read at a time, by what the row group says of their size.
const BATCH_BYTES: u64 = 4 << 20;

/// How many rows are read at a time at least and at most.
const BATCH_ROWS: (u64, u64) = (16, 4096);

/// The most bytes of the table of contents.
const MAX_FOOTER: u32 = 256 << 20;

/// Whether a file begins as a Parquet file does. Reading goes on at its beginning.
pub(in crate::recording) fn is_parquet(file: &mut File) -> io::Result<bool> {
    let mut magic = Vec::new();
    file.take(4).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(magic == MAGIC)
}

/// A file whose table of contents was read.
pub(super) struct Table {
    file: File,
    metadata: ArrowReaderMetadata,
}

impl Table {
    /// Reads the table of contents; the error is a sentence.
    pub(super) fn open(mut file: File) -> Result<Self, String> {
        check_footer(&mut file)?;
        let told = |error: parquet::errors::ParquetError| {
            format!("its table of contents cannot be read: {error}")
        };
        let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(told)?;
        let options = ArrowReaderOptions::new().with_schema(Arc::new(in_views(plain.schema())));
        let metadata =
            ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(told)?;
        Ok(Self { file, metadata })
    }

    pub(super) fn schema(&self) -> &Schema {
        self.metadata.schema()
    }

    /// The rows of the columns that are wanted; of all without a list.
    pub(super) fn batches(self, wanted: Option<&BTreeSet<&str>>) -> Batches {
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
        Batches {
            table: self,
            columns,
            group: 0,
            first: 1,
            open: None,
        }
    }
}

/// Whether the file ends as one does: what is cut off is told as such.
fn check_footer(file: &mut File) -> Result<(), String> {
    let length = file.metadata().map_err(|error| broken(&error))?.len();
    let cut = "it is a Parquet file that is cut off: the table of contents at its end is missing";
    if length < 12 {
        return Err(cut.to_owned());
    }
    let mut end = [0; 8];
    let read = file
        .seek(SeekFrom::End(-8))
        .and_then(|_| file.read_exact(&mut end))
        .and_then(|()| file.seek(SeekFrom::Start(0)));
    read.map_err(|error| broken(&error))?;
    let [a, b, c, d, magic @ ..] = end;
    if magic == *b"PARE" {
        return Err("it is encrypted".to_owned());
    }
    if magic != *MAGIC {
        return Err(cut.to_owned());
    }
    let footer = u32::from_le_bytes([a, b, c, d]);
    if footer > MAX_FOOTER || u64::from(footer) + 12 > length {
        return Err("it is damaged: the table of contents has no proper length".to_owned());
    }
    Ok(())
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

/// The rows of a file.
pub(super) struct Batches {
    table: Table,
    columns: ProjectionMask,
    /// The next row group.
    group: usize,
    /// The number of the first row that was not given out.
    first: u64,
    /// The row group that is read, and the number of the first row behind it.
    open: Option<(ParquetRecordBatchReader, u64)>,
}

impl Batches {
    /// Opens the next row group.
    fn begin(&mut self, rows: u64, bytes: u64) -> Result<ParquetRecordBatchReader, String> {
        let (least, most) = BATCH_ROWS;
        let row = (bytes / rows.max(1)).max(1);
        let batch = usize::try_from((BATCH_BYTES / row).clamp(least, most)).unwrap_or(1);
        let file = self.table.file.try_clone();
        let file = file.map_err(|error| broken(&error))?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.table.metadata.clone())
            .with_row_groups(vec![self.group])
            .with_projection(self.columns.clone())
            .with_batch_size(batch)
            .build()
            .map_err(|error| error.to_string())
    }

    /// What is left of a row group is lost; reading goes on behind it.
    fn lost(&mut self, end: u64, reason: &str) -> Next {
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
                let (rows, bytes) = (group.num_rows(), group.total_byte_size());
                let rows = u64::try_from(rows).unwrap_or_default();
                let end = self.first.saturating_add(rows);
                let begun = self.begin(rows, u64::try_from(bytes).unwrap_or_default());
                self.group += 1;
                match begun {
                    Ok(reader) => self.open = Some((reader, end)),
                    Err(reason) => return Some(self.lost(end, &reason)),
                }
                continue;
            };
            match reader.next() {
                Some(Ok(batch)) => {
                    let first = self.first;
                    self.first = first.saturating_add(batch.num_rows() as u64);
                    self.open = Some((reader, end));
                    return Some(Next::Rows(first, batch));
                }
                Some(Err(error)) => return Some(self.lost(end, &error.to_string())),
                None if self.first < end => {
                    return Some(self.lost(end, "the row group ends before them"));
                }
                None => {}
            }
        }
    }
}
