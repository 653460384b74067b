//! `--record FILE`: everything that is sent and comes back, written down as it happens.
//!
//! NDJSON, or HAR where the file's name ends so. What is written is whole after each exchange, so that
//! a run that is killed leaves a recording that `oasgate replay` reads. Credentials are taken out.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use oasgate::{
    exchange::{Body, Exchange, Origin, Request, Response, is_credential, masked_url},
    recording::Writer,
    transport::{Secret, SendError, Transport},
};
use serde_json::{Value, json};

use crate::masks::{About, Masks};

/// What ends a HAR file.
const HAR_END: &[u8] = b"\n]}}\n";

/// A transport that writes down what another one sends and receives.
pub(crate) struct Recorded<'t, T> {
    inner: &'t T,
    sink: Option<Mutex<Sink>>,
    secrets: Vec<Secret>,
}

/// Where exchanges are written, and the first error in doing so.
struct Sink {
    path: PathBuf,
    file: File,
    format: Format,
    masks: Masks,
    entries: u64,
    failure: Option<io::Error>,
}

#[derive(Clone, Copy)]
enum Format {
    Ndjson,
    Har,
}

impl<'t, T> Recorded<'t, T> {
    /// Sends over `inner`, and writes to a file where one is named.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn new(inner: &'t T, path: Option<&Path>, secrets: Vec<Secret>) -> io::Result<Self> {
        let sink = path.map(Sink::create).transpose()?.map(Mutex::new);
        Ok(Self {
            inner,
            sink,
            secrets,
        })
    }

    /// A sentence about a recording that is not whole, where that is so.
    pub(crate) fn failure(&self) -> Option<String> {
        let sink = self.sink.as_ref()?.lock();
        let sink = sink.unwrap_or_else(PoisonError::into_inner);
        let error = sink.failure.as_ref()?;
        Some(format!("{} is not whole: {error}", sink.path.display()))
    }

    fn write(&self, request: &Request, response: &Response, started: SystemTime) {
        let Some(sink) = &self.sink else { return };
        let mut exchange = Exchange {
            request: request.clone(),
            response: response.clone(),
            origin: Origin::Live,
        };
        let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
        let about = About::path(exchange.request.url.path());
        for body in [&mut exchange.request.body, &mut exchange.response.body] {
            if let Some(masked) = sink.masks.without_credentials(about, body) {
                *body = masked;
            }
        }
        if sink.failure.is_some() {
            return;
        }
        let written = sink.text(&exchange, started).and_then(|text| {
            let text =
                (self.secrets.iter()).fold(text, |text, secret| secret.hide(&text).into_owned());
            let text = sink.masks.without_seen(text);
            sink.append(&text)
        });
        sink.failure = written.err();
    }
}

impl Sink {
    fn create(path: &Path) -> io::Result<Self> {
        let is_har = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("har"));
        if path.is_symlink() && !path.exists() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "it is a link that leads nowhere",
            ));
        }
        let mut sink = Self {
            path: path.to_owned(),
            file: File::create(path)?,
            format: if is_har { Format::Har } else { Format::Ndjson },
            masks: Masks::default(),
            entries: 0,
            failure: None,
        };
        if is_har {
            let creator = json!({ "name": "oasgate", "version": env!("CARGO_PKG_VERSION") });
            let head =
                format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[");
            sink.file.write_all(head.as_bytes())?;
            sink.file.write_all(HAR_END)?;
        }
        Ok(sink)
    }

    fn text(&self, exchange: &Exchange, started: SystemTime) -> io::Result<String> {
        match self.format {
            Format::Har => Ok(har_entry(exchange, started).to_string()),
            Format::Ndjson => {
                let mut writer = Writer::new(Vec::new());
                writer.write(exchange)?;
                String::from_utf8(writer.finish()?).map_err(io::Error::other)
            }
        }
    }

    fn append(&mut self, text: &str) -> io::Result<()> {
        if let Format::Har = self.format {
            // Over the end of what was there, and the end again behind it.
            let end = i64::try_from(HAR_END.len()).unwrap_or_default();
            self.file.seek(SeekFrom::End(-end))?;
            let mark = if self.entries == 0 { "\n" } else { ",\n" };
            let whole = [mark.as_bytes(), text.as_bytes(), HAR_END].concat();
            self.file.write_all(&whole)?;
        } else {
            self.file.write_all(text.as_bytes())?;
        }
        self.entries += 1;
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a HAR tells when each request was sent; the run does not depend on it"
)]
impl<T: Transport> Transport for Recorded<'_, T> {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        let started = SystemTime::now();
        let sent = self.inner.send(request).await;
        if let Ok(response) = &sent {
            self.write(request, response, started);
        }
        sent
    }

    async fn probe_framing(&self, request: &Request) -> Option<Result<Response, SendError>> {
        let started = SystemTime::now();
        let sent = self.inner.probe_framing(request).await;
        if let Some(Ok(response)) = &sent {
            self.write(request, response, started);
        }
        sent
    }
}

/// One entry of a HAR 1.2 log.
fn har_entry(exchange: &Exchange, started: SystemTime) -> Value {
    let (request, response) = (&exchange.request, &exchange.response);
    let time = response
        .elapsed
        .map_or(0.0, |elapsed| elapsed.as_secs_f64() * 1000.0);
    let sent = request.body.bytes();
    // Read from the masked one: which parameters are credentials is decided in one place.
    let shown = masked_url(&request.url);
    let query = url::Url::parse(&shown).map_or_else(
        |_| Vec::new(),
        |url| {
            url.query_pairs()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect()
        },
    );
    let mut entry = json!({
        "startedDateTime": DateTime::<Utc>::from(started).to_rfc3339_opts(SecondsFormat::Millis, true),
        "time": time,
        "request": {
            "method": request.method.as_str(),
            "url": shown,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": fields(&request.headers),
            "queryString": query,
            "headersSize": -1,
            "bodySize": sent.len(),
        },
        "response": {
            "status": response.status.as_u16(),
            "statusText": response.status.canonical_reason().unwrap_or_default(),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": fields(&response.headers),
            "content": content(&response.body, &response.headers),
            "redirectURL": response.header("location").unwrap_or_default(),
            "headersSize": -1,
            "bodySize": response.body.bytes().len(),
        },
        "cache": {},
        "timings": { "send": 0, "wait": time, "receive": 0 },
    });
    if let Some(purpose) = request.purpose {
        entry["_oasgatePurpose"] = json!(purpose);
    }
    if !sent.is_empty() {
        entry["request"]["postData"] = content(&request.body, &request.headers);
    }
    entry
}

fn fields(headers: &http::HeaderMap) -> Value {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let shown = if is_credential(name.as_str()) {
            "REDACTED"
        } else {
            &*value
        };
        json!({ "name": name.as_str(), "value": shown })
    };
    headers.iter().map(field).collect()
}

fn content(body: &Body, headers: &http::HeaderMap) -> Value {
    let bytes = body.bytes();
    let media_type = headers.get(http::header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "size": bytes.len(), "mimeType": media_type, "text": text }),
        Err(_) => json!({
            "size": bytes.len(),
            "mimeType": media_type,
            "text": STANDARD.encode(bytes),
            "encoding": "base64",
        }),
    }
}

#[cfg(test)]
mod tests {
    use oasgate::exchange::RequestPurpose;

    use super::*;

    fn recording(name: &str, count: usize) -> (tempfile::TempDir, PathBuf) {
        struct Fixed;
        impl Transport for Fixed {
            async fn send(&self, _: &Request) -> Result<Response, SendError> {
                let mut response = Response::new(http::StatusCode::OK);
                response.body = "{\"a\":1}".into();
                Ok(response)
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let recorded = Recorded::new(&Fixed, Some(&path), Vec::new()).expect("a file");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let mut request = Request::new(
            http::Method::POST,
            "http://localhost/things?api_key=hush"
                .parse()
                .expect("a URL"),
        );
        request.headers.insert(
            "authorization",
            http::HeaderValue::from_static("Bearer hush"),
        );
        request.body = vec![0xff_u8, 1].into();
        request.purpose = Some(RequestPurpose::Break);
        for _ in 0..count {
            runtime
                .block_on(recorded.send(&request))
                .expect("a response");
        }
        assert_eq!(recorded.failure(), None);
        (folder, path)
    }

    #[test]
    fn what_a_request_was_made_for_is_recorded() {
        for name in ["x.ndjson", "x.har"] {
            let (_folder, path) = recording(name, 1);
            let mut entries = oasgate::recording::open(&path).expect("it opens");
            let entry = entries.next().expect("one").expect("an entry");
            let exchange = entry.exchange().expect("an exchange");
            assert_eq!(
                exchange.request.purpose,
                Some(RequestPurpose::Break),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_recorded_can_be_read_after_each_exchange_and_holds_no_credential() {
        for name in ["x.ndjson", "x.har"] {
            for count in [1, 2, 3] {
                let (_folder, path) = recording(name, count);
                let text = std::fs::read_to_string(&path).expect("it is there");
                assert!(!text.contains("hush"), "{text}");
                let entries: Vec<_> = oasgate::recording::open(&path).expect("it opens").collect();
                assert_eq!(entries.len(), count, "{name}: {text}");
                for entry in entries {
                    let entry = entry.expect("an entry");
                    let exchange = entry.exchange().expect("an exchange");
                    assert_eq!(exchange.response.body.bytes(), b"{\"a\":1}");
                    assert_eq!(exchange.request.body.bytes(), [0xff, 1]);
                }
            }
        }
    }
}
