//! Where in a table a value stands: a column, or a field of a struct in one.

use arrow_array::{Array as _, ArrayRef, RecordBatch, cast::AsArray as _};
use arrow_schema::{DataType, Fields, Schema};

use super::cell::{Cell, cell};

/// A column, or a field of a struct, found by its name.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The name as it was looked for, such as `url` or `request.url`.
    pub(super) name: String,
    /// The names that lead there, that of a column first.
    path: Vec<String>,
    /// What stands there.
    pub(super) kind: DataType,
}

impl Place {
    /// The column of a name, else the field at the names between its dots.
    pub(super) fn find(schema: &Schema, name: &str) -> Option<Self> {
        let (path, kind) = find(schema.fields(), name)?;
        Some(Self {
            name: name.to_owned(),
            path: path.into_iter().map(str::to_owned).collect(),
            kind,
        })
    }

    /// The name of its column.
    pub(super) fn root(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// What of a batch stands there.
    pub(super) fn of(&self, batch: &RecordBatch) -> Option<Column> {
        let mut values = batch.column_by_name(self.root())?;
        let mut around = Vec::new();
        for name in &self.path[1..] {
            around.push(values.clone());
            values = values.as_struct_opt()?.column_by_name(name)?;
        }
        Some(Column {
            name: self.name.clone(),
            values: values.clone(),
            around,
        })
    }
}

fn find<'n>(fields: &Fields, name: &'n str) -> Option<(Vec<&'n str>, DataType)> {
    if let Some((_, field)) = fields.find(name) {
        return Some((vec![name], field.data_type().clone()));
    }
    // The name of a column may have dots in it.
    let dots = name.match_indices('.');
    dots.into_iter().find_map(|(dot, _)| {
        let (_, field) = fields.find(&name[..dot])?;
        let DataType::Struct(inner) = field.data_type() else {
            return None;
        };
        let (mut path, kind) = find(inner, &name[dot + 1..])?;
        path.insert(0, &name[..dot]);
        Some((path, kind))
    })
}

/// A column of a batch.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) values: ArrayRef,
    /// The structs that it stands in: where one is null, so is what is in it.
    around: Vec<ArrayRef>,
}

impl Column {
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.around.iter().any(|outer| outer.is_null(row)) || self.values.is_null(row)
    }

    pub(super) fn cell(&self, row: usize) -> Cell<'_> {
        if self.is_null(row) {
            Cell::Null
        } else {
            cell(&self.values, row)
        }
    }
}
