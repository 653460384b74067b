//! A response as a snapshot shows it: what the contract says of its values decides what is replaced.

use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use mediatype::MediaTypeBuf;
use serde_json::Value;

use super::{Checked, redact::redacted};
use crate::{
    contract::{DeclaredResponse, Schema},
    snapshot::Redactor,
    wire::{Parsed, parse_body},
};

/// Something that [`assert_response_snapshot!`](crate::assert_response_snapshot) takes: a [`Checked`]
/// response, whose operation says what its values are, or any other with its body in memory, whose
/// values are judged by their look alone.
pub trait SnapshotResponse: sealed::Sealed {
    /// The text that the snapshot holds.
    fn snapshot_text(&self) -> String;
}

/// What may be shown is decided here.
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Checked<'_> {}
    impl<B: AsRef<[u8]>> Sealed for http::Response<B> {}
    impl<R: Sealed + ?Sized> Sealed for &R {}
}

impl SnapshotResponse for Checked<'_> {
    fn snapshot_text(&self) -> String {
        let operation = self.operation();
        let declared = operation.operation().responses.get(self.status());
        text(self.status(), self.headers(), self.body(), declared)
    }
}

impl<B: AsRef<[u8]>> SnapshotResponse for http::Response<B> {
    fn snapshot_text(&self) -> String {
        text(self.status(), self.headers(), self.body().as_ref(), None)
    }
}

impl<R: SnapshotResponse + ?Sized> SnapshotResponse for &R {
    fn snapshot_text(&self) -> String {
        (**self).snapshot_text()
    }
}

/// What the macro asks for the text.
#[doc(hidden)]
pub fn snapshot_text(response: &impl SnapshotResponse) -> String {
    response.snapshot_text()
}

fn text(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    declared: Option<&DeclaredResponse>,
) -> String {
    let mut lines = vec![status.to_string()];
    let shown = |name: &str, schema: Option<&Schema>| {
        let text = headers.get(name)?.to_str().ok()?;
        let value = redacted(&Value::from(text), schema, name);
        let value = value.as_str().unwrap_or(text);
        Some(format!("{}: {value}", name.to_ascii_lowercase()))
    };
    lines.extend(shown(CONTENT_TYPE.as_str(), None));
    let declared_headers = declared.into_iter().flat_map(|response| &response.headers);
    lines.extend(declared_headers.filter_map(|header| shown(&header.name, header.value.schema())));
    if !body.is_empty() {
        lines.push(String::new());
        lines.push(content(headers, body, declared));
    }
    lines.join("\n")
}

fn content(headers: &HeaderMap, body: &[u8], declared: Option<&DeclaredResponse>) -> String {
    let named = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let Some(media_type) = named.and_then(|text| text.parse::<MediaTypeBuf>().ok()) else {
        return Redactor::default()
            .redact(&Value::from(String::from_utf8_lossy(body)))
            .as_str()
            .map_or_else(String::new, str::to_owned);
    };
    let known = declared.and_then(|response| response.content.best(&media_type));
    let schema = known.and_then(|known| known.schema.as_ref());
    let item = known.and_then(|known| known.item_schema.clone());
    match parse_body(&media_type, body) {
        Ok(Parsed::Value(Value::String(text))) => redacted(&Value::from(text), schema, "")
            .as_str()
            .map_or_else(String::new, str::to_owned),
        Ok(Parsed::Value(value)) => pretty(&redacted(&value, schema, "")),
        Ok(Parsed::Items(items)) => {
            let item = item.or_else(|| schema.and_then(Schema::items));
            let items = items
                .iter()
                .map(|one| pretty(&redacted(one, item.as_ref(), "")));
            items.collect::<Vec<_>>().join("\n")
        }
        Ok(Parsed::Opaque) => format!("({} bytes)", body.len()),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

/// JSON with its keys in order: a service that keeps a map in memory sends them in any.
fn pretty(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).unwrap_or_else(|_| value.to_string())
}
