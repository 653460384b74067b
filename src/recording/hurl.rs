//! What hurl reports in JSON (`hurl --json`, `--report-json`): each call of each entry, retries and redirects
//! too.
//!
//! Bodies of requests are not in it; those of responses lie in files beside a `--report-json`, and are not
//! in a `--json`. hurl writes `***` in the place of secrets.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Attachments, Entries, EntryError, Format, Input, Messages, Raw,
    beginning::Beginning,
    json_scan::{self, Path, Step},
    loose, message,
};
use crate::exchange::{Body, Kept};

pub(super) struct Hurl;

const CALLS: &[Path] = &[
    &[
        Step::Key("entries"),
        Step::Each,
        Step::Key("calls"),
        Step::Each,
    ],
    &[
        Step::Each,
        Step::Key("entries"),
        Step::Each,
        Step::Key("calls"),
        Step::Each,
    ],
];

impl Format for Hurl {
    fn name(&self) -> &'static str {
        "hurl report"
    }

    fn sniff(&self, beginning: &Beginning<'_>) -> bool {
        beginning.has("entries/[]/calls") || beginning.has("[]/entries/[]/calls")
    }

    fn entries(&self, input: Input, file: Arc<str>) -> Entries {
        json_scan::elements(input, file, CALLS)
    }

    fn messages(&self, entry: &Raw, attachments: &Attachments) -> Result<Messages, EntryError> {
        let entry = entry.value()?;
        let request = entry
            .get("request")
            .ok_or(EntryError::missing("call", "request"))?;
        let response = entry
            .get("response")
            .ok_or(EntryError::missing("call", "response"))?;
        let method =
            loose::text_of(request, &["method"]).ok_or(EntryError::missing("request", "method"))?;
        let url = loose::text_of(request, &["url"]).ok_or(EntryError::missing("request", "url"))?;
        let code = response.get("status").and_then(loose::code);
        let headers = loose::headers(response.get("headers"));
        let body = match response.get("body").and_then(Value::as_str) {
            None => Body::NotRecorded,
            Some(name) => attachments
                .read(name)?
                .map_or(Body::NotRecorded, |bytes| message::body(bytes, &headers)),
        };
        let total = entry
            .get("timings")
            .and_then(|timings| timings.get("total"));
        let elapsed = total.and_then(|total| loose::seconds(total, 1e-6));
        Ok(Messages {
            request: loose::request(
                &method,
                loose::url(&url)?,
                loose::headers(request.get("headers")),
                Body::NotRecorded,
            )?,
            response: loose::response(
                code.ok_or(EntryError::missing("response", "status"))?,
                headers,
                body,
                elapsed,
            )?,
            kept: Kept::default(),
        })
    }
}
