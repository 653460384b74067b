//! How a table has its exchanges, decided from its columns before the first row is read.

use std::{collections::BTreeSet, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use serde_json::{Map, Value};

use super::{
    attributes,
    cell::{Cell, value},
    named::{Named, NamedRows, Unfit},
    place::{Column, Place},
};
use crate::recording::{
    Attachments, EntryError, Format, Messages, Raw,
    beginning::Beginning,
    columns::{Columns, Role},
    envoy_tap::EnvoyTap,
    gateway_log::{Apisix, Kong},
    nginx_log::NginxLog,
    otlp::Otlp,
};

/// The formats of JSON lines whose members are found as columns.
const LINES: &[&dyn Format] = &[&EnvoyTap, &Kong, &Apisix, &NginxLog];

/// How many columns a message lists.
const MAX_LISTED: usize = 60;

/// How deep the types of columns are looked into.
const MAX_DEPTH: usize = 16;

/// How a table has its exchanges.
pub(super) struct Layout {
    kind: Kind,
    source: Option<Place>,
    entry: Option<Place>,
}

enum Kind {
    /// Each part in a column of its own.
    Named(Named),
    /// Spans of OpenTelemetry.
    Spans,
    /// The members of a JSON line.
    Lines(&'static dyn Format),
}

impl Layout {
    /// Looks for the columns.
    pub(super) fn of(schema: &Schema, columns: &Columns) -> Result<Self, LayoutError> {
        let place = |role: Role| match columns.given(role) {
            None => Ok(None),
            Some(name) => match Place::find(schema, name) {
                Some(place) => Ok(Some(place)),
                None => Err(missing(role.name(), &[name.to_owned()], schema)),
            },
        };
        let (source, entry) = (place(Role::Source)?, place(Role::Entry)?);
        let kind = match Named::of(schema, columns) {
            Ok(named) if columns.gives_exchange() || !is_nested(&named) => Kind::Named(named),
            Err(unfit) if columns.gives_exchange() => return Err(unfit.told(schema)),
            found => match (other(schema), found) {
                (Some(kind), _) => kind,
                (None, Ok(named)) => Kind::Named(named),
                (None, Err(unfit)) => return Err(unfit.told(schema)),
            },
        };
        Ok(Self {
            kind,
            source,
            entry,
        })
    }

    /// The columns that are read, by name; `None` for all.
    pub(super) fn roots(&self) -> Option<BTreeSet<&str>> {
        let Kind::Named(named) = &self.kind else {
            return None;
        };
        let places = self.source.iter().chain(&self.entry);
        Some(named.roots().chain(places.map(Place::root)).collect())
    }

    /// The rows of a batch.
    pub(super) fn rows(self: &Arc<Self>, batch: RecordBatch) -> Rows {
        let named = match &self.kind {
            Kind::Named(named) => Some(named.rows(&batch)),
            Kind::Spans | Kind::Lines(_) => None,
        };
        Rows {
            source: self.source.as_ref().and_then(|place| place.of(&batch)),
            entry: self.entry.as_ref().and_then(|place| place.of(&batch)),
            layout: Arc::clone(self),
            named,
            batch,
        }
    }
}

/// Whether the parts stand in structs, as those of several formats do.
fn is_nested(named: &Named) -> bool {
    named.roots().any(|root| root == "request")
}

/// What else a table can be.
fn other(schema: &Schema) -> Option<Kind> {
    if attributes::is_spans(schema) {
        return Some(Kind::Spans);
    }
    let sample = sample(schema).to_string();
    let beginning = Beginning::of(&sample);
    let format = LINES.iter().find(|format| format.sniff(&beginning));
    format.map(|format| Kind::Lines(*format))
}

/// A row as it might be, in which formats find their keys.
fn sample(schema: &Schema) -> Value {
    let fields = schema.fields().iter();
    let members = fields.map(|field| {
        let value = sample_of(field.data_type(), MAX_DEPTH);
        (field.name().clone(), value)
    });
    Value::Object(members.collect())
}

fn sample_of(kind: &DataType, depth: usize) -> Value {
    match kind {
        _ if depth == 0 => Value::Null,
        DataType::Struct(fields) => {
            let members = fields.iter().map(|field| {
                let value = sample_of(field.data_type(), depth - 1);
                (field.name().clone(), value)
            });
            Value::Object(members.collect())
        }
        DataType::Map(..) => Value::Object(Map::new()),
        DataType::List(item) | DataType::LargeList(item) => {
            Value::Array(vec![sample_of(item.data_type(), depth - 1)])
        }
        _ => Value::from("x"),
    }
}

impl Unfit {
    fn told(self, schema: &Schema) -> LayoutError {
        match self {
            Self::Missing(part, names) => missing(part, &names, schema),
            Self::Type(column, kind, wanted) => LayoutError::Type {
                column,
                kind,
                wanted,
            },
        }
    }
}

/// Why a table has no exchanges, with what it has.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayoutError {
    #[error(
        "no column has the {part}: looked for {looked_for}; name it as {part}=COLUMN. The columns are {columns}"
    )]
    Missing {
        part: &'static str,
        looked_for: String,
        columns: String,
    },
    #[error("the column {column} is {}, and {wanted} is wanted", shown(kind))]
    Type {
        column: String,
        kind: DataType,
        wanted: &'static str,
    },
}

fn missing(part: &'static str, names: &[String], schema: &Schema) -> LayoutError {
    let fields = schema.fields();
    let listed = fields.iter().take(MAX_LISTED);
    let listed: Vec<_> = listed
        .map(|field| format!("{} ({})", field.name(), shown(field.data_type())))
        .collect();
    let more = fields.len().saturating_sub(MAX_LISTED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    LayoutError::Missing {
        part,
        looked_for: names.join(", "),
        columns: format!("{}{more}", listed.join(", ")),
    }
}

/// A type in a few words.
fn shown(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytes".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Struct(_) => "struct".to_owned(),
        DataType::Map(..) => "map".to_owned(),
        DataType::List(item) | DataType::LargeList(item) => {
            format!("list of {}", shown(item.data_type()))
        }
        DataType::Dictionary(_, values) => shown(values),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

fn empty(column: &Column, wanted: &'static str) -> EntryError {
    EntryError::Empty {
        column: column.name.clone(),
        wanted,
    }
}

/// Rows that share a batch.
pub(super) struct Rows {
    layout: Arc<Layout>,
    batch: RecordBatch,
    named: Option<NamedRows>,
    source: Option<Column>,
    entry: Option<Column>,
}

impl Rows {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether a row is an exchange; what is not is passed over.
    pub(super) fn is_exchange(&self, row: usize) -> bool {
        match self.layout.kind {
            Kind::Spans => attributes::is_http(&self.batch, row),
            Kind::Named(_) | Kind::Lines(_) => true,
        }
    }

    /// What a row says of its recording; `None` where rows say nothing of it.
    pub(super) fn source(&self, row: usize) -> Option<Result<&str, EntryError>> {
        let column = self.source.as_ref()?;
        Some(match column.cell(row) {
            Cell::Text(text) => Ok(text),
            _ => Err(empty(column, "value")),
        })
    }

    /// Which entry of its recording a row says it is; `None` where rows say nothing of it.
    pub(super) fn entry(&self, row: usize) -> Option<Result<u64, EntryError>> {
        let column = self.entry.as_ref()?;
        Some(match column.cell(row) {
            Cell::Integer(number) if (1..=u64::MAX.into()).contains(&number) => {
                Ok(u64::try_from(number).unwrap_or(u64::MAX))
            }
            _ => Err(empty(column, "number from 1")),
        })
    }

    /// The exchange of a row.
    pub(super) fn messages(&self, row: usize) -> Result<Messages, EntryError> {
        match (&self.layout.kind, &self.named) {
            (Kind::Named(_), Some(named)) => named.messages(row),
            (Kind::Lines(format), _) => {
                let schema = self.batch.schema_ref();
                let columns = schema.fields().iter().zip(self.batch.columns());
                let members = columns
                    .map(|(field, array)| (field.name().clone(), value(array, row)))
                    .filter(|(_, value)| !value.is_null());
                let line = Value::Object(members.collect());
                format.messages(&Raw::Tree(line), &Attachments::Nowhere)
            }
            (Kind::Spans | Kind::Named(_), _) => {
                let span = attributes::span(&self.batch, row);
                Otlp.messages(&Raw::Tree(span), &Attachments::Nowhere)
            }
        }
    }
}
