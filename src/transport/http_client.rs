//! Requests over the wire, with reqwest and rustls.

use std::{error::Error as _, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    ClientError, Connection, Limits, SendError, Stage, Transport, connection::Reuse, framing,
    limits::next_part,
};
use crate::exchange::{Body, CutReason, Request, Response, decoded, may_be_endless, so_far};

/// After how long a connection that breaks was not closed before the request was sent.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);

/// Sends over HTTP/1.1 and HTTP/2. Follows no redirect, so that each response can be checked as it
/// came.
///
/// A request whose connection broke before a response began is sent once more, on a connection of its
/// own: a server may close an idle connection at any time, and a client that was about to use it
/// cannot tell that from a fault (RFC 9112 §9.3.1, §9.5). What breaks twice is the service's doing.
/// That goes for unsafe methods too: a request on a reused connection that is already closed was not
/// read, and one that made the service drop its connection does so again.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// Keeps no connection, so that each request has a fresh one.
    fresh: reqwest::Client,
    limits: Limits,
    /// Whether no proxy was named.
    is_direct: bool,
}

impl HttpTransport {
    /// A client that makes connections so, or within these bounds.
    ///
    /// # Errors
    ///
    /// When the proxy or a certificate cannot be used.
    pub fn new(connection: impl Into<Connection>) -> Result<Self, ClientError> {
        let connection = connection.into();
        Ok(Self {
            client: connection.client(Reuse::Idle)?,
            fresh: connection.client(Reuse::Never)?,
            limits: connection.limits,
            is_direct: connection.proxy.is_none(),
        })
    }

    async fn read(&self, mut response: reqwest::Response, deadline: Instant) -> Body {
        let mut content = BytesMut::new();
        let cut = |content: BytesMut, reason| Body::Cut {
            bytes: content.freeze(),
            reason,
        };
        let headers = response.headers().clone();
        let is_stream = may_be_endless(&headers);
        loop {
            let until = next_part(deadline, is_stream);
            match timeout_at(until, response.chunk()).await {
                Err(_) if is_stream => return so_far(&headers, &content.freeze()),
                Err(_) => return cut(content, CutReason::TimedOut),
                Ok(Err(error)) => {
                    return cut(content, CutReason::Connection(deepest(&error)));
                }
                Ok(Ok(None)) => return Body::Complete(content.freeze()),
                Ok(Ok(Some(chunk))) => {
                    let room =
                        usize::try_from(self.limits.body).unwrap_or(usize::MAX) - content.len();
                    content.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        return cut(content, CutReason::Limit(self.limits.body));
                    }
                }
            }
        }
    }
}

impl HttpTransport {
    async fn send_over(
        &self,
        client: &reqwest::Client,
        request: &Request,
    ) -> Result<Response, SendError> {
        let started = Instant::now();
        let mut message = reqwest::Request::new(request.method.clone(), request.url.clone());
        *message.headers_mut() = request.headers.clone();
        if !request.body.bytes().is_empty() {
            *message.body_mut() = Some(request.body.bytes().to_vec().into());
        }
        let response = timeout_at(started + self.limits.first_byte, client.execute(message))
            .await
            .map_err(|_| SendError::TimedOut {
                stage: Stage::Head,
                after: self.limits.first_byte,
            })?
            .map_err(|error| self.failure(&error, &request.url))?;
        let status = response.status();
        let headers = response.headers().clone();
        let head: u64 = headers
            .iter()
            .map(|(name, value)| (name.as_str().len() + value.len() + 4) as u64)
            .sum();
        if head > self.limits.headers {
            return Ok(Response {
                status,
                headers,
                body: Body::Cut {
                    bytes: Bytes::new(),
                    reason: CutReason::Head(self.limits.headers),
                },
                elapsed: Some(started.elapsed()),
                wire_length: None,
            });
        }
        let body = self.read(response, started + self.limits.whole).await;
        let wire_length = body.complete().map(|bytes| bytes.len() as u64);
        let body = decoded(&headers, body, self.limits.body);
        // A response to HEAD, and a 304, has the length of the content that it leaves out.
        let wire_length = wire_length.filter(|_| {
            request.method != http::Method::HEAD && status != http::StatusCode::NOT_MODIFIED
        });
        Ok(Response {
            status,
            headers,
            body,
            elapsed: Some(started.elapsed()),
            wire_length,
        })
    }
}

impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Response, SendError> {
        let started = Instant::now();
        let first = match self.send_over(&self.client, request).await {
            Err(error @ SendError::Broken(_)) => error,
            sent => return sent,
        };
        let was_waiting = started.elapsed() >= SHORTEST_WAIT;
        match self.send_over(&self.fresh, request).await {
            // The service took this request, and went away with it.
            Err(SendError::Unreachable { .. }) if was_waiting => Err(first),
            sent => sent,
        }
    }

    async fn probe_framing(&self, request: &Request) -> Option<Result<Response, SendError>> {
        // A bare connection would go past the proxy.
        if !self.is_direct {
            return None;
        }
        framing::probe(request, &self.limits).await
    }
}

impl HttpTransport {
    fn failure(&self, error: &reqwest::Error, url: &Url) -> SendError {
        let origin = url.origin().ascii_serialization();
        if error.is_connect() && error.is_timeout() {
            return SendError::TimedOut {
                stage: Stage::Connection,
                after: self.limits.connect,
            };
        }
        if error.is_connect() {
            return SendError::Unreachable {
                origin,
                reason: deepest(error),
            };
        }
        if error.is_builder() {
            return SendError::Unsendable(deepest(error));
        }
        match hyper_error(error) {
            Some(cause) if cause.is_parse() || cause.is_parse_status() => {
                SendError::Malformed(cause.to_string())
            }
            _ => SendError::Broken(deepest(error)),
        }
    }
}

fn hyper_error(error: &reqwest::Error) -> Option<&hyper::Error> {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        cause = current.source();
    }
    None
}

/// The innermost cause: what the system said, without the URL, which may hold a credential.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = None;
    while let Some(current) = cause {
        text = Some(current.to_string());
        cause = current.source();
    }
    text.unwrap_or_else(|| {
        if error.is_timeout() {
            "timed out".to_owned()
        } else {
            "unknown cause".to_owned()
        }
    })
}
