//! Rows whose parts stand in columns of their own.

use std::{collections::BTreeMap, time::Duration};

use arrow_array::{Array, RecordBatch, cast::AsArray as _};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use url::Url;

use super::{
    cell::{self, Cell, elements, fields},
    place::{Column, Place},
};
use crate::{
    exchange::{Body, CutReason, Kept, REDACTED_HOST, Request, Response},
    recording::{
        Messages,
        columns::{Columns, Role},
        entry_error::{EntryError, JsonPart},
        loose, message,
    },
};

/// Where the parts of an exchange stand.
#[derive(Clone, Debug)]
pub(super) struct Named(BTreeMap<Role, Place>);

/// Why a table has no exchanges.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Nothing stands for a part that every exchange has; the names that were looked for.
    Missing(&'static str, Vec<String>),
    /// A column is of a type that a part cannot have; what it may have.
    Type(String, DataType, &'static str),
}

impl Named {
    /// Looks for the columns.
    pub(super) fn of(schema: &Schema, columns: &Columns) -> Result<Self, Unfit> {
        let mut places = BTreeMap::new();
        for role in Columns::roles() {
            let mut names = columns.names(role).into_iter();
            if let Some(place) = names.find_map(|name| Place::find(schema, name)) {
                fits(role, &place)?;
                places.insert(role, place);
            } else if let Some(name) = columns.given(role) {
                return Err(Unfit::Missing(role.name(), vec![name.to_owned()]));
            }
        }
        for alternatives in [
            &[Role::Method][..],
            &[Role::Url, Role::Path],
            &[Role::Status],
        ] {
            if !alternatives.iter().any(|role| places.contains_key(role)) {
                let names = alternatives.iter().flat_map(|role| columns.names(*role));
                let names = names.map(str::to_owned).collect();
                return Err(Unfit::Missing(alternatives[0].name(), names));
            }
        }
        Ok(Self(places))
    }

    /// The names of the columns that are read.
    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(Place::root)
    }

    /// The columns of a batch.
    pub(super) fn rows(&self, batch: &RecordBatch) -> NamedRows {
        let columns = self.0.iter();
        NamedRows(
            columns
                .filter_map(|(role, place)| Some((*role, place.of(batch)?)))
                .collect(),
        )
    }
}

/// Whether what stands at a place can be what it is taken for.
fn fits(role: Role, place: &Place) -> Result<(), Unfit> {
    let kind = &place.kind;
    let is_text = cell::is_text(kind);
    let (fits, wanted) = match role {
        Role::Method
        | Role::Url
        | Role::Scheme
        | Role::Host
        | Role::Path
        | Role::Query
        | Role::RequestBodyBase64
        | Role::ResponseBodyBase64
        | Role::Source => (is_text, "text"),
        Role::Status => (is_text || cell::is_number(kind), "a number"),
        Role::Entry => (kind.is_integer(), "a whole number"),
        Role::RequestBody | Role::ResponseBody => (
            is_text || cell::is_bytes(kind) || *kind == DataType::Null,
            "text or bytes",
        ),
        Role::RequestBodyCut | Role::ResponseBodyCut => (
            matches!(kind, DataType::Boolean | DataType::Null),
            "a boolean",
        ),
        Role::RequestHeaders | Role::ResponseHeaders => (
            is_text || is_fields(kind),
            "a map, a struct, a list of names and values, or JSON as text",
        ),
        Role::ElapsedMilliseconds | Role::ElapsedSeconds | Role::ElapsedNanoseconds => (
            cell::is_number(kind) || matches!(kind, DataType::Duration(_) | DataType::Null),
            "a number or a duration",
        ),
    };
    if fits {
        Ok(())
    } else {
        Err(Unfit::Type(place.name.clone(), kind.clone(), wanted))
    }
}

/// Whether a type can hold header fields.
fn is_fields(kind: &DataType) -> bool {
    let is_value = |field: &Field| {
        let kind = field.data_type();
        cell::is_text(kind)
            || matches!(kind, DataType::List(item) | DataType::LargeList(item) if cell::is_text(item.data_type()))
            || *kind == DataType::Null
    };
    match kind {
        DataType::Null => true,
        DataType::Struct(fields) => fields.iter().all(|field| is_value(field)),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => pair.iter().all(|field| is_value(field)),
            _ => false,
        },
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(pair) => {
                NAMES.iter().any(|name| pair.find(name).is_some()) && pair.find(VALUE).is_some()
            }
            _ => false,
        },
        _ => false,
    }
}

/// The members of a header field in a list of them.
const NAMES: &[&str] = &["name", "key"];
const VALUE: &str = "value";

/// The columns of a batch, by what they stand for.
pub(super) struct NamedRows(BTreeMap<Role, Column>);

impl NamedRows {
    /// The exchange of a row.
    pub(super) fn messages(&self, row: usize) -> Result<Messages, EntryError> {
        let request_headers = self.headers(Role::RequestHeaders, row)?;
        let response_headers = self.headers(Role::ResponseHeaders, row)?;
        let kept = Kept {
            has_no_cookies: request_headers.is_none(),
            request_headers_are_partial: request_headers.is_none(),
            response_headers_are_partial: response_headers.is_none(),
            ..Kept::default()
        };
        let request_headers = request_headers.unwrap_or_default();
        let response_headers = response_headers.unwrap_or_default();
        let request_body = if self.has_any(&[Role::RequestBody, Role::RequestBodyBase64]) {
            let roles = [
                Role::RequestBody,
                Role::RequestBodyBase64,
                Role::RequestBodyCut,
            ];
            // Where bodies are kept, a request without one had none.
            match self.body(roles, &request_headers, row)? {
                Body::NotRecorded => Body::empty(),
                body => body,
            }
        } else {
            Body::NotRecorded
        };
        let roles = [
            Role::ResponseBody,
            Role::ResponseBodyBase64,
            Role::ResponseBodyCut,
        ];
        let response_body = self.body(roles, &response_headers, row)?;
        Ok(Messages {
            request: Request {
                method: message::method(self.text(Role::Method, row)?)?,
                url: self.url(row)?,
                headers: request_headers,
                body: request_body,
                credentials: Vec::new(),
                purpose: None,
            },
            response: Response {
                status: message::status(self.status(row)?)?,
                headers: response_headers,
                body: response_body,
                elapsed: self.elapsed(row),
                wire_length: None,
            },
            kept,
        })
    }

    fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.0.contains_key(role))
    }

    fn cell(&self, role: Role, row: usize) -> Cell<'_> {
        self.0
            .get(&role)
            .map_or(Cell::Null, |column| column.cell(row))
    }

    /// The text that every row must have.
    fn text(&self, role: Role, row: usize) -> Result<&str, EntryError> {
        match self.cell(role, row) {
            Cell::Text(text) => Ok(text),
            _ => Err(self.empty(role)),
        }
    }

    /// The text that a row may have.
    fn optional(&self, role: Role, row: usize) -> Option<&str> {
        match self.cell(role, row) {
            Cell::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn empty(&self, role: Role) -> EntryError {
        let column = self.0.get(&role).map_or(role.name(), |column| &column.name);
        EntryError::Empty {
            column: column.to_owned(),
            wanted: "value",
        }
    }

    fn url(&self, row: usize) -> Result<Url, EntryError> {
        let target = match self.optional(Role::Url, row) {
            Some(url) => url,
            None if self.has_any(&[Role::Path]) => self.text(Role::Path, row)?,
            None => return Err(self.empty(Role::Url)),
        };
        let query = match self.optional(Role::Query, row) {
            Some(query) if !target.contains('?') => {
                format!("?{}", query.trim_start_matches('?'))
            }
            _ => String::new(),
        };
        if !target.starts_with('/') {
            return message::url(&format!("{target}{query}"));
        }
        let scheme = self.optional(Role::Scheme, row).unwrap_or("http");
        let host = self.optional(Role::Host, row).unwrap_or(REDACTED_HOST);
        message::url(&format!("{scheme}://{host}{target}{query}"))
    }

    fn status(&self, row: usize) -> Result<u64, EntryError> {
        let code = match self.cell(Role::Status, row) {
            Cell::Integer(code) => u64::try_from(code).ok(),
            Cell::Text(text) => loose::code(&Value::from(text)),
            // A column with nulls is one of floats in pandas.
            Cell::Number(code) => loose::code(&Value::from(format!("{code:.0}"))),
            _ => return Err(self.empty(Role::Status)),
        };
        code.ok_or(EntryError::StatusText)
    }

    fn elapsed(&self, row: usize) -> Option<Duration> {
        let roles = [
            (Role::ElapsedMilliseconds, 1e-3),
            (Role::ElapsedSeconds, 1.0),
            (Role::ElapsedNanoseconds, 1e-9),
        ];
        roles.into_iter().find_map(|(role, unit)| {
            let column = self.0.get(&role)?;
            let unit = match column.values.data_type() {
                DataType::Duration(TimeUnit::Second) => 1.0,
                DataType::Duration(TimeUnit::Millisecond) => 1e-3,
                DataType::Duration(TimeUnit::Microsecond) => 1e-6,
                DataType::Duration(TimeUnit::Nanosecond) => 1e-9,
                _ => unit,
            };
            match column.cell(row) {
                #[expect(clippy::cast_precision_loss, reason = "times have few digits")]
                Cell::Integer(number) => loose::seconds(&Value::from(number as f64), unit),
                Cell::Number(number) => loose::seconds(&Value::from(number), unit),
                _ => None,
            }
        })
    }

    fn body(
        &self,
        [plain, encoded, cut]: [Role; 3],
        headers: &HeaderMap,
        row: usize,
    ) -> Result<Body, EntryError> {
        let bytes = match (self.cell(encoded, row), self.cell(plain, row)) {
            (Cell::Text(text), _) => message::from_base64(text)?,
            (_, Cell::Text(text)) => Bytes::copy_from_slice(text.as_bytes()),
            (_, Cell::Bytes(bytes)) => Bytes::copy_from_slice(bytes),
            _ => return Ok(Body::NotRecorded),
        };
        Ok(if self.cell(cut, row) == Cell::Flag(true) {
            Body::Cut {
                bytes,
                reason: CutReason::Recorder,
            }
        } else {
            message::body(bytes, headers)
        })
    }

    /// The header fields of a message; `None` where they were not kept.
    fn headers(&self, role: Role, row: usize) -> Result<Option<HeaderMap>, EntryError> {
        let Some(column) = self.0.get(&role).filter(|column| !column.is_null(row)) else {
            return Ok(None);
        };
        let values = column.values.as_ref();
        let mut headers = HeaderMap::new();
        if let Cell::Text(text) = column.cell(row) {
            let read: Value = serde_json::from_str(text)
                .map_err(EntryError::json(JsonPart::Column(column.name.clone())))?;
            return Ok(Some(loose::headers(Some(&read))));
        }
        if let Some((entries, range)) = elements(values, row) {
            let members: Vec<_> = fields(entries).collect();
            let member = |names: &[&str]| {
                let found = members.iter().find(|(name, _)| names.contains(name));
                found.map(|(_, array)| array.as_ref())
            };
            // The members of a map's entries have names of the writer's choice.
            let pair = match (values.data_type(), members.as_slice()) {
                (DataType::Map(..), [(_, names), (_, values)]) => {
                    Some((names.as_ref(), values.as_ref()))
                }
                _ => member(NAMES).zip(member(&[VALUE])),
            };
            if let Some((names, values)) = pair {
                for at in range {
                    if let Cell::Text(name) = cell::cell(names, at) {
                        add(&mut headers, name, values, at);
                    }
                }
            }
        } else if values.as_struct_opt().is_some() {
            for (name, values) in fields(values) {
                add(&mut headers, name, values, row);
            }
        }
        Ok(Some(headers))
    }
}

/// Adds a field with its value, or with each of several.
fn add(headers: &mut HeaderMap, name: &str, values: &dyn Array, row: usize) {
    if let Cell::Text(value) = cell::cell(values, row) {
        message::add_header(headers, name, value);
    } else if let Some((items, range)) = elements(values, row) {
        for at in range {
            add(headers, name, items, at);
        }
    }
}
