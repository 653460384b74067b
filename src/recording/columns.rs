//! Which columns of a table (Parquet, Arrow) stand for which part of an exchange.

use std::{collections::BTreeMap, fmt, str::FromStr};

/// A part of an exchange that a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Method,
    Url,
    Scheme,
    Host,
    Path,
    Query,
    Status,
    RequestHeaders,
    ResponseHeaders,
    RequestBody,
    ResponseBody,
    RequestBodyBase64,
    ResponseBodyBase64,
    RequestBodyCut,
    ResponseBodyCut,
    ElapsedMilliseconds,
    ElapsedSeconds,
    ElapsedNanoseconds,
    /// The recording that the row was taken from.
    Source,
    /// The number of the row in that recording, from 1.
    Entry,
}

/// Each role, the name by which users know it, and the names of columns that have it unless another is given:
/// those of a flat table, and the path in the objects of an NDJSON recording.
const ROLES: &[(Role, &str, &[&str])] = &[
    (Role::Method, "method", &["method", "request.method"]),
    (Role::Url, "url", &["url", "request.url"]),
    (Role::Scheme, "scheme", &["scheme"]),
    (Role::Host, "host", &["host"]),
    (Role::Path, "path", &["path"]),
    (Role::Query, "query", &["query"]),
    (Role::Status, "status", &["status", "response.status"]),
    (
        Role::RequestHeaders,
        "request_headers",
        &["request_headers", "request.headers"],
    ),
    (
        Role::ResponseHeaders,
        "response_headers",
        &["response_headers", "response.headers"],
    ),
    (
        Role::RequestBody,
        "request_body",
        &["request_body", "request.body"],
    ),
    (
        Role::ResponseBody,
        "response_body",
        &["response_body", "response.body"],
    ),
    (
        Role::RequestBodyBase64,
        "request_body_base64",
        &["request_body_base64", "request.body_base64"],
    ),
    (
        Role::ResponseBodyBase64,
        "response_body_base64",
        &["response_body_base64", "response.body_base64"],
    ),
    (
        Role::RequestBodyCut,
        "request_body_cut",
        &["request_body_cut", "request.body_cut"],
    ),
    (
        Role::ResponseBodyCut,
        "response_body_cut",
        &["response_body_cut", "response.body_cut"],
    ),
    (Role::ElapsedMilliseconds, "elapsed_ms", &["elapsed_ms"]),
    (Role::ElapsedSeconds, "elapsed_s", &["elapsed_s"]),
    (Role::ElapsedNanoseconds, "elapsed_ns", &["elapsed_ns"]),
    (Role::Source, "source", &[]),
    (Role::Entry, "entry", &[]),
];

impl Role {
    /// The name by which users know it.
    pub(super) fn name(self) -> &'static str {
        let known = ROLES.iter().find(|(role, ..)| *role == self);
        known.map_or("", |(_, name, _)| name)
    }
}

/// Which columns of a table stand for which part of an exchange: what the user says, else the usual names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    given: BTreeMap<Role, String>,
}

impl Columns {
    /// Whether each row says from which recording it is, so that the file it stands in does not count.
    pub fn names_sources(&self) -> bool {
        self.given.contains_key(&Role::Source)
    }

    /// Whether each row says which entry of its recording it is.
    pub fn numbers_entries(&self) -> bool {
        self.given.contains_key(&Role::Entry)
    }
}

#[cfg(feature = "columnar")]
impl Columns {
    /// The column that the user gave to a role.
    pub(super) fn given(&self, role: Role) -> Option<&str> {
        self.given.get(&role).map(String::as_str)
    }

    /// Whether the user gave a column to a part of the exchange itself.
    pub(super) fn gives_exchange(&self) -> bool {
        let mut roles = self.given.keys();
        roles.any(|role| !matches!(role, Role::Source | Role::Entry))
    }

    /// The names of columns that have a role, in the order in which they are looked for.
    pub(super) fn names(&self, role: Role) -> Vec<&str> {
        match self.given(role) {
            Some(name) => vec![name],
            None => Role::usual(role).to_vec(),
        }
    }

    /// Every role.
    pub(super) fn roles() -> impl Iterator<Item = Role> {
        ROLES.iter().map(|(role, ..)| *role)
    }
}

#[cfg(feature = "columnar")]
impl Role {
    fn usual(self) -> &'static [&'static str] {
        let known = ROLES.iter().find(|(role, ..)| *role == self);
        known.map_or(&[], |(_, _, usual)| usual)
    }
}

/// A text that names no columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedColumns {
    /// It is no `NAME=COLUMN`.
    #[error("{0:?} is not NAME=COLUMN, such as url=http_url")]
    Form(String),
    /// Nothing has the name.
    #[error("there is no {name:?}; known are {}", names())]
    Unknown {
        /// The name.
        name: String,
    },
    /// Two columns have one name.
    #[error("two columns are given for {0}")]
    Twice(&'static str),
}

fn names() -> String {
    let names: Vec<_> = ROLES.iter().map(|(_, name, _)| *name).collect();
    names.join(", ")
}

impl FromStr for Columns {
    type Err = MalformedColumns;

    fn from_str(text: &str) -> Result<Self, MalformedColumns> {
        let mut columns = Self::default();
        for part in text.split(',') {
            let pair = part.split_once('=');
            let (name, column) = pair
                .map(|(name, column)| (name.trim(), column.trim()))
                .filter(|(_, column)| !column.is_empty())
                .ok_or_else(|| MalformedColumns::Form(part.to_owned()))?;
            let role = ROLES.iter().find(|(_, known, _)| *known == name);
            let (role, ..) = role.ok_or_else(|| MalformedColumns::Unknown {
                name: name.to_owned(),
            })?;
            if columns.given.insert(*role, column.to_owned()).is_some() {
                return Err(MalformedColumns::Twice(role.name()));
            }
        }
        Ok(columns)
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (role, column)) in self.given.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}={column}", role.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_one_for_each_part() {
        let columns: Columns = "url=http_url, status=code".parse().expect("columns");
        assert_eq!(columns.to_string(), "url=http_url,status=code");
        assert!(!columns.names_sources() && !columns.numbers_entries());
        let placed: Columns = "source=file,entry=row".parse().expect("columns");
        assert!(placed.names_sources() && placed.numbers_entries());
    }

    #[test]
    fn what_names_no_columns_is_refused() {
        for (text, said) in [
            ("url", "\"url\" is not NAME=COLUMN, such as url=http_url"),
            ("url=", "\"url=\" is not NAME=COLUMN, such as url=http_url"),
            ("url=a,url=b", "two columns are given for url"),
        ] {
            let error = text.parse::<Columns>().expect_err("it is refused");
            assert_eq!(error.to_string(), said);
        }
        let error = "uri=a".parse::<Columns>().expect_err("it is refused");
        let text = error.to_string();
        assert!(
            text.starts_with("there is no \"uri\"; known are method, url,"),
            "{text}"
        );
    }
}
